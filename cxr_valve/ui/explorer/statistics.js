/* Formulas of cxr_valve.evaluation that must keep up with a drag. Exact intervals are sent along. */

const Z = 1.959963984540054;

function estimate(value, low, high, n, method) {
  return { value, low, high, n, method };
}

function without(value, n, method = "") {
  return estimate(value, NaN, NaN, n, method);
}

function logit(p) {
  return Math.log(p / (1 - p));
}

function expit(x) {
  return 1 / (1 + Math.exp(-x));
}

function ppvAt(se, sp, pi) {
  return (se * pi) / (se * pi + (1 - sp) * (1 - pi));
}

function npvAt(se, sp, pi) {
  return (sp * (1 - pi)) / (sp * (1 - pi) + (1 - se) * pi);
}

/** A calibrated probability moved from one prevalence to another. */
function priorShift(p, from, to) {
  const having = p * (to / from);
  const rest = (1 - p) * ((1 - to) / (1 - from));
  return having / (having + rest);
}

function odds(t) {
  return t / (1 - t);
}

function netBenefit(se, sp, pi, t) {
  const alarms = (1 - pi) * (1 - sp);
  return pi * se - (alarms === 0 ? 0 : alarms * odds(t));
}

/** Σ weight·estimate + constant, limits by MOVER (Zou and Donner, 2008). */
function weightedSum(parts, constant = 0) {
  const used = parts.filter(([weight]) => weight !== 0);
  const value = used.reduce((sum, [weight, e]) => sum + weight * e.value, constant);
  const n = used.reduce((sum, [, e]) => sum + (e.n ?? 0), 0);
  const miss = (up) =>
    Math.sqrt(
      used.reduce((sum, [w, e]) => sum + (w * (e.value - (w > 0 === up ? e.high : e.low))) ** 2, 0),
    );
  return estimate(value, value - miss(false), value + miss(true), n, "MOVER (Clopper–Pearson)");
}

function inverse(e) {
  const over = (x) => (x > 0 ? 1 / x : Number.isNaN(x) ? NaN : Infinity);
  return estimate(over(e.value), over(e.high), over(e.low), e.n, e.method);
}

function spread(value, centre, half, n, method) {
  const [low, high] = [Math.exp(centre - half), Math.exp(centre + half)];
  return estimate(value, Math.min(low, value), Math.max(high, value), n, method);
}

/** (k1/n1)/(k2/n2) by the log method; ½ joins each cell where one is zero (limits only). */
function logRatio(k1, n1, k2, n2) {
  if (!n1 || !n2 || (k1 === 0 && k2 === 0)) return without(NaN, n1 + n2, "log");
  const value = k2 ? (k1 * n2) / (k2 * n1) : Infinity;
  // Cells of a mix are no whole numbers: one that is all but zero is.
  const add = Math.min(k1, n1 - k1, k2, n2 - k2) > 1e-9 ? 0 : 0.5;
  const [p, q] = [(k1 + add) / (n1 + 2 * add), (k2 + add) / (n2 + 2 * add)];
  const se = Math.sqrt(Math.max(0, (1 - p) / (k1 + add) + (1 - q) / (k2 + add)));
  return spread(value, Math.log(p / q), Z * se, n1 + n2, add ? "log, ½ added" : "log");
}

function diagnosticOddsRatio(tp, fn, fp, tn) {
  const [above, below] = [tp * tn, fn * fp];
  const n = tp + fn + fp + tn;
  if (!above && !below) return without(NaN, n, "log");
  const add = above && below ? 0 : 0.5;
  const [a, b, c, d] = [tp, fn, fp, tn].map((k) => k + add);
  const se = Math.sqrt(1 / a + 1 / b + 1 / c + 1 / d);
  const centre = Math.log((a * d) / (b * c));
  return spread(below ? above / below : Infinity, centre, Z * se, n, add ? "log, ½ added" : "log");
}

function matthews(tp, fn, fp, tn) {
  const [n1, n0, n] = [tp + fn, fp + tn, tp + fn + fp + tn];
  const margins = Math.sqrt(n1 * n0) * Math.sqrt((tp + fp) * (fn + tn));
  return { phi: (tp * tn - fn * fp) / margins, row: n1 / n, column: (tp + fp) / n, n };
}

/** MCC with its large-sample limits on Fisher's scale. */
function mccEstimate(tp, fn, fp, tn) {
  const { phi, row, column, n } = matthews(tp, fn, fp, tn);
  if (Number.isNaN(phi)) return without(NaN, n, "Fisher z");
  if (Math.abs(phi) > 1 - 1e-12) return without(phi, n, "Fisher z, no interval at ±1");
  const [leanRow, leanColumn] = [1 - 2 * row, 1 - 2 * column];
  const [varRow, varColumn] = [row * (1 - row), column * (1 - column)];
  const variance =
    1 - phi ** 2 +
    (phi * (1 + phi ** 2 / 2) * leanRow * leanColumn) / Math.sqrt(varRow * varColumn) -
    0.75 * phi ** 2 * (leanRow ** 2 / varRow + leanColumn ** 2 / varColumn);
  const half = (Z * Math.sqrt(Math.max(variance, 0) / n)) / (1 - phi ** 2);
  const centre = Math.atanh(phi);
  return estimate(phi, Math.tanh(centre - half), Math.tanh(centre + half), n, "Fisher z");
}

/**
 * Predictive value at a target prevalence with the logit limits of Mercaldo, Lau and Zhou (2007).
 * `right` of `nRight` are called rightly among those the value is about, `wrong` of `nWrong` wrongly
 * among the others; a degenerate table takes z²/2 on each count.
 */
function mercaldo(value, se, sp, n1, n0, prior, positive) {
  if (Number.isNaN(value) || !n1 || !n0) return without(value, n1 + n0, "Mercaldo logit");
  const degenerate = [se, sp].some((x) => x <= 1e-12 || x >= 1 - 1e-12);
  const add = degenerate ? (Z * Z) / 2 : 0;
  const [m1, m0] = [n1 + 2 * add, n0 + 2 * add];
  const [a, b] = [(se * n1 + add) / m1, (sp * n0 + add) / m0];
  const [right, wrong] = positive ? [a, 1 - b] : [b, 1 - a];
  const [nRight, nWrong] = positive ? [m1, m0] : [m0, m1];
  const variance = (1 - right) / (right * nRight) + (1 - wrong) / (wrong * nWrong);
  const centre = Math.log(right / wrong) + prior;
  const [low, high] = [expit(centre - Z * Math.sqrt(variance)), expit(centre + Z * Math.sqrt(variance))];
  const method = degenerate ? "Mercaldo logit, adjusted" : "Mercaldo logit";
  return estimate(value, Math.min(low, value), Math.max(high, value), n1 + n0, method);
}

/** DeLong's limits of an AUC, or Newcombe's (method 5) where its variance is zero or unknown. */
function aucEstimate(value, variance, positives, negatives, n) {
  if (variance > 1e-15) {
    const half = Z * Math.sqrt(variance);
    return estimate(value, Math.max(0, value - half), Math.min(1, value + half), n, "DeLong");
  }
  const weight = (positives + negatives) / 2 - 1;
  const inside = (theta) => {
    const shape = (1 - theta) / (2 - theta) + theta / (1 + theta);
    return (value - theta) ** 2 < (Z * Z * theta * (1 - theta) * (1 + weight * shape)) / (positives * negatives);
  };
  // Halved until no double lies between: from the value, which is inside, to the end of the scale.
  const limit = (end) => {
    let [within, beyond] = [value, end];
    for (let turn = 0; turn < 60; turn += 1) {
      const middle = (within + beyond) / 2;
      if (inside(middle)) within = middle;
      else beyond = middle;
    }
    return beyond;
  };
  return estimate(value, value > 1e-6 ? limit(0) : 0, value < 1 - 1e-6 ? limit(1) : 1, n, "Newcombe");
}

/** Whole people by largest remainders, so that the four cells add up to the population. */
function wholePeople(se, sp, pi, population) {
  const [having, rest] = [population * pi, population * (1 - pi)];
  const exact = [having * se, having * (1 - se), rest * (1 - sp), rest * sp];
  if (exact.some(Number.isNaN)) return null;
  const down = exact.map((x) => Math.floor(x + 1e-9));
  const missing = population - down.reduce((a, b) => a + b, 0);
  exact
    .map((x, at) => [down[at] - x, at])
    .sort((p, q) => p[0] - q[0] || p[1] - q[1])
    .slice(0, missing)
    .forEach(([, at]) => { down[at] += 1; });
  // Where there are fewer than half a person, but not nobody.
  const [hardlyFound, hardlyMissed] = [0, 1].map((at) => down[at] === 0 && exact[at] > 1e-9);
  return { tp: down[0], fn: down[1], fp: down[2], tn: down[3], population, hardlyFound, hardlyMissed };
}
