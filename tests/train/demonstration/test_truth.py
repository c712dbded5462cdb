"""The judgement by truth: known answers come out as what they are."""

import numpy as np
import pytest

from cxr_valve.findings import MR
from cxr_valve.imaging.geometry import Box, Geometry
from train.demonstration.further import Answer, coverage
from train.demonstration.truth import compare, concentration, growth

WHOLE = Geometry(64, 64, 32, Box(0, 0, 64, 64), Box(0, 0, 32, 32))
COVERED = np.zeros((4, 4), np.float32)
COVERED[1, 1] = 1.0


def answer(grade: str, score: float, evidence: np.ndarray, ideal: float = 0.0) -> Answer:
    return Answer(grade, ideal, score, score, np.asarray(evidence, np.float32), COVERED)


def test_evidence_all_inside_is_concentrated_by_the_inverse_of_the_area() -> None:
    inside = answer("mild", 0.5, 3 * COVERED)
    assert concentration([inside, inside], 0.1).value == pytest.approx(16)


def test_even_evidence_is_not_concentrated_at_all() -> None:
    even = answer("mild", 0.5, np.ones((4, 4)))
    assert concentration([even, even], 0.1).value == pytest.approx(1)


def test_evidence_against_and_evidence_below_the_limit_do_not_count() -> None:
    evidence = np.full((4, 4), -5.0)
    evidence[1, 1], evidence[0, 0] = 2.0, 0.05
    found = concentration([answer("mild", 0.5, evidence)] * 2, 0.1)
    assert found.value == pytest.approx(16)
    assert found.n == 2
    nothing = answer("none", 0.1, np.full((4, 4), -1.0))
    assert concentration([nothing, answer("mild", 0.5, evidence), found_again()], 0.1).n == 2


def found_again() -> Answer:
    return answer("severe", 0.9, COVERED)


def test_area_that_grows_with_the_grade_has_rho_1() -> None:
    answers = []
    for cells, grade in enumerate(MR.grades):
        evidence = np.zeros(16)
        evidence[:cells] = 1.0
        answers += [answer(grade, 0.5, evidence.reshape(4, 4))] * 4
    assert growth("mr", answers, 0.1).value == pytest.approx(1)


def test_everything_is_compared_with_its_n() -> None:
    rng = np.random.default_rng(1)
    answers = []
    for _ in range(600):
        grade = str(rng.choice(MR.grades))
        logit = MR.grades.index(grade) - 2 + rng.normal(0, 1.5)
        score = float(1 / (1 + np.exp(-logit)))
        answers.append(answer(grade, score, rng.normal(0, 1, (4, 4)), ideal=logit))
    found = compare("mr", answers, 0.5, 0.1)
    assert found.n == 600
    # The same ranking: no difference at all, and none by chance.
    assert found.against.difference.value == 0
    assert list(found.sensitivity) == list(MR.grades)
    assert sum(value.n for value in found.sensitivity.values()) == 600
    assert found.sensitivity["severe"].value > found.sensitivity["mild"].value
    assert found.slope.low < found.slope.value < found.slope.high


def test_without_patients_there_is_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="Expected at least one further patient"):
        compare("mr", [], 0.5, 0.1)


def test_coverage_is_the_share_of_each_cell_that_the_region_takes() -> None:
    region = np.zeros((64, 64), bool)
    region[:16, :24] = True
    found = coverage(region, WHOLE, (4, 4))
    np.testing.assert_allclose(found[0], [1, 0.5, 0, 0])
    assert found[1:].max() == 0


def test_padding_is_covered_by_nothing() -> None:
    # A wide radiograph in the middle of a square input.
    wide = Geometry(32, 64, 32, Box(0, 0, 32, 64), Box(8, 0, 24, 32))
    found = coverage(np.ones((32, 64), bool), wide, (4, 4))
    np.testing.assert_allclose(found[:, 0], [0, 1, 1, 0])
