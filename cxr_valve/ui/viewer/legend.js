/* The legend of the evidence and the help panel. */

/** The fixed scale: strength of colour against evidence per cell, marked at its levels. */
function drawLegend(parent, layer, scheme) {
  parent.replaceChildren();
  const title = element("div", "legend-title", parent);
  const ends = layer.unit ? ["lower", `Evidence per cell, in ${layer.unit}`, "higher"]
    : ["against", "Evidence per cell, as likelihood ratio", "for"];
  for (const words of ends) {
    element("span", "", title).textContent = words;
  }
  parent.title = scaleNote(layer);
  const bar = element("div", "legend-bar", parent);
  bar.style.background = `${legendGradient(layer, scheme)}, #5a5a5a`;
  const ticks = element("div", "legend-ticks", parent);
  const place = (value) => `${50 + (50 * value) / layer.limit}%`;
  const marks = layerLevels(layer).flatMap((level) => [-level, level]);
  for (const value of [...marks, 0]) {
    element("span", "legend-mark", bar).style.left = place(value);
    const tick = element("span", "", ticks);
    tick.style.left = place(value);
    tick.textContent = formatLevel(layer, Math.abs(value));
  }
}

/** How the cells of a map add up, which differs between one network and several. */
function scaleNote(layer) {
  if (layer.unit) {
    return "The mean of all cells is how far the value lies from the mean of the validation patients.";
  }
  return layer.consensus
    ? "Mean of the networks’ maps, cell by cell; its own mean is not the ensemble’s likelihood ratio."
    : "The logarithms of all cells average to the log likelihood ratio this network gives the image.";
}

function legendGradient(layer, scheme) {
  const stops = [];
  for (let step = -10; step <= 10; step++) {
    const value = (layer.limit * step) / 10;
    const colour = value > 0 ? scheme.for : scheme.against;
    const alpha = evidenceStrength(value, layer);
    stops.push(`rgba(${colour.join(", ")}, ${alpha.toFixed(3)}) ${50 + 5 * step}%`);
  }
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** Shortcuts and what the numbers mean, over the image; made anew each time it opens. */
function buildHelp(viewer, parent) {
  const panel = element("div", "help", parent);
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", "Shortcuts and help");
  const head = element("div", "help-head", panel);
  element("strong", "", head).textContent = "Shortcuts";
  const close = element("button", "tool close", head);
  close.type = "button";
  close.textContent = "Close (Esc)";
  close.addEventListener("click", () => viewer.toggleHelp());
  const list = element("dl", "", panel);
  const rows = [...GESTURES];
  for (const action of [...ACTIONS, ...KEYS]) {
    if (action.offered && !action.offered(viewer)) continue;
    rows.push([action.key.toUpperCase(), action.hint ? `${action.label}: ${action.hint}` : action.label]);
  }
  for (const [key, text] of rows) {
    const row = element("div", "", list);
    element("dt", "", row).textContent = key;
    element("dd", "", row).textContent = text;
  }
  helpNotes(viewer).forEach((note) => {
    element("p", "", panel).textContent = note;
  });
  return close;
}

/** What a careful reader should know about what is shown. */
function helpNotes(viewer) {
  const notes = ["Shortcuts work while the viewer has the focus: click the image first."];
  const image = viewer.active.image;
  if (image.pixels.width < image.columns) {
    notes.push(
      `Shown at ${image.pixels.width} × ${image.pixels.height} of ${image.columns} × ${image.rows} ` +
        "stored pixels; 1:1 refers to the pixels shown.",
    );
  }
  notes.push(
    "Millimetres are at the detector, not corrected for magnification: structures in the patient " +
      "are smaller.",
  );
  const layer = viewer.anyLayer();
  if (layer && layer.unit) notes.push(scaleNote(layer), "Same colours for every image.");
  if (layer && !layer.unit) {
    notes.push(
      "In one network’s map, “×4 for” means: an image made of such cells throughout would multiply the " +
        "odds of the finding by 4; “×4 against” divides them by 4. Same colours for every image.",
      scaleNote(layer),
    );
  }
  return notes;
}
