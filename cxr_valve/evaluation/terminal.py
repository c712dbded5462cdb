"""A report as a table in the terminal."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table

from cxr_valve.evaluation.against import Against
from cxr_valve.evaluation.at_mix import AtMix
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.prevalence import TRANSPORT_ASSUMPTION
from cxr_valve.evaluation.report import Report
from cxr_valve.evaluation.severity import mix_in_words
from cxr_valve.evaluation.target import T_SOURCES, AtPrevalence

NAMES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "mcc": "MCC",
    "lr_positive": "LR+",
    "lr_negative": "LR−",
    "dor": "diagnostic odds ratio",
    "alert_rate": "alert rate",
    "number_needed_to_evaluate": "number needed to evaluate",
}


def show(report: Report, console: Console | None = None) -> None:
    """Print counts, metrics with intervals, and the target population."""
    out = console or Console(highlight=False)
    c = report.counts
    at = "" if report.threshold is None else f", positive from {report.threshold:.6g} up"
    out.print(f"{report.n} cases, {report.positives} with the finding{at}")
    out.print(f"TP {c.tp}   FN {c.fn}   FP {c.fp}   TN {c.tn}\n")
    table = _table("of these cases")
    for name, estimate in report.metrics.items():
        table.add_row(NAMES[name], *_cells(estimate))
    out.print(table)
    if report.resampling is not None:
        drawn = report.resampling
        out.print(
            f"bootstrap: {drawn.replicates} resamples of {drawn.clusters} {drawn.of}, "
            f"{drawn.dropped} dropped for holding one class only"
        )
    if report.against is not None:
        _show_against(report.against, out)
    if report.at_prevalence is not None:
        _show_population(report.at_prevalence, out)
    if report.at_mix is not None:
        _show_mix(report.at_mix, out)


def _show_against(against: Against, out: Console) -> None:
    test = against.test
    table = _table(f"against {against.rival} (DeLong's paired test, p = {_shown(test.p)})")
    table.add_row("AUC of the score", *_cells(test.first))
    table.add_row(f"AUC of {against.rival}", *_cells(test.second))
    table.add_row("difference", *_cells(test.difference))
    out.print(table)
    if against.left_out:
        out.print(f"{against.left_out} cases without {against.rival} left out of both")


def _show_mix(mixed: AtMix, out: Console) -> None:
    where = f", were the positives {mix_in_words(mixed.shares)}"
    table = _table(f"whatever the prevalence{where}")
    table.add_row("AUC", *_cells(mixed.auc))
    table.add_row("sensitivity", *_cells(mixed.sensitivity))
    out.print(table)
    if mixed.at is not None:
        _show_population(mixed.at, out, where)


def _show_population(at: AtPrevalence, out: Console, where: str = "") -> None:
    which = "these cases' own prevalence" if at.own else "a prevalence"
    table = _table(f"at {which} of {at.prevalence:.4g}{where}")
    table.add_row("PPV", *_cells(at.ppv))
    table.add_row("NPV", *_cells(at.npv))
    benefit = at.net_benefit
    table.add_row(f"net benefit at t = {benefit.t:.4g}", *_cells(benefit.net_benefit))
    out.print(table)
    out.print(
        f"t is {T_SOURCES[benefit.source]}. Treating all: {benefit.treat_all:.4g}; nobody: 0."
    )
    people = at.per_1000
    if not math.isnan(people.tp + people.fp):
        found, missed, alarms, cleared = (
            f"{x:.0f}" if x >= 10 else f"{x:.2g}"
            for x in (people.tp, people.fn, people.fp, people.tn)
        )
        out.print(
            f"Of 1,000 such people {found} are found, {missed} missed, {alarms} flagged without "
            f"the finding and {cleared} rightly left alone."
        )
    if not at.own:
        out.print(TRANSPORT_ASSUMPTION)


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("metric")
    for name in ("value", "95% low", "95% high", "n"):
        table.add_column(name, justify="right")
    table.add_column("interval")
    return table


def _cells(e: Estimate) -> tuple[str, str, str, str, str]:
    return _shown(e.value), _shown(e.low), _shown(e.high), str(e.n), e.method


def _shown(value: float) -> str:
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    return f"{value:.3f}" if 0.01 <= abs(value) < 100 or value == 0 else f"{value:.3g}"
