/* Mouse, pen and fingers on a pane, told to the viewer as window, pan and zoom. */

/** A drag over this many CSS pixels spans the whole display range. */
const WINDOW_TRAVEL = 600;

/**
 * @param {Pane} pane
 * @param {Viewer} viewer
 */
function attachGestures(pane, viewer) {
  const { canvas } = pane;
  const hands = new Map();
  let mode = null;

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    event.preventDefault();
    viewer.activate(pane);
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    hands.set(event.pointerId, devicePoint(pane, event));
    const pans = event.button === 1 || event.shiftKey || viewer.settings.tool === "pan";
    mode = hands.size > 1 ? "pinch" : pans ? "pan" : "window";
    viewer.setMoving(true);
  });

  canvas.addEventListener("pointermove", (event) => {
    const to = devicePoint(pane, event);
    const from = hands.get(event.pointerId);
    if (!from) {
      viewer.hover(pane, to);
      return;
    }
    if (mode === "window") dragWindow(viewer, pane, from, to);
    else if (mode === "pan") dragImage(viewer, pane, from, to);
    else if (hands.size === 2) pinch(viewer, pane, hands, event.pointerId, to);
    hands.set(event.pointerId, to);
    viewer.hover(pane, to);
  });

  const release = (event) => {
    hands.delete(event.pointerId);
    if (hands.size > 0) return;
    mode = null;
    viewer.setMoving(false);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => viewer.hover(pane, null));
  canvas.addEventListener("focus", () => viewer.activate(pane));
  canvas.addEventListener("dblclick", () => viewer.perform("fit"));
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      viewer.activate(pane);
      // Lines and pages (Firefox) count as the pixels they would scroll.
      const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
      viewer.zoomAt(pane, Math.exp(-clamp(pixels, -240, 240) / 400), devicePoint(pane, event));
    },
    { passive: false },
  );
}

/** Right widens, down darkens: as in most reading rooms. */
function dragWindow(viewer, pane, from, to) {
  const travel = WINDOW_TRAVEL * pane.ratio;
  const wider = (to.x - from.x) / travel;
  const darker = (to.y - from.y) / travel;
  viewer.shiftWindow(pane, wider, darker);
}

function dragImage(viewer, pane, from, to) {
  viewer.change(pane, (image, view, w, h) => dragView(image, view, w, h, from, to));
}

/** Two fingers: zoom by their distance, about the point between them. */
function pinch(viewer, pane, hands, moved, to) {
  const [other] = [...hands].filter(([id]) => id !== moved).map(([, point]) => point);
  const from = hands.get(moved);
  const distance = (a, b) => Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));
  const middle = (a) => ({ x: (a.x + other.x) / 2, y: (a.y + other.y) / 2 });
  viewer.change(pane, (image, view, w, h) => {
    dragView(image, view, w, h, middle(from), middle(to));
    zoomView(image, view, w, h, distance(to, other) / distance(from, other), middle(to));
  });
}

/** Where on its canvas an event lies, in device pixels. */
function devicePoint(pane, event) {
  const box = pane.canvas.getBoundingClientRect();
  return {
    x: ((event.clientX - box.left) * pane.canvas.width) / box.width,
    y: ((event.clientY - box.top) * pane.canvas.height) / box.height,
  };
}
