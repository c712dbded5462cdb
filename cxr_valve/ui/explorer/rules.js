/* Rules that choose among the operating points sent; among equals always the highest threshold. */

const RULES = [
  { kind: "own", name: "The source’s own" },
  { kind: "youden", name: "Youden" },
  { kind: "sensitivity", name: "Fixed sensitivity", value: 0.9 },
  { kind: "specificity", name: "Fixed specificity", value: 0.9 },
  { kind: "cost", name: "Least expected cost" },
  { kind: "manual", name: "By hand" },
];

function parseRule(text) {
  const [kind, value] = String(text).split("=");
  return { kind, value: value === undefined ? null : Number(value) };
}

function writeRule(kind, value) {
  return kind === "sensitivity" || kind === "specificity" ? `${kind}=${value}` : kind;
}

function firstWhere(length, fits) {
  for (let at = 0; at < length; at += 1) if (fits(at)) return at;
  return null;
}

/** First index with the highest value (to a tolerance that forgives rounding). */
function firstHighest(length, value, from = 0) {
  let best = -Infinity;
  for (let at = from; at < length; at += 1) best = Math.max(best, value(at));
  return firstWhere(length, (at) => at >= from && value(at) >= best - 1e-12);
}

/** The threshold a rule chooses on a source, or null where it cannot choose. */
function chosenThreshold(source, rule, prevalence, costRatio) {
  const { kind, value } = parseRule(rule);
  const { threshold, sensitivity: se, specificity: sp } = source.points;
  if (kind === "own") return source.own?.threshold ?? null;
  if (kind === "manual" || source.kind === "table" || !bothClasses(source)) return null;
  const k = threshold.length;
  // The first point of scored cases flags nobody: Youden's rule does not consider it.
  const from = source.kind === "scores" ? 1 : 0;
  let at = null;
  if (kind === "youden") at = firstHighest(k, (i) => se[i] + sp[i], from);
  if (kind === "sensitivity") at = firstWhere(k, (i) => se[i] >= value - 1e-9) ?? k - 1;
  if (kind === "specificity") {
    at = firstHighest(k, (i) => (sp[i] >= value - 1e-9 ? se[i] : -1));
  }
  if (kind === "cost") {
    const cost = (i) => costRatio * prevalence * (1 - se[i]) + (1 - prevalence) * (1 - sp[i]);
    at = firstHighest(k, (i) => -cost(i));
  }
  return at === null ? null : threshold[at];
}

/** Why a rule cannot choose here, or "". */
function ruleProblem(source, kind) {
  if (source.kind === "table") return "a 2×2 table has one operating point";
  if (kind === "own") return source.own ? "" : "this source brings no operating point of its own";
  if (kind !== "manual" && !bothClasses(source)) return "a class is missing";
  return "";
}

function ruleName(source, text) {
  const { kind, value } = parseRule(text);
  if (kind === "own") return source.own ? source.own.rule : "own";
  if (kind === "manual") return "chosen by hand";
  if (kind === "sensitivity" || kind === "specificity") return `${kind} at least ${percent(value)}`;
  return kind === "cost" ? "least expected cost" : "Youden’s rule";
}
