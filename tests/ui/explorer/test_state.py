"""The state and its address."""

import pytest

from cxr_valve.ui.explorer.state import SAME, State, from_query, moved, to_query

FULL = State(
    source="weights:mr-x:test:score:12345678",
    threshold=0.1 + 0.2,
    rule="sensitivity=0.9",
    prevalence=1 / 3,
    ratio=25.0,
    follow=False,
    mix=(10.0, 20.5, 69.5),
    second=SAME,
    second_threshold=0.7,
    patient=0.63,
    doubts=("refused", "unlike"),
)


def test_every_part_of_the_state_travels_exactly() -> None:
    assert from_query(to_query(FULL)) == FULL


def test_what_is_as_it_would_be_anyway_is_left_out() -> None:
    assert to_query(State(source="study:mr")) == {"src": "study:mr"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("t", "x"), ("t", "nan"), ("p", "inf"), ("mix", "1,x"), ("rule", "sensitivity=2x"), ("r", "")],
)
def test_what_cannot_be_understood_is_left_as_the_source_has_it(name: str, value: str) -> None:
    assert from_query({name: value}) == State()


def test_only_known_doubts_come_out_of_an_address() -> None:
    assert from_query({"but": "unlike,<b>,refused,unlike"}).doubts == ("refused", "unlike")


@pytest.mark.parametrize(("given", "kept"), [("0", 1e-5), ("1", 0.999), ("0.0001", 0.0001)])
def test_prevalence_stays_inside(given: str, kept: float) -> None:
    assert from_query({"p": given}).prevalence == kept


def test_the_browser_moves_only_what_it_controls() -> None:
    report = {
        "threshold": 0.5,
        "rule": "manual",
        "prevalence": 0.02,
        "ratio": 4,
        "follow": True,
        "mix": [],
        "second": None,
    }
    after = moved(FULL, report)
    assert (after.source, after.second, after.patient) == (FULL.source, SAME, 0.63)
    assert (after.threshold, after.rule, after.prevalence) == (0.5, "manual", 0.02)
    assert after.mix == ()
    assert after.second_threshold is None


@pytest.mark.parametrize("junk", [{}, {"threshold": "x", "mix": "y"}, {"prevalence": float("nan")}])
def test_a_strange_report_does_no_harm(junk: dict[str, object]) -> None:
    after = moved(FULL, junk)
    assert after.source == FULL.source
    assert after.ratio == FULL.ratio
