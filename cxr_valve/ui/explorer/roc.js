/* ROC and precision–recall: two curves through the same operating points. */

function span(e) {
  return hasInterval(e) ? [e.low, e.high] : null;
}

function rocChart(parent, app) {
  const plot = new Plot(parent, {
    id: "roc", title: "ROC", x: unitScale(), y: unitScale(),
    xLabel: "1 − specificity", yLabel: "Sensitivity",
  });
  const band = plot.path("band");
  const chance = plot.path("reference");
  const other = plot.path("curve second");
  const curve = plot.path("curve");
  const cross = new Cross(plot, "cross");
  const second = plot.marker("dot second");
  const dot = plot.marker("dot");
  plot.svg.classList.add("draggable");
  dragPlane(plot, (x, y) => app.set(nearestPoint(app.source, (se, sp) => (1 - sp - x) ** 2 + (se - y) ** 2)));

  const draw = (path, source) => {
    const at = thinned(source.points.threshold.length, 700);
    const [se, sp] = [source.points.sensitivity, source.points.specificity];
    path.setAttribute("d", source.kind === "table" ? "" : plot.trace(at.map((i) => 1 - sp[i]), at.map((i) => se[i])));
  };

  return {
    plot,
    load() {
      const { source } = app;
      plot.vacant(bothClasses(source) ? "" : NEEDS_BOTH);
      chance.setAttribute("d", plot.trace([0, 1], [0, 1]));
      draw(curve, source);
      show(other, Boolean(app.other && app.other !== source));
      if (app.other && app.other !== source) draw(other, app.other);
      const at = thinned(source.points.threshold.length, 300);
      const limits = source.kind === "table" ? null : source.bounds?.sensitivity;
      band.setAttribute(
        "d",
        limits ? plot.band(at.map((i) => 1 - source.points.specificity[i]), at.map((i) => limits[0][i]), at.map((i) => limits[1][i])) : "",
      );
    },
    update(view) {
      if (!bothClasses(app.source)) return;
      const { se, sp } = view.rates;
      place(dot, { cx: plot.px(1 - sp.value), cy: plot.py(se.value) });
      const flipped = span(sp) && [1 - sp.high, 1 - sp.low];
      cross.move(1 - sp.value, se.value, flipped, span(se));
      showSecond(second, view, (b) => [plot.px(1 - b.rates.sp.value), plot.py(b.rates.se.value)]);
      const auc = app.source.auc;
      const words = auc ? `AUC ${phrase(nanned(auc), "fraction")}${auc.n ? `, ${auc.method}, n = ${grouped(auc.n)}` : `, ${auc.method}`}` : "one operating point, no curve";
      plot.say(words);
      plot.describe(`${words}. At the operating point sensitivity ${phrase(se)}, specificity ${phrase(sp)}.`);
    },
  };
}

function recallChart(parent, app) {
  const plot = new Plot(parent, {
    id: "precision-recall", title: "Precision–recall", x: unitScale(), y: unitScale(),
    xLabel: "Recall (sensitivity)", yLabel: "Precision (PPV)",
  });
  const base = plot.path("reference");
  const other = plot.path("curve second");
  const curve = plot.path("curve");
  const cross = new Cross(plot, "cross");
  const second = plot.marker("dot second");
  const dot = plot.marker("dot");
  let drawn = null;
  plot.svg.classList.add("draggable");
  dragPlane(plot, (x, y) =>
    app.set(nearestPoint(app.source, (se, sp) => (se - x) ** 2 + ((ppvAt(se, sp, app.state.prevalence) || 0) - y) ** 2)));

  const draw = (path, source, pi) => {
    const at = thinned(source.points.threshold.length, 400);
    const [se, sp] = [source.points.sensitivity, source.points.specificity];
    path.setAttribute("d", source.kind === "table" ? "" : plot.trace(at.map((i) => se[i]), at.map((i) => ppvAt(se[i], sp[i], pi))));
  };

  return {
    plot,
    load() {
      drawn = null;
      plot.vacant(bothClasses(app.source) ? "" : NEEDS_BOTH);
    },
    update(view) {
      if (!bothClasses(app.source)) return;
      const pi = view.prevalence;
      if (drawn !== pi) {
        drawn = pi;
        base.setAttribute("d", plot.trace([0, 1], [pi, pi]));
        draw(curve, app.source, pi);
        show(other, Boolean(app.other && app.other !== app.source));
        if (app.other && app.other !== app.source) draw(other, app.other, pi);
      }
      const { se } = view.rates;
      const { ppv } = view.at;
      const nobody = Number.isNaN(ppv.value);
      show(dot, !nobody);
      place(dot, { cx: plot.px(se.value), cy: plot.py(nobody ? 0 : ppv.value) });
      cross.move(se.value, ppv.value, nobody ? null : span(se), nobody ? null : span(ppv));
      showSecond(second, view, (b) => [plot.px(b.rates.se.value), plot.py(b.at.ppv.value)]);
      const words = app.source.kind === "table" ? "" : `AP ${phrase(view.precision, "fraction")} `;
      plot.say(`${words}at ${percent(pi)}`);
      plot.describe(`Re-weighted to the prevalence. ${words}. At prevalence ${percent(pi)}: recall ${phrase(se)}, precision ${phrase(ppv)}.`);
    },
  };
}

/** Limits that travelled as null are NaN here. */
function nanned(e) {
  const number = (x) => (x === null ? NaN : x);
  return { ...e, value: number(e.value), low: number(e.low), high: number(e.high) };
}

function showSecond(node, view, at) {
  const place2 = view.second ? at(view.second) : [NaN, NaN];
  show(node, !place2.some(Number.isNaN));
  if (!place2.some(Number.isNaN)) place(node, { cx: place2[0], cy: place2[1] });
}

/** The threshold whose operating point lies nearest on a chart. */
function nearestPoint(source, distance) {
  const { threshold, sensitivity, specificity } = source.points;
  let [best, at] = [Infinity, 0];
  for (let i = 0; i < threshold.length; i += 1) {
    const d = distance(sensitivity[i], specificity[i]);
    if (d < best) [best, at] = [d, i];
  }
  return source.kind === "table" ? {} : { threshold: Math.min(threshold[at], source.axis.high), rule: "manual" };
}
