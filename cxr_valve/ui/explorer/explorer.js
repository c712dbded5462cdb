/* The explorer: one state, one operating point, and every view that shows it. */

class Explorer {
  constructor(root) {
    this.root = root;
    this.frames = 0;
    this.charts = [];
    this.caption = captionPanel(root, this);
    this.controls = controlStrip(root, this);
    root.prepend(root.querySelector(".strip"));
    this.advised = html("div", "advice", root);
    this.advised.setAttribute("role", "status");
    this.assumed = html("p", "assumption", root);
    this.legend = html("p", "legend", root);
    const grid = html("div", "board", root);
    const left = html("div", "numbers", grid);
    const right = html("div", "charts", grid);
    this.charts.push(peopleChart(left, this), countsTable(left, this), metricsTable(left, this), glossary(left, this));
    for (const make of [histogramChart, faganChart, rocChart, recallChart, predictiveChart, benefitChart, calibrationChart, severityPanel]) {
      this.charts.push(make(right, this));
    }
    this.missing = html("p", "missing soft", right);
    exportBar(root, this);
    for (const chart of this.charts) if (chart.plot) addExportButtons(chart.plot, this);
    root.addEventListener("settle", () => this.settle({}));
  }

  /** Take what the server sent. State is taken only where the server means to set it. */
  load(data, send) {
    this.send = send;
    this.advise(data.advice);
    if (this.stamp === data.stamp) return;
    this.stamp = data.stamp;
    this.assumption = data.assumption;
    if (this.loaded !== data.first) this.source = readDocument(data.first);
    this.loaded = data.first;
    this.other = data.second === "same" ? this.source : data.second ? readDocument(data.second) : null;
    this.state = { ...data.state };
    this.paint();
    this.resolve();
    write(this.assumed, data.assumption);
    write(this.legend, this.legendWords());
    this.legend.hidden = !this.other;
    for (const part of [...this.charts, ...this.controls, this.caption]) part.load();
    write(this.missing, this.missingWords());
    this.missing.hidden = !this.missing.textContent;
    this.sent = JSON.stringify(this.report());
    this.render();
    this.caption.speak();
  }

  /** What the server says of the point released last; it is silent while a control moves. */
  advise(lines) {
    this.advised.replaceChildren(...lines.map((line) => html("p", "", null, line)));
    this.advised.hidden = lines.length === 0;
  }

  /** The finding's colour, darkened on a light ground until it can be read there. */
  paint() {
    const ground = getComputedStyle(this.root).backgroundColor.match(/\d+(\.\d+)?/g) ?? [0, 0, 0];
    const light = ground.slice(0, 3).reduce((total, x) => total + Number(x), 0) > 380;
    const { colour } = this.source.finding;
    this.root.style.setProperty("--finding", light ? `color-mix(in srgb, ${colour} 72%, black)` : colour);
    this.root.classList.toggle("light", light);
  }

  /** Fill in what the link left open: as the source has it. */
  resolve() {
    const { source, state } = this;
    if (state.prevalence === null) {
      const own = source.prevalence > 0 && source.prevalence < 1 ? source.prevalence : null;
      state.prevalence = own ?? source.finding.presets[0]?.value ?? 0.1;
    }
    if (!state.rule || ruleProblem(source, parseRule(state.rule).kind)) {
      const preferred = source.own ? "own" : "youden";
      const usable = !ruleProblem(source, preferred);
      state.rule = state.threshold === null && usable ? preferred : "manual";
    }
    this.follow();
    const { axis } = source;
    if (state.threshold === null) state.threshold = axis ? (axis.low + axis.high) / 2 : NaN;
    if (axis && source.kind === "scores" && source.points.threshold.length === 1) state.threshold ??= 0.5;
    if (this.other && state.second === null) {
      const mid = this.other.axis ? (this.other.axis.low + this.other.axis.high) / 2 : NaN;
      state.second = chosenThreshold(this.other, this.other.own && this.other !== source ? "own" : "youden", state.prevalence, state.ratio) ?? mid;
    }
  }

  legendWords() {
    const same = this.other === this.source;
    const b = same ? "another threshold on the same scores" : `${this.other ? this.nature(this.other) : ""}${this.other?.title}`;
    return `A, solid and filled: ${this.source.title}. B, dotted and hollow: ${b}.`;
  }

  /** Which charts are not drawn for this source, and what they would need. */
  missingWords() {
    const reasons = new Map();
    for (const { plot, panel } of this.charts) {
      const { reason, title } = plot ?? panel ?? {};
      if (reason) reasons.set(reason, [...(reasons.get(reason) ?? []), title]);
    }
    const words = [...reasons].map(([reason, titles]) => `${titles.join(", ")} (${reason})`);
    return words.length ? `Not drawn for this source: ${words.join("; ")}.` : "";
  }

  /** Where a rule rules, the threshold follows it. */
  follow() {
    const chosen = chosenThreshold(this.source, this.state.rule, this.state.prevalence, this.state.ratio);
    if (chosen !== null) this.state.threshold = chosen;
  }

  /** Of a large source only some thresholds are here, and only their tables are exact. */
  snap(source, key) {
    if (source.thinned) this.state[key] = source.points.threshold[indexAt(source, this.state[key])];
  }

  /** Change the state and show it in the next frame; nothing is sent. */
  set(changes) {
    Object.assign(this.state, changes);
    if (!("threshold" in changes)) this.follow();
    if (this.moved()) this.advised.hidden = true;
    if (!this.waiting) this.waiting = requestAnimationFrame(() => this.render());
  }

  /** Change the state and tell the server, which adds what must be computed there. */
  settle(changes) {
    this.set(changes);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.caption.speak();
      const report = JSON.stringify(this.report());
      if (report === this.sent) {
        this.advised.hidden = !this.advised.hasChildNodes();
        return;
      }
      this.sent = report;
      this.send("point", this.report());
    }, 150);
  }

  moved() {
    return JSON.stringify(this.report()) !== this.sent;
  }

  report() {
    const { threshold, rule, prevalence, ratio, follow, mix, second } = this.state;
    const number = (x) => (isNumber(x) ? x : null);
    return { key: this.source.key, threshold: number(threshold), rule, prevalence, ratio, follow, mix, second: number(second) };
  }

  probability(source, score) {
    if (!source.calibrated) return score;
    const inside = Math.min(Math.max(score, 1e-9), 1 - 1e-9);
    return expit(source.calibrated.a * logit(inside) + source.calibrated.b);
  }

  followedT(source, threshold, pi) {
    return priorShift(this.probability(source, threshold), source.calibrated.prevalence, pi);
  }

  /** The mix of grades that holds for a source: the state's, where both have the same grades. */
  mixOf(source) {
    const names = (one) => one.grades.map((grade) => grade.name).join();
    const { mix } = this.state;
    const fits = mix.length > 0 && mix.length === source.grades.length && sum(mix) > 0;
    return fits && names(source) === names(this.source) ? mix : [];
  }

  /** One operating point in full; `t` is given where it must be that of another point. */
  view(source, threshold, given = null) {
    const { state } = this;
    const index = indexAt(source, threshold);
    const rates = ratesAt(source, index, this.mixOf(source));
    const following = Boolean(state.follow && source.calibrated);
    const t = given ?? (following ? this.followedT(source, threshold, state.prevalence) : 1 / (1 + state.ratio));
    const at = populationAt(rates, state.prevalence, t);
    const sample = sampleAt(source, index);
    return { index, threshold, rates, at, sample, t, following, prevalence: state.prevalence, costRatio: state.ratio };
  }

  render() {
    this.waiting = 0;
    const { source, state } = this;
    this.snap(source, "threshold");
    if (this.other) this.snap(this.other, "second");
    const view = this.view(source, state.threshold);
    view.second = this.other ? this.view(this.other, state.second, view.t) : null;
    view.precision = averagePrecision(source, this.mixOf(source), state.prevalence);
    view.patientRatio = this.patientRatio();
    this.shown = view;
    for (const part of [...this.charts, ...this.controls, this.caption]) part.update(view);
    this.frames += 1;
    this.root.dataset.frames = this.frames;
    this.root.dataset.threshold = state.threshold;
    this.root.dataset.ready = "true";
  }

  patientRatio() {
    const { patient } = this.state;
    const { calibrated } = this.source;
    if (patient === null || !calibrated) return null;
    return odds(this.probability(this.source, patient)) / odds(calibrated.prevalence);
  }

  /** How the numbers came about, in one sentence. */
  settingWords() {
    const { source, state, shown } = this;
    const threshold = source.kind === "table" ? "" : `Threshold ${plain(state.threshold, 6)} (${ruleName(source, state.rule)}); `;
    return `${threshold}prevalence ${percent(state.prevalence)}. ${benefitWords(shown)}`;
  }

  /** What kind of evidence a source is, where it is not simply data. */
  nature(source) {
    if (source.simulated) return "Simulated radiographs, evidence about nobody. ";
    return source.kind === "model" ? "Model of published figures, not data. " : "";
  }

  provenance() {
    const { source } = this;
    return [`${this.nature(source)}${source.title}. Research and teaching only.`, this.settingWords()];
  }
}

/** @type {WeakMap<Element, Explorer>} the explorer living in a root element */
const explorers = new WeakMap();

/** Called by Streamlit at first and whenever the data or the theme changes. */
export default function mount({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".explorer");
  if (!explorers.has(root)) explorers.set(root, new Explorer(root));
  const explorer = explorers.get(root);
  explorer.load(data, setStateValue);
  explorer.paint();
}
