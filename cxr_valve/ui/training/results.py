"""What a finished run is worth: figures with intervals and n, curves, grades, subgroups, atlas."""

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from cxr_valve.evaluation.figure_names import FIGURES, figure_name
from cxr_valve.ui.tables import estimate, table
from cxr_valve.ui.training.desk import PROBLEMS, Desk, Run
from cxr_valve.ui.training.flow import show_remarks
from cxr_valve.ui.training.quality import show_quality
from cxr_valve.ui.training.words import count

#: Figures a subgroup is told by, of a finding and of a value.
GROUP_FIGURES = {"binary": ("auc", "sensitivity", "specificity"), "continuous": ("mae", "bias")}


def show_results(desk: Desk, run: Run) -> None:
    """Everything that was measured on the patients held out."""
    try:
        found = desk.evaluation(run.id)
    except PROBLEMS as problem:
        _offer_evaluation(desk, run, str(problem))
        return
    splits = found["splits"]
    st.html(_figures(splits) + _how(found))
    show_remarks(found["warnings"], "what to know of these figures")
    show_quality(found, run.id)
    if splits["test"].get("by_grade"):
        st.html(_grades(splits["test"]))
    st.html(_subgroups(splits["test"], str(found["kind"])))
    _atlas(desk, run, found)


def _offer_evaluation(desk: Desk, run: Run, problem: str) -> None:
    """What is wrong with the evaluation, and a button that makes another."""
    st.error(problem)
    if not st.button("Evaluate again", icon=":material/analytics:", key=f"again-{run.id}"):
        return
    try:
        desk.finish(run.id)
    except PROBLEMS as found:
        st.error(f"The evaluation could not be started. {found}")
        return
    st.rerun()


def _cell(key: str, figure: Mapping[str, Any] | None) -> str:
    """A figure of evaluation.json; what these data do not define is null there."""
    if figure is None or figure["value"] is None:
        return '<span class="soft">undefined</span>'
    low, high = (figure[name] for name in ("low", "high"))
    bare = float("nan")
    return estimate(
        key,
        figure["value"],
        bare if low is None else low,
        bare if high is None else high,
        figure["n"],
    )


def _figures(splits: Mapping[str, Any]) -> str:
    columns = {name.capitalize(): split["figures"] for name, split in splits.items()}
    resampled = splits["test"].get("by_patient")
    if resampled:
        columns["Test, patients resampled"] = resampled
    keys = [key for key in FIGURES if any(key in figures for figures in columns.values())]
    keys += sorted({key for figures in columns.values() for key in figures} - set(FIGURES))
    rows = [
        [escape(figure_name(key)), *(_cell(key, figures.get(key)) for figures in columns.values())]
        for key in keys
    ]
    held = "; ".join(
        f"{name}: {count(split['images'], 'radiograph')} of {count(split['patients'], 'patient')}"
        + (f", {split['positives']:,} positive" if split.get("positives") is not None else "")
        for name, split in splits.items()
    )
    methods = sorted(
        {
            str(figure["method"])
            for figures in columns.values()
            for figure in figures.values()
            if figure["value"] is not None
        }
    )
    caption = f"{held}. 95% intervals: {', '.join(methods)}."
    return "<h4>Measured on patients held out</h4>" + table(["", *columns], rows, caption)


def _how(found: Mapping[str, Any]) -> str:
    fitted = found["fitted"]
    if found["kind"] != "binary":
        return ""
    point = fitted["operating_point"]
    return (
        f'<p class="facts">Positive from a score of <b>{point["threshold"]:.3f}</b>, chosen by '
        f"{escape(str(point['rule']))}: on test {point['tp']:,} true positive, {point['fn']:,} "
        f"missed, {point['fp']:,} false alarms, {point['tn']:,} true negative.</p>"
    )


def _grades(test: Mapping[str, Any]) -> str:
    rows = [
        [escape(str(grade)).capitalize(), _cell("sensitivity", figure)]
        for grade, figure in test["by_grade"].items()
    ]
    caption = "Share of the test radiographs of each echo grade that are called positive."
    return "<h4>Sensitivity by grade</h4>" + table(["Grade", "Sensitivity"], rows, caption)


def _subgroups(test: Mapping[str, Any], kind: str) -> str:
    keys = GROUP_FIGURES[kind]
    rows = []
    for group in test["subgroups"]:
        name = f"{escape(str(group['by']).capitalize())}: {escape(str(group['name']))}"
        size = f"{group['images']:,}"
        if group["positives"] is not None:
            size += f" <em>({group['positives']:,} positive)</em>"
        if group["small"]:
            size += " <em>few</em>"
        rows.append([name, size, *(_cell(key, group["figures"].get(key)) for key in keys)])
    caption = "Test split. “Few”: too few of a class for more than a hint."
    head = ["", "Radiographs", *map(figure_name, keys)]
    return "<h4>Subgroups</h4>" + table(head, rows, caption)


def _atlas(desk: Desk, run: Run, found: Mapping[str, Any]) -> None:
    plates = found["atlas"]
    if not plates:
        return
    st.html("<h4>Where the networks look, by grade</h4>")
    for column, plate in zip(st.columns(max(len(plates), 4)), plates, strict=False):
        said = f"{plate['name']}, n {plate['n']:,}"
        column.image(
            str(desk.picture(run.id, str(plate["file"]))),
            caption=said,
            alt=f"Mean evidence over the mean radiograph of test patients graded {said}",
        )
    st.caption(
        "Mean evidence over the mean radiograph of the test patients of each grade: warm raises "
        "the odds, cool lowers them, on one scale."
    )
