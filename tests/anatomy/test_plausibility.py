from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.anatomy.masks import clean_masks, within
from cxr_valve.anatomy.plausibility import COST, judge, shape_measures
from cxr_valve.anatomy.ratio import measure_lines
from cxr_valve.imaging.geometry import Box
from tests.anatomy.chest import SIDE
from tests.anatomy.conftest import USUAL

WHOLE = Box(0.0, 0.0, float(SIDE), float(SIDE))
#: Where the drawn chest's lungs end: rows 24 to 104, columns 18 to 110; they are widest at row 64.
TIGHT = Box(10.0, 10.0, 118.0, 118.0)


def verdict(seen: np.ndarray, softness: float = 0.01, field: Box = WHOLE):
    found = clean_masks(within(seen, field))
    lines = measure_lines(found)
    assert lines is not None
    return judge(found, lines, softness, USUAL, field)


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


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (WHOLE, False),
        (TIGHT, False),
        # The lungs' bases are cut off, but they are widest above.
        (replace(TIGHT, bottom=96.0), False),
        (replace(TIGHT, bottom=62.0), True),
        (replace(TIGHT, left=19.0), True),
        (replace(TIGHT, right=109.0), True),
    ],
)
def test_lungs_that_are_widest_where_the_image_ends_are_said(chest, field, said) -> None:
    found = verdict(replace(chest, heart=(50.0, 70.0, 22.0, 24.0)).probabilities(), field=field)
    assert ("widest at the edge of the image" in " ".join(found.notes)) == said


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
