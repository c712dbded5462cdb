/*
 * Heart size: the lines of the cardiothoracic ratio as they are drawn by hand, and how a reader moves
 * their ends. Lines are {midline, heartRight, heartLeft, thoraxRight, thoraxLeft} in radiograph
 * coordinates, ends as {x, y}; right and left are the patient's, so a right end has the smaller x.
 */

/** Neither a finding's hue nor the evidence's. */
const HEART_COLOUR = "#F4F4F0";

/** The ends in the order in which they are reached by the keyboard. */
const HEART_ENDS = [
  { id: "heartRight", label: "Heart, right border", inner: true },
  { id: "heartLeft", label: "Heart, left border", inner: true },
  { id: "thoraxRight", label: "Thorax, right inner border", inner: false },
  { id: "thoraxLeft", label: "Thorax, left inner border", inner: false },
];

/** @returns {number} cardiothoracic ratio: widths are horizontal, whatever the rows of the ends */
function ctrOf(lines) {
  const heart = lines.heartLeft.x - lines.heartRight.x;
  return heart / (lines.thoraxLeft.x - lines.thoraxRight.x);
}

/**
 * Lines with one end elsewhere: inside the image, at least a pixel from its partner. The midline is
 * taken along where a border of the heart would pass it.
 */
function moveEnd(image, lines, id, point) {
  const right = id.endsWith("Right");
  const partner = lines[id.replace(right ? "Right" : "Left", right ? "Left" : "Right")];
  const [from, to] = right ? [0, partner.x - 1] : [partner.x + 1, image.columns];
  const moved = { x: clamp(point.x, from, to), y: clamp(point.y, 0, image.rows) };
  const next = { ...lines, [id]: moved };
  next.midline = clamp(lines.midline, next.heartRight.x, next.heartLeft.x);
  return next;
}

/** Draw outlines, midline, half-lines and thoracic line; what was measured stays visible, fainter. */
function drawHeart(context, heart, matrix, ratio) {
  const place = ({ x, y }) => matrix.transformPoint(new DOMPoint(x, y));
  for (const outline of heart.outlines) {
    const points = outline.points.map(([x, y]) => place({ x, y }));
    strokeLine(context, [...points, points[0]], HEART_COLOUR, false, ratio, 0.6, 0.6);
  }
  if (heart.corrected) drawRatioLines(context, heart, heart.measured, place, ratio, true);
  drawRatioLines(context, heart, heart.lines, place, ratio, false);
  const level = thoraxLevel(heart.lines);
  const centre = place({ x: (heart.lines.thoraxRight.x + heart.lines.thoraxLeft.x) / 2, y: level });
  const below = { x: centre.x, y: centre.y + 13 * ratio };
  writeLabel(context, heartWords(heart), below, HEART_COLOUR, ratio);
}

function drawRatioLines(context, heart, lines, place, ratio, faint) {
  const { midline, heartRight, heartLeft, thoraxRight, thoraxLeft } = lines;
  const draw = (from, to, dashed, weight) =>
    strokeLine(context, [place(from), place(to)], HEART_COLOUR, dashed, ratio, weight, faint ? 0.55 : 1);
  const at = (x, y) => ({ x, y });
  const [top, bottom] = heightOfChest(heart, lines);
  if (!faint) draw(at(midline, top), at(midline, bottom), true, 0.7);
  draw(at(midline, heartRight.y), heartRight, faint, 1.2);
  draw(at(midline, heartLeft.y), heartLeft, faint, 1.2);
  const level = thoraxLevel(lines);
  draw(at(thoraxRight.x, level), at(thoraxLeft.x, level), faint, 1.2);
  // The widest points of the two lungs seldom lie on one level.
  for (const end of [thoraxRight, thoraxLeft]) draw(at(end.x, level), end, true, 0.7);
}

function thoraxLevel(lines) {
  return (lines.thoraxRight.y + lines.thoraxLeft.y) / 2;
}

/** From the top to the bottom of what was outlined, or around the lines where nothing was. */
function heightOfChest(heart, lines) {
  const rows = heart.outlines.flatMap((outline) => outline.points.map(([, y]) => y));
  const ends = HEART_ENDS.map(({ id }) => lines[id].y);
  const all = rows.length ? rows : [...ends, Math.min(...ends) - 0.6 * (lines.thoraxLeft.x - lines.thoraxRight.x)];
  // Not spread into Math.min: an outline has hundreds of points.
  return all.reduce(([low, high], y) => [Math.min(low, y), Math.max(high, y)], [Infinity, -Infinity]);
}

/** The ratio as written on the image. */
function heartWords(heart) {
  const ratio = `CTR ${ctrOf(heart.lines).toFixed(2)}`;
  return heart.corrected ? `${ratio}, corrected by the reader` : ratio;
}

/** The ratio for those who do not see the lines. */
function describeHeart(heart) {
  const measured = ctrOf(heart.measured).toFixed(2);
  const said = `heart size: cardiothoracic ratio ${ctrOf(heart.lines).toFixed(2)}`;
  return heart.corrected ? `${said}, corrected by the reader from ${measured}` : said;
}
