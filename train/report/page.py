"""An evaluation as one printable page that holds everything itself."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from cxr_valve.evaluation.figure_names import figure_name
from cxr_valve.findings import FINDINGS
from train.cohort.card import CohortError
from train.cohort.diagram import flow_svg
from train.cohort.store import load_cohort
from train.evaluate.binary import Calibrated
from train.evaluate.store import Evaluation
from train.evaluate.words import figure_text
from train.report import charts
from train.runs.folder import RunError

FILE = "report.html"
NOTICE = "Research and teaching only. Not a medical device; never a diagnosis."
SIMULATED = "Simulated radiographs: these figures are evidence about no patient."
STYLE = (
    "body{font:13px/1.45 system-ui,sans-serif;margin:14mm auto;max-width:190mm;color:#111}"
    "h1{font-size:20px;margin:0 0 4px}h2{font-size:15px;margin:22px 0 6px;break-after:avoid}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{text-align:left;padding:3px 8px 3px 0;border-bottom:1px solid #ddd;vertical-align:top}"
    ".notice{border:1px solid #999;padding:5px 9px;font-weight:600}.soft{color:#555}"
    ".row{display:flex;flex-wrap:wrap;gap:8px}.row>*{flex:1 1 80mm;max-width:95mm;"
    "break-inside:avoid}figure{margin:0}figcaption{color:#555}img{width:100%;max-width:60mm}"
    "pre{white-space:pre-wrap;background:#f4f4f4;padding:6px}.atlas>*{flex:0 1 58mm}"
    "svg{width:100%}.few{color:#8a5a00}@page{size:A4;margin:12mm}@media print{body{margin:0}}"
)


def write_report(evaluation: Evaluation) -> Path:
    """Write ``report.html`` beside the evaluation; returns the file."""
    file = evaluation.folder / FILE
    file.write_text(report_html(evaluation), encoding="utf-8")
    return file


def report_html(evaluation: Evaluation) -> str:
    """The page: needs no network, names no patient, prints on A4."""
    details, finding = evaluation.details, FINDINGS.get(evaluation.finding)
    name = finding.name if finding else evaluation.finding
    title = f"Evaluation: {name}"
    notices = [NOTICE, *([SIMULATED] if details["cohort"]["simulated"] else [])]
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{escape(_subtitle(evaluation))}</p>',
        f'<p class="notice">{escape(" ".join(notices))}</p>',
        "".join(f'<p class="few">{escape(warning)}</p>' for warning in details["warnings"]),
        _figures(evaluation),
        _charts(evaluation),
        _subgroups(evaluation),
        _atlas(evaluation),
        _cohort(evaluation),
        _training(evaluation),
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>{''.join(parts)}</html>"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of plain text."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    # A figure and its n are not parted at the end of a line.
    joined = [[escape(cell).replace(", n ", ", n\u00a0") for cell in row] for row in rows]
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in joined)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _subtitle(evaluation: Evaluation) -> str:
    vote = "soft vote of " if len(evaluation.members) > 1 else ""
    runs = ", ".join(evaluation.runs)
    return f"{vote}{', '.join(evaluation.names)}; run {runs}; {evaluation.created[:10]}"


def _figures(evaluation: Evaluation) -> str:
    splits = evaluation.details["splits"]
    head = [
        "",
        *(f"{name} ({s['images']} of {s['patients']} patients)" for name, s in splits.items()),
    ]
    rows = [
        [figure_name(name), *(figure_text(name, s["figures"][name]) for s in splits.values())]
        for name in charts.figures_of(splits)
    ]
    text = f"<h2>Figures</h2>{table(head, rows)}<p class=soft>{escape(_method(evaluation))}</p>"
    if any(split["by_patient"] for split in splits.values()):
        names = [n for n in charts.figures_of(splits) if n in splits["test"]["by_patient"]]
        again = [
            [figure_name(name), *(_resampled(name, s["by_patient"]) for s in splits.values())]
            for name in names
        ]
        text += (
            "<p>Some patients have several radiographs, which are not independent. The same with "
            f"intervals from resampling patients (n counts patients):</p>{table(head, again)}"
        )
    return text


def _resampled(name: str, found: Mapping[str, Any]) -> str:
    return figure_text(name, found[name]) if name in found else "–"


def _method(evaluation: Evaluation) -> str:
    fitted = evaluation.fitted
    methods = sorted(
        {f["method"] for s in evaluation.details["splits"].values() for f in s["figures"].values()}
    )
    said = f"95% intervals: {', '.join(methods)}. "
    if isinstance(fitted, Calibrated):
        point = fitted.operating_point
        return said + (
            f"Positive from a score of {point.threshold:.3f} ({point.rule}); on test {point.tp} "
            f"true positive, {point.fn} missed, {point.fp} false alarms, {point.tn} true negative. "
            "Calibration and threshold were fitted on validation, so the validation column "
            "flatters."
        )
    interval = fitted.interval
    return said + (
        f"The interval of a value, {_signed(interval.low)} to {_signed(interval.high)} "
        f"{fitted.unit}, held "
        f"{interval.level:.0%} of {interval.n} validation radiographs (conformal). Line and "
        "interval were fitted on validation, so the validation column flatters."
    )


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


def _charts(evaluation: Evaluation) -> str:
    splits, fitted = evaluation.details["splits"], evaluation.fitted
    if isinstance(fitted, Calibrated):
        drawn = [charts.roc(splits), charts.calibration(splits), charts.by_grade(splits)]
    else:
        interval = {
            "low": fitted.interval.low, "high": fitted.interval.high, "level": fitted.interval.level
        }  # fmt: skip
        drawn = [
            charts.agreement(splits, interval, fitted.unit),
            charts.bland_altman(splits, fitted.unit),
        ]
    return f'<div class="row">{"".join(f"<figure>{svg}</figure>" for svg in drawn if svg)}</div>'


def _subgroups(evaluation: Evaluation) -> str:
    groups = evaluation.details["splits"]["test"]["subgroups"]
    binary = evaluation.kind == "binary"
    names = ("auc", "sensitivity", "specificity") if binary else ("mae", "bias", "coverage")
    rows = []
    for group in groups:
        size = f"{group['images']} of {group['patients']}"
        if binary:
            size += f", {group['positives']} positive"
        few = " (few)" if group["small"] else ""
        figures = [figure_text(name, group["figures"][name]) for name in names]
        rows.append([group["by"], f"{group['name']}{few}", size, *figures])
    head = ["", "Group", "Radiographs of patients", *(figure_name(name) for name in names)]
    return (
        f"<h2>Subgroups, test</h2>{table(head, rows)}<p class=soft>“few”: too few radiographs for "
        "the figure to say much. Groups were not adjusted for one another.</p>"
    )


def _atlas(evaluation: Evaluation) -> str:
    plates = []
    for plate in evaluation.details["atlas"]:
        file = evaluation.folder / plate["file"]
        if file.is_file():
            source = base64.b64encode(file.read_bytes()).decode()
            name = escape(plate["name"])
            plates.append(
                f'<figure><img alt="Mean evidence, {name}" src="data:image/png;base64,{source}">'
                f"<figcaption>{name}, n {plate['n']}</figcaption></figure>"
            )
    if not plates:
        return ""
    unit = "likelihood ratio" if evaluation.kind == "binary" else "value"
    return (
        f'<h2>Evidence atlas, test</h2><div class="row atlas">{"".join(plates)}</div>'
        f"<p class=soft>Mean evidence map over the mean radiograph of each grade; orange raised "
        f"the {unit}, blue lowered it. Where a network looks is no proof of why.</p>"
    )


def _cohort(evaluation: Evaluation) -> str:
    told = evaluation.details["cohort"]
    try:
        card = load_cohort(Path(evaluation.folders[0].request().cohort)).card
        drawn = flow_svg(card)
    except (CohortError, RunError):
        drawn = "<p class=soft>The cohort’s folder is gone, so its flow cannot be drawn.</p>"
    window = f"±{told['window_days']} days" if told["window_days"] is not None else "as paired"
    facts = [
        ["Cohort", f"{told['name']} ({told['source']})"],
        ["Label", told["label_rule"]],
        ["Window between radiograph and exam", window],
        ["Note", told["note"] or "–"],
    ]
    return f"<h2>Cohort</h2>{table(['', ''], facts)}{drawn}"


def _training(evaluation: Evaluation) -> str:
    parts = ["<h2>Training</h2>"]
    for folder in evaluation.folders:
        drawn = charts.curves(folder.metrics())
        parts.append(f"<h3>{escape(folder.id)}</h3>")
        try:
            request = folder.request()
        except RunError as error:
            parts.append(f"<p>{escape(str(error))}</p>")
            continue
        parts.append(f"<pre>{escape(request.command)}</pre>")
        recipe = [[key, str(value)] for key, value in request.recipe.items()]
        parts.append(f"<details><summary>Recipe</summary>{table(['', ''], recipe)}</details>")
        parts.append(
            '<div class="row">' + "".join(f"<figure>{s}</figure>" for s in drawn) + "</div>"
        )
    return "".join(parts)
