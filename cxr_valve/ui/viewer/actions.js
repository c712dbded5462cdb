/*
 * Everything a button or a key can do, in one table: toolbar, shortcuts and help are made from it.
 *
 * key: as KeyboardEvent.key; where: "tools" (above the image) or "evidence" (below); group: buttons
 * side by side; state: for toggles, whether it is on; offered: whether it makes sense now.
 */

const PAN_STEP = 40;
const WINDOW_STEP = 0.02;

const ACTIONS = [
  { id: "window", key: "w", group: "tool", label: "Window", hint: "drag changes contrast and brightness",
    state: (v) => v.settings.tool === "window", run: (v) => v.set({ tool: "window" }) },
  { id: "pan", key: "p", group: "tool", label: "Pan", hint: "drag moves the image",
    state: (v) => v.settings.tool === "pan", run: (v) => v.set({ tool: "pan" }) },
  { id: "zoom-out", key: "-", group: "zoom", label: "Zoom out", run: (v) => v.zoomCentre(1 / 1.25) },
  { id: "zoom-in", key: "+", group: "zoom", label: "Zoom in", hint: "or the wheel, about the cursor",
    run: (v) => v.zoomCentre(1.25) },
  { id: "fit", key: "0", group: "zoom", label: "Fit", text: "Fit", hint: "the whole image",
    run: (v) => v.changeActive((image, view) => Object.assign(view, { zoom: 1, x: 0.5, y: 0.5 })) },
  { id: "actual", key: "1", group: "zoom", label: "One to one", text: "1:1",
    hint: "one image pixel per screen pixel", run: (v) => v.actualSize() },
  { id: "invert", key: "i", group: "turn", label: "Invert", hint: "black and white exchanged",
    state: (v) => v.active.view.invert,
    run: (v) => v.changeActive((image, view) => { view.invert = !view.invert; }) },
  { id: "rotate", key: "r", group: "turn", label: "Rotate 90° clockwise",
    run: (v) => v.changeActive((image, view) => { view.turns = (view.turns + 1) % 4; }) },
  { id: "mirror", key: "m", group: "turn", label: "Mirror left and right",
    state: (v) => v.active.view.mirror, run: (v) => v.changeActive((image, view) => mirrorView(view)) },
  { id: "reset", key: "x", group: "turn", label: "Reset view", hint: "window, zoom and orientation as stored",
    run: (v) => v.changeActive((image, view) => Object.assign(view, defaultView())) },
  { id: "network", key: "n", group: "show", label: "What the network saw", text: "Network’s view",
    hint: "the image as prepared for the network, in place", offered: (v) => v.images.some((i) => i.network),
    state: (v) => v.settings.network, run: (v) => v.set({ network: !v.settings.network }) },
  { id: "outlines", key: "o", group: "show", label: "Outlines", text: "Outlines",
    hint: "named structures drawn over the image", offered: (v) => v.images.some((i) => i.outlines.length),
    state: (v) => v.settings.outlines, run: (v) => v.set({ outlines: !v.settings.outlines }) },
  { id: "heart", key: "h", group: "show", label: "Heart size", text: "Heart size",
    hint: "the lines of the cardiothoracic ratio; their ends can be moved", offered: (v) => v.hasHeart(),
    state: (v) => v.settings.heart, run: (v) => v.set({ heart: !v.settings.heart }) },
  { id: "measured", key: "u", group: "show", label: "Heart size as measured", text: "Back to measured",
    hint: "take your corrections back",
    offered: (v) => v.settings.heart && v.heartOf(v.active?.image)?.corrected,
    run: (v) => v.corrections.reset(v.active.image) },
  { id: "link", key: "l", group: "show", label: "Link the two images", text: "Linked",
    hint: "window, zoom and pan together", offered: (v) => v.images.length > 1,
    state: (v) => v.settings.linked, run: (v) => v.toggleLink() },
  { id: "help", key: "?", group: "end", label: "Shortcuts and help", text: "?",
    state: (v) => v.helpOpen, run: (v) => v.toggleHelp() },
  { id: "full", key: "f", group: "end", label: "Full screen", run: (v) => v.toggleFullScreen() },
  { id: "evidence", key: "e", where: "evidence", label: "Evidence", text: "Evidence", hint: "on or off",
    offered: (v) => v.hasEvidence(), state: (v) => v.settings.evidence,
    run: (v) => v.set({ evidence: !v.settings.evidence }) },
  { id: "contours", key: "c", where: "evidence", label: "Contour lines", text: "Contours",
    hint: "at the ratios marked on the legend", offered: (v) => v.hasEvidence(),
    state: (v) => v.settings.contours, run: (v) => v.set({ contours: !v.settings.contours }) },
];

/** Keys without a button of their own. */
const KEYS = [
  { key: "g", label: "Next finding", offered: (v) => v.findings.length > 1, run: (v) => v.stepFinding(1) },
  { key: ",", label: "Previous network", offered: (v) => v.hasEvidence(), run: (v) => v.stepMember(-1) },
  { key: ".", label: "Next network", offered: (v) => v.hasEvidence(), run: (v) => v.stepMember(1) },
  { key: "[", label: "Evidence fainter", offered: (v) => v.hasEvidence(), run: (v) => v.stepOpacity(-0.1) },
  { key: "]", label: "Evidence stronger", offered: (v) => v.hasEvidence(), run: (v) => v.stepOpacity(0.1) },
];

/** Arrow keys pan; with Shift they change the window as a drag in that direction would. */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** What the help panel lists besides the table above. */
const GESTURES = [
  ["Drag", "window: right widens, down darkens"],
  ["Shift-drag, middle button", "pan"],
  ["Wheel, pinch", "zoom about the cursor"],
  ["Double click", "fit"],
  ["Arrow keys", "pan"],
  ["Shift + arrow keys", "window"],
  ["Drag a line end", "correct the heart size; or Tab to it and use the arrow keys"],
];

/**
 * @param {Viewer} viewer
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key meant something here
 */
function performKey(viewer, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "Escape" && viewer.helpOpen) {
    viewer.toggleHelp();
    return true;
  }
  const onCanvas = event.target.tagName === "CANVAS";
  if (ARROWS[event.key]) return onCanvas && performArrow(viewer, event);
  // A list box takes letters to choose among its entries.
  if (event.target.tagName === "SELECT") return false;
  const key = event.key === "=" ? "+" : event.key.toLowerCase();
  const action = [...ACTIONS, ...KEYS].find((candidate) => candidate.key === key);
  if (!action || (action.offered && !action.offered(viewer))) return false;
  action.run(viewer);
  viewer.refresh();
  return true;
}

function performArrow(viewer, event) {
  const [x, y] = ARROWS[event.key];
  if (event.shiftKey) {
    viewer.shiftWindow(viewer.active, x * WINDOW_STEP, y * WINDOW_STEP);
  } else {
    const step = PAN_STEP * viewer.active.ratio;
    // The eye moves with the arrow, so the image moves the other way.
    viewer.changeActive((image, view, w, h) =>
      dragView(image, view, w, h, { x: 0, y: 0 }, { x: -x * step, y: -y * step }),
    );
  }
  return true;
}
