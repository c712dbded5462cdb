/* A chart in SVG: frame, axes, paths and marks. Text lies inside it, so that an export is whole. */

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, parent, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent?.append(node);
  return node;
}

function html(name, className, parent, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  parent?.append(node);
  return node;
}

function place(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    node.setAttribute(key, typeof value === "number" ? value.toFixed(2) : value);
  }
}

function show(node, visible) {
  node.style.display = visible ? "" : "none";
}

/** Text is only written where it changed: setting it costs a layout. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function linear(low, high, ticks, format = (x) => String(x)) {
  return { low, high, ticks, format, forward: (x) => (x - low) / (high - low), back: (u) => low + u * (high - low) };
}

/** Log odds: even steps near 0 for rare findings, and near 1. */
function logOdds(low, high, ticks, format = (x) => `${Number((100 * x).toPrecision(6))}%`) {
  const [from, to] = [logit(low), logit(high)];
  return {
    low, high, ticks, format,
    forward: (x) => (logit(Math.min(Math.max(x, 1e-9), 1 - 1e-9)) - from) / (to - from),
    back: (u) => expit(from + u * (to - from)),
  };
}

const NEEDS_BOTH = "needs people with and without the finding";
const UNIT_TICKS = [0, 0.25, 0.5, 0.75, 1];
const unitScale = () => linear(0, 1, UNIT_TICKS, (x) => `${100 * x}%`);
const prevalenceScale = () => logOdds(1e-4, 0.99, [1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99]);

class Plot {
  constructor(parent, { id, title, x, y, xLabel, yLabel, width = 300, height = 290, left = 44, wide = false }) {
    Object.assign(this, { id, title, x, y, width, height });
    this.box = { left, right: width - 14, top: 50, bottom: height - 38 };
    this.figure = html("figure", `figure${wide ? " wide" : ""}`, parent);
    this.figure.dataset.figure = id;
    this.svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title }, this.figure);
    shape("text", { x: 8, y: 18, class: "title" }, this.svg, title);
    this.note = shape("text", { x: 8, y: 36, class: "note" }, this.svg);
    this.axes = shape("g", { class: "axes" }, this.svg);
    this.curves = shape("g", {}, this.svg);
    this.marks = shape("g", {}, this.svg);
    if (x) this.drawAxes(xLabel, yLabel);
  }

  px(value) {
    return this.box.left + this.x.forward(value) * (this.box.right - this.box.left);
  }

  py(value) {
    const u = Math.min(Math.max(this.y.forward(value), -0.02), 1.02);
    return this.box.bottom - u * (this.box.bottom - this.box.top);
  }

  drawAxes(xLabel, yLabel) {
    const { left, right, top, bottom } = this.box;
    this.axes.replaceChildren();
    for (const tick of this.y.ticks) {
      const at = this.py(tick);
      shape("line", { x1: left, x2: right, y1: at, y2: at, class: "grid" }, this.axes);
      shape("text", { x: left - 5, y: at + 3.5, class: "tick", "text-anchor": "end" }, this.axes, this.y.format(tick));
    }
    for (const tick of this.x.ticks) {
      const at = this.px(tick);
      shape("line", { x1: at, x2: at, y1: bottom, y2: bottom + 4, class: "grid" }, this.axes);
      shape("text", { x: at, y: bottom + 15, class: "tick", "text-anchor": "middle" }, this.axes, this.x.format(tick));
    }
    shape("line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "axis" }, this.axes);
    shape("line", { x1: left, x2: left, y1: top, y2: bottom, class: "axis" }, this.axes);
    this.xLabel = shape("text", { x: (left + right) / 2, y: this.height - 6, class: "label", "text-anchor": "middle" }, this.axes, xLabel);
    const middle = (top + bottom) / 2;
    shape("text", { x: 11, y: middle, class: "label", "text-anchor": "middle", transform: `rotate(-90 11 ${middle})` }, this.axes, yLabel);
  }

  path(className, parent = this.curves) {
    return shape("path", { class: className }, parent);
  }

  /** Points with NaN break the line. */
  trace(xs, ys) {
    let [text, pen] = ["", "M"];
    for (let at = 0; at < xs.length; at += 1) {
      if (Number.isNaN(xs[at]) || Number.isNaN(ys[at])) {
        pen = "M";
        continue;
      }
      text += `${pen}${this.px(xs[at]).toFixed(1)},${this.py(ys[at]).toFixed(1)}`;
      pen = "L";
    }
    return text;
  }

  /** A band between two curves over the same x. */
  band(xs, low, high) {
    const keep = [...xs.keys()].filter((at) => !Number.isNaN(low[at]) && !Number.isNaN(high[at]));
    if (keep.length < 2) return "";
    const point = (at, y) => `${this.px(xs[at]).toFixed(1)},${this.py(y[at]).toFixed(1)}`;
    const back = keep.slice().reverse();
    return `M${keep.map((at) => point(at, high)).join("L")}L${back.map((at) => point(at, low)).join("L")}Z`;
  }

  marker(className, radius = 5) {
    return shape("circle", { class: className, r: radius }, this.marks);
  }

  upright(className) {
    return shape("line", { class: className, y1: this.box.top, y2: this.box.bottom }, this.marks);
  }

  say(text) {
    write(this.note, text);
  }

  describe(text) {
    this.svg.setAttribute("aria-label", `${this.title}. ${text}`);
  }

  /** Hide a chart that has nothing to draw; `reason` says why, "" draws it. */
  vacant(reason) {
    this.reason = reason;
    this.figure.hidden = Boolean(reason);
  }
}

/** A cross of two intervals around a point. */
class Cross {
  constructor(plot, className) {
    this.plot = plot;
    this.lines = [0, 1].map(() => shape("line", { class: className }, plot.marks));
  }

  move(x, y, spanX, spanY) {
    const [px, py] = [this.plot.px(x), this.plot.py(y)];
    const [across, up] = this.lines;
    show(across, Boolean(spanX));
    show(up, Boolean(spanY));
    if (spanX) place(across, { x1: this.plot.px(spanX[0]), x2: this.plot.px(spanX[1]), y1: py, y2: py });
    if (spanY) place(up, { x1: px, x2: px, y1: this.plot.py(spanY[0]), y2: this.plot.py(spanY[1]) });
  }
}

/** Every operating point is kept for reading, but a curve needs no more vertices than pixels. */
function thinned(length, most = 500) {
  if (length <= most) return [...Array(length).keys()];
  const step = (length - 1) / (most - 1);
  return Array.from({ length: most }, (_, at) => Math.round(at * step));
}
