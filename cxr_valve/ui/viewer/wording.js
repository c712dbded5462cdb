/* What the viewer says: corner notes, spoken descriptions, the cursor's reading. */

/** @returns {{width: number, level: number}} the window in modality units */
function windowUnits(image, view) {
  const [low, high] = windowPixels(image, view).map((value) => toUnits(image, value));
  return { width: Math.abs(high - low), level: (low + high) / 2 };
}

function toUnits(image, value) {
  return image.slope * value + image.intercept;
}

/** @returns {string[]} how what is seen differs from the radiograph as stored */
function viewNotes(pane, settings) {
  const notes = [];
  if (settings.network && pane.network) {
    const side = pane.image.network.width;
    notes.push(`what ${pane.image.network.name} saw, ${side} × ${side} pixels`);
  }
  if (pane.view.mirror) notes.push("mirrored");
  if (pane.view.turns) notes.push(`turned ${90 * pane.view.turns}°`);
  // The network's own greys are shown as they are, whatever the window.
  if (pane.view.invert && !(settings.network && pane.network)) notes.push("inverted");
  return notes;
}

/** Title and notes for the corner of the image. */
function titleLine(pane, settings) {
  const view = pane.image.view ? ` · ${pane.image.view}` : "";
  return { title: `${pane.image.title}${view}`, notes: viewNotes(pane, settings) };
}

function windowLine(pane, settings) {
  const zoom = `${Math.round(100 * pane.scale())}%`;
  if (settings.network && pane.network) return `network’s own grey levels · ${zoom}`;
  const { width, level } = windowUnits(pane.image, pane.view);
  return `W ${round(width)} · L ${round(level)} · ${zoom}`;
}

/** What must be said about a layer before its colours are believed. */
function evidenceNotes(layer) {
  const notes = [];
  if (!layer.positive) notes.push(layer.unit ? "Nothing raises the value" : "No positive evidence");
  if (layer.outside !== null) {
    notes.push(`${Math.round(100 * layer.outside)}% of the evidence lies outside the body or image`);
  }
  return notes;
}

/** Grey value, place and evidence under the cursor; "" outside the image. */
function cursorLine(pane, settings, layer, point) {
  const { image } = pane;
  if (point.x < 0 || point.y < 0 || point.x >= image.columns || point.y >= image.rows) return "";
  const parts = [placeWords(image, point)];
  if (!(settings.network && pane.network)) {
    const base = pane.levels[0];
    const column = Math.min(base.width - 1, Math.floor(point.x / base.unitX));
    const row = Math.min(base.height - 1, Math.floor(point.y / base.unitY));
    const about = base.unitX > 1 ? "≈ " : "";
    parts.push(`grey ${about}${round(toUnits(image, base.data[row * base.width + column]))}`);
  }
  const evidence = layer && settings.evidence ? evidenceAt(layer, point.x, point.y) : null;
  if (evidence !== null) parts.push(`evidence ${wordEvidence(layer, evidence)}`);
  return parts.join(" · ");
}

function placeWords(image, point) {
  if (!image.spacing) return `column ${Math.floor(point.x)}, row ${Math.floor(point.y)}`;
  const [down, across] = image.spacing;
  return `${(point.x * across).toFixed(1)}, ${(point.y * down).toFixed(1)} mm at the detector`;
}

/** The canvas in words, for those who do not see it. */
function describePane(pane, settings, layer, finding, heart) {
  const { image } = pane;
  if (pane.failure) return `${image.title}: the pixels could not be loaded`;
  const view = image.view ? `, ${image.view}` : "";
  const said = [`${image.title}: chest radiograph${view}, ${image.columns} by ${image.rows} pixels`];
  const { width, level } = windowUnits(image, pane.view);
  said.push(`window ${round(width)}, level ${round(level)}`);
  said.push(`zoom ${Math.round(100 * pane.scale())}%`, ...viewNotes(pane, settings));
  if (layer && settings.evidence) said.push(describeEvidence(layer, finding, image));
  if (heart && settings.heart) said.push(describeHeart(heart));
  if (settings.outlines && image.outlines.length > 0) {
    const names = [...new Set(image.outlines.map((outline) => outline.name))];
    said.push(`outlined: ${names.join(", ")}`);
  }
  return `${said.join(". ")}.`;
}

function describeEvidence(layer, finding, image) {
  const most = Math.max(...layer.cells);
  const least = Math.min(...layer.cells);
  const said = [`Evidence for ${finding.name}, ${layer.consensus ? "consensus" : layer.name}`];
  if (layer.positive) {
    const place = placeOfPeak(layer, image.columns, image.rows);
    said.push(`strongest cell ${wordEvidence(layer, most)}, ${place}`);
  }
  if (least < -layer.epsilon) said.push(`lowest cell ${wordEvidence(layer, least)}`);
  return [...said, ...evidenceNotes(layer)].join("; ");
}

/** Whole numbers where they are large, two decimals where the scale is fine. */
function round(value) {
  return Math.abs(value) >= 20 ? String(Math.round(value)) : String(Number(value.toFixed(2)));
}
