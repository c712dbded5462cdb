"""The charts of a report, from what evaluation.json and metrics.csv hold."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from train.report.chart import COLOURS, Chart, span

if TYPE_CHECKING:
    import pandas as pd

Splits = Mapping[str, Mapping[str, Any]]
UNIT = (0.0, 1.0)


def roc(splits: Splits) -> str:
    """Both ROC curves with the operating point on each."""
    areas = [f"{name} {_value(split['figures']['auc']):.2f}" for name, split in splits.items()]
    chart = Chart(
        "ROC curve", "AUC " + ", ".join(areas), UNIT, UNIT, "1 − specificity", "sensitivity"
    )
    chart.line([(0, 0), (1, 1)], "#999", dash="3 3", width=1)
    for (name, split), colour in zip(splits.items(), COLOURS, strict=False):
        curve, figures = split["roc"], split["figures"]
        line = zip(curve["false_positive_rate"], curve["sensitivity"], strict=True)
        chart.line([(number(x), number(y)) for x, y in line], colour, name)
        point = (1 - _value(figures["specificity"]), _value(figures["sensitivity"]))
        chart.points([point], colour, size=4.5)
    return chart.svg()


def calibration(splits: Splits) -> str:
    """Observed frequency by probability in bins with intervals, and the smooth curve, on test."""
    found = splits["test"]["calibration"]
    chart = Chart(
        "Calibration on test",
        f"Slope {_value(found['slope']):.2f}, intercept {_value(found['intercept']):.2f}",
        UNIT,
        UNIT,
        "probability",
        "observed frequency",
    )
    chart.line([(0, 0), (1, 1)], "#999", "perfect", dash="3 3", width=1)
    smooth = found["smooth"]
    chart.line(
        list(zip(smooth["probability"], smooth["observed"], strict=True)), COLOURS[1], "smooth"
    )
    for one in found["bins"]:
        if one["n"]:
            x, observed = number(one["mean_probability"]), one["observed"]
            chart.interval(x, number(observed["low"]), number(observed["high"]), COLOURS[0])
            chart.points([(x, _value(observed))], COLOURS[0])
    chart.points([], COLOURS[0], "tenths of the radiographs, 95% intervals")
    return chart.svg()


def by_grade(splits: Splits) -> str:
    """Sensitivity at each grade of the positives, with its interval and n."""
    grades = list(dict.fromkeys(g for split in splits.values() for g in split["by_grade"]))
    if not grades:
        return ""
    told = "; ".join(
        f"{name}, {grade}: {_value(e):.0%} of {e['n']}"
        for name, split in splits.items()
        for grade, e in split["by_grade"].items()
    )
    chart = Chart(
        "Sensitivity by severity", told, (-0.6, len(grades) - 0.4), UNIT, "grade", "sensitivity"
    )
    for shift, ((name, split), colour) in enumerate(zip(splits.items(), COLOURS, strict=False)):
        for place, grade in enumerate(grades):
            found = split["by_grade"].get(grade)
            if found:
                x = place + 0.24 * (shift - 0.5)
                chart.interval(x, number(found["low"]), number(found["high"]), colour)
                chart.points([(x, _value(found))], colour)
                chart.note(x, number(found["high"]), f"{found['n']}")
        chart.points([], colour, f"{name} (numbers: n)")
    return chart.svg([(place, grade) for place, grade in enumerate(grades)])


def agreement(splits: Splits, interval: Mapping[str, Any], unit: str) -> str:
    """Measured against predicted values on test, with the interval around the prediction."""
    pairs = splits["test"]["pairs"]
    both = [*pairs["measured"], *pairs["predicted"]]
    ends = span(both)
    chart = Chart(
        "Measured and predicted, test",
        f"{len(pairs['measured'])} radiographs",
        ends,
        ends,
        f"predicted ({unit})",
        f"measured ({unit})",
    )
    chart.line([(ends[0], ends[0]), (ends[1], ends[1])], "#999", dash="3 3", width=1)
    for side in ("low", "high"):
        off = float(interval[side])
        line = [(x, x + off) for x in ends if ends[0] <= x + off <= ends[1]]
        edge = (ends[0] - off, ends[0]) if off < 0 else (ends[1] - off, ends[1])
        chart.line(sorted([*line, edge]), COLOURS[1], dash="5 3", width=1.2)
    chart.points(
        list(zip(pairs["predicted"], pairs["measured"], strict=True)), COLOURS[0], size=2.4
    )
    chart.points([], COLOURS[1], f"interval that held {float(interval['level']):.0%} on validation")
    return chart.svg()


def bland_altman(splits: Splits, unit: str) -> str:
    """Difference against mean on test, with bias and limits of agreement."""
    test = splits["test"]
    pairs, figures = test["pairs"], test["figures"]
    points = [
        ((x + y) / 2, x - y) for x, y in zip(pairs["predicted"], pairs["measured"], strict=True)
    ]
    lines = {name: _value(figures[name]) for name in ("bias", "lower", "upper")}
    x = span([point[0] for point in points])
    chart = Chart(
        "Difference and mean, test",
        ", ".join(f"{name} {value:.1f}" for name, value in lines.items()),
        x,
        span([*(point[1] for point in points), *lines.values()]),
        f"mean of both ({unit})",
        f"predicted − measured ({unit})",
    )
    chart.points(points, COLOURS[0], size=2.4)
    for name, value in lines.items():
        dash = "" if name == "bias" else "5 3"
        chart.line([(x[0], value), (x[1], value)], COLOURS[1], dash=dash, width=1.2)
    chart.points([], COLOURS[1], "bias and 95% limits of agreement")
    return chart.svg()


def curves(metrics: "pd.DataFrame") -> list[str]:
    """Loss and validation quality by epoch, a line a member; nothing where none was kept."""
    charts = []
    for column, title in (
        ("train_loss", "Training loss"),
        ("validation_loss", "Validation loss"),
        ("validation_auc", "Validation AUC"),
        ("validation_mae", "Validation mean absolute error"),
    ):
        known = metrics[metrics[column].notna()]
        if known.empty:
            continue
        epochs = known["epoch"].to_numpy(float)
        x = (float(epochs.min()), max(float(epochs.max()), float(epochs.min()) + 1))
        last = ", ".join(
            f"{m} ends at {rows[column].iloc[-1]:.3g}" for m, rows in known.groupby("member")
        )
        chart = Chart(title, last, x, span(known[column].tolist(), 0.01), "epoch", title.lower())
        for (member, rows), colour in zip(
            known.groupby("member", sort=False), COLOURS, strict=False
        ):
            line = list(zip(rows["epoch"].astype(float), rows[column].astype(float), strict=True))
            chart.line(line, colour, str(member))
            chart.points(line, colour, size=2)
        charts.append(chart.svg())
    return charts


def number(value: Any) -> float:
    """A number of evaluation.json, where null stands for what is undefined."""
    return math.nan if value is None else float(value)


def _value(figure: Mapping[str, Any]) -> float:
    return number(figure["value"])


def figures_of(splits: Splits) -> Sequence[str]:
    """The names of the figures, in order."""
    return list(next(iter(splits.values()))["figures"])
