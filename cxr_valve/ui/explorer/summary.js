/* What leaves the page as a document: the table as CSV, and a printable summary. */

// The same first characters that the server's export makes harmless (OWASP, "CSV injection").
const FORMULA_STARTS = "=+-@\t\r\n＝＋－＠|%";

function csvCell(cell) {
  if (typeof cell === "number") return Number.isNaN(cell) ? "" : String(cell);
  const text = String(cell ?? "");
  const start = text.trimStart()[0] ?? "";
  const risky = text !== "" && (FORMULA_STARTS.includes(text[0]) || (start && FORMULA_STARTS.includes(start)));
  const safe = risky && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The table of metrics as it stands: one row a number, numbers in full. */
function tableCsv(app) {
  const { shown, source, other } = app;
  const rows = [["point", "group", "metric", "value", "low", "high", "n", "interval", "threshold", "prevalence", "source"]];
  const points = [["A", shown, source], ...(shown.second ? [["B", shown.second, other]] : [])];
  for (const [name, view, from] of points) {
    const tail = [view.threshold, view.prevalence, `${app.nature(from)}${from.title}`];
    for (const group of GROUPS) {
      for (const [metric, format, find] of group.rows) {
        const e = find(view);
        const factor = format === "perThousand" ? 1000 : 1;
        const numbers = [e.value, e.low, e.high].map((x) => x * factor);
        rows.push([name, group.name(view, { source: from }), metric, ...numbers, e.n || "", e.method || "none", ...tail]);
      }
    }
    const { tp, fn, fp, tn } = view.rates.table;
    for (const [cell, value] of Object.entries({ tp, fn, fp, tn })) rows.push([name, "2×2 table", cell, value, "", "", "", "", ...tail]);
  }
  return rows.map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
}

const PRINT_STYLE = `body{font:14px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1d21;background:#fff}
h1{font-size:1.4rem}table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}td,th{padding:.15rem .7rem .15rem 0;text-align:left}
.group th{padding-top:.6rem;border-bottom:1px solid #ccc}.interval,.n{color:#555}.large{font-size:1.2rem}figure{display:inline-block;width:47%;margin:.3rem;break-inside:avoid;vertical-align:top}figure.wide{width:96%}
svg{width:100%;height:auto}table:not(.compared) .second{display:none}`;

/** One page without scripts or outside references: caption, tables, figures, where they come from. */
function summaryPage(app) {
  const page = document.implementation.createHTMLDocument("Operating point");
  const { body } = page;
  html("meta", "", page.head).setAttribute("charset", "utf-8");
  html("style", "", page.head, PRINT_STYLE);
  const add = (name, className, text) => html(name, className, body, text);
  add("h1", "", `Operating point: ${app.source.title}`);
  add("p", "", "Research and teaching only. Not a medical device; never a diagnosis.");
  for (const note of app.source.notes) add("p", "", note);
  app.caption.text().forEach((line, at) => add("p", at ? "" : "large", line));
  for (const line of app.advised.hidden ? [] : app.advised.children) add("p", "", line.textContent);
  add("p", "", app.settingWords());
  if (app.other && app.other !== app.source) add("p", "", `B: ${app.nature(app.other)}${app.other.title}`);
  add("p", "", app.assumption);
  for (const table of app.root.querySelectorAll("table")) body.append(page.importNode(table, true));
  for (const [plot, drawing] of onPaper(app)) {
    add("figure", plot.figure.classList.contains("wide") ? "wide" : "").append(page.importNode(drawing, true));
  }
  add("p", "", `Link that reproduces these numbers: ${window.location.href}`);
  return `<!doctype html>\n${page.documentElement.outerHTML}`;
}

/** Every chart that is drawn, in ink on white whatever the theme of the screen. */
function onPaper(app) {
  app.root.classList.add("paper");
  app.paint();
  const charts = app.charts.filter((chart) => chart.plot && !chart.plot.reason);
  const drawn = charts.map(({ plot }) => [plot, standalone(plot, app, [])]);
  app.root.classList.remove("paper");
  app.paint();
  return drawn;
}

function exportBar(parent, app) {
  const bar = html("div", "footer", parent);
  const offer = (text, save) => {
    const button = html("button", "quiet", bar, text);
    button.type = "button";
    button.addEventListener("click", save);
  };
  offer("Printable summary (HTML)", () => download(new Blob([summaryPage(app)], { type: "text/html" }), "operating-point.html"));
  // The mark tells spreadsheets that this is UTF-8.
  offer("This table (CSV)", () => download(new Blob(["\ufeff", tableCsv(app)], { type: "text/csv" }), "operating-point.csv"));
  html("span", "soft", bar, "Each figure saves as SVG or PNG from its corner.");
}
