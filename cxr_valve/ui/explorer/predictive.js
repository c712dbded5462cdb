/* What a result means: predictive values against prevalence, and Fagan's nomogram. */

function predictiveChart(parent, app) {
  const plot = new Plot(parent, {
    id: "predictive-values", title: "PPV and NPV by prevalence", x: prevalenceScale(), y: unitScale(),
    xLabel: "Prevalence (log odds scale)", yLabel: "Predictive value",
  });
  const grid = Array.from({ length: 70 }, (_, at) => plot.x.back(at / 69));
  const bands = { ppv: plot.path("band"), npv: plot.path("band neutral") };
  const second = { ppv: plot.path("curve second"), npv: plot.path("curve second") };
  const lines = { ppv: plot.path("curve"), npv: plot.path("curve neutral") };
  const upright = plot.upright("upright");
  const dots = { ppv: plot.marker("dot"), npv: plot.marker("dot neutral") };
  const names = { ppv: shape("text", { class: "name" }, plot.marks, "PPV"), npv: shape("text", { class: "name" }, plot.marks, "NPV") };
  plot.svg.classList.add("draggable");
  dragPlane(plot, (x) => app.set({ prevalence: tidyPrevalence(x) }));

  return {
    plot,
    load() {
      plot.vacant(bothClasses(app.source) ? "" : NEEDS_BOTH);
    },
    update(view) {
      if (!bothClasses(app.source)) return;
      const cx = plot.px(view.prevalence);
      // A prevalence may lie beyond the axis; the words above still give its values.
      const within = cx > plot.box.left - 1 && cx < plot.box.right + 1;
      show(upright, within);
      const spots = {};
      for (const key of ["ppv", "npv"]) {
        const along = grid.map((pi) => populationAt(view.rates, pi, 0)[key]);
        lines[key].setAttribute("d", plot.trace(grid, along.map((e) => e.value)));
        bands[key].setAttribute("d", plot.band(grid, along.map((e) => e.low), along.map((e) => e.high)));
        const b = view.second;
        show(second[key], Boolean(b));
        if (b) second[key].setAttribute("d", plot.trace(grid, grid.map((pi) => populationAt(b.rates, pi, 0)[key].value)));
        const { value } = view.at[key];
        const shown = within && !Number.isNaN(value);
        show(dots[key], shown);
        show(names[key], shown);
        if (!shown) continue;
        const cy = plot.py(value);
        place(dots[key], { cx, cy });
        spots[key] = besideCurve(plot, cx, cy, key === "ppv");
        // One over the other, neither could be read: the second goes to the other side of its dot.
        const taken = spots.ppv;
        if (key === "npv" && taken && taken["text-anchor"] === spots.npv["text-anchor"] && Math.abs(taken.y - spots.npv.y) < 14) {
          const end = spots.npv["text-anchor"] === "end";
          spots.npv = { ...spots.npv, x: cx + (end ? 9 : -9), "text-anchor": end ? "start" : "end" };
        }
        place(names[key], spots[key]);
      }
      place(upright, { x1: cx, x2: cx });
      const words = `PPV ${phrase(view.at.ppv)}, NPV ${phrase(view.at.npv)}`;
      plot.say(words);
      plot.describe(`At prevalence ${percent(view.prevalence)}: ${words}.`);
    },
  };
}

/** Where the name of a curve through (cx, cy) stands free of it: on the side that it bends away from. */
function besideCurve({ box }, cx, cy, rising) {
  const under = rising ? cy < box.top + 25 : cy < box.bottom - 25;
  const left = rising !== under ? cx > box.left + 45 : cx > box.right - 36;
  return { x: cx + (left ? -9 : 9), y: cy + (under ? 17 : -7), "text-anchor": left ? "end" : "start" };
}

const FAGAN_TICKS = [1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 0.9999];
const RATIO_TICKS = [1000, 100, 10, 1, 0.1, 0.01, 0.001];

/** Three upright axes in log odds: a straight line from pre-test through the ratio to post-test. */
function faganChart(parent, app) {
  const plot = new Plot(parent, { id: "fagan", title: "Fagan nomogram" });
  const { top, bottom } = plot.box;
  const xs = { before: 58, ratio: plot.width / 2, after: plot.width - 56 };
  const reach = 9.4;
  const y = (u) => (top + bottom + 22) / 2 + (Math.min(Math.max(u, -reach), reach) / reach) * ((bottom - top) / 2 + 3);
  drawFaganAxes(plot, xs, y);
  const lines = {
    negative: plot.path("curve neutral dashed"),
    positive: plot.path("curve"),
    patient: plot.path("patient-line"),
  };
  const dots = { positive: plot.marker("dot", 4), negative: plot.marker("dot neutral", 4), patient: plot.marker("patient-dot", 4) };

  const move = (key, pre, likelihood) => {
    const visible = !Number.isNaN(likelihood);
    show(lines[key], visible);
    show(dots[key], visible);
    if (!visible) return;
    const after = logit(pre) + Math.log(likelihood);
    const [from, to] = [y(logit(pre)), y(-after)];
    lines[key].setAttribute("d", `M${xs.before},${from.toFixed(1)}L${xs.after},${to.toFixed(1)}`);
    place(dots[key], { cx: xs.after, cy: to });
  };

  return {
    plot,
    load() {
      plot.vacant(bothClasses(app.source) ? "" : NEEDS_BOTH);
    },
    update(view) {
      if (!bothClasses(app.source)) return;
      const { lrPositive, lrNegative } = view.rates;
      move("positive", view.prevalence, lrPositive.value);
      move("negative", view.prevalence, lrNegative.value);
      move("patient", view.prevalence, view.patientRatio ?? NaN);
      const words = `LR+ ${phrase(lrPositive, "ratio")}, LR− ${phrase(lrNegative, "ratio")}`;
      plot.say(words);
      plot.describe(`Pre-test ${percent(view.prevalence)}; ${words}; after a positive result ${percent(view.at.ppv.value)}, after a negative one ${percent(1 - view.at.npv.value)}.`);
    },
  };
}

function drawFaganAxes(plot, xs, y) {
  const axis = (x, label) => {
    shape("line", { x1: x, x2: x, y1: y(-9.4), y2: y(9.4), class: "axis" }, plot.axes);
    shape("text", { x, y: plot.box.top + 2, class: "label", "text-anchor": "middle" }, plot.axes, label);
  };
  axis(xs.before, "Pre-test");
  axis(xs.ratio, "Likelihood ratio");
  axis(xs.after, "Post-test");
  const tick = (x, at, text, side) => {
    shape("line", { x1: x - 3, x2: x + 3, y1: at, y2: at, class: "axis" }, plot.axes);
    // Above the lines, so that none strikes a number out.
    shape("text", { x: x + side * 7, y: at + 3.5, class: "tick halo", "text-anchor": side < 0 ? "end" : "start" }, plot.marks, text);
  };
  for (const p of FAGAN_TICKS) {
    const text = `${Number((100 * p).toPrecision(6))}%`;
    tick(xs.before, y(logit(p)), text, -1);
    tick(xs.after, y(-logit(p)), text, 1);
  }
  for (const r of RATIO_TICKS) tick(xs.ratio, y(-Math.log(r) / 2), String(r), 1);
}
