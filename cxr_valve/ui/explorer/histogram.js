/* Scores by class, mirrored: with the finding above, without below; the threshold is a handle. */

function histogramChart(parent, app) {
  const plot = new Plot(parent, {
    id: "scores", title: "Scores", width: 612, wide: true,
    x: linear(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1], (x) => plain(x)),
    y: linear(-1, 1, []), xLabel: "Score", yLabel: "Share of class",
  });
  const bars = shape("g", {}, plot.curves);
  const middle = shape("line", { class: "axis" }, plot.curves);
  const flagged = shape("rect", { class: "flagged" }, plot.marks);
  const own = plot.upright("own-line");
  const second = plot.upright("upright second");
  const patient = plot.upright("patient-line");
  const line = plot.upright("upright strong");
  const grip = plot.marker("grip", 7);
  const names = ["own", "patient", "with", "without"].map((key) => [key, shape("text", { class: "name" }, plot.marks)]);
  const label = Object.fromEntries(names);
  // Whether the bars without the finding are lower at the left end than at the right.
  let lowLeft = true;
  plot.svg.classList.add("draggable");
  dragPlane(plot, (x) => {
    const { axis, kind } = app.source;
    if (kind !== "table") app.set({ threshold: Math.round(x / axis.step) * axis.step, rule: "manual" });
  });

  const draw = (data) => {
    const shares = data.groups.map((g) => g.share ?? g.count);
    const total = (positive) => Math.max(1e-9, data.model ? 1 : sum(data.groups.filter((g) => g.positive === positive).flatMap((g) => g.count)));
    const stack = (positive) => data.edges.slice(1).map((_, at) => sum(data.groups.map((g, i) => (g.positive === positive ? shares[i][at] : 0))) / total(positive));
    const top = Math.max(...stack(true), ...stack(false), 1e-9) * 1.06;
    const under = stack(false);
    const reach = Math.ceil(0.35 * under.length);
    lowLeft = Math.max(...under.slice(0, reach)) <= Math.max(...under.slice(-reach));
    bars.replaceChildren();
    const base = { true: data.edges.map(() => 0), false: data.edges.map(() => 0) };
    const grades = data.groups.filter((g) => g.positive).length;
    let rank = 0;
    data.groups.forEach((group, i) => {
      const strength = group.positive ? 0.35 + (0.65 * (rank += 1)) / grades : 1;
      const node = shape("path", { class: group.positive ? "bar with" : "bar without", "fill-opacity": strength.toFixed(2) }, bars);
      const sign = group.positive ? 1 : -1;
      let text = "";
      shares[i].forEach((value, at) => {
        const from = base[group.positive][at];
        const to = from + value / total(group.positive) / top;
        base[group.positive][at] = to;
        if (to === from) return;
        const [x1, x2] = [plot.px(data.edges[at]) + 0.4, plot.px(data.edges[at + 1]) - 0.4];
        text += `M${x1.toFixed(1)},${plot.py(sign * from).toFixed(1)}H${x2.toFixed(1)}V${plot.py(sign * to).toFixed(1)}H${x1.toFixed(1)}Z`;
      });
      node.setAttribute("d", text);
      shape("title", {}, node, group.positive && grades > 1 ? `${group.name} (fainter to stronger: milder to more severe)` : `${group.name} the finding`);
    });
  };

  const relabel = () => {
    const { source } = app;
    const size = (n) => (n === null ? "" : `, n = ${grouped(n)}`);
    write(label.with, `with ${source.finding.short}${size(source.positives)}`);
    write(label.without, `without ${source.finding.short}${size(source.negatives)}`);
    const grades = source.grades.map((g) => g.name).join(", ");
    write(plot.xLabel, source.scale || "Score");
    plot.say(source.histogram.model ? "densities of the model, not data" : grades ? `shades from faint to strong: ${grades}` : "each class adds up to 100%");
  };

  return {
    plot,
    load() {
      const { source } = app;
      plot.vacant(source.histogram ? "" : "needs scores, which a 2×2 table does not have");
      if (!source.histogram) return;
      const { low, high } = source.axis;
      const ticks = source.kind === "model" ? range(Math.ceil(low), Math.floor(high)) : [0, 0.2, 0.4, 0.6, 0.8, 1];
      plot.x = linear(low, high, ticks, (x) => plain(x));
      plot.drawAxes(source.axis.label, "Share of class");
      draw(source.histogram);
      place(middle, { x1: plot.box.left, x2: plot.box.right, y1: plot.py(0), y2: plot.py(0) });
      relabel();
    },
    update(view) {
      const { source, state } = app;
      if (!source.histogram) return;
      const within = (x) => plot.px(Math.min(Math.max(x, source.axis.low), source.axis.high));
      const at = within(view.threshold);
      place(line, { x1: at, x2: at });
      place(grip, { cx: at, cy: plot.py(0) });
      place(flagged, { x: at, y: plot.box.top, width: plot.box.right - at, height: plot.box.bottom - plot.box.top });
      const mark = (node, name, value, text, row) => {
        const visible = isNumber(value);
        show(node, visible);
        if (name) show(name, visible);
        if (!visible) return;
        const x = within(value);
        place(node, { x1: x, x2: x });
        if (!name) return;
        const end = x > plot.box.right - 110;
        write(name, text);
        place(name, { x: x + (end ? -5 : 5), y: plot.box.top + row, "text-anchor": end ? "end" : "start" });
      };
      // The upper class is named on the side where no line stands, the lower where its bars are low.
      const far = at < plot.box.left + 190;
      const corner = (left) => ({ x: left ? plot.box.left + 6 : plot.box.right - 6, "text-anchor": left ? "start" : "end" });
      place(label.with, { ...corner(!far), y: plot.box.top + 12 });
      place(label.without, { ...corner(lowLeft), y: plot.box.bottom - 6 });
      mark(own, label.own, source.own?.threshold, source.kind === "model" ? "published" : "card", 12);
      mark(patient, label.patient, state.patient ?? NaN, "this patient", 28);
      mark(second, null, view.second?.threshold, "", 0);
      plot.describe(`Threshold ${plain(view.threshold)}: ${percent(view.rates.se.value)} of those with ${source.finding.short} and ${percent(1 - view.rates.sp.value)} of those without lie at or above it.`);
    },
  };
}

function sum(list) {
  return list.reduce((a, b) => a + b, 0);
}

function range(from, to) {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
