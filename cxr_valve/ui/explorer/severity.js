/* Sensitivity by grade, and the mix of grades that the user expects. */

function severityPanel(parent, app) {
  const figure = html("section", "figure severity", parent);
  html("h3", "", figure, "Severity mix");
  html("p", "soft", figure, "Sensitivity by grade. Move the mix and watch it change everywhere.");
  const rows = html("div", "grades", figure);
  const reset = html("button", "quiet", figure, "As observed");
  reset.type = "button";
  reset.addEventListener("click", () => app.settle({ mix: [] }));
  let parts = [];

  const observed = () => {
    const total = sum(app.source.grades.map((g) => g.n));
    return app.source.grades.map((g) => (100 * g.n) / total);
  };

  const build = () => {
    rows.replaceChildren();
    parts = app.source.grades.map((grade, at) => {
      const row = html("div", "grade", rows);
      html("span", "grade-name", row, grade.name);
      const value = html("span", "value", row);
      const slider = html("input", "", row);
      Object.assign(slider, { type: "range", min: 0, max: 100, step: 1 });
      slider.setAttribute("aria-label", `Share of ${grade.name} among people with ${app.source.finding.short}`);
      const share = html("span", "share", row);
      const change = (settle) => {
        const mix = app.state.mix.length ? [...app.state.mix] : observed();
        mix[at] = Number(slider.value);
        if (sum(mix) > 0) app[settle]({ mix });
      };
      slider.addEventListener("input", () => change("set"));
      slider.addEventListener("change", () => change("settle"));
      return { slider, share, value };
    });
  };

  // Like a chart it may have nothing to show, and says why among those not drawn.
  const plot = { title: "Severity mix", reason: "" };
  return {
    panel: plot,
    load() {
      const known = app.source.grades.length > 0;
      plot.reason = known ? "" : "needs echo grades of the positives";
      figure.hidden = !known;
      if (known) build();
      else parts = [];
    },
    update(view) {
      if (!parts.length) return;
      const mix = app.state.mix.length === parts.length ? app.state.mix : observed();
      const total = sum(mix);
      parts.forEach(({ slider, share, value }, at) => {
        const grade = app.source.grades[at];
        const e = estimate(grade.tp[view.index] / grade.n, grade.low[view.index], grade.high[view.index], grade.n);
        value.replaceChildren(...valueNodes(e, "percent"), ` n = ${grade.n}`);
        if (document.activeElement !== slider && slider.getRootNode().activeElement !== slider) slider.value = mix[at];
        const text = percent(mix[at] / total, 0);
        write(share, text);
        slider.setAttribute("aria-valuetext", text);
      });
      reset.disabled = app.state.mix.length === 0;
    },
  };
}

/** Value in full, interval in a lighter tone. */
function valueNodes(e, format) {
  const value = html("span", "main", null, FORMATS[format].value(e.value));
  const range = html("span", "interval", null, hasInterval(e) && !Number.isNaN(e.value) ? ` (${FORMATS[format].range(e)})` : "");
  return [value, range];
}
