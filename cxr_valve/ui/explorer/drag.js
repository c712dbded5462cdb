/* Dragging on a chart: the same as moving a slider, and reported when it is let go. */

/** Calls `move(x, y)` in the chart's own units while a pointer is held down on it. */
function dragPlane(plot, move) {
  const { svg } = plot;
  const at = (event) => {
    const matrix = svg.getScreenCTM();
    if (!matrix) return;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const { left, right, top, bottom } = plot.box;
    const u = Math.min(Math.max((point.x - left) / (right - left), 0), 1);
    const v = Math.min(Math.max((bottom - point.y) / (bottom - top), 0), 1);
    move(plot.x.back(u), plot.y.back ? plot.y.back(v) : v);
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
    at(event);
  });
  svg.addEventListener("pointermove", (event) => {
    if (svg.hasPointerCapture(event.pointerId)) at(event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    svg.addEventListener(end, () => svg.dispatchEvent(new CustomEvent("settle", { bubbles: true })));
  }
}

/** A prevalence that can be read out: three significant digits. */
function tidyPrevalence(p) {
  const tidy = p > 0.9 ? 1 - Number((1 - p).toPrecision(3)) : Number(p.toPrecision(3));
  return Math.min(Math.max(Number(tidy.toPrecision(6)), 1e-5), 0.999);
}
