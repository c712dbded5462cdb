/*
 * The view: how a radiograph lies on the screen, and what part of the grey range is shown.
 *
 * A view holds only numbers that mean the same for images of any size, so that two linked panes
 * share one: the centre as a share of the image, the zoom relative to "fit", the window relative to
 * the image's own display limits (0 and 1).
 */

const ZOOM_LIMITS = [0.25, 40];

/** @returns {object} a view as a radiograph is first shown */
function defaultView() {
  return { x: 0.5, y: 0.5, zoom: 1, turns: 0, mirror: false, low: 0, high: 1, invert: false };
}

/** Device pixels per radiograph pixel at which the whole image just fits. */
function fitScale(image, view, width, height) {
  const upright = view.turns % 2 === 0;
  const across = upright ? image.columns : image.rows;
  const down = upright ? image.rows : image.columns;
  return Math.min(width / across, height / down);
}

/**
 * Radiograph coordinates → device pixels. Mirrored first, then turned, so that both act on what is
 * seen.
 * @returns {DOMMatrix}
 */
function viewMatrix(image, view, width, height) {
  const scale = fitScale(image, view, width, height) * view.zoom;
  return new DOMMatrix()
    .translateSelf(width / 2, height / 2)
    .rotateSelf(90 * view.turns)
    .scaleSelf(view.mirror ? -scale : scale, scale)
    .translateSelf(-view.x * image.columns, -view.y * image.rows);
}

/** @returns {DOMPoint} the radiograph point under a device pixel */
function toImage(matrix, x, y) {
  return matrix.inverse().transformPoint(new DOMPoint(x, y));
}

/** Move the view so that what lay under one device pixel lies under another. */
function dragView(image, view, width, height, from, to) {
  const matrix = viewMatrix(image, view, width, height);
  const a = toImage(matrix, from.x, from.y);
  const b = toImage(matrix, to.x, to.y);
  view.x = clamp(view.x + (a.x - b.x) / image.columns, 0, 1);
  view.y = clamp(view.y + (a.y - b.y) / image.rows, 0, 1);
}

/** Zoom by a factor, keeping the radiograph point under a device pixel where it is. */
function zoomView(image, view, width, height, factor, at) {
  const before = toImage(viewMatrix(image, view, width, height), at.x, at.y);
  view.zoom = clamp(view.zoom * factor, ...ZOOM_LIMITS);
  const after = toImage(viewMatrix(image, view, width, height), at.x, at.y);
  view.x = clamp(view.x + (before.x - after.x) / image.columns, 0, 1);
  view.y = clamp(view.y + (before.y - after.y) / image.rows, 0, 1);
}

/**
 * Change contrast and brightness.
 * @param {number} wider change of the window's width, as a share of the display range
 * @param {number} darker change of its centre, likewise
 */
function shiftWindow(image, view, wider, darker) {
  const range = image.display[1] - image.display[0];
  const width = clamp(view.high - view.low + wider, Math.min(1, 2 / range), 4);
  const centre = clamp((view.low + view.high) / 2 + darker, -1, 2);
  view.low = centre - width / 2;
  view.high = centre + width / 2;
}

/** The window in pixel values. */
function windowPixels(image, view) {
  const [low, high] = image.display;
  return [low + view.low * (high - low), low + view.high * (high - low)];
}

/** Mirror left and right as seen, whatever the rotation. */
function mirrorView(view) {
  view.mirror = !view.mirror;
  view.turns = (4 - view.turns) % 4;
}

/** The part of a level that a canvas shows, in its pixels, widened to whole tiles. */
function visibleRect(matrix, width, height, image, level, tile) {
  const inverse = matrix.inverse();
  const corners = [[0, 0], [width, 0], [0, height], [width, height]].map(([x, y]) =>
    inverse.transformPoint(new DOMPoint(x, y)),
  );
  const perX = level.unitX;
  const perY = level.unitY;
  const xs = corners.map((corner) => corner.x / perX);
  const ys = corners.map((corner) => corner.y / perY);
  const start = (values, length) => clamp(Math.floor(Math.min(...values) / tile) * tile, 0, length);
  const stop = (values, length) => clamp(Math.ceil(Math.max(...values) / tile) * tile, 0, length);
  const x = start(xs, level.width);
  const y = start(ys, level.height);
  return { x, y, width: stop(xs, level.width) - x, height: stop(ys, level.height) - y };
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
