/* The four line ends of the heart size as handles: mouse, pen, finger and arrow keys move them. */

/** Radiograph pixels an arrow key moves a line end, alone and with Shift. */
const NUDGE = { plain: 1, shift: 10 };
/** Arrow keys count as released when none was pressed for this long (ms). */
const NUDGE_REST = 500;

class Handles {
  /**
   * @param {Pane} pane
   * @param {Viewer} viewer
   */
  constructor(pane, viewer) {
    this.pane = pane;
    this.viewer = viewer;
    this.buttons = HEART_ENDS.map((end) => this.make(end));
  }

  make(end) {
    const button = element("button", `handle ${end.inner ? "inner" : "outer"}`, this.pane.figure);
    button.type = "button";
    button.hidden = true;
    button.dataset.end = end.id;
    button.setAttribute("role", "slider");
    button.setAttribute("aria-label", end.label);
    button.setAttribute("aria-valuemin", 0);
    button.title = `${end.label}: drag, or move with the arrow keys (Shift: ${NUDGE.shift} pixels)`;
    button.addEventListener("pointerdown", (event) => this.grab(event, button));
    button.addEventListener("pointermove", (event) => this.drag(event, button));
    for (const type of ["pointerup", "pointercancel"]) {
      button.addEventListener(type, () => this.letGo(button));
    }
    button.addEventListener("keydown", (event) => this.nudge(event, end.id));
    button.addEventListener("focus", () => this.viewer.activate(this.pane));
    return button;
  }

  grab(event, button) {
    if (event.button !== 0) return;
    event.preventDefault();
    button.focus({ preventScroll: true });
    button.setPointerCapture(event.pointerId);
    const hand = devicePoint(this.pane, event);
    const end = this.deviceEnd(button.dataset.end);
    this.held = { id: event.pointerId, x: end.x - hand.x, y: end.y - hand.y };
  }

  drag(event, button) {
    if (this.held?.id !== event.pointerId) return;
    const hand = devicePoint(this.pane, event);
    const point = toImage(this.pane.matrix(), hand.x + this.held.x, hand.y + this.held.y);
    this.move(button.dataset.end, point);
  }

  letGo() {
    if (!this.held) return;
    this.held = null;
    this.viewer.corrections.send(this.pane.image);
  }

  move(id, point) {
    this.viewer.corrections.move(this.pane.image, id, point);
    this.viewer.refresh();
  }

  /** Arrow keys move the end as seen, whichever way the image is turned. */
  nudge(event, id) {
    const arrow = ARROWS[event.key];
    if (!arrow || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    // The page's own arrow keys move through the worklist.
    event.stopPropagation();
    const step = event.shiftKey ? NUDGE.shift : NUDGE.plain;
    const { turns, mirror } = this.pane.view;
    const seen = new DOMMatrix().rotateSelf(90 * turns).scaleSelf(mirror ? -1 : 1, 1);
    const way = seen.inverse().transformPoint(new DOMPoint(step * arrow[0], step * arrow[1]));
    const { image } = this.pane;
    const end = this.viewer.heartOf(image).lines[id];
    this.move(id, { x: end.x + Math.round(way.x), y: end.y + Math.round(way.y) });
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.viewer.corrections.send(image), NUDGE_REST);
  }

  deviceEnd(id) {
    const { x, y } = this.viewer.heartOf(this.pane.image).lines[id];
    return this.pane.matrix().transformPoint(new DOMPoint(x, y));
  }

  /** Bring the handles to where the line ends are drawn. */
  place() {
    const heart = this.viewer.settings.heart && this.viewer.heartOf(this.pane.image);
    const shown = Boolean(heart && this.pane.levels);
    const ratio = this.pane.ratio;
    for (const button of this.buttons) {
      button.hidden = !shown;
      if (!shown) continue;
      const at = this.deviceEnd(button.dataset.end);
      button.style.transform = `translate(${at.x / ratio}px, ${at.y / ratio}px)`;
      const { x } = heart.lines[button.dataset.end];
      button.setAttribute("aria-valuemax", this.pane.image.columns);
      button.setAttribute("aria-valuenow", Math.round(x));
      button.setAttribute("aria-valuetext", `column ${x.toFixed(0)}; ${heartWords(heart)}`);
    }
  }
}
