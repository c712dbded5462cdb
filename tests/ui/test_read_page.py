"""The reading page from outside, without a browser: drop, refuse, move, choose, reveal."""

import io
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from cxr_valve.phantom.render import simulate
from tests.ui.steps import PAGE, drop, html, text, visit


def png(index: int = 0) -> bytes:
    pixels = simulate(9, index, side=160).radiograph.pixels
    stream = io.BytesIO()
    Image.fromarray((pixels >> 4).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def test_it_opens_on_a_place_to_drop_files_and_examples(page: AppTest) -> None:
    assert not page.exception
    assert len(page.file_uploader) == 1
    assert [f"Case {number}" for number in range(1, 13)] == [b.label for b in page.button]


def test_a_file_is_read_under_a_neutral_name(page: AppTest) -> None:
    drop(page, ("Quokka_1937.png", png()))
    assert [case.name for case in visit(page).cases] == ["Image 1"]
    said = html(page)
    assert "view not stated · PNG · 160 × 160" in said
    assert 'data-finding="mr"' in said
    assert 'data-finding="as"' in said
    assert "Demonstration weights, trained on simulated patients." in said
    assert "Quokka" not in "".join(map(str, page._tree))


def test_a_refused_file_says_why_and_the_rest_goes_on(page: AppTest) -> None:
    drop(page, ("a.dcm", b"not an image"), ("b.png", png()), ("c.png", png(1)))
    cases = visit(page).cases
    assert [case.outcome.status for case in cases] == ["refused", "read", "read"]
    # What can be read is what is shown.
    assert visit(page).selected == 2
    page.button(key="step-left").click().run()
    assert page.error[0].value.startswith("Image 1 was not read. Expected")
    page.button(key="step-left").click().run()
    assert visit(page).selected == 3
    assert not page.exception


def test_the_uploader_starts_empty_after_every_drop(page: AppTest) -> None:
    drop(page, ("a.png", png()))
    assert not page.file_uploader[0].value
    drop(page, ("b.png", png(1)))
    assert len(visit(page).cases) == 2
    assert visit(page).selected == 2


def test_the_prevalence_moves_the_probability_but_not_the_side(page: AppTest) -> None:
    drop(page, ("a.png", png()))
    before = html(page)
    assert "if 1.7% of people" in text(page)
    page.selectbox(key="prevalence-preset").set_value("own").run()
    page.number_input(key="own-mr").set_value(90.0).run()
    after = html(page)
    assert "if 90% of people" in text(page)
    sides = ['data-positive="true"', 'data-positive="false"']
    assert [before.count(side) for side in sides] == [after.count(side) for side in sides]
    drop(page, ("b.png", png(1)))
    assert "if 90% of people" in text(page)
    assert visit(page).own_prevalence["mr"] == pytest.approx(0.9)


def test_a_gallery_case_hides_its_truth_until_revealed(page: AppTest) -> None:
    page.button(key="gallery-1").click().run()
    assert "Truth" not in html(page)
    page.pills(key="guess-1").set_value(["mr"]).run()
    page.button(key="reveal").click().run()
    assert "Truth: MR severe, AS none" in html(page)
    assert "Your guess: MR right, AS right." in html(page)
    page.button(key="reveal").click().run()
    assert "Truth" not in html(page)
    assert not page.exception
    page.button(key="gallery-1").click().run()
    assert len(visit(page).cases) == 1


def test_the_same_patient_is_shown_with_other_grades(page: AppTest) -> None:
    page.button(key="gallery-2").click().run()
    # Choosing grades would give the truth away.
    assert "regrade-mr-1" not in {box.key for box in page.selectbox}
    page.button(key="reveal").click().run()
    page.selectbox(key="regrade-mr-1").set_value("severe").run()
    assert not page.exception
    first, second = visit(page).cases
    assert second.name == "Simulated case 2 · MR severe · AS none"
    assert visit(page).selected == 2
    assert "Truth: MR severe, AS none" in html(page)
    assert first.truth.sizes["la"] < second.truth.sizes["la"]
    # Back to the gallery's own grades is back to the case that is there already.
    page.selectbox(key="regrade-mr-2").set_value("none").run()
    assert visit(page).selected == 1
    assert len(visit(page).cases) == 2


def test_two_cases_side_by_side(page: AppTest) -> None:
    drop(page, ("a.png", png()), ("b.png", png(1)))
    page.selectbox(key="compare-1-1").set_value(2).run()
    assert visit(page).compared == 2
    assert not page.exception
    page.selectbox(key="compare-1-1").set_value(0).run()
    assert visit(page).compared is None


def test_without_weights_it_says_what_to_do(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cxr_valve.active.active_sets", dict)
    st.cache_resource.clear()
    found = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert "no weights yet" in found.info[0].value
