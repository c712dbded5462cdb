/* ROC and precision–recall: two curves through the same operating points. */

/**
 * A chart of two rates, on which a drag picks the nearest operating point.
 *
 * spec: id, title, xLabel, yLabel; curve(c, source, pi): {x, y, low, high} along the curve c; reference(pi):
 * [xs, ys]; point(view): the estimates of x and y; say(view), describe(view): words.
 */
function ratesChart(parent, app, spec) {
  const { id, title, xLabel, yLabel } = spec;
  const plot = new Plot(parent, { id, title, x: unitScale(), y: unitScale(), xLabel, yLabel });
  const band = plot.path("band");
  const reference = plot.path("reference");
  const other = plot.path("curve second");
  const curve = plot.path("curve");
  const cross = new Cross(plot, "cross");
  const second = plot.marker("dot second");
  const dot = plot.marker("dot");
  let [drawn, places] = ["", null];
  plot.svg.classList.add("draggable");
  dragPlane(plot, (x, y) => app.set(nearestPoint(app.source, places, x, y)));

  const draw = (source, path, limits, pi) => {
    const found = spec.curve(curveAt(source, app.mixOf(source)), source, pi);
    const at = thinned(found.x.length, 500);
    const taken = (list) => at.map((i) => list[i]);
    const curved = source.kind !== "table";
    path.setAttribute("d", curved ? plot.trace(taken(found.x), taken(found.y)) : "");
    if (!limits) return found;
    limits.setAttribute("d", curved && found.low ? plot.band(taken(found.x), taken(found.low), taken(found.high)) : "");
    return found;
  };

  return {
    plot,
    load() {
      drawn = "";
      plot.vacant(bothClasses(app.source) ? "" : NEEDS_BOTH);
    },
    update(view) {
      if (!bothClasses(app.source)) return;
      const pi = view.prevalence;
      const wanted = spec.curve.length > 2 ? `${pi}|${app.state.mix}` : `${app.state.mix}`;
      if (drawn !== `=${wanted}`) {
        drawn = `=${wanted}`;
        reference.setAttribute("d", plot.trace(...spec.reference(pi)));
        places = draw(app.source, curve, band, pi);
        const apart = Boolean(app.other && app.other !== app.source);
        show(other, apart);
        if (apart) draw(app.other, other, null, pi);
      }
      const [x, y] = spec.point(view);
      const nowhere = Number.isNaN(x.value) || Number.isNaN(y.value);
      show(dot, !nowhere);
      place(dot, { cx: plot.px(nowhere ? 0 : x.value), cy: plot.py(nowhere ? 0 : y.value) });
      cross.move(x.value, y.value, nowhere ? null : span(x), nowhere ? null : span(y));
      showSecond(second, view, (b) => spec.point(b).map((e, at) => (at ? plot.py(e.value) : plot.px(e.value))));
      plot.say(spec.say(view));
      plot.describe(spec.describe(view));
    },
  };
}

function rocChart(parent, app) {
  const alarms = (sp) => estimate(1 - sp.value, 1 - sp.high, 1 - sp.low, sp.n, sp.method);
  const say = (view) => {
    if (!app.source.auc) return "one operating point, no curve";
    const { mixed } = view.rates;
    const auc = mixed ? aucAtMix(app.source, app.mixOf(app.source)) : nanned(app.source.auc);
    const where = mixed ? " at this severity mix" : "";
    return `AUC ${phrase(auc, "fraction")}${where}, ${auc.method}${auc.n ? `, n = ${grouped(auc.n)}` : ""}`;
  };
  return ratesChart(parent, app, {
    id: "roc", title: "ROC", xLabel: "1 − specificity", yLabel: "Sensitivity",
    curve: (c, source) => ({ x: c.sp.map((sp) => 1 - sp), y: c.se, low: source.bounds && c.low, high: c.high }),
    reference: () => [[0, 1], [0, 1]],
    point: ({ rates }) => [alarms(rates.sp), rates.se],
    say,
    describe: (view) => `${say(view)}. At the operating point sensitivity ${phrase(view.rates.se)}, specificity ${phrase(view.rates.sp)}.`,
  });
}

function recallChart(parent, app) {
  const precision = (view) => {
    if (app.source.kind === "table") return "";
    const resampled = app.source.kind !== "model" && !hasInterval(view.precision) && !view.rates.mixed;
    return `AP ${phrase(view.precision, "fraction")}${resampled ? " (interval: bootstrap, below) " : " "}`;
  };
  return ratesChart(parent, app, {
    id: "precision-recall", title: "Precision–recall", xLabel: "Recall (sensitivity)", yLabel: "Precision (PPV)",
    curve: (c, source, pi) => ({ x: c.se, y: c.se.map((se, i) => ppvAt(se, c.sp[i], pi)), ...precisionLimits(c, source, app.mixOf(source), pi) }),
    reference: (pi) => [[0, 1], [pi, pi]],
    point: ({ rates, at }) => [rates.se, at.ppv],
    say: (view) => `${precision(view)}at ${percent(view.prevalence)}`,
    describe: (view) => `Re-weighted to the prevalence. ${precision(view)}. At prevalence ${percent(view.prevalence)}: recall ${phrase(view.rates.se)}, precision ${phrase(view.at.ppv)}. The band holds 95% intervals of the precision, threshold by threshold.`,
  });
}

function span(e) {
  return hasInterval(e) ? [e.low, e.high] : null;
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

/** The threshold whose operating point lies nearest on a chart; `places` are those drawn. */
function nearestPoint(source, places, x, y) {
  if (source.kind === "table" || !places) return {};
  let [best, at] = [Infinity, 0];
  for (let i = 0; i < places.x.length; i += 1) {
    const d = (places.x[i] - x) ** 2 + ((places.y[i] || 0) - y) ** 2;
    if (d < best) [best, at] = [d, i];
  }
  return { threshold: Math.min(source.points.threshold[at], source.axis.high), rule: "manual" };
}
