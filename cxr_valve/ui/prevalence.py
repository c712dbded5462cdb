"""The one control of the target prevalence, the same on every page that needs it."""

import streamlit as st

from cxr_valve.findings import FINDINGS, MR
from cxr_valve.reading.reading import Reading
from cxr_valve.ui.finding_card import percent
from cxr_valve.ui.visit import Visit

TRAINED, OWN = "trained", "own"
LOWEST, HIGHEST = 0.01, 99.0
BROADER = (
    "How many of the people like this that you see have the finding? The population figures count "
    "moderate or worse; the labels here count mild or worse, which is more common."
)


def prevalence_control(visit: Visit, trained: dict[str, float]) -> None:
    """Choose the prevalence for all findings; ``trained`` holds each finding's π."""
    names = {preset.key: preset.name for preset in MR.presets}
    names |= {TRAINED: "As in training", OWN: "My own"}
    keys = list(names)

    def described(key: str) -> str:
        if key == OWN:
            return names[key]
        values = ", ".join(
            f"{FINDINGS[finding].short} {percent(preset_value(key, finding, pi))}"
            for finding, pi in trained.items()
        )
        return f"{names[key]}: {values}"

    with st.container(horizontal=True, gap="small", key="prevalence", vertical_alignment="bottom"):
        visit.preset = st.selectbox(
            "Prevalence",
            keys,
            index=keys.index(visit.preset),
            format_func=described,
            help=f"{BROADER} Source: {MR.presets[0].source}.",
            key="prevalence-preset",
        )
        if visit.preset == OWN:
            for finding, pi in trained.items():
                _own(visit, finding, pi)


def _own(visit: Visit, finding: str, trained: float) -> None:
    """The user's own percentage for one finding."""
    percentage = st.number_input(
        f"{FINDINGS[finding].short} (%)",
        min_value=LOWEST,
        max_value=HIGHEST,
        value=round(100 * visit.own_prevalence.get(finding, trained), 2),
        step=0.1,
        key=f"own-{finding}",
        width=96,
    )
    visit.own_prevalence[finding] = percentage / 100


def preset_value(key: str, finding: str, trained: float) -> float:
    """What a preset says of a finding; ``trained`` where it has no figure of its own."""
    presets = {preset.key: preset.value for preset in FINDINGS[finding].presets}
    return presets.get(key, trained)


def trained_prevalences(reading: Reading) -> dict[str, float]:
    """π of each finding in a reading."""
    return {key: found.prevalence for key, found in reading.findings.items()}
