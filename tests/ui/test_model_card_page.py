"""The model card page: every set in words, the switch and its undoing."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cxr_valve import cards
from cxr_valve.active import active_sets
from cxr_valve.cards import WeightSet

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


def test_it_opens_on_the_active_set_and_says_what_the_card_says(roots: Path) -> None:
    page = opened()
    assert page.subheader[0].value == "mr-shipped"
    assert "evidence about no patient" in page.warning[0].value
    said = html(page)
    assert "<b>0.70</b>" in said
    assert "(0.60 to 0.80, n 100)" in said
    assert "score 0.450, chosen by Youden" in said
    assert "28 true positive, 12 missed, 16 false alarms, 44 true negative" in said
    assert cards.read_card(roots / "mr-hospital").card.members[0].sha256 in said
    assert page.code[0].value == "tests"


def test_a_switch_is_made_and_undone(roots: Path) -> None:
    page = opened()
    page.button(key="card-mr-hospital").click().run()
    assert page.subheader[0].value == "mr-hospital"
    next(b for b in page.button if b.label == "Make active for MR").click().run()
    assert active_sets()["mr"].card.tag == "hospital"
    assert page.success[0].value == "mr-hospital is now active for MR."
    undo = [b for b in page.button if b.label == "Undo last switch"]
    undo[0].click().run()
    assert active_sets()["mr"].card.tag == "shipped"
    assert page.success[0].value == "MR is back to mr-shipped."
    next(b for b in page.button if b.label == "Undo last switch").click().run()
    assert page.success[0].value == "MR stays on mr-shipped: no earlier choice was kept."


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
    assert "Training" in opened().info[0].value
