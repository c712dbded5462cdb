/* A thousand people: coloured ones have the finding, filled ones are flagged. */

const PEOPLE = 1000;
const CELLS = { tp: "has the finding, flagged", fn: "has the finding, missed", fp: "without it, flagged", tn: "without it, not flagged" };

function peopleChart(parent, app) {
  const plot = new Plot(parent, { id: "people", title: "1,000 such people", width: 360, height: 330 });
  const [columns, step, size] = [40, 8.6, 6.2];
  const icons = [];
  for (let at = 0; at < PEOPLE; at += 1) {
    const [x, y] = [8 + (at % columns) * step, 46 + Math.floor(at / columns) * step];
    icons.push(shape("rect", { x: x.toFixed(1), y: y.toFixed(1), width: size, height: size, rx: 1.4, class: "person tn" }, plot.marks));
  }
  const shown = new Array(PEOPLE).fill("tn");
  const key = drawKey(plot, app);
  return {
    plot,
    load() {
      plot.vacant(bothClasses(app.source) ? "" : NEEDS_BOTH);
      key.rename();
    },
    update(view) {
      const people = view.at.people(PEOPLE);
      if (!people || !bothClasses(app.source)) return;
      let at = 0;
      for (const cell of ["tp", "fn", "fp", "tn"]) {
        for (let left = people[cell]; left > 0; left -= 1, at += 1) {
          if (shown[at] !== cell) {
            shown[at] = cell;
            icons[at].setAttribute("class", `person ${cell}`);
          }
        }
        const hardly = (cell === "tp" && people.hardlyFound) || (cell === "fn" && people.hardlyMissed);
        write(key.counts[cell], hardly ? "< 1" : String(people[cell]));
      }
      const few = people.tp + people.fn === 0 ? `fewer than 1 of 1,000 has ${app.source.finding.short}` : `at prevalence ${percent(view.prevalence)}`;
      plot.say(few);
      plot.describe(`${few}: ${Object.entries(CELLS).map(([cell, words]) => `${people[cell]} ${words}`).join(", ")}.`);
    },
  };
}

function drawKey(plot, app) {
  const counts = {};
  const words = {};
  Object.keys(CELLS).forEach((cell, at) => {
    const [x, y] = [8 + (at % 2) * 176, 276 + Math.floor(at / 2) * 24];
    shape("rect", { x, y, width: 11, height: 11, rx: 2, class: `person ${cell}` }, plot.marks);
    counts[cell] = shape("text", { x: x + 17, y: y + 10, class: "key-count" }, plot.marks);
    words[cell] = shape("text", { x: x + 44, y: y + 10, class: "key" }, plot.marks);
  });
  return {
    counts,
    rename() {
      const { key, short } = app.source.finding;
      const [having, without] = key ? [short, `no ${short}`] : ["has it", "without it"];
      const text = { tp: `${having}, flagged`, fn: `${having}, missed`, fp: `${without}, flagged`, tn: `${without}, not flagged` };
      for (const cell of Object.keys(CELLS)) write(words[cell], text[cell]);
    },
  };
}
