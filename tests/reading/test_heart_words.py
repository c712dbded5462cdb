"""What is said of a heart size, and how it is drawn and exported."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cxr_valve.anatomy.heart import correct
from cxr_valve.anatomy.heart_reader import AP_NOTE
from cxr_valve.phantom.render import simulate
from cxr_valve.reading.folder import outcome_of
from cxr_valve.reading.heart_picture import COLOUR, heart_picture
from cxr_valve.reading.heart_words import heart_words
from cxr_valve.reading.report import Report, html_report, png_report
from cxr_valve.reading.serialise import flatten, outcome_as_dict
from tests.hand_made import PHOTOGRAPH, dragged, heart


@pytest.mark.parametrize(
    ("low", "high", "view", "said"),
    [
        (0.51, 0.60, "PA", "Above 0.50, the usual upper limit on a PA view."),
        (0.40, 0.50, "PA", "Not above 0.50, the usual upper limit on a PA view."),
        (0.47, 0.53, "PA", "Too close to 0.50, the usual upper limit on a PA view, to tell the"),
        (0.51, 0.60, None, "Above 0.50, the usual upper limit if this is a PA view."),
        (0.51, 0.60, "AP", "AP view: drawn larger; the limit of 0.50 is one for PA views."),
    ],
)
def test_the_interval_decides_what_is_said_of_the_limit(
    low: float, high: float, view: str | None, said: str
) -> None:
    found = heart(ctr=(low + high) / 2, low=low, high=high)
    assert heart_words(found, view=view).meaning.startswith(said)


def test_a_correction_is_said_as_such_with_the_measured_value() -> None:
    found = heart(heart_mm=90.0, thorax_mm=180.0, confidence=0.6, notes=("Unclear.", AP_NOTE))
    measured = heart_words(found, view="PA")
    assert measured.lines == (
        "Cardiothoracic ratio 0.50, 95% interval 0.47–0.53.",
        "Too close to 0.50, the usual upper limit on a PA view, to tell the side.",
        "Heart 90, thorax 180 mm at the detector.",
        "Check the lines. Unclear.",
    )
    said = heart_words(correct(found, dragged(found, 0.05)), view="PA")
    assert said.lines == (
        "Cardiothoracic ratio 0.55, corrected by the reader. Measured: 0.50 (0.47–0.53).",
        "Above 0.50, the usual upper limit on a PA view.",
        "Heart 99, thorax 180 mm at the detector.",
    )
    assert heart_words(replace(found, confidence=0.3), view="PA").doubt == "Doubtful. Unclear."


def test_lines_are_drawn_where_they_were_measured() -> None:
    radiograph = simulate(3, 0, side=200).radiograph
    # Measured on an image twice as large as the copy that is drawn on.
    found = heart(400, 400)
    picture = np.asarray(heart_picture(radiograph, found, (400, 400), longest=200))
    # The heart's right half-line runs on row 120 of the copy, the thoracic line on row 156.
    assert tuple(picture[120, 80]) == COLOUR
    assert tuple(picture[156, 30]) == COLOUR
    assert tuple(picture[120, 60]) != COLOUR
    by_reader = correct(found, dragged(found, 0.05))
    drawn = np.asarray(heart_picture(radiograph, by_reader, (400, 400), longest=200))
    assert tuple(drawn[140, 165]) == COLOUR
    assert tuple(picture[140, 165]) != COLOUR


@pytest.fixture
def refused(reader, make_dicom) -> Report:
    """An image that the gate refused, with a heart that a reader corrected, turned before."""
    inputs = reader.inputs(make_dicom())
    radiograph = inputs.radiograph
    found = heart(radiograph.rows, radiograph.columns)
    reading = replace(
        reader.infer(inputs),
        gate=PHOTOGRAPH,
        findings={},
        heart=correct(found, dragged(found, 0.05)),
        changes=("rotate-90",),
    )
    return Report("Radiograph 1", reading, radiograph, {})


def test_a_refused_image_is_exported_with_its_reason_and_heart_size(refused: Report) -> None:
    page = html_report(refused)
    assert "Not read: the input gate refused it. Expected one upright" in page
    assert "Turned by 90° clockwise by the reader before it was read." in page
    assert "Cardiothoracic ratio 0.55, corrected by the reader. Measured: 0.50 (0.47–0.53)" in page
    assert page.count("<img") == 1
    assert png_report(refused).startswith(b"\x89PNG")
    bare = replace(refused, reading=replace(refused.reading, heart=None))
    assert html_report(bare).count("<img") == 1
    anyway = replace(refused, reading=replace(refused.reading, read_anyway=True))
    assert "Read although the input gate refused it. Expected" in html_report(anyway)


def test_json_and_table_hold_both_ratios(refused: Report) -> None:
    record = outcome_as_dict(outcome_of(Path("x"), refused.reading, None))
    again = json.loads(json.dumps(record, allow_nan=False))
    assert again["status"] == "refused"
    assert again["reason"] == PHOTOGRAPH.reason
    assert again["changes"] == ["rotate-90"]
    assert (again["heart"]["ctr"], again["heart"]["corrected_ctr"]) == (0.5, 0.55)
    assert again["heart"]["corrected_heart_mm"] is None
    assert flatten(record)["heart.corrected_ctr"] == 0.55
