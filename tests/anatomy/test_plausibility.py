from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.anatomy.masks import clean_masks
from cxr_valve.anatomy.plausibility import COST, judge, shape_measures
from cxr_valve.anatomy.ratio import measure_lines
from tests.anatomy.chest import DrawnChest
from tests.anatomy.conftest import USUAL


def verdict(seen: np.ndarray, softness: float = 0.01):
    found = clean_masks(seen)
    lines = measure_lines(found)
    assert lines is not None
    return judge(found, lines, softness, USUAL)


def test_a_usual_chest_is_trusted_without_a_word(chest) -> None:
    found = verdict(chest.probabilities())
    assert (found.confidence, found.notes) == (1.0, ())


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"heart": (80.0, 70.0, 9.0, 10.0)}, "The heart's outline is small for these lungs."),
        ({"left": (64.0, 92.0, 10.0, 18.0)}, "The left lung's outline is far smaller than"),
        ({"right": (64.0, 38.0, 9.0, 20.0)}, "The right lung's outline is far smaller than"),
        ({"heart": (30.0, 70.0, 22.0, 24.0)}, "The heart lies unusually high."),
        ({"heart": (78.0, 95.0, 22.0, 24.0)}, "The heart lies unusually far to the right of the"),
    ],
)
def test_what_is_unusual_is_said_and_costs_confidence(chest, changed, note) -> None:
    found = verdict(replace(chest, **changed).probabilities())
    assert any(said.startswith(note) for said in found.notes), found.notes
    assert found.confidence == pytest.approx(COST ** len(found.notes))


def test_unclear_borders_are_said(chest) -> None:
    assert verdict(chest.probabilities(), softness=0.1).notes == (
        "The borders of heart or lungs are unclear.",
    )


def test_a_lung_in_pieces_is_said(chest) -> None:
    seen = chest.probabilities()
    seen[1, 60:66] = 0
    assert "in several pieces" in " ".join(verdict(seen).notes)


def test_a_lung_cut_off_by_the_edge_is_said() -> None:
    cut = DrawnChest(
        heart=(78.0, 50.0, 22.0, 24.0),
        right=(64.0, 15.0, 40.0, 20.0),
        left=(64.0, 72.0, 40.0, 18.0),
    )
    assert "reaches the edge of the image" in " ".join(verdict(cut.probabilities()).notes)


def test_the_measures_are_ratios(chest) -> None:
    found = clean_masks(chest.probabilities())
    values = shape_measures(found, measure_lines(found))
    assert values["ratio"] == pytest.approx(chest.ratio, abs=0.005)
    heart, right, left = 22 * 24, 40 * 20, 40 * 18
    assert values["heart_area"] == pytest.approx(heart / (right + left), rel=0.01)
    assert values["lung_balance"] == pytest.approx(np.log(right / left), abs=0.01)
    assert values["heart_form"] == pytest.approx(24 / 22, abs=0.03)
    assert values["thorax_form"] == pytest.approx(92 / 80, abs=0.03)
    assert values["heart_side"] == pytest.approx((70 - 18) / 92, abs=0.01)
    assert values["heart_level"] == pytest.approx((78 - 24) / 80, abs=0.02)
