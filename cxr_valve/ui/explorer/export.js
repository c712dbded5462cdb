/* Figures as SVG and PNG: made here, from what is on the screen. */

const KEPT_STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "paint-order", "opacity", "font-size", "font-weight", "font-family", "font-variant-numeric", "text-anchor", "display"];

/** Words in lines of at most so many characters. */
function wrapped(text, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= most || !lines.at(-1)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** A copy that looks the same anywhere, with `notes` below: colours of the theme are written into it. */
function standalone(plot, app, notes) {
  const copy = plot.svg.cloneNode(true);
  const originals = [plot.svg, ...plot.svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, at) => {
    const style = getComputedStyle(originals[at]);
    const text = KEPT_STYLES.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";");
    node.setAttribute("style", text.replaceAll('"', "'"));
    node.removeAttribute("class");
  });
  const { width } = plot;
  const lines = notes.flatMap((note) => wrapped(note, Math.floor(width / 4.2)));
  const height = plot.height + (lines.length ? 6 + 12 * lines.length : 0);
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${width} ${height}`, width, height, xmlns: SVG })) copy.setAttribute(name, value);
  const { backgroundColor, color } = getComputedStyle(app.root);
  copy.prepend(shape("rect", { width, height, fill: backgroundColor }));
  const style = `fill:${color};font-size:9px;font-family:sans-serif`;
  lines.forEach((line, at) => shape("text", { x: 8, y: plot.height + 9 + 12 * at, style }, copy, line));
  return copy;
}

function serialised(plot, app) {
  return new XMLSerializer().serializeToString(standalone(plot, app, app.provenance()));
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
  canvas.width = picture.width * scale;
  canvas.height = picture.height * scale;
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
