/*
 * Evidence: a coarse grid of log likelihood ratios, interpolated between cell centres and coloured
 * on the card's fixed scale. Warm speaks for the finding, cool against, nothing near zero.
 */

/** Side of the picture an evidence grid is coloured into; far finer than any grid. */
const FIELD_SIDE = 320;

/**
 * Bilinear between cell centres, flat beyond the outermost ones.
 * @param {object} layer rows, columns, cells
 * @param {number} u across the extent, 0…1
 * @param {number} v down the extent, 0…1
 * @returns {number} log likelihood ratio
 */
function sampleEvidence(layer, u, v) {
  const x = Math.min(Math.max(u * layer.columns - 0.5, 0), layer.columns - 1);
  const y = Math.min(Math.max(v * layer.rows - 0.5, 0), layer.rows - 1);
  const left = Math.floor(x);
  const top = Math.floor(y);
  const right = Math.min(left + 1, layer.columns - 1);
  const bottom = Math.min(top + 1, layer.rows - 1);
  const cell = (row, column) => layer.cells[row * layer.columns + column];
  const upper = cell(top, left) + (x - left) * (cell(top, right) - cell(top, left));
  const lower = cell(bottom, left) + (x - left) * (cell(bottom, right) - cell(bottom, left));
  return upper + (y - top) * (lower - upper);
}

/** Strength of the colour, 0 at ε or below, 1 at the limit or above. */
function evidenceStrength(value, layer) {
  const above = (Math.abs(value) - layer.epsilon) / (layer.limit - layer.epsilon);
  return Math.min(Math.max(above, 0), 1);
}

/**
 * @param {object} layer one evidence layer
 * @param {{for: number[], against: number[]}} scheme colours
 * @returns {HTMLCanvasElement} the extent coloured; alpha is the strength
 */
function paintEvidence(layer, scheme) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = FIELD_SIDE;
  const context = canvas.getContext("2d");
  const image = context.createImageData(FIELD_SIDE, FIELD_SIDE);
  for (let y = 0, at = 0; y < FIELD_SIDE; y++) {
    for (let x = 0; x < FIELD_SIDE; x++, at += 4) {
      const value = sampleEvidence(layer, (x + 0.5) / FIELD_SIDE, (y + 0.5) / FIELD_SIDE);
      const colour = value > 0 ? scheme.for : scheme.against;
      image.data[at] = colour[0];
      image.data[at + 1] = colour[1];
      image.data[at + 2] = colour[2];
      image.data[at + 3] = Math.round(255 * evidenceStrength(value, layer));
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The evidence at a point of the radiograph, or null where the layer has nothing to say. */
function evidenceAt(layer, x, y) {
  const [left, top, right, bottom] = layer.extent;
  if (x < left || x >= right || y < top || y >= bottom) return null;
  if (layer.seen) {
    const [a, b, c, d] = layer.seen;
    if (x < a || x >= c || y < b || y >= d) return null;
  }
  return sampleEvidence(layer, (x - left) / (right - left), (y - top) / (bottom - top));
}

/** A factor as people say it: ×1.3, ×4.2, ×35. */
function formatFactor(factor) {
  return `×${factor >= 10 ? Math.round(factor) : Number(factor.toPrecision(2))}`;
}

/**
 * A log likelihood ratio in words: "×3.2 for", "×3.2 against", "none".
 * "×3.2 against" is a likelihood ratio of 1/3.2.
 */
function wordRatio(value, epsilon) {
  if (Math.abs(value) <= epsilon) return "none";
  return `${formatFactor(Math.exp(Math.abs(value)))} ${value > 0 ? "for" : "against"}`;
}

/**
 * Likelihood ratios marked on the legend and drawn as contours: the same for every image, at most
 * three a side.
 * @param {number} limit log likelihood ratio
 * @returns {number[]} factors above 1
 */
function ratioLevels(limit) {
  const most = Math.exp(limit) * 1.0001;
  for (const base of [2, 4, 10, 100]) {
    const levels = [];
    for (let factor = base; factor <= most; factor *= base) levels.push(factor);
    if (levels.length > 0 && levels.length <= 3) return levels;
    if (levels.length === 0) break;
  }
  return [1.1, 1.25, 1.5].filter((factor) => factor <= most);
}

/**
 * Magnitudes marked on a layer's legend and drawn as its contours, in what the layer counts: log
 * likelihood ratios, or for a value its unit.
 */
function layerLevels(layer) {
  return layer.unit ? [layer.limit / 2, layer.limit] : ratioLevels(layer.limit).map(Math.log);
}

/** A magnitude of a layer as people say it: ×4.2, or 2.5 %. */
function formatLevel(layer, magnitude) {
  if (!layer.unit) return formatFactor(Math.exp(magnitude));
  return `${Number(magnitude.toPrecision(2))}${layer.unit === "%" ? "" : " "}${layer.unit}`;
}

/** The evidence of a cell in words: "×3.2 for", "2.5 % lower", "none". */
function wordEvidence(layer, value) {
  if (!layer.unit) return wordRatio(value, layer.epsilon);
  if (Math.abs(value) <= layer.epsilon) return "none";
  return `${formatLevel(layer, Math.abs(value))} ${value > 0 ? "higher" : "lower"}`;
}

/** Where the strongest evidence for the finding lies, in words, for those who cannot see it. */
function placeOfPeak(layer, columns, rows) {
  const peak = layer.cells.indexOf(Math.max(...layer.cells));
  const [left, top, right, bottom] = layer.extent;
  const x = left + (((peak % layer.columns) + 0.5) / layer.columns) * (right - left);
  const y = top + ((Math.floor(peak / layer.columns) + 0.5) / layer.rows) * (bottom - top);
  if (x < 0 || y < 0 || x > columns || y > rows) return "outside the image";
  const third = (at, length, names) => names[Math.min(2, Math.floor((3 * at) / length))];
  const vertical = third(y, rows, ["upper", "middle", "lower"]);
  const horizontal = third(x, columns, ["left", "centre", "right"]);
  return `${vertical} ${horizontal} of the image`;
}
