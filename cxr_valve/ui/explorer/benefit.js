/* Net benefit as a share of its maximum, and calibration: what the number on the score is worth. */

const BENEFIT_TICKS = [-0.25, 0, 0.25, 0.5, 0.75, 1];

function benefitChart(parent, app) {
  const plot = new Plot(parent, {
    id: "net-benefit", title: "Net benefit",
    x: logOdds(1e-4, 0.95, [1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9]),
    y: linear(-0.35, 1, BENEFIT_TICKS, (x) => decimal(x, 2)),
    xLabel: "Threshold probability t (log odds scale)", yLabel: "Net benefit ÷ prevalence",
  });
  const grid = Array.from({ length: 120 }, (_, at) => plot.x.back(at / 119));
  const all = plot.path("curve neutral dashed");
  const none = plot.path("curve faint");
  const second = plot.path("curve second");
  const curve = plot.path("curve");
  const upright = plot.upright("upright");
  const bar = new Cross(plot, "cross");
  const dot = plot.marker("dot");
  const names = ["treat all", "treat none"].map((text) => shape("text", { class: "name soft" }, plot.marks, text));

  const along = (rates, pi) => grid.map((t) => netBenefit(rates.se.value, rates.sp.value, pi, t) / pi);
  const followed = (source, pi) => {
    const at = thinned(source.points.threshold.length, 300);
    const ts = at.map((i) => app.followedT(source, source.points.threshold[i], pi));
    const { se, sp } = curveAt(source, app.mixOf(source));
    const value = (i, k) => netBenefit(se[i], sp[i], pi, ts[k]) / pi;
    return [ts.map((t) => Math.min(Math.max(t, 1e-4), 0.95)), at.map(value)];
  };
  const cut = (values) => values.map((v) => (v < -0.38 ? NaN : v));

  return {
    plot,
    load() {
      plot.vacant(bothClasses(app.source) ? "" : NEEDS_BOTH);
    },
    update(view) {
      if (!bothClasses(app.source)) return;
      const { prevalence: pi, t, at, rates, following } = view;
      const every = grid.map((x) => netBenefit(1, 0, pi, x) / pi);
      all.setAttribute("d", plot.trace(grid, cut(every)));
      none.setAttribute("d", plot.trace([1e-4, 0.95], [0, 0]));
      const [xs, ys] = following ? followed(app.source, pi) : [grid, along(rates, pi)];
      curve.setAttribute("d", plot.trace(xs, cut(ys)));
      show(second, Boolean(view.second));
      if (view.second) second.setAttribute("d", plot.trace(grid, cut(along(view.second.rates, pi))));
      const inside = Math.min(Math.max(t, 1e-4), 0.95);
      const value = at.standardised.value;
      show(dot, value > -0.38);
      place(dot, { cx: plot.px(inside), cy: plot.py(Number.isNaN(value) ? 0 : value) });
      bar.move(inside, value, null, hasInterval(at.standardised) && value > -0.38 ? [Math.max(at.standardised.low, -0.36), at.standardised.high] : null);
      place(upright, { x1: plot.px(inside), x2: plot.px(inside) });
      place(names[0], { x: plot.box.left + 6, y: plot.py(1) + 13 });
      place(names[1], { x: plot.box.right - 4, y: plot.py(0) - 5, "text-anchor": "end" });
      const source = following ? "follows the threshold" : `set by 1 miss = ${ratio(view.costRatio)} false alarms`;
      plot.say(`${phrase(at.benefit, "perThousand")} per 1,000 at t = ${percent(t)}`);
      plot.describe(`Net benefit ${phrase(at.benefit, "perThousand")} true positives per 1,000 people at t = ${percent(t)}, which ${source}. Treating all gives ${decimal(1000 * at.treatAll, 1)}, treating none 0.`);
    },
  };
}

function calibrationChart(parent, app) {
  const plot = new Plot(parent, {
    id: "calibration", title: "Calibration", x: unitScale(), y: unitScale(),
    xLabel: "Probability", yLabel: "Observed frequency",
  });
  const ideal = plot.path("reference");
  const smooth = plot.path("curve");
  const bins = shape("g", {}, plot.curves);
  const upright = plot.upright("upright");
  const patient = plot.upright("patient-line");
  let words = "";

  const draw = (data) => {
    ideal.setAttribute("d", plot.trace([0, 1], [0, 1]));
    smooth.setAttribute("d", plot.trace(...data.smooth));
    bins.replaceChildren();
    for (const bin of data.bins) {
      const x = plot.px(bin.x);
      shape("line", { x1: x, x2: x, y1: plot.py(bin.low), y2: plot.py(bin.high), class: "cross" }, bins);
      const dot = shape("circle", { cx: x, cy: plot.py(bin.value), r: 3.2, class: "bin" }, bins);
      shape("title", {}, dot, `${percent(bin.value)} (${percentRange(bin.low, bin.high, bin.value)}) of ${bin.n} cases at ${percent(bin.x)}`);
    }
    const [slope, shift] = [nanned(data.slope), nanned(data.intercept)];
    const estimates = `slope ${phrase(slope, "decimal")}, intercept ${phrase(shift, "decimal")}`;
    words = `${estimates}, Brier ${phrase(nanned(data.brier), "fraction")}, ECE ${decimal(data.ece)}, n = ${data.brier.n}`;
    plot.say(`slope ${phrase(slope, "decimal")}, n = ${grouped(data.brier.n)}`);
    show(plot.note, true);
    const hover = shape("title", {}, plot.note);
    hover.textContent = words;
  };

  /** The probability of a score at the prevalence that the frequencies were observed at. */
  const here = (score) => {
    const { calibrated, prevalence } = app.source;
    const p = app.probability(app.source, score);
    return calibrated && prevalence > 0 && prevalence < 1 ? priorShift(p, calibrated.prevalence, prevalence) : p;
  };

  return {
    plot,
    load() {
      const data = app.source.calibration;
      const why = app.source.scale ? `a ${app.source.scale.toLowerCase()} is no probability` : "needs the scores of single cases";
      plot.vacant(data ? "" : why);
      if (!data) return;
      const known = app.source.calibrated ? `Probability, at these cases’ prevalence (${percent(app.source.prevalence)})` : "Score, read as a probability";
      write(plot.xLabel, known);
      draw(data);
    },
    update(view) {
      if (!app.source.calibration) return;
      const at = here(view.threshold);
      place(upright, { x1: plot.px(at), x2: plot.px(at) });
      const own = app.state.patient === null ? NaN : here(app.state.patient);
      show(patient, !Number.isNaN(own));
      if (!Number.isNaN(own)) place(patient, { x1: plot.px(own), x2: plot.px(own) });
      const bare = app.source.calibration.calibrated ? "" : " The bare score is read as a probability.";
      plot.describe(`${words}. The threshold stands for a probability of ${percent(at)}.${bare}`);
    },
  };
}
