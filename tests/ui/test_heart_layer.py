"""Heart size between the reading and the viewer, and what a browser may send."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cxr_valve.anatomy.heart import HeartReading, correct
from cxr_valve.phantom.render import simulate
from cxr_valve.reading.folder import Outcome
from cxr_valve.reading.reading import InputFacts, Reading
from cxr_valve.ui.heart_card import _card, scale
from cxr_valve.ui.heart_layer import heart_layer, take_edit
from cxr_valve.ui.viewer import HeartEdit
from cxr_valve.ui.viewer.heart_layer import read_edit
from cxr_valve.ui.visit import Case, Visit
from tests.hand_made import ACCEPTED, dragged, heart

FACTS = InputFacts(
    200, 200, "PNG", None, None, "MONOCHROME2", 8, None, False, None, "PA", ()
)  # fmt: skip


@pytest.fixture
def visit() -> Visit:
    """One case measured at 200 × 200, of which a copy of 100 × 100 is kept."""
    reading = Reading(FACTS, {}, "hand", 0.1, ACCEPTED, heart=heart(200, 200))
    outcome = Outcome(Path(), "read", None, reading, None, "hand", 0.1)
    visit = Visit()
    visit.add(Case(1, outcome), simulate(3, 0, side=100).radiograph)
    return visit


def found(visit: Visit) -> HeartReading:
    reading = visit.cases[0].outcome.reading
    assert reading is not None
    assert reading.heart is not None
    return reading.heart


def layer(visit: Visit) -> dict[str, Any]:
    case = visit.cases[0]
    radiograph, _ = visit.pixels(case)
    assert radiograph is not None
    made = heart_layer(visit, case, radiograph)
    assert made is not None
    return json.loads(json.dumps(made.document()))


def test_lines_lie_on_the_copy_that_is_shown(visit: Visit) -> None:
    document = layer(visit)
    assert document["measured"]["midline"] == pytest.approx(48)
    assert document["measured"]["heartLeft"] == {"x": pytest.approx(80), "y": pytest.approx(70)}
    assert document["outlines"][0]["points"][0] == [35.0, 40.0]
    assert (document["corrected"], document["stamp"]) == (None, 0)


def test_what_the_reader_moved_is_kept_in_the_pixels_that_were_measured(visit: Visit) -> None:
    document = layer(visit)
    lines = document["measured"] | {"heartLeft": {"x": 84.5, "y": 70}}
    take_edit(visit, read_edit({"token": document["token"], "stamp": 7, "lines": lines}))
    assert found(visit).ctr == 0.5
    assert found(visit).corrected_ctr == pytest.approx(0.55)
    assert found(visit).corrected == dragged(found(visit), 0.05)
    again = layer(visit)
    assert again["stamp"] == 7
    assert again["corrected"]["heartLeft"]["x"] == pytest.approx(84.5)
    take_edit(visit, read_edit({"token": document["token"], "stamp": 8, "lines": None}))
    assert found(visit).corrected is None


def test_an_edit_of_an_image_turned_since_is_let_go(visit: Visit) -> None:
    token = layer(visit)["token"]
    reading = visit.cases[0].outcome.reading
    assert reading is not None
    visit.revise(visit.cases[0], replace(reading, changes=("rotate-90",)))
    take_edit(visit, HeartEdit(token, 9, dragged(heart(), 0.05)))
    assert found(visit).corrected is None
    take_edit(visit, HeartEdit("7", 9, dragged(heart(), 0.05)))
    assert found(visit).corrected is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"heartLeft": None}, "a midline and four line ends"),
        ({"midline": float("nan")}, "finite coordinates"),
        ({"heartLeft": {"x": 1, "y": 1}}, "right ends on the left"),
        ({"midline": 0}, "midline between the heart's borders"),
    ],
)
def test_what_is_no_heart_is_refused(visit: Visit, change: dict[str, Any], message: str) -> None:
    lines = layer(visit)["measured"] | change
    with pytest.raises(ValueError, match=message):
        read_edit({"token": "1", "stamp": 1, "lines": lines})


def test_the_card_shows_the_ratio_that_holds_and_the_limit() -> None:
    measured = heart(ctr=0.45, low=0.42, high=0.48, heart_mm=120.0, thorax_mm=266.0)
    html = _card(measured, "PA")
    assert 'data-ctr="0.4500" data-corrected="false"' in html
    assert "Heart 120, thorax 266 mm at the detector." in html
    assert '<i class="limit" style="left:40.0%"></i><em style="left:40.0%">0.50</em>' in html
    assert '<i class="interval" style="left:24.0%;width:12.0%"></i>' in html
    assert 'class="own"' not in html
    by_reader = correct(heart(), dragged(heart(), 0.05))
    html = _card(by_reader, "PA")
    assert 'data-ctr="0.5500" data-corrected="true"' in html
    assert "corrected by the reader. Measured: 0.50" in html
    assert '<i class="own" style="left:50.0%"></i>' in html
    assert "corrected by the reader to 0.55" in scale(by_reader)


def test_a_ratio_beyond_the_scale_lies_at_its_end() -> None:
    far = heart(ctr=0.95, low=0.9, high=1.0)
    assert '<i class="measured" style="left:100.0%"></i>' in scale(far)
