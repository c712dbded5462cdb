"""What a visit holds: bounded memory, neutral names, the prevalence chosen."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cxr_valve.findings import FINDINGS
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.phantom.render import simulate
from cxr_valve.reading.folder import Outcome
from cxr_valve.ui import worklist
from cxr_valve.ui.gallery import CASES, truth_in_words, verdict
from cxr_valve.ui.visit import FULL_CASES, Case, Queue, SimulatedTruth, Visit
from tests.hand_made import ACCEPTED, heart


@pytest.fixture(scope="module")
def radiograph() -> Radiograph:
    return simulate(5, 0, side=160).radiograph


def read(number: int, radiograph: Radiograph, score: float = 0.6) -> Case:
    found = SimpleNamespace(
        score=score,
        probability=0.5,
        prevalence=0.4,
        positive=score >= 0.5,
        members=(),
        novelty=SimpleNamespace(percentile=99.5 if score > 0.5 else 40.0),
        simulated=True,
    )
    facts = SimpleNamespace(
        rows=radiograph.rows, columns=radiograph.columns, spacing_mm=(0.2, 0.2), view="PA",
        warnings=(),
    )  # fmt: skip
    reading = SimpleNamespace(
        input=facts, findings={"mr": found}, values={}, engine="toy", seconds=0.1, gate=ACCEPTED,
        read_anyway=False, changes=(), heart=heart(),
    )  # fmt: skip
    outcome = Outcome(Path(), "read", None, reading, None, "toy", 0.1)  # type: ignore[arg-type]
    return Case(number, outcome, file_name=f"Quokka-{number}.dcm")


def refused(number: int) -> Case:
    outcome = Outcome(Path(), "refused", "Expected one frame.", None, None, "toy", 0.0)
    return Case(number, outcome, file_name="Quokka.dcm")


def filled(radiograph: Radiograph, count: int) -> Visit:
    visit = Visit()
    for number in range(1, count + 1):
        visit.add(read(number, radiograph), replace(radiograph))
    return visit


def test_full_pixels_are_kept_of_the_last_few_only(radiograph: Radiograph) -> None:
    visit = filled(radiograph, FULL_CASES + 5)
    assert len(visit.full) == FULL_CASES
    assert visit.pixels(visit.cases[-1]) == (visit.full[FULL_CASES + 5], False)
    again, reduced = visit.pixels(visit.cases[0])
    assert reduced
    assert again is not None
    assert again.pixels.shape == radiograph.pixels.shape
    # The reduced copy looks the same, to the rounding of a JPEG.
    assert np.abs(again.pixels.astype(float) - radiograph.shown()).mean() < 3
    for case in visit.cases:
        visit.pixels(case)
    assert len(visit.reduced) <= FULL_CASES


def test_what_is_on_screen_keeps_its_pixels(radiograph: Radiograph) -> None:
    visit = filled(radiograph, 2)
    visit.selected, visit.compared = 1, 2
    for number in range(3, 12):
        visit.add(read(number, radiograph), replace(radiograph))
    assert {1, 2} <= set(visit.full)
    assert len(visit.full) == FULL_CASES


def test_pictures_are_made_once_and_let_go(radiograph: Radiograph) -> None:
    visit, made = Visit(), []

    def make() -> str:
        made.append(1)
        return "picture"

    for number in (1, 1, 2, 3, 4, 5, 1):
        visit.picture((number, False, False), make)  # type: ignore[arg-type]
    assert len(made) == 6
    assert len(visit.pictures) == FULL_CASES


def test_a_picture_goes_with_the_full_pixels_it_shows(radiograph: Radiograph) -> None:
    visit = filled(radiograph, 2)
    for number in (1, 2):
        visit.picture((number, False, False), object)  # type: ignore[arg-type]
    visit.selected = 2
    for number in range(3, FULL_CASES + 3):
        visit.add(read(number, radiograph), replace(radiograph))
    assert 1 not in visit.full
    assert list(visit.pictures) == [(2, False, False)]


def test_names_are_neutral_until_the_user_types_one(radiograph: Radiograph) -> None:
    visit = filled(radiograph, 1)
    assert visit.label(visit.cases[0]) == "Image 1"
    visit.labels[1] = "Teaching 7"
    assert visit.label(visit.cases[0]) == "Teaching 7"


def test_the_prevalence_chosen_holds_for_every_case() -> None:
    visit = Visit()
    assert visit.prevalence("mr", 0.4) == 0.017
    visit.preset = "75"
    assert (visit.prevalence("mr", 0.4), visit.prevalence("as", 0.1)) == (0.093, 0.028)
    visit.preset = "trained"
    assert visit.prevalence("mr", 0.4) == 0.4
    visit.preset, visit.own_prevalence = "own", {"as": 0.05}
    assert (visit.prevalence("mr", 0.4), visit.prevalence("as", 0.1)) == (0.4, 0.05)


def test_a_second_drop_joins_the_one_in_progress() -> None:
    queue = Queue()
    queue.add(["a", "b", "c"])
    queue.files.pop(0)
    queue.add(["d"])
    assert (queue.total, queue.done) == (4, 1)
    queue.files.clear()
    queue.add(["e"])
    assert (queue.total, queue.done, queue.fresh) == (1, 0, True)


def test_the_worklist_filters_and_shows_file_names_only_when_asked(radiograph: Radiograph) -> None:
    visit = filled(radiograph, 1)
    visit.add(refused(2), None)
    visit.add(read(3, radiograph, score=0.2), replace(radiograph))
    numbers = {
        name: [case.number for case in worklist.filtered(visit, name)]
        for name in (worklist.ALL, worklist.POSITIVE, worklist.UNREAD)
    }
    assert numbers == {"All": [1, 2, 3], "Positive": [1], "Not read": [2]}
    assert "Quokka" not in str([worklist.row(visit, case) for case in visit.cases])
    line = worklist.row(visit, visit.cases[1])
    assert (line["state"], line["note"]) == ("refused", "Expected one frame.")
    assert worklist.row(visit, visit.cases[0])["MR probability"] == pytest.approx(2.53, abs=0.01)
    assert worklist.row(visit, visit.cases[0])["CTR"] == 0.5
    visit.show_names = True
    assert worklist.row(visit, visit.cases[1])["file"] == "Quokka.dcm"


def test_the_worklists_columns_do_not_depend_on_its_first_line(radiograph: Radiograph) -> None:
    visit = Visit()
    visit.add(refused(1), None)
    visit.add(read(2, radiograph), replace(radiograph))
    first = ["", "case", "state", "note", "CTR"]
    found = [*first, "MR probability", "MR side", "MR score"]
    assert list(worklist.lines(visit, visit.cases)) == found
    assert list(worklist.lines(visit, visit.cases[::-1])) == found


def test_the_worklist_says_what_its_numbers_rest_on(radiograph: Radiograph) -> None:
    visit = filled(radiograph, 1)
    visit.add(read(2, radiograph, score=0.2), replace(radiograph))
    said = worklist.terms(visit, visit.cases)
    assert said.startswith("Probabilities at the prevalence chosen: MR 1.7%. Demonstration weights")
    notes = worklist.lines(visit, visit.cases)["note"].tolist()
    assert notes == ["Unlike the training radiographs.", ""]


def test_a_guess_is_judged_by_the_label_rules() -> None:
    sizes = dict.fromkeys(("la", "lvedd", "wall", "aorta", "lvef"), 40.0)
    truth = SimulatedTruth({"mr": "trivial", "as": "mild"}, sizes, 1)
    assert verdict(truth, frozenset()) == ""
    assert verdict(truth, frozenset({"mr"})) == "Your guess: MR wrong, AS wrong."
    assert verdict(truth, frozenset({"as"})) == "Your guess: MR right, AS right."
    assert truth_in_words(truth).startswith("Truth: MR trivial, AS mild. Left atrium 40 mm")


def test_chosen_grades_are_in_the_name_and_the_gallerys_own_never_are() -> None:
    grades = {"mr": "severe", "as": "none"}
    assert SimulatedTruth(grades, {}, 4).name == "Simulated case 4"
    regraded = SimulatedTruth(grades, {}, 4, regraded=True)
    assert regraded.name == "Simulated case 4 · MR severe · AS none"


def test_the_gallery_spans_grades_of_both_findings() -> None:
    assert len(CASES) == 12
    assert len({seed for seed, _, _ in CASES}) == 12
    assert {mr for _, mr, _ in CASES} == set(FINDINGS["mr"].grades)
    assert {as_ for _, _, as_ in CASES} == set(FINDINGS["as"].grades)
