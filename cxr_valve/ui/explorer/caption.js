/* The state in words, natural frequencies first. */

/** The smallest round population in which at least one person has the finding. */
function populationFor(pi) {
  let people = 1000;
  while (people * pi < 0.995 && people < 1e6) people *= 10;
  return people;
}

function captionParts(view, app) {
  const { source } = app;
  const name = source.finding.key ? source.finding.short : "the finding";
  if (!bothClasses(source)) {
    const missing = source.positives ? "without" : "with";
    return [`Nobody ${missing} ${name} is among these ${grouped(source.positives + source.negatives)} cases, so what a result means cannot be said.`, ""];
  }
  const population = populationFor(view.prevalence);
  const people = view.at.people(population);
  const having = people.tp + people.fn;
  const flagged = people.tp + people.fp;
  const is = (n, one, many) => (n === 1 ? one : many);
  const first = `Of ${grouped(population)} such people ${grouped(having)} ${is(having, "has", "have")} ${name}`;
  if (flagged === 0) {
    const none = people.hardlyFound ? "hardly anybody" : "nobody";
    return [`${first}; the test flags ${none} and misses ${having === 1 ? "that one" : `all ${grouped(having)}`}.`, after(view, name)];
  }
  if (flagged === population) return [`${first}; the test flags ${people.hardlyMissed ? "nearly everybody" : "everybody"}.`, after(view, name)];
  const none = people.hardlyFound ? "fewer than 1" : "none";
  const right = people.tp === 0 ? `${none} of them has ${name}` : `${grouped(people.tp)} of them ${is(people.tp, "has", "have")} ${name}, ${grouped(people.fp)} ${is(people.fp, "does", "do")} not`;
  const few = people.hardlyMissed ? "fewer than 1" : "nobody";
  const missed = `It misses ${people.fn === 0 ? few : grouped(people.fn)}.`;
  return [`${first}; the test flags ${grouped(flagged)}: ${right}. ${missed}`, after(view, name)];
}

function after(view, name) {
  const { ppv, npv } = view.at;
  const positive = Number.isNaN(ppv.value) ? "" : `After a positive result ${phrase(ppv)} have ${name}`;
  const miss = estimate(1 - npv.value, 1 - npv.high, 1 - npv.low, npv.n);
  const negative = Number.isNaN(npv.value) ? "" : `after a negative one ${phrase(miss)} still do`;
  const joined = positive && negative ? `${positive}; ${negative}.` : `${positive || negative}.`;
  return joined === "." ? "" : joined[0].toUpperCase() + joined.slice(1);
}

const DOUBTS = {
  refused: "The image was read although the input gate refused it.",
  unlike: "The image is unlike the radiographs that these weights learnt from, so this may say nothing about the patient.",
};

/** What this patient's own score says, where the page was reached from a reading. */
function patientWords(view, app) {
  const score = app.state.patient;
  if (score === null || app.source.kind === "table") return "";
  const side = score >= view.threshold ? "at or above" : "below";
  const chance = view.patientRatio === null ? "" : ` Calibrated, that is a likelihood ratio of ${ratio(view.patientRatio)} and a probability of ${percent(expit(logit(view.prevalence) + Math.log(view.patientRatio)))} at this prevalence.`;
  const doubts = (app.state.doubts ?? []).map((name) => ` ${DOUBTS[name]}`).join("");
  return `This patient’s score of ${plain(score)} lies ${side} the threshold.${chance}${doubts}`;
}

function benefitWords(view) {
  const t = percent(view.t);
  return view.following
    ? `Net benefit: t follows the threshold, since scores are calibrated: t = ${t} at this prevalence.`
    : `Net benefit: t = ${t} is its own control, 1 miss weighing as much as ${ratio(view.costRatio)} false alarms.`;
}

function captionPanel(parent, app) {
  const box = html("section", "caption", parent);
  const large = html("p", "large", box);
  const small = html("p", "small", box);
  const patient = html("p", "small patient", box);
  const spoken = html("p", "spoken", box);
  spoken.setAttribute("role", "status");
  spoken.setAttribute("aria-live", "polite");
  return {
    load() {},
    update(view) {
      const [first, second] = captionParts(view, app);
      write(large, first);
      write(small, second);
      const words = patientWords(view, app);
      write(patient, words);
      show(patient, Boolean(words));
    },
    /** Screen readers hear the caption when the control is released, not at every step. */
    speak() {
      write(spoken, `${large.textContent} ${small.textContent}`);
    },
    text: () => [large, small, patient].map((node) => node.textContent).filter(Boolean),
  };
}
