from __future__ import annotations

import pytest

from cxr_valve.evaluation.figure_names import share_text
from cxr_valve.ui.tables import estimate
from train.evaluate.words import figure_text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0%"),
        (0.004, "0.4%"),
        (0.0001, "0.01%"),
        (0.00001, "<0.01%"),
        (0.656, "66%"),
        (0.997, "99.7%"),
        (0.9997, "99.97%"),
        (0.99999, ">99.99%"),
        (1.0, "100%"),
    ],
)
def test_a_share_is_written_as_none_or_all_only_where_it_is(value: float, said: str) -> None:
    assert share_text(value) == said


def test_reports_and_cards_write_shares_alike() -> None:
    figure = {"value": 0.9997, "low": 0.9985, "high": 1.0, "n": 900}
    assert figure_text("npv", figure) == "99.97% (99.9%–100%), n 900"
    assert "<b>99.97%</b>" in estimate("npv", 0.9997, 0.9985, 1.0, 900)
    assert "(99.9–100%, n 900)" in estimate("npv", 0.9997, 0.9985, 1.0, 900)


def test_without_limits_a_card_says_that_there_is_no_interval() -> None:
    assert "(no interval, n 20)" in estimate("sensitivity", 1.0, float("nan"), float("nan"), 20)
