/* The 2×2 table and the table of metrics: every number with its interval and n. */

const GROUPS = [
  {
    name: () => "Whatever the prevalence",
    rows: [
      ["Sensitivity", "percent", (v) => v.rates.se],
      ["Specificity", "percent", (v) => v.rates.sp],
      ["LR+", "ratio", (v) => v.rates.lrPositive],
      ["LR−", "ratio", (v) => v.rates.lrNegative],
      ["Diagnostic odds ratio", "ratio", (v) => v.rates.dor],
      ["Balanced accuracy", "percent", (v) => v.rates.balanced],
    ],
  },
  {
    name: (v) => `At prevalence ${percent(v.prevalence)}`,
    rows: [
      ["PPV", "percent", (v) => v.at.ppv],
      ["NPV", "percent", (v) => v.at.npv],
      ["Flagged", "percent", (v) => v.at.flagged],
      ["Flagged per true positive", "ratio", (v) => v.at.evaluated],
      ["Accuracy", "percent", (v) => v.at.accuracy],
      ["Net benefit per 1,000", "perThousand", (v) => v.at.benefit],
      ["Standardised net benefit", "decimal", (v) => v.at.standardised],
      ["Interventions avoided per 1,000", "perThousand", (v) => v.at.avoided],
    ],
  },
  {
    name: (v, app) => `In these cases (prevalence ${percent(app.source.prevalence)})`,
    rows: [
      ["PPV", "percent", (v) => v.sample.ppv],
      ["NPV", "percent", (v) => v.sample.npv],
      ["Accuracy", "percent", (v) => v.sample.accuracy],
      ["Flagged", "percent", (v) => v.sample.alert],
      ["F1", "fraction", (v) => v.sample.f1],
      ["MCC", "decimal", (v) => v.sample.mcc],
    ],
  },
];

function countsTable(parent, app) {
  const table = html("table", "counts", parent);
  const caption = html("caption", "", table);
  const head = html("tr", "", html("thead", "", table));
  const headings = ["", "", "", ""].map(() => {
    const cell = html("th", "", head);
    cell.scope = "col";
    return cell;
  });
  const body = html("tbody", "", table);
  const cells = {};
  for (const [name, keys] of [["Flagged", ["tp", "fp"]], ["Not flagged", ["fn", "tn"]]]) {
    const row = html("tr", "", body);
    html("th", "", row, name).scope = "row";
    for (const key of [...keys, `${keys[0]}+`]) {
      cells[key] = html("td", "", row);
      cells[key].dataset.cell = key;
    }
  }
  return {
    load() {
      const name = app.source.finding.key ? app.source.finding.short : "finding";
      ["", `${name} present`, `${name} absent`, "all"].forEach((text, at) => write(headings[at], text));
    },
    update({ rates, index }) {
      const { tp, fn, fp, tn, known, n1, n0 } = rates.table;
      const form = known ? count : (x) => percent(x, 1);
      const all = { tp, fn, fp, tn, "tp+": tp + fp, "fn+": fn + tn };
      for (const [key, value] of Object.entries(all)) write(cells[key], form(value));
      const modelled = app.source.kind === "model" && index !== app.source.published;
      const size = known ? `${grouped(n1 + n0)} cases` : "shares; the number of cases is not published";
      write(caption, `2×2 table, ${size}${modelled ? ", expected by the model" : ""}`);
    },
  };
}

function metricsTable(parent, app) {
  const table = html("table", "metrics", parent);
  table.setAttribute("aria-label", "Metrics with 95% intervals and numbers of cases");
  const parts = [];
  for (const group of GROUPS) {
    const body = html("tbody", "", table);
    const row = html("tr", "group", body);
    const name = html("th", "", row);
    name.colSpan = 2;
    name.scope = "rowgroup";
    const second = html("th", "second", row, "B");
    const n = html("th", "n", row, "n");
    parts.push({ group, name, second, n, rows: group.rows.map((r) => metricRow(body, r)) });
  }
  return {
    load() {
      table.classList.toggle("compared", Boolean(app.other));
    },
    update(view) {
      for (const { group, name, rows } of parts) {
        write(name, group.name(view, app));
        for (const { cell, second, n, format, find } of rows) {
          const e = find(view);
          fillCell(cell, e, format);
          const b = view.second ? find(view.second) : null;
          if (b) fillCell(second, b, format);
          const sizes = [e, b].filter(Boolean).map((x) => (x.n ? grouped(Math.round(x.n)) : DASH));
          write(n, [...new Set(sizes)].join(" | "));
        }
      }
    },
  };
}

function metricRow(body, [text, format, find]) {
  const row = html("tr", "", body);
  const name = html("th", "", row, text);
  name.scope = "row";
  name.title = MEANINGS[text] ?? "";
  const cell = html("td", "", row);
  cell.append(html("span", "main"), html("span", "interval"));
  const second = html("td", "second", row);
  second.append(html("span", "main"), html("span", "interval"));
  return { cell, second, n: html("td", "n", row), format, find };
}

function fillCell(cell, e, format) {
  const [main, range] = cell.children;
  write(main, FORMATS[format].value(e.value));
  const words = interval(e, format);
  write(range, words ? ` ${words}` : "");
  const full = (x) => (Number.isFinite(x) ? x.toPrecision(12) : String(x ?? NaN));
  // In full for whoever reads the page by program.
  for (const key of ["value", "low", "high"]) {
    if (cell.dataset[key] !== full(e[key])) cell.dataset[key] = full(e[key]);
  }
  const title = e.method && words !== "no interval" ? `95% interval: ${e.method}` : "";
  if (cell.title !== title) cell.title = title;
}
