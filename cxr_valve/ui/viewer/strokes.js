/* Lines and words on the canvas, legible on any grey: each over a dark edge of its own. */

const LABEL_FONT = "600 {size}px system-ui, sans-serif";

/** Restrict drawing to the parts common to all boxes (left, top, right, bottom; null: no limit). */
function clipTo(context, ...boxes) {
  for (const box of boxes.filter(Boolean)) {
    context.beginPath();
    context.rect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
    context.clip();
  }
}

/** Draw through device pixels, whatever transform is set; `weight` 1 is 1.5 CSS pixels. */
function strokeLine(context, points, colour, dashed, ratio, weight = 1, alpha = 1) {
  context.save();
  context.globalAlpha = alpha;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.beginPath();
  points.forEach((point, index) => {
    if (index === 0) context.moveTo(point.x, point.y);
    else context.lineTo(point.x, point.y);
  });
  context.lineJoin = "round";
  context.setLineDash(dashed ? [6 * ratio, 4 * ratio] : []);
  context.strokeStyle = "rgba(0, 0, 0, 0.55)";
  context.lineWidth = (1.5 + 2 * weight) * weight * ratio;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = 1.5 * weight * ratio;
  context.stroke();
  context.restore();
}

/**
 * Name a contour at its highest point in sight, unless another name is there already.
 * @param {{left: number, right: number, top: number, bottom: number}} shown where lines are drawn
 * @param {Array<{x: number, y: number}>} taken places of names so far; this one's is added
 */
function labelContour(context, points, text, shown, taken, ratio) {
  const { width, height } = context.canvas;
  // Corner notes lie along the upper and lower edge: names keep clear of them.
  const [aside, edge] = [34 * ratio, 30 * ratio];
  const seen = points.filter(
    ({ x, y }) =>
      x > Math.max(shown.left, 0) + aside && x < Math.min(shown.right, width) - aside &&
      y > Math.max(shown.top, edge) && y < Math.min(shown.bottom, height - edge),
  );
  if (seen.length < 3) return;
  const at = seen.reduce((best, point) => (point.y < best.y ? point : best));
  const crowded = taken.some(
    (other) => Math.abs(other.x - at.x) < 70 * ratio && Math.abs(other.y - at.y) < 14 * ratio,
  );
  if (crowded) return;
  taken.push(at);
  writeLabel(context, text, at, "#FFFFFF", ratio);
}

/** Text centred on a device pixel, kept inside the canvas. */
function writeLabel(context, text, at, colour, ratio) {
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.font = LABEL_FONT.replace("{size}", Math.round(11 * ratio));
  context.textAlign = "center";
  context.textBaseline = "middle";
  const half = context.measureText(text).width / 2 + 4 * ratio;
  const x = clamp(at.x, half, context.canvas.width - half);
  const y = clamp(at.y, 8 * ratio, context.canvas.height - 8 * ratio);
  context.lineJoin = "round";
  context.strokeStyle = "rgba(0, 0, 0, 0.8)";
  context.lineWidth = 3 * ratio;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
  context.restore();
}
