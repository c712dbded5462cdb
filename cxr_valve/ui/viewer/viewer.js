/* The viewer: one or two panes, what is switched on, and when to draw. */

/** @type {Map<string, object>} what the user set, by key: outlives a page change */
const remembered = new Map();

function initialSettings() {
  return {
    tool: "window", evidence: true, finding: null, member: null, chosen: null, opacity: null, contours: false,
    outlines: true, heart: true, network: false, linked: true, asked: null, views: [],
  };
}

class Viewer {
  constructor(root) {
    this.root = root;
    this.panes = [];
    this.images = [];
    this.findings = [];
    this.corrections = new Corrections();
    this.toolbar = buildToolbar(this, root);
    this.stage = element("div", "stage", root);
    this.evidenceBar = buildEvidenceBar(this, root);
    this.status = element("div", "status", root);
    this.status.setAttribute("role", "status");
    this.status.setAttribute("aria-live", "polite");
    this.display = new Display(this);
    for (const type of ["keydown", "keypress", "keyup"]) {
      root.addEventListener(type, (event) => this.onKey(event, type === "keydown"));
    }
  }

  /**
   * Take what the server sent; only what differs from before has an effect.
   * @param {(name: string, value: object) => void} tell how the server is told of a correction
   */
  update(data, tell) {
    this.corrections.settle(data.images, tell);
    const first = !this.settings;
    if (first) this.settings = remembered.get(data.key) ?? initialSettings();
    remembered.set(data.key, this.settings);
    this.root.style.setProperty("--viewer-height", `${data.height}px`);
    Object.assign(this, { scheme: data.scheme, findings: data.findings, images: data.images });
    if (this.settings.opacity === null) this.settings.opacity = data.scheme.opacity;
    if (data.finding !== this.settings.asked) {
      this.settings.asked = data.finding;
      if (data.finding) this.settings.finding = data.finding;
    }
    this.fillPanes();
    this.settleLayer();
    this.refresh();
  }

  fillPanes() {
    while (this.panes.length > this.images.length) this.panes.pop().figure.remove();
    while (this.panes.length < this.images.length) {
      const pane = new Pane(this.stage);
      attachGestures(pane, this);
      pane.handles = new Handles(pane, this);
      this.panes.push(pane);
    }
    if (!this.panes.includes(this.active)) this.active = this.panes[0];
    this.root.dataset.ready = "false";
    this.panes.forEach((pane, index) => this.fillPane(pane, this.images[index], index));
  }

  fillPane(pane, image, index) {
    // The view belongs to the image: another image starts afresh, the same one stays as it was.
    const digest = image.pixels.digest;
    const kept = this.settings.views[index];
    if (kept?.digest !== digest) this.settings.views[index] = { digest, view: defaultView() };
    pane.view = this.settings.views[index].view;
    pane.setImage(image).then(() => {
      if (pane.image === image) this.refresh();
    });
    if (index > 0 && this.settings.linked) Object.assign(pane.view, this.panes[0].view);
  }

  /** Choose a finding and a network that exist, keeping the user's choice where it does. */
  settleLayer() {
    const keys = this.findings.map((finding) => finding.key);
    if (!keys.includes(this.settings.finding)) this.settings.finding = keys[0] ?? null;
    const names = this.members();
    // A finding with one network leaves no choice: its name says nothing of what is wanted elsewhere.
    const usual = names.includes("consensus") ? "consensus" : (names[0] ?? null);
    this.settings.member = names.includes(this.settings.chosen) ? this.settings.chosen : usual;
  }

  /** Networks that have evidence for the chosen finding, in the order sent. */
  members() {
    const layers = this.images.flatMap((image) => image.layers);
    return [...new Set(layers.filter((l) => l.finding === this.settings.finding).map((l) => l.name))];
  }

  layerOf(image) {
    const { finding, member } = this.settings;
    return image?.layers.find((layer) => layer.finding === finding && layer.name === member) ?? null;
  }

  anyLayer() {
    return this.images.map((image) => this.layerOf(image)).find(Boolean) ?? null;
  }

  hasEvidence() {
    return this.findings.length > 0;
  }

  hasHeart() {
    return this.images.some((image) => image.heart);
  }

  /** The image's heart size with the lines that hold now, or null. */
  heartOf(image) {
    return this.corrections.of(image);
  }

  /** Change settings, then show them. */
  set(changes) {
    Object.assign(this.settings, changes);
    if ("member" in changes && this.members().length > 1) this.settings.chosen = changes.member;
    if ("finding" in changes) this.settleLayer();
    this.refresh();
  }

  perform(id) {
    ACTIONS.find((action) => action.id === id).run(this);
    this.refresh();
  }

  stepFinding(step) {
    const keys = this.findings.map((finding) => finding.key);
    const at = keys.indexOf(this.settings.finding) + step;
    this.set({ finding: keys[(at + keys.length) % keys.length] });
  }

  stepMember(step) {
    const names = this.members();
    const at = names.indexOf(this.settings.member) + step;
    this.set({ member: names[(at + names.length) % names.length] });
  }

  stepOpacity(step) {
    this.set({ opacity: clamp(Math.round(10 * (this.settings.opacity + step)) / 10, 0, 1) });
  }

  /** The pane that buttons and keys act on while the two are not linked. */
  activate(pane) {
    if (this.active === pane) return;
    this.active = pane;
    this.refresh();
  }

  /** Change one pane's view, and the other's with it where they are linked. */
  change(pane, edit) {
    if (!pane.levels) return;
    edit(pane.image, pane.view, pane.canvas.width, pane.canvas.height);
    if (this.settings.linked) {
      this.panes.filter((other) => other !== pane).forEach((other) => Object.assign(other.view, pane.view));
    }
    this.display.request();
  }

  changeActive(edit) {
    this.change(this.active, edit);
  }

  shiftWindow(pane, wider, darker) {
    // The network's own greys are fixed: a window changed behind them would surprise later.
    if (this.settings.network && pane.network) return;
    this.change(pane, (image, view) => shiftWindow(image, view, wider, darker));
  }

  zoomAt(pane, factor, at) {
    this.change(pane, (image, view, w, h) => zoomView(image, view, w, h, factor, at));
    this.display.moveBriefly();
  }

  zoomCentre(factor) {
    const { width, height } = this.active.canvas;
    this.change(this.active, (image, view, w, h) =>
      zoomView(image, view, w, h, factor, { x: width / 2, y: height / 2 }),
    );
  }

  actualSize() {
    this.zoomCentre(1 / this.active.scale());
  }

  toggleLink() {
    this.settings.linked = !this.settings.linked;
    this.changeActive(() => {});
  }

  toggleFullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen?.();
  }

  toggleHelp() {
    this.helpOpen = !this.helpOpen;
    if (this.helpOpen) {
      buildHelp(this, this.stage).focus();
    } else {
      this.stage.querySelector(".help").remove();
      this.active.canvas.focus({ preventScroll: true });
    }
    refreshButtons(this);
  }

  hover(pane, point) {
    this.display.hover(pane, point);
  }

  setMoving(moving) {
    this.display.setMoving(moving);
  }

  /** Bring buttons, lists and picture in line with the settings. */
  refresh() {
    refreshButtons(this);
    refreshEvidenceBar(this, this.evidenceBar);
    this.display.request();
  }

  onKey(event, pressed) {
    const handled = pressed && performKey(this, event);
    if (handled) event.preventDefault();
    // A key that means something here must not also reach the page's own shortcuts.
    const typed = event.key.length === 1 && !event.ctrlKey && !event.metaKey;
    if (handled || typed) event.stopPropagation();
  }

  /** Let go of everything outside the root. */
  destroy() {
    this.display.stop();
  }
}

/** @type {WeakMap<Element, Viewer>} the viewer living in a root element */
const viewers = new WeakMap();

/** Called by Streamlit at first and whenever the data or the theme changes. */
export default function mount({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".viewer");
  if (!viewers.has(root)) viewers.set(root, new Viewer(root));
  const viewer = viewers.get(root);
  viewer.update(data, setStateValue);
  return () => {
    viewer.destroy();
    viewers.delete(root);
  };
}
