/* Contour lines of an evidence layer at fixed levels (marching squares). */

/** Samples a side of the square the contours are traced in. */
const CONTOUR_SIDE = 96;

/** Which sides of a square a contour joins, by which corners lie above (1 tl, 2 tr, 4 br, 8 bl). */
const CROSSINGS = {
  1: [["left", "top"]], 2: [["top", "right"]], 3: [["left", "right"]], 4: [["right", "bottom"]],
  5: [["left", "top"], ["right", "bottom"]], 6: [["top", "bottom"]], 7: [["left", "bottom"]],
  8: [["bottom", "left"]], 9: [["bottom", "top"]], 10: [["top", "right"], ["bottom", "left"]],
  11: [["bottom", "right"]], 12: [["right", "left"]], 13: [["right", "top"]], 14: [["top", "left"]],
};

/**
 * @param {object} layer one evidence layer
 * @returns {Array<{label: string, value: number, points: number[][]}>} polylines in radiograph
 *   coordinates
 */
function contourLines(layer) {
  const field = sampleField(layer);
  const lines = [];
  for (const level of layerLevels(layer)) {
    for (const value of [level, -level]) {
      for (const points of traceLevel(field, value)) {
        lines.push({ label: formatLevel(layer, level), value, points: points.map((point) => toRadiograph(layer, point)) });
      }
    }
  }
  return lines;
}

function sampleField(layer) {
  const field = new Float32Array(CONTOUR_SIDE * CONTOUR_SIDE);
  const last = CONTOUR_SIDE - 1;
  for (let y = 0; y < CONTOUR_SIDE; y++) {
    for (let x = 0; x < CONTOUR_SIDE; x++) {
      field[y * CONTOUR_SIDE + x] = sampleEvidence(layer, x / last, y / last);
    }
  }
  return field;
}

function toRadiograph(layer, [x, y]) {
  const [left, top, right, bottom] = layer.extent;
  const last = CONTOUR_SIDE - 1;
  return [left + (x / last) * (right - left), top + (y / last) * (bottom - top)];
}

/** All lines of one level, each a list of points in samples. */
function traceLevel(field, value) {
  const points = new Map();
  const links = new Map();
  for (let y = 0; y < CONTOUR_SIDE - 1; y++) {
    for (let x = 0; x < CONTOUR_SIDE - 1; x++) crossSquare(field, value, x, y, points, links);
  }
  return joinLinks(points, links);
}

function crossSquare(field, value, x, y, points, links) {
  const at = y * CONTOUR_SIDE + x;
  const corners = [field[at], field[at + 1], field[at + CONTOUR_SIDE + 1], field[at + CONTOUR_SIDE]];
  let index = 0;
  corners.forEach((corner, bit) => {
    if (corner > value) index |= 1 << bit;
  });
  for (const [from, to] of CROSSINGS[index] ?? []) {
    const ends = [from, to].map((side) => crossSide(corners, value, x, y, side, points));
    link(links, ends[0], ends[1]);
    link(links, ends[1], ends[0]);
  }
}

/** Where the level crosses a side; sides shared by two squares get one key, so that lines join. */
function crossSide([tl, tr, br, bl], value, x, y, side, points) {
  const part = (a, b) => (a === b ? 0.5 : (value - a) / (b - a));
  const places = {
    top: [`h${x},${y}`, () => [x + part(tl, tr), y]],
    bottom: [`h${x},${y + 1}`, () => [x + part(bl, br), y + 1]],
    left: [`v${x},${y}`, () => [x, y + part(tl, bl)]],
    right: [`v${x + 1},${y}`, () => [x + 1, y + part(tr, br)]],
  };
  const [key, place] = places[side];
  if (!points.has(key)) points.set(key, place());
  return key;
}

function link(links, from, to) {
  if (!links.has(from)) links.set(from, []);
  links.get(from).push(to);
}

/** Follow links into lines: first those with loose ends, then the closed ones. */
function joinLinks(points, links) {
  const left = new Set(points.keys());
  const starts = [...left].filter((key) => links.get(key).length === 1);
  const lines = [];
  for (const start of [...starts, ...left]) {
    if (!left.has(start)) continue;
    const line = [];
    let key = start;
    let closed = false;
    while (key !== undefined) {
      left.delete(key);
      line.push(points.get(key));
      const onward = links.get(key);
      const next = onward.find((other) => left.has(other));
      closed = next === undefined && line.length > 2 && onward.includes(start);
      key = next;
    }
    if (closed) line.push(line[0]);
    lines.push(line);
  }
  return lines;
}
