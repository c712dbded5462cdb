/* The controls that rule the page: threshold, rule, prevalence, harm. */

const PREVALENCE_STEPS = 1000;

function field(parent, className, text) {
  const box = html("div", `field ${className}`, parent);
  const label = html("label", "", box, text);
  return { box, label };
}

function input(parent, type, attributes, label) {
  const node = html("input", type, parent);
  Object.assign(node, { type, ...attributes });
  node.setAttribute("aria-label", label);
  return node;
}

/** Keep what the user is typing; everything else follows the state. */
function fill(node, value) {
  if (node.getRootNode().activeElement === node && node.type === "number") return;
  if (node.value !== String(value)) node.value = value;
}

function thresholdField(parent, app, key) {
  const second = key === "second";
  const { box, label } = field(parent, second ? "second" : "threshold", second ? "Threshold B" : "Threshold");
  const name = second ? "Threshold of the second operating point" : "Threshold";
  const slider = input(box, "range", {}, name);
  const number = input(box, "number", { step: "any" }, `${name}, typed`);
  const change = (value) => ({ [key]: Number(value), ...(second ? {} : { rule: "manual" }) });
  slider.addEventListener("input", () => app.set(change(slider.value)));
  slider.addEventListener("change", () => app.settle(change(slider.value)));
  number.addEventListener("change", () => {
    if (number.value !== "") app.settle(change(number.value));
  });
  return {
    load() {
      const source = second ? (app.other ?? app.source) : app.source;
      box.hidden = second ? !app.other || source.kind === "table" : source.kind === "table";
      if (!source.axis) return;
      Object.assign(slider, { min: source.axis.low, max: source.axis.high, step: source.axis.step });
      label.title = source.axis.label;
    },
    update(view) {
      const value = second ? view.second?.threshold : view.threshold;
      if (!isNumber(value)) return;
      fill(slider, value);
      slider.setAttribute("aria-valuetext", plain(value));
      fill(number, Number(value.toFixed(6)));
    },
  };
}

function ruleField(parent, app) {
  const { box } = field(parent, "rule", "Rule");
  const select = html("select", "", box);
  select.setAttribute("aria-label", "Rule that chooses the threshold");
  for (const { kind, name } of RULES) select.append(new Option(name, kind));
  const value = input(box, "number", { min: 1, max: 100, step: 1 }, "Percent the rule must reach");
  const unit = html("span", "unit", box, "%");
  const why = html("span", "why", box);
  const chosen = () => {
    const rule = RULES.find(({ kind }) => kind === select.value);
    const at = parseRule(app.state.rule).kind === rule.kind ? Number(value.value) / 100 : rule.value;
    return writeRule(rule.kind, Number((at || rule.value || 0).toFixed(6)));
  };
  select.addEventListener("change", () => app.settle({ rule: chosen() }));
  value.addEventListener("change", () => {
    if (Number(value.value) > 0 && Number(value.value) <= 100) app.settle({ rule: chosen() });
  });
  return {
    load() {
      box.hidden = app.source.kind === "table";
      for (const option of select.options) {
        const problem = ruleProblem(app.source, option.value);
        option.disabled = Boolean(problem);
        option.title = problem;
      }
      const own = app.source.kind === "model" ? "As published" : "The card’s own";
      select.options[0].textContent = own;
    },
    update() {
      const { kind, value: at } = parseRule(app.state.rule);
      fill(select, kind);
      value.hidden = unit.hidden = at === null;
      if (at !== null) fill(value, Number((100 * at).toFixed(4)));
      write(why, kind === "own" && app.source.own ? app.source.own.rule.replace(/^.*: /, "") : "");
    },
  };
}

function prevalenceField(parent, app) {
  const { box } = field(parent, "prevalence", "Prevalence");
  const scale = prevalenceScale();
  const slider = input(box, "range", { min: 0, max: PREVALENCE_STEPS, step: 1 }, "Prevalence in the target population, log odds scale");
  const number = input(box, "number", { min: 0.001, max: 99.9, step: "any" }, "Prevalence in percent, typed");
  html("span", "unit", box, "%");
  const at = () => tidyPrevalence(scale.back(slider.value / PREVALENCE_STEPS));
  slider.addEventListener("input", () => app.set({ prevalence: at() }));
  slider.addEventListener("change", () => app.settle({ prevalence: at() }));
  number.addEventListener("change", () => {
    const value = Number(number.value) / 100;
    if (value > 0 && value < 1) app.settle({ prevalence: Math.min(Math.max(Number(value.toPrecision(12)), 1e-5), 0.999) });
  });
  return {
    load() {},
    update(view) {
      const pi = view.prevalence;
      fill(slider, Math.round(scale.forward(pi) * PREVALENCE_STEPS));
      slider.setAttribute("aria-valuetext", percent(pi));
      fill(number, Number((100 * pi).toPrecision(4)));
    },
  };
}

function presetsField(parent, app) {
  const box = html("div", "presets", parent);
  const buttons = html("div", "buttons", box);
  buttons.setAttribute("role", "group");
  buttons.setAttribute("aria-label", "Prevalences somebody measured");
  const cited = html("p", "cited", box);
  let presets = [];
  return {
    load() {
      const { source } = app;
      const own = source.prevalence > 0 && source.prevalence < 1 ? [{ name: source.kind === "model" ? "The study" : "These cases", value: source.prevalence, source: "" }] : [];
      presets = [...own, ...source.finding.presets];
      buttons.replaceChildren(
        ...presets.map((preset) => {
          const button = html("button", "quiet", null, `${preset.name} ${percent(preset.value)}`);
          button.type = "button";
          button.title = preset.source;
          button.addEventListener("click", () => app.settle({ prevalence: preset.value }));
          return button;
        }),
      );
    },
    update(view) {
      let source = "";
      presets.forEach((preset, at) => {
        const chosen = Math.abs(preset.value - view.prevalence) < 1e-12;
        buttons.children[at].setAttribute("aria-pressed", String(chosen));
        if (chosen) source = preset.source;
      });
      const broader = source && app.source.finding.key === "mr" ? " The study’s MR label is broader (mild counts), so its prevalence in the same people is higher." : "";
      write(cited, source ? `${source}.${broader}` : "");
    },
  };
}

function harmField(parent, app) {
  const { box } = field(parent, "harm", "A miss weighs as much as");
  const number = input(box, "number", { min: 0.01, step: "any" }, "False alarms that weigh as much as one miss");
  html("span", "unit", box, "false alarms");
  const label = html("label", "check", box);
  const follow = input(label, "checkbox", {}, "t of the net benefit follows the threshold");
  html("span", "", label, "t follows the threshold");
  number.addEventListener("change", () => {
    if (Number(number.value) > 0) app.settle({ ratio: Math.min(Math.max(Number(number.value), 1e-6), 1e6) });
  });
  follow.addEventListener("change", () => app.settle({ follow: follow.checked }));
  return {
    load() {
      label.hidden = !app.source.calibrated;
    },
    update(view) {
      fill(number, Number(app.state.ratio.toPrecision(8)));
      follow.checked = view.following;
    },
  };
}

function controlStrip(parent, app) {
  const strip = html("div", "strip", parent);
  strip.setAttribute("role", "group");
  strip.setAttribute("aria-label", "Operating point and prevalence");
  const left = html("div", "half", strip);
  const right = html("div", "half", strip);
  return [
    thresholdField(left, app, "threshold"),
    ruleField(left, app),
    thresholdField(left, app, "second"),
    prevalenceField(right, app),
    presetsField(right, app),
    harmField(left, app),
  ];
}
