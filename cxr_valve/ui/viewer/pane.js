/* One radiograph on one canvas: what is drawn, in which order, and how finely. */

/** Levels up to this many pixels are greyed whole; larger ones only where they are seen. */
const WHOLE_LEVEL = 1.2e6;
const TILE = 256;
const CONTOUR_COLOURS = { for: "#FFB486", against: "#A9DBF7" };
/** Okabe-Ito yellow: neither a finding's hue nor the evidence's. */
const OUTLINE_COLOUR = "#F0E442";

class Pane {
  /** @param {HTMLElement} parent where the pane goes */
  constructor(parent) {
    this.figure = element("figure", "pane", parent);
    this.canvas = element("canvas", "", this.figure);
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.grey = document.createElement("canvas");
    this.table = new Uint32Array(65536);
    this.corners = {};
    for (const edge of ["top", "bottom"]) {
      const strip = element("div", `strip ${edge}`, this.figure);
      for (const side of ["left", "right"]) {
        this.corners[`${edge}-${side}`] = element("div", `corner ${edge}-${side}`, strip);
      }
    }
    this.painted = new WeakMap();
    this.traced = new WeakMap();
    this.view = defaultView();
  }

  /** Take an image as sent by the server; pixels follow. Resolves when they can be drawn. */
  async setImage(image) {
    const same = this.image && this.image.pixels.digest === image.pixels.digest;
    this.image = image;
    if (same && this.levels && !this.failure) return this.loadNetwork(image);
    this.levels = this.network = this.failure = null;
    this.greySignature = "";
    try {
      const levels = await loadPixels(image.pixels, 2);
      if (this.image !== image) return;
      this.levels = placeLevels(levels, image.columns, image.rows);
      await this.loadNetwork(image);
    } catch (error) {
      if (this.image === image) this.failure = String(error.message ?? error);
    }
  }

  async loadNetwork(image) {
    if (!image.network) {
      this.network = null;
      return;
    }
    if (this.network?.digest === image.network.digest) return;
    const levels = await loadPixels(image.network, 1);
    if (this.image === image) {
      this.network = { digest: image.network.digest, picture: greyPicture(levels[0]) };
    }
  }

  /** Fit the canvas to its place. @returns {boolean} whether its size changed */
  resize() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(this.figure.clientWidth * ratio));
    const height = Math.max(1, Math.round(this.figure.clientHeight * ratio));
    if (this.canvas.width === width && this.canvas.height === height) return false;
    this.canvas.width = width;
    this.canvas.height = height;
    this.ratio = ratio;
    return true;
  }

  matrix() {
    return viewMatrix(this.image, this.view, this.canvas.width, this.canvas.height);
  }

  /** Device pixels per pixel as sent: 1 is "1:1". */
  scale() {
    const fit = fitScale(this.image, this.view, this.canvas.width, this.canvas.height);
    return (fit * this.view.zoom * this.image.columns) / this.image.pixels.width;
  }

  /**
   * @param {object} settings what is switched on
   * @param {object|null} layer the evidence to lay over
   * @param {object} scheme its colours
   * @param {object|null} heart the heart size to draw
   * @param {boolean} quick coarser, while a hand is moving
   */
  draw(settings, layer, scheme, heart, quick) {
    const context = this.context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    if (!this.levels) return;
    const matrix = this.matrix();
    const network = settings.network && this.network;
    context.setTransform(matrix);
    if (network) this.drawNetwork();
    else this.drawGrey(matrix, quick);
    if (layer && settings.evidence) this.drawEvidence(layer, scheme, settings, matrix, network);
    if (settings.outlines) this.drawOutlines(matrix);
    if (heart && settings.heart) drawHeart(context, heart, matrix, this.ratio);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  drawGrey(matrix, quick) {
    const scale = fitScale(this.image, this.view, this.canvas.width, this.canvas.height);
    const level = chooseLevel(this.levels, scale * this.view.zoom, quick);
    const whole = level.width * level.height <= WHOLE_LEVEL;
    const size = [this.canvas.width, this.canvas.height];
    const rect = whole
      ? { x: 0, y: 0, width: level.width, height: level.height }
      : visibleRect(matrix, ...size, this.image, level, TILE);
    if (rect.width <= 0 || rect.height <= 0) return;
    this.refreshGrey(level, rect);
    this.context.imageSmoothingEnabled = true;
    this.context.imageSmoothingQuality = quick ? "low" : "high";
    const { unitX, unitY } = level;
    this.context.drawImage(
      this.grey, rect.x * unitX, rect.y * unitY, rect.width * unitX, rect.height * unitY,
    );
  }

  /** Grey the rectangle anew only where window, level or rectangle changed. */
  refreshGrey(level, rect) {
    const [low, high] = windowPixels(this.image, this.view);
    const window = `${low},${high},${this.view.invert}`;
    const signature = `${window}|${level.factor}|${rect.x},${rect.y},${rect.width},${rect.height}`;
    if (signature === this.greySignature) return;
    this.greySignature = signature;
    if (window !== this.tableSignature) fillTable(this.table, low, high, this.view.invert);
    this.tableSignature = window;
    if (this.grey.width !== rect.width || this.grey.height !== rect.height) {
      this.grey.width = rect.width;
      this.grey.height = rect.height;
      this.greyContext = this.grey.getContext("2d", { alpha: false });
      this.greyImage = this.greyContext.createImageData(rect.width, rect.height);
    }
    paintGrey(level, rect, this.table, this.greyImage);
    this.greyContext.putImageData(this.greyImage, 0, 0);
  }

  /** The network's input where it lies, its pixels as large as they are. */
  drawNetwork() {
    const [left, top, right, bottom] = this.image.network.extent;
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(this.network.picture, left, top, right - left, bottom - top);
  }

  drawEvidence(layer, scheme, settings, matrix, unclipped) {
    const context = this.context;
    const [left, top, right, bottom] = layer.extent;
    context.save();
    // On the network's own input the padding is part of the picture, and evidence there shows.
    if (!unclipped) clipTo(context, [0, 0, this.image.columns, this.image.rows], layer.seen);
    if (!this.painted.has(layer)) this.painted.set(layer, paintEvidence(layer, scheme));
    context.globalAlpha = settings.opacity;
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "low";
    context.drawImage(this.painted.get(layer), left, top, right - left, bottom - top);
    context.globalAlpha = 1;
    const lines = settings.contours ? this.drawContours(layer, matrix) : [];
    context.restore();
    this.nameContours(lines, matrix, unclipped ? layer.extent : null);
  }

  drawContours(layer, matrix) {
    if (!this.traced.has(layer)) this.traced.set(layer, contourLines(layer));
    return this.traced.get(layer).map((line) => {
      const side = line.value > 0 ? "for" : "against";
      const points = line.points.map(([x, y]) => matrix.transformPoint(new DOMPoint(x, y)));
      strokeLine(this.context, points, CONTOUR_COLOURS[side], side === "against", this.ratio);
      const words = layer.unit ? (line.value > 0 ? "higher" : "lower") : side;
      return { text: `${line.label} ${words}`, points };
    });
  }

  /** Names go on after clipping, so that none is cut, and only where its line is seen. */
  nameContours(lines, matrix, extent) {
    const [left, top, right, bottom] = extent ?? [0, 0, this.image.columns, this.image.rows];
    const a = matrix.transformPoint(new DOMPoint(left, top));
    const b = matrix.transformPoint(new DOMPoint(right, bottom));
    const shown = {
      left: Math.min(a.x, b.x), right: Math.max(a.x, b.x),
      top: Math.min(a.y, b.y), bottom: Math.max(a.y, b.y),
    };
    const taken = [];
    for (const { text, points } of lines) labelContour(this.context, points, text, shown, taken, this.ratio);
  }

  drawOutlines(matrix) {
    const drawn = this.image.outlines.map((outline) => ({
      name: outline.name,
      points: outline.points.map(([x, y]) => matrix.transformPoint(new DOMPoint(x, y))),
    }));
    for (const { points } of drawn) {
      strokeLine(this.context, [...points, points[0]], OUTLINE_COLOUR, false, this.ratio);
    }
    // Names after all lines, so that no line crosses a name, and each clear of the ones before.
    const taken = [];
    for (const { name, points } of drawn) {
      const highest = points.reduce((best, point) => (point.y < best.y ? point : best));
      const at = { x: highest.x, y: highest.y - 6 * this.ratio };
      const near = (other) => Math.abs(other.y - at.y) < 14 * this.ratio && Math.abs(other.x - at.x) < 90 * this.ratio;
      while (taken.some(near)) at.y -= 14 * this.ratio;
      taken.push(at);
      writeLabel(this.context, name, at, OUTLINE_COLOUR, this.ratio);
    }
  }
}

/** Levels with the radiograph pixels that one of their pixels spans. */
function placeLevels(levels, columns, rows) {
  const unitX = columns / levels[0].width;
  const unitY = rows / levels[0].height;
  return levels.map((level) => ({
    ...level, unitX: unitX * level.factor, unitY: unitY * level.factor,
  }));
}

/** The coarsest level that still has a pixel for every device pixel; quick: half as many. */
function chooseLevel(levels, scale, quick) {
  const enough = quick ? 1.5 : 1.02;
  const fine = levels.filter((level) => level.unitX * scale <= enough);
  return fine.at(-1) ?? levels[0];
}

/** A canvas holding 8-bit greys. */
function greyPicture(level) {
  const canvas = document.createElement("canvas");
  canvas.width = level.width;
  canvas.height = level.height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(level.width, level.height);
  const table = Uint32Array.from({ length: 256 }, (_, v) => 0xff000000 | (v << 16) | (v << 8) | v);
  paintGrey(level, { x: 0, y: 0, width: level.width, height: level.height }, table, image);
  context.putImageData(image, 0, 0);
  return canvas;
}
