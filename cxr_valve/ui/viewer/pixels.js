/*
 * Pixels: fetched once, kept at several sizes, and turned from 16 bits into greys by a table.
 *
 * The scripts of this folder are joined into one module in the order viewer.py lists.
 */

/** Images kept in the browser, so that going back to one fetches nothing. */
const STORE_LIMIT = 6;
/** Levels of the pyramid end at this long side. */
const SMALLEST_LEVEL = 384;

/** @type {Map<string, Promise<Array>>} digest → what `loadPixels` made of its bytes */
const store = new Map();

/**
 * Where the server may be mounted: beside its own scripts (right behind any proxy), or at the root.
 * @returns {string[]} addresses without a trailing slash, most likely first
 */
function serverBases() {
  const script = document.querySelector('script[src*="/static/js/"]');
  const own = script ? script.src.split("/static/js/")[0] : null;
  return [...new Set([own, window.location.origin].filter(Boolean))];
}

/**
 * @param {{url: string}} address as sent by the server, e.g. "/media/….bin"
 * @param {number} expected bytes of pixels in it
 * @returns {Promise<ArrayBuffer>}
 */
async function fetchBytes(address, expected) {
  let last = "no address";
  for (const base of address.url ? serverBases() : []) {
    // A range is never compressed on the way, which for megabytes of pixels costs more than it
    // saves; no-store keeps a patient's pixels out of the browser's disk cache.
    const options = { cache: "no-store", headers: { Range: "bytes=0-" } };
    const response = await fetch(base + address.url, options);
    if (response.ok) {
      const buffer = await response.arrayBuffer();
      if (buffer.byteLength >= expected) return buffer;
      last = `${buffer.byteLength} of ${expected} bytes`;
    } else {
      last = `status ${response.status}`;
    }
  }
  throw new Error(`Expected ${expected} bytes of pixels; found ${last}.`);
}

/**
 * @param {object} address url, digest, width, height of the pixels
 * @param {1|2} depth bytes a sample
 * @returns {Promise<Array<{data: Uint16Array|Uint8Array, width: number, height: number,
 *   factor: number}>>} the pyramid, largest first
 */
function loadPixels(address, depth) {
  const known = store.get(address.digest);
  if (known) {
    store.delete(address.digest);
    store.set(address.digest, known);
    return known;
  }
  const count = address.width * address.height;
  const loading = fetchBytes(address, count * depth).then((buffer) => {
    const samples = depth === 2 ? new Uint16Array(buffer, 0, count) : new Uint8Array(buffer, 0, count);
    return buildPyramid({ data: samples, width: address.width, height: address.height, factor: 1 });
  });
  loading.catch(() => store.delete(address.digest));
  store.set(address.digest, loading);
  if (store.size > STORE_LIMIT) store.delete(store.keys().next().value);
  return loading;
}

/** Halve again and again, so that drawing a small view touches few pixels and does not alias. */
function buildPyramid(base) {
  const levels = [base];
  while (Math.max(levels.at(-1).width, levels.at(-1).height) >= 2 * SMALLEST_LEVEL) {
    levels.push(halve(levels.at(-1)));
  }
  return levels;
}

/** Mean of 2 × 2 pixels; an odd last row or column is repeated. */
function halve(level) {
  const width = Math.ceil(level.width / 2);
  const height = Math.ceil(level.height / 2);
  const data = new level.data.constructor(width * height);
  for (let y = 0; y < height; y++) {
    const upper = 2 * y * level.width;
    const lower = Math.min(2 * y + 1, level.height - 1) * level.width;
    for (let x = 0; x < width; x++) {
      const left = 2 * x;
      const right = Math.min(left + 1, level.width - 1);
      const sum =
        level.data[upper + left] + level.data[upper + right] +
        level.data[lower + left] + level.data[lower + right];
      data[y * width + x] = (sum + 2) >> 2;
    }
  }
  return { data, width, height, factor: level.factor * 2 };
}

/**
 * Grey for every pixel value, packed as a canvas stores it (ABGR, little-endian).
 * @param {Uint32Array} table 65536 entries, written in place
 * @param {number} low pixel value shown black
 * @param {number} high pixel value shown white
 * @param {boolean} invert black and white exchanged
 */
function fillTable(table, low, high, invert) {
  const scale = 255 / Math.max(high - low, 1e-6);
  for (let value = 0; value < table.length; value++) {
    let grey = (value - low) * scale;
    grey = grey < 0 ? 0 : grey > 255 ? 255 : (grey + 0.5) | 0;
    if (invert) grey = 255 - grey;
    table[value] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
}

/** Grey the rectangle of a level into an ImageData of the same size. */
function paintGrey(level, rect, table, image) {
  const out = new Uint32Array(image.data.buffer);
  const source = level.data;
  let to = 0;
  for (let y = rect.y; y < rect.y + rect.height; y++) {
    const start = y * level.width + rect.x;
    for (let from = start; from < start + rect.width; from++) out[to++] = table[source[from]];
  }
}
