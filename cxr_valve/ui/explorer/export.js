/* Figures as SVG and PNG: made here, from what is on the screen. */

const KEPT_STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "paint-order", "opacity", "font-size", "font-weight", "font-family", "font-variant-numeric", "text-anchor", "display"];

/** A copy that looks the same anywhere: colours of the theme are written into it. */
function standalone(plot, app) {
  const copy = plot.svg.cloneNode(true);
  const originals = [plot.svg, ...plot.svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, at) => {
    const style = getComputedStyle(originals[at]);
    const text = KEPT_STYLES.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";");
    node.setAttribute("style", text.replaceAll('"', "'"));
    node.removeAttribute("class");
  });
  const extra = 30;
  const { width, height } = plot;
  copy.setAttribute("viewBox", `0 0 ${width} ${height + extra}`);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height + extra);
  copy.setAttribute("xmlns", SVG);
  const ground = getComputedStyle(app.root).backgroundColor;
  copy.prepend(shape("rect", { width, height: height + extra, fill: ground }));
  const style = `fill:${getComputedStyle(app.root).color};font-size:9px;font-family:sans-serif`;
  app.provenance().forEach((line, at) => {
    shape("text", { x: 8, y: height + 9 + 13 * at, style }, copy, line.length > width / 4.4 ? `${line.slice(0, Math.floor(width / 4.4))}…` : line);
  });
  return copy;
}

function serialised(plot, app) {
  return new XMLSerializer().serializeToString(standalone(plot, app));
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function saveSvg(plot, app) {
  download(new Blob([serialised(plot, app)], { type: "image/svg+xml" }), `${plot.id}.svg`);
}

async function savePng(plot, app, scale = 3) {
  const picture = new Image();
  const address = URL.createObjectURL(new Blob([serialised(plot, app)], { type: "image/svg+xml" }));
  picture.src = address;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = plot.width * scale;
  canvas.height = (plot.height + 30) * scale;
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  canvas.toBlob((blob) => download(blob, `${plot.id}.png`), "image/png");
}

function addExportButtons(plot, app) {
  const bar = html("div", "export", plot.figure);
  for (const [text, save] of [["SVG", saveSvg], ["PNG", savePng]]) {
    const button = html("button", "quiet", bar, text);
    button.type = "button";
    button.setAttribute("aria-label", `Save the figure ${plot.title} as ${text}`);
    button.addEventListener("click", () => save(plot, app));
  }
}
