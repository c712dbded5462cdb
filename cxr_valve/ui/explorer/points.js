/* One operating point of a source: its table, its metrics, and what they mean at a prevalence. */

/** Undefined numbers travel as null; here they are NaN again. */
function readDocument(document) {
  const numbers = (list) => Float64Array.from(list, (x) => (x === null ? NaN : x));
  const points = {
    threshold: numbers(document.points.threshold),
    sensitivity: numbers(document.points.sensitivity),
    specificity: numbers(document.points.specificity),
  };
  const bounds = {};
  for (const [name, [low, high]] of Object.entries(document.bounds ?? {})) {
    bounds[name] = [numbers(low), numbers(high)];
  }
  const prevalence = document.prevalence === null ? NaN : document.prevalence;
  return { ...document, points, prevalence, bounds: document.bounds ? bounds : null };
}

/** The operating point at a threshold: the last, from the strictest on, that is not below it. */
function indexAt(source, threshold) {
  const list = source.points.threshold;
  let [low, high] = [0, list.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (list[middle] >= threshold) low = middle;
    else high = middle - 1;
  }
  return low;
}

function bothClasses(source) {
  const { positives, negatives } = source;
  return positives === null || (positives > 0 && negatives > 0);
}

/** The 2×2 table; of shares of the sample where its size is unknown. */
function tableAt(source, index, sensitivity = source.points.sensitivity[index]) {
  const known = source.positives !== null;
  const n1 = known ? source.positives : source.prevalence;
  const n0 = known ? source.negatives : 1 - source.prevalence;
  const whole = source.kind !== "model" || index === source.published;
  const tidy = (x) => (Number.isNaN(x) ? 0 : whole && known ? Math.round(x) : x);
  const tp = tidy(sensitivity * n1);
  const tn = tidy(source.points.specificity[index] * n0);
  return { tp, fn: n1 - tp, fp: n0 - tn, tn, n1, n0, known };
}

function bounded(source, name, index, value, n) {
  if (!source.bounds || Number.isNaN(value)) return without(value, n, "");
  const [low, high] = source.bounds[name];
  return estimate(value, low[index], high[index], n, "Clopper–Pearson");
}

/** Sensitivity at a severity mix: Σ share·sensitivity of the grade, and how many positives count. */
function mixedSensitivity(source, index, mix) {
  const total = mix.reduce((a, b) => a + b, 0);
  if (source.grades.length === 0 || mix.length !== source.grades.length || !(total > 0)) return null;
  const parts = source.grades.map((grade, at) => {
    const value = grade.tp[index] / grade.n;
    return [mix[at] / total, estimate(value, grade.low[index], grade.high[index], grade.n, "")];
  });
  return { ...weightedSum(parts), method: "mix of grades, MOVER", size: alikePositives(source, mix) };
}

/** What does not depend on prevalence. */
function ratesAt(source, index, mix) {
  const mixed = mixedSensitivity(source, index, mix);
  const t = tableAt(source, index);
  const own = bounded(source, "sensitivity", index, source.points.sensitivity[index], t.n1);
  const se = mixed ?? own;
  const sp = bounded(source, "specificity", index, source.points.specificity[index], t.n0);
  const n = t.known ? t.n1 + t.n0 : null;
  const m1 = mixed ? mixed.size : t.n1;
  const [tp, fn] = [se.value * m1, m1 - se.value * m1];
  const drop = (e) => (t.known ? e : without(e.value, null, ""));
  const [lrPositive, lrNegative] = [logRatio(tp, m1, t.fp, t.n0), logRatio(fn, m1, t.tn, t.n0)];
  return {
    se: t.known ? se : without(se.value, null),
    sp: t.known ? sp : without(sp.value, null),
    mixed: Boolean(mixed),
    size: t.known ? m1 : NaN,
    table: t,
    n,
    balanced: drop({ ...weightedSum([[0.5, se], [0.5, sp]]), n }),
    lrPositive: { ...drop(lrPositive), n },
    lrNegative: { ...drop(lrNegative), n },
    dor: { ...drop(diagnosticOddsRatio(tp, fn, t.fp, t.tn)), n },
  };
}

/** The table as it was observed, at the sample's own prevalence. */
function sampleAt(source, index) {
  const { tp, fn, fp, tn, n1, n0, known } = tableAt(source, index);
  const size = (n) => (known ? n : null);
  const share = (name, k, n) => bounded(source, name, index, n > 0 ? k / n : NaN, size(n));
  const jaccard = share("f1", tp, tp + fp + fn);
  const f1 = (x) => (2 * x) / (1 + x);
  const mcc = mccEstimate(tp, fn, fp, tn);
  return {
    ppv: share("ppv", tp, tp + fp),
    npv: share("npv", tn, tn + fn),
    accuracy: share("accuracy", tp + tn, n1 + n0),
    alert: share("alert", tp + fp, n1 + n0),
    f1: { ...jaccard, value: f1(jaccard.value), low: f1(jaccard.low), high: f1(jaccard.high) },
    mcc: known ? mcc : without(mcc.value, null),
  };
}

/** The same test where the prevalence is π and a harm ratio makes t the threshold probability. */
function populationAt(rates, pi, t) {
  const { se, sp, table, size } = rates;
  const prior = logit(pi);
  const n0 = table.known ? table.n0 : NaN;
  const value = (e, positive, sign) => mercaldo(e, se.value, sp.value, size, n0, sign * prior, positive);
  const ppv = value(ppvAt(se.value, sp.value, pi), true, 1);
  const npv = value(npvAt(se.value, sp.value, pi), false, -1);
  const n = rates.n;
  const alarm = (1 - pi) * odds(t);
  const benefit = t < 1 ? weightedSum([[pi, se], [alarm, sp]], -alarm) : without(NaN, n);
  const every = netBenefit(1, 0, pi, t);
  const scaled = (factor, less) =>
    estimate(...[benefit.value, benefit.low, benefit.high].map((x) => (x - less) * factor), n, benefit.method);
  return {
    ppv: { ...ppv, n },
    npv: { ...npv, n },
    flagged: { ...weightedSum([[pi, se], [-(1 - pi), sp]], 1 - pi), n },
    accuracy: { ...weightedSum([[pi, se], [1 - pi, sp]]), n },
    evaluated: inverse({ ...ppv, n }),
    benefit: { ...benefit, n },
    standardised: scaled(1 / pi, 0),
    avoided: scaled(1 / odds(t), every),
    treatAll: every,
    people: (population) => wholePeople(se.value, sp.value, pi, population),
  };
}

/** Sensitivity (with limits) and specificity at every operating point, at a mix of grades or as observed. */
function curveAt(source, mix) {
  const sp = Array.from(source.points.specificity);
  const limits = source.bounds?.sensitivity;
  if (mix.length === 0) {
    return { mixed: false, se: Array.from(source.points.sensitivity), sp, low: limits?.[0], high: limits?.[1] };
  }
  // Asked for by several charts at every redraw, and the same until the mix moves.
  const key = mix.join();
  if (source.curve?.key !== key) {
    const found = sp.map((_, index) => mixedSensitivity(source, index, mix));
    const list = (name) => found.map((e) => e[name]);
    source.curve = { key, mixed: true, se: list("value"), sp, low: list("low"), high: list("high") };
  }
  return source.curve;
}

/** Limits of the precision at every operating point (Mercaldo); none where n is not known. */
function precisionLimits(curve, source, mix, pi) {
  if (!source.positives || !source.negatives) return {};
  const size = curve.mixed ? alikePositives(source, mix) : source.positives;
  const found = curve.se.map((se, i) => mercaldo(ppvAt(se, curve.sp[i], pi), se, curve.sp[i], size, source.negatives, logit(pi), true));
  return { low: found.map((e) => e.low), high: found.map((e) => e.high) };
}

/** The area under the ROC curve at a severity mix: Σ share·AUC of the grade, which vary together. */
function aucAtMix(source, mix) {
  const total = sum(mix);
  const used = source.grades.map((_, at) => at).filter((at) => mix[at] > 0);
  const weight = (at) => mix[at] / total;
  const { values, covariance } = source.gradeAucs;
  const value = sum(used.map((at) => weight(at) * values[at]));
  const variance = sum(used.flatMap((i) => used.map((j) => weight(i) * weight(j) * (covariance[i][j] ?? NaN))));
  const n = sum(used.map((at) => source.grades[at].n)) + source.negatives;
  return aucEstimate(value, variance, alikePositives(source, mix), source.negatives, n);
}

/** How many positives count at a mix, were all its grades alike (Kish); fewer than there are. */
function alikePositives(source, mix) {
  const total = sum(mix);
  return 1 / sum(source.grades.map((grade, at) => (mix[at] / total) ** 2 / grade.n));
}

/** Area under the precision–recall curve at a prevalence, Σ ΔR·P; Boyd's logit limits hold at the sample's own. */
function averagePrecision(source, mix, pi) {
  const { mixed, se, sp } = curveAt(source, mix);
  let [value, before] = [0, 0];
  if (!bothClasses(source) || se.length < 2) return without(NaN, source.positives);
  for (let at = 0; at < se.length; at += 1) {
    const gained = se[at] - before;
    if (gained > 0) value += gained * ppvAt(se[at], sp[at], pi);
    before = se[at];
  }
  const n = source.positives;
  const own = !mixed && Math.abs(pi / source.prevalence - 1) < 0.005;
  if (n === null || !own || !(value > 1e-12 && value < 1 - 1e-12)) return without(value, n);
  const half = Z / Math.sqrt(n * value * (1 - value));
  return estimate(value, expit(logit(value) - half), expit(logit(value) + half), n, "logit");
}
