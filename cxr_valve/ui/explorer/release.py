"""What the server adds when a control is released: resampling, adequacy, tests, downloads."""

from __future__ import annotations

import math

import streamlit as st

from cxr_valve.evaluation.adequacy import WIDEST_USEFUL, Adequacy, adequacy
from cxr_valve.evaluation.bootstrap import Bootstrap, bootstrap, bootstrap_at_mix
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.metrics import metrics
from cxr_valve.evaluation.rules import threshold_spread
from cxr_valve.evaluation.severity import mix_in_words
from cxr_valve.findings import FINDINGS
from cxr_valve.ui.explorer.comparison import comparison_rows
from cxr_valve.ui.explorer.mixture import chosen_mix, mixed_sensitivity
from cxr_valve.ui.explorer.operating import Operating, counts_of, library_rule
from cxr_valve.ui.explorer.source import Source
from cxr_valve.ui.explorer.state import State

REPLICATES = 2000
#: Replicates times images that are drawn at most: about two seconds.
_BUDGET = 20_000_000
SHOWN = {
    "auc": "AUC",
    "average_precision_at_prevalence": "Average precision at the prevalence",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv_at_prevalence": "PPV at the prevalence",
    "npv_at_prevalence": "NPV at the prevalence",
    "net_benefit": "Net benefit per person",
}


def show_release(
    source: Source, point: Operating, state: State, other: tuple[Source, float] | None
) -> None:
    """Everything that is computed once a control is let go."""
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


def adequacy_warnings(source: Source, point: Operating, mix: dict[str, float]) -> list[str]:
    """Rates whose interval is too wide to act on, each with the n that would do."""
    counts = counts_of(source, point.threshold)
    if counts is None:
        return []
    judgements = {judged.metric: judged for judged in adequacy(metrics(counts))}
    if mix:
        judgements["sensitivity"] = _at_mix(source, point, mix)
    # Radiographs, of which a patient may have given several; of a bare table nobody knows.
    cases = "cases" if source.cohort is None else "radiographs"
    classes = {
        "sensitivity": f"{cases} with {_name(source)}",
        "specificity": f"{cases} without {_name(source)}",
    }
    return [
        _warning(judgements[name], whom)
        for name, whom in classes.items()
        if not judgements[name].enough and judgements[name].estimate.defined
    ]


def _at_mix(source: Source, point: Operating, mix: dict[str, float]) -> Adequacy:
    """Sensitivity at the mix, judged; the width of its interval shrinks with the root of n."""
    found = mixed_sensitivity(source, point.threshold, mix).estimate
    needed = math.ceil(found.n * (found.width / WIDEST_USEFUL) ** 2)
    return Adequacy("sensitivity at this severity mix", found, WIDEST_USEFUL, needed)


def _warning(judged: Adequacy, whom: str) -> str:
    e = judged.estimate
    name = judged.metric[0].upper() + judged.metric[1:]
    return (
        f"{name} {e.value:.2f} ({e.low:.2f}–{e.high:.2f}) rests on {e.n:,} "
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
    mix = chosen_mix(source, state)
    drawn = _drawn(cohort, point, mix, replicates)
    what = "patients" if cohort.patients is not None else "radiographs (no patients are named)"
    lost = f"; {drawn.dropped} that lacked a class or a grade were dropped" if drawn.dropped else ""
    shares = f"; severity mix {mix_in_words(mix)}" if mix else ""
    st.write(
        f"{drawn.requested - drawn.dropped:,} replicates of {drawn.clusters:,} {what}{lost}. "
        f"Net benefit at t = {point.t:.2%}{shares}."
    )
    st.dataframe(
        [
            {"": name, **_cells(drawn.estimate(key))}
            for key, name in SHOWN.items()
            if key in drawn.values
        ],
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


def _drawn(cohort: Cohort, point: Operating, mix: dict[str, float], replicates: int) -> Bootstrap:
    """The resamples, at the severity mix where one was chosen."""
    threshold, prevalence, t = point.threshold, point.prevalence, point.t
    if not mix:
        return bootstrap(cohort, threshold, prevalence=prevalence, t=t, replicates=replicates)
    return bootstrap_at_mix(
        cohort, threshold, mix, prevalence=prevalence, t=t, replicates=replicates
    )


def _cells(e: Estimate) -> dict[str, str]:
    if not e.defined:
        return {"value": "–", "95% interval": "–", "n": f"{e.n:,}"}
    digits = 4 if min(e.value, 1 - e.value) < 0.05 else 3
    limits = "none: all replicates agree"
    if e.low == e.low:
        limits = f"{e.low:.{digits}f}–{e.high:.{digits}f}"
    return {
        "value": f"{e.value:.{digits}f}",
        "95% interval": limits,
        "n": f"{e.n:,}",
    }
