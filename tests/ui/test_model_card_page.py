"""The model card page: every set in words, the switch and its undoing."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from cxr_valve import cards
from cxr_valve.active import activate, active_sets, revert
from cxr_valve.anatomy import network_card
from cxr_valve.anatomy.gate_card import shipped_gate
from cxr_valve.anatomy.heart_card import shipped_heart
from cxr_valve.cards import Source, WeightSet
from cxr_valve.ui.network_text import FIGURES

GATE = f"card-{shipped_gate().card.name}"
PAGE = Path(__file__).resolve().parents[2] / "pages" / "build" / "model_card.py"


@pytest.fixture
def roots(
    tmp_path: Path, make_set: Callable[..., WeightSet], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Shipped: one set of MR and one of AS; promoted by the user: another of MR."""
    shipped, own = tmp_path / "weights", tmp_path / "own"
    make_set(shipped, "mr", "shipped")
    make_set(shipped, "as", "shipped")
    make_set(own, "mr", "hospital")
    monkeypatch.setattr(cards, "shipped_root", lambda: shipped)
    monkeypatch.setattr("cxr_valve.active.shipped_root", lambda: shipped)
    monkeypatch.setenv(cards.ROOT_VARIABLE, str(own))
    return own


def opened() -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=30).run()
    assert not page.exception
    return page


def html(page: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in page.get("html"))


def assert_sources(said: str, data: tuple[Source, ...]) -> None:
    for source in data:
        for text in (source.name, source.licence, source.citation):
            assert escape(text) in said


def test_it_opens_on_the_active_set_and_says_what_the_card_says(roots: Path) -> None:
    page = opened()
    assert page.subheader[0].value == "mr-shipped"
    assert "evidence about no patient" in page.warning[0].value
    said = html(page)
    assert "<b>0.70</b>" in said
    assert "(0.60 to 0.80, n 100)" in said
    assert "score 0.450, chosen by Youden" in said
    assert "28 true positive, 12 missed, 16 false alarms, 44 true negative" in said
    assert "σ(1.400 · logit(score) + 0.100), at the validation prevalence" in said
    assert cards.read_card(roots / "mr-hospital").card.members[0].sha256 in said
    assert page.code[0].value == "tests"


def test_it_says_with_what_the_fast_engine_computes(roots: Path) -> None:
    found = cards.read_card(roots.parent / "weights" / "mr-shipped")
    errors = {"openvino-fast": cards.EngineError(0.012, 0.0021, 200)}
    cards.write_card(replace(found.card, engine_error=errors), found.folder)
    assert "openvino-fast computes in bfloat16 where the processor has it." in html(opened())
    ranges = cards.RangesFile("ranges.safetensors", "c" * 64, 256)
    cards.write_card(replace(found.card, engine_error=errors, ranges=ranges), found.folder)
    said = html(opened())
    assert (
        "in 8 bits, for ranges measured on 256 training radiographs, and the rest in bfloat16 where"
        in said
    )
    assert "<td>0.012</td><td>0.0021</td><td>200</td>" in said.replace("\n", "")
    assert f"SHA-256 {'c' * 64}" in said


def undo(page: AppTest) -> list[Button]:
    return [button for button in page.button if button.label == "Undo last switch"]


def test_a_switch_is_made_and_undone(roots: Path) -> None:
    page = opened()
    assert not undo(page)
    page.button(key="card-mr-hospital").click().run()
    assert page.subheader[0].value == "mr-hospital"
    next(b for b in page.button if b.label == "Make active for MR").click().run()
    assert active_sets()["mr"].card.tag == "hospital"
    assert page.success[0].value == "mr-hospital is now active for MR."
    undo(page)[0].click().run()
    assert active_sets()["mr"].card.tag == "shipped"
    assert page.success[0].value == "MR is back to mr-shipped."
    assert not undo(page)


def test_a_switch_that_was_undone_elsewhere_is_not_undone_again(roots: Path) -> None:
    activate("mr-hospital")
    page = opened()
    revert("mr")
    undo(page)[0].click().run()
    assert page.error[0].value == (
        "The last switch could not be undone. mr-hospital is no longer the last choice for MR: it "
        "is read with mr-shipped. Nothing was changed."
    )


def test_a_switch_that_somebody_else_made_since_is_not_undone(
    roots: Path, make_set: Callable[..., WeightSet]
) -> None:
    make_set(roots, "mr", "bob")
    activate("mr-hospital")
    page = opened()
    activate("mr-bob")
    undo(page)[0].click().run()
    assert "it is read with mr-bob. Nothing was changed." in page.error[0].value
    assert active_sets()["mr"].card.name == "mr-bob"


def test_a_switch_to_a_set_that_vanished_is_undone(roots: Path) -> None:
    activate("mr-hospital")
    shutil.rmtree(roots / "mr-hospital")
    page = opened()
    page.button(key="card-mr-shipped").click().run()
    undo(page)[0].click().run()
    assert page.success[0].value == "MR is back to mr-shipped."


def test_a_damaged_record_of_switches_is_named_and_the_sets_are_shown(roots: Path) -> None:
    (roots / "active.json").write_text("{")
    page = opened()
    assert page.error[0].value.startswith("active.json: Expected JSON")
    page.button(key="card-mr-shipped").click().run()
    assert not page.exception
    assert page.subheader[0].value == "mr-shipped"
    assert not undo(page)


def test_a_set_that_was_chosen_twice_stays_when_the_second_choice_is_undone(roots: Path) -> None:
    activate("mr-hospital")
    activate("mr-hospital")
    page = opened()
    undo(page)[0].click().run()
    assert page.success[0].value == "MR stays on mr-hospital, which was chosen twice."


def test_weights_that_were_changed_are_not_made_active(roots: Path) -> None:
    found = cards.read_card(roots / "mr-hospital")
    (roots / "mr-hospital" / found.card.members[0].file).write_bytes(b"other")
    page = opened()
    page.button(key="card-mr-hospital").click().run()
    next(b for b in page.button if b.label == "Make active for MR").click().run()
    assert "Expected checksum" in page.error[0].value
    assert active_sets()["mr"].card.tag == "shipped"


def test_a_damaged_card_is_named_and_the_rest_is_shown(roots: Path) -> None:
    (roots / "mr-hospital" / "card.json").write_text("{}")
    page = opened()
    assert "mr-hospital/card.json" in page.warning[0].value
    assert page.subheader[0].value == "mr-shipped"


def test_without_weights_it_says_where_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "shipped_root", lambda: tmp_path)
    monkeypatch.setenv(cards.ROOT_VARIABLE, str(tmp_path / "own"))
    monkeypatch.setattr(network_card, "shipped_root", lambda: tmp_path)
    page = opened()
    assert "Training" in page.info[0].value
    assert "Expected the weights that find the heart, found none" in page.warning[0].value
    assert "Expected the weights of the input gate, found none" in page.warning[1].value


def test_without_sets_the_networks_of_the_program_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "shipped_root", lambda: tmp_path)
    monkeypatch.setenv(cards.ROOT_VARIABLE, str(tmp_path / "own"))
    page = opened()
    assert "Training" in page.info[0].value
    assert page.subheader[0].value == shipped_heart().card.name


def test_the_heart_networks_card_is_said_in_words(roots: Path) -> None:
    card = shipped_heart().card
    page = opened()
    assert [b.label for b in page.button if b.key in (f"card-{card.name}", GATE)] == [
        "Heart size",
        "Input gate",
    ]
    page.button(key=f"card-{card.name}").click().run()
    assert page.subheader[0].value == card.name
    assert card.summary in [written.value for written in page.markdown]
    said = html(page)
    error = card.figures["ctr_mean_absolute_error"]
    row = f"<b>{error.value:.3f}</b>"
    limits = f"({error.low:.3f} to {error.high:.3f}, n {error.n})"
    assert f"Mean absolute error of the cardiothoracic ratio</th><td>{row}" in said
    assert limits in said
    # So small that three decimals would say nothing of it.
    moved = card.figures["fast_engine_difference"]
    assert f"<b>{moved.value:.5f}</b>" in said
    assert f"SHA-256 {card.ranges.sha256}" in said
    near = card.figures["ctr_within_0.04"]
    assert f"<b>{near.value:.0%}</b>" in said
    assert escape(card.training.held_back) in said
    assert_sources(said, card.data)
    assert all(escape(limit) in said for limit in card.limits)
    assert f"SHA-256 {card.sha256}" in said
    assert page.code[0].value == card.training.command


def test_what_the_heart_networks_recipe_was_worth_again_stands_apart(roots: Path) -> None:
    card = shipped_heart().card
    assert card.again is not None
    page = opened()
    page.button(key=f"card-{card.name}").click().run()
    first, again = html(page).split("The same recipe again, on other radiographs")
    assert "trained on 120 of the radiographs" in again
    assert "measured on 60 others" in again
    error, other = (
        found["ctr_mean_absolute_error"] for found in (card.figures, card.again.figures)
    )
    assert f"({error.low:.3f} to {error.high:.3f}, n 30)" in first
    assert f"<b>{other.value:.3f}</b>" in again
    assert f"({other.low:.3f} to {other.high:.3f}, n 60)" in again


def test_the_gates_card_is_said_in_words(roots: Path) -> None:
    card = shipped_gate().card
    page = opened()
    page.button(key=GATE).click().run()
    assert page.subheader[0].value == card.name
    said = html(page)
    taken = card.figures["accepted"]
    value = f"<b>{taken.value:.0%}</b>"
    assert f"Upright frontal radiographs accepted</th><td>{value}" in said
    assert f"({taken.low * 100:.0f}–{taken.high:.0%}, n {taken.n})" in said
    assert "Black and white exchanged: recognised" in said
    assert_sources(said, card.data)
    assert f"{card.training.originals['frontal']} frontal" in said
    assert " 0 part" not in said
    assert f"SHA-256 {card.network.sha256}" in said
    assert f"SHA-256 {card.typical.sha256}" in said


def test_every_figure_of_the_programs_networks_has_words() -> None:
    named = {*shipped_heart().card.figures, *shipped_gate().card.figures}
    assert named - set(FIGURES) == set()


def test_a_damaged_network_is_named_and_the_rest_is_shown(
    roots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = []
    for found in (shipped_heart(), shipped_gate()):
        copies.append(tmp_path / "copy" / found.folder.name)
        shutil.copytree(found.folder, copies[-1])
    (copies[0] / "card.json").write_text("{}")
    (copies[1] / "gate.safetensors").write_bytes(b"other")
    monkeypatch.setattr(network_card, "shipped_root", lambda: tmp_path / "copy")
    page = opened()
    assert page.subheader[0].value == "mr-shipped"
    warned = [warning.value for warning in page.warning]
    assert any("card.json: tag: Field required" in words for words in warned)
    assert any("gate.safetensors: Expected checksum" in words for words in warned)
    assert not [b for b in page.button if b.label == "Heart size"]
    page.button(key=GATE).click().run()
    assert not page.exception
    assert page.subheader[0].value == shipped_gate().card.name
