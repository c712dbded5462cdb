"""What the server adds when a control is released: resampling, adequacy, tests, downloads."""

from __future__ import annotations

import streamlit as st

from cxr_valve.evaluation.adequacy import Adequacy, adequacy
from cxr_valve.evaluation.bootstrap import bootstrap
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.metrics import metrics
from cxr_valve.evaluation.rules import threshold_spread
from cxr_valve.findings import FINDINGS
from cxr_valve.ui.explorer.comparison import comparison_rows
from cxr_valve.ui.explorer.operating import Operating, counts_of, library_rule
from cxr_valve.ui.explorer.source import Source
from cxr_valve.ui.explorer.state import State

REPLICATES = 2000
#: Replicates times images that are drawn at most: about two seconds.
_BUDGET = 20_000_000
SHOWN = {
    "auc": "AUC",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv_at_prevalence": "PPV at the prevalence",
    "npv_at_prevalence": "NPV at the prevalence",
}


def show_release(
    source: Source, point: Operating, state: State, other: tuple[Source, float] | None
) -> None:
    """Everything that is computed once a control is let go."""
    for warning in adequacy_warnings(source, point):
        st.warning(warning, icon=":material/straighten:")
    if other is not None:
        with st.container(border=True):
            st.markdown("**A against B**")
            for row in comparison_rows(source, point.threshold, *other):
                st.markdown(row)
    if source.cohort is not None and 0 < source.cohort.positives < len(source.cohort):
        # Resampling costs up to two seconds, so it waits until somebody looks.
        box = st.expander(
            "Bootstrap of patients: intervals, and how far the threshold would move",
            key="explorer_bootstrap",
            on_change="rerun",
        )
        if box.open:
            with box:
                _show_bootstrap(source, point, state)


def adequacy_warnings(source: Source, point: Operating) -> list[str]:
    """Rates whose interval is too wide to act on, each with the n that would do."""
    counts = counts_of(source, point.threshold)
    if counts is None:
        return []
    classes = {
        "sensitivity": f"people with {_name(source)}",
        "specificity": f"people without {_name(source)}",
    }
    return [
        _warning(judged, classes[judged.metric])
        for judged in adequacy(metrics(counts))
        if judged.metric in classes and not judged.enough and judged.estimate.defined
    ]


def _warning(judged: Adequacy, whom: str) -> str:
    e = judged.estimate
    return (
        f"{judged.metric.capitalize()} {e.value:.2f} ({e.low:.2f}–{e.high:.2f}) rests on {e.n:,} "
        f"{whom}: an interval {e.width:.2f} wide is too wide to act on. {judged.needed:,} would "
        f"be enough for one of {judged.widest:.2f}."
    )


def _name(source: Source) -> str:
    finding = FINDINGS.get(source.finding)
    return finding.short if finding else "the finding"


def _show_bootstrap(source: Source, point: Operating, state: State) -> None:
    cohort = source.cohort
    assert cohort is not None, "only scored cases can be resampled"
    replicates = min(REPLICATES, _BUDGET // len(cohort))
    if replicates < 100:
        st.write(f"{len(cohort):,} cases are too many to resample while you wait.")
        return
    drawn = bootstrap(cohort, point.threshold, prevalence=point.prevalence, replicates=replicates)
    what = "patients" if cohort.patients is not None else "radiographs (no patients are named)"
    st.write(
        f"{drawn.requested - drawn.dropped:,} replicates of {drawn.clusters:,} {what}"
        + (f"; {drawn.dropped} with one class only were dropped." if drawn.dropped else ".")
    )
    st.dataframe(
        [{"": name, **_cells(drawn.estimate(key))} for key, name in SHOWN.items()],
        hide_index=True,
        width="content",
    )
    rule = library_rule(point.rule, state.ratio)
    if rule is None:
        st.write("A threshold set by hand or by the card does not move; choose a rule to see more.")
        return
    spread = threshold_spread(cohort, rule, point.prevalence, replicates=replicates)
    e = spread.threshold
    st.write(
        f"The rule chose {e.value:.4g}; in 95% of resamples it chose between {e.low:.4g} and "
        f"{e.high:.4g} (n = {e.n:,})."
    )


def _cells(e: Estimate) -> dict[str, str]:
    if not e.defined:
        return {"value": "–", "95% interval": "–", "n": f"{e.n:,}"}
    digits = 4 if min(e.value, 1 - e.value) < 0.05 else 3
    return {
        "value": f"{e.value:.{digits}f}",
        "95% interval": f"{e.low:.{digits}f}–{e.high:.{digits}f}",
        "n": f"{e.n:,}",
    }
