/* When to draw, how finely, and what is told beside the picture: corners, attributes, speech. */

/** A frame may take this long (ms) before a moving hand gets a coarser picture. */
const SLOW_FRAME = 14;
/** Still for this long (ms) after a wheel step, the picture is drawn finely. */
const REST = 160;
/** Announcements and descriptions wait until nothing has changed for this long (ms). */
const SETTLE = 600;

class Display {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.frames = 0;
    this.moving = false;
    this.slow = false;
    this.resizes = new ResizeObserver(() => this.request());
    this.resizes.observe(viewer.stage);
  }

  /** Draw with the next frame, once, however often this is called before it. */
  request() {
    if (this.pending) return;
    this.pending = requestAnimationFrame((now) => {
      this.pending = null;
      this.draw(now);
    });
  }

  /** A hand is on the image: keep up with it, and draw finely when it lets go. */
  setMoving(moving) {
    clearTimeout(this.resting);
    if (!moving) this.slow = false;
    if (this.moving !== moving) this.last = null;
    this.moving = moving;
    this.request();
  }

  moveBriefly() {
    if (!this.moving) this.setMoving(true);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.setMoving(false), REST);
  }

  draw() {
    const { viewer } = this;
    const { panes, settings, scheme } = viewer;
    if (!settings || !viewer.root.isConnected) return;
    const start = performance.now();
    for (const pane of panes) {
      pane.resize();
      const heart = viewer.heartOf(pane.image);
      pane.draw(settings, viewer.layerOf(pane.image), scheme, heart, this.moving && this.slow);
      pane.handles.place();
      this.writeCorners(pane);
    }
    if (this.moving && performance.now() - start > SLOW_FRAME) this.slow = true;
    this.writeCursor();
    this.frames += 1;
    this.writeAttributes();
    // A canvas is never without a name, however soon a hand reaches it.
    if (this.viewer.panes.some((pane) => !pane.canvas.hasAttribute("aria-label"))) this.announce();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.announce(), SETTLE);
  }

  /** Notes in the corners; the text changes only where it differs, which spares layout. */
  writeCorners(pane) {
    const { settings, findings } = this.viewer;
    const corners = pane.corners;
    const { title, notes } = titleLine(pane, settings);
    setLines(corners["top-left"], [title, ...notes]);
    const layer = this.viewer.layerOf(pane.image);
    const shown = settings.evidence && findings.length > 0;
    setLines(corners["top-right"], !shown ? [] : layer ? evidenceNotes(layer) : ["No evidence map"]);
    const failed = pane.failure && "The pixels could not be loaded. Reload the page.";
    const loading = failed || (pane.levels ? "" : "Loading …");
    setLines(corners["bottom-left"], [loading || windowLine(pane, settings)]);
  }

  /** @param {{x: number, y: number}|null} point device pixels, null when the cursor has left */
  hover(pane, point) {
    this.cursor = point ? { pane, point } : null;
    this.writeCursor();
  }

  writeCursor() {
    for (const pane of this.viewer.panes) {
      let words = "";
      if (this.cursor?.pane === pane && pane.levels) {
        const at = toImage(pane.matrix(), this.cursor.point.x, this.cursor.point.y);
        words = cursorLine(pane, this.viewer.settings, this.viewer.layerOf(pane.image), at);
      }
      setLines(pane.corners["bottom-right"], words ? [words] : []);
    }
  }

  /** The state as attributes of the root: what a test, or a curious user, can read. */
  writeAttributes() {
    const { root, active, panes, settings } = this.viewer;
    const ready = panes.every((pane) => pane.levels || pane.failure);
    const [low, high] = windowPixels(active.image, active.view);
    const shown = settings.evidence && this.viewer.layerOf(active.image);
    Object.assign(root.dataset, {
      ready: String(ready),
      windowLow: toUnits(active.image, low).toFixed(2),
      windowHigh: toUnits(active.image, high).toFixed(2),
      zoom: active.scale().toFixed(4),
      turns: active.view.turns,
      mirror: active.view.mirror,
      invert: active.view.invert,
      layer: shown ? `${settings.finding}/${settings.member}` : "off",
      opacity: settings.opacity,
      contours: settings.contours,
      outlines: settings.outlines,
      heart: settings.heart,
      network: settings.network,
      linked: settings.linked,
      frameCount: this.frames,
    });
    for (const pane of panes) {
      const [from, to] = windowPixels(pane.image, pane.view);
      const heart = this.viewer.heartOf(pane.image);
      Object.assign(pane.figure.dataset, {
        windowLow: toUnits(pane.image, from).toFixed(2),
        windowHigh: toUnits(pane.image, to).toFixed(2),
        zoom: pane.view.zoom.toFixed(4),
        active: pane === active,
        ctr: heart ? ctrOf(heart.lines).toFixed(4) : "",
        corrected: Boolean(heart?.corrected),
        centre: `${pane.view.x.toFixed(4)},${pane.view.y.toFixed(4)}`,
      });
    }
  }

  /** Once things have settled: describe each canvas, and say what changed in window and zoom. */
  announce() {
    const { panes, active, settings, findings, status } = this.viewer;
    const finding = findings.find((candidate) => candidate.key === settings.finding);
    for (const pane of panes) {
      const layer = this.viewer.layerOf(pane.image);
      const heart = this.viewer.heartOf(pane.image);
      setLabel(pane.canvas, describePane(pane, settings, layer, finding, heart));
    }
    if (active.levels) setLines(status, [windowLine(active, settings)]);
  }

  stop() {
    cancelAnimationFrame(this.pending);
    clearTimeout(this.settling);
    clearTimeout(this.resting);
    this.resizes.disconnect();
  }
}

function setLines(parent, lines) {
  const text = lines.join("\n");
  if (parent.dataset.text === text) return;
  parent.dataset.text = text;
  parent.replaceChildren(
    ...lines.map((line) => {
      const span = document.createElement("span");
      span.textContent = line;
      return span;
    }),
  );
}

function setLabel(canvas, text) {
  if (canvas.getAttribute("aria-label") !== text) canvas.setAttribute("aria-label", text);
}
