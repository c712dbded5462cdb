"""Simulated patients: severity moves the heart as it should, and people overlap."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from cxr_valve.findings import AS, MR, is_positive
from cxr_valve.phantom.patient import (
    AS_GRADES,
    AS_GRADES_ENRICHED,
    MEASUREMENT_MEANS,
    MEASUREMENT_NAMES,
    MEASUREMENT_SDS,
    MR_GRADES,
    Patient,
    sample_patient,
)

COHORT = 4000


@pytest.fixture(scope="module")
def cohort() -> list[Patient]:
    return [sample_patient(np.random.default_rng([11, index])) for index in range(COHORT)]


def mean(name: str, **grade: str) -> float:
    """Mean of a measurement over 200 patients of a grade."""
    drawn = (sample_patient(np.random.default_rng([3, i]), **grade) for i in range(200))
    return float(np.mean([getattr(patient.measurements, name) for patient in drawn]))


def test_the_same_seed_gives_the_same_patient() -> None:
    first, second, other = (sample_patient(np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert first == second
    assert first != other


@pytest.mark.parametrize("grades", [MR_GRADES, AS_GRADES, AS_GRADES_ENRICHED])
def test_the_shares_of_grades_add_up(grades: dict[str, float]) -> None:
    assert sum(grades.values()) == pytest.approx(1)
    assert min(grades.values()) > 0


@pytest.mark.parametrize("name", ["la", "lvedd", "carina"])
def test_mitral_regurgitation_enlarges_the_left_heart(name: str) -> None:
    by_grade = [
        mean(name, mr=grade, as_="none") for grade in ("none", "mild", "moderate", "severe")
    ]
    assert by_grade == sorted(by_grade)
    assert by_grade[-1] > by_grade[0] * 1.1


def test_mitral_regurgitation_lowers_the_ejection_fraction_at_last() -> None:
    assert mean("lvef", mr="severe", as_="none") < mean("lvef", mr="none", as_="none") - 2


@pytest.mark.parametrize("name", ["wall", "aorta"])
def test_aortic_stenosis_thickens_the_wall_and_widens_the_aorta(name: str) -> None:
    by_grade = [mean(name, mr="none", as_=grade) for grade in AS.grades]
    assert by_grade == sorted(by_grade)
    assert by_grade[-1] > by_grade[0] * 1.1


@pytest.mark.parametrize(("name", "grade"), [("wall", {"mr": "severe"}), ("la", {"as_": "severe"})])
def test_one_valve_leaves_the_others_marks_nearly_alone(name: str, grade: dict[str, str]) -> None:
    healthy = {"mr": "none", "as_": "none"}
    assert mean(name, **(healthy | grade)) == pytest.approx(mean(name, **healthy), rel=0.05)


def test_a_fixed_grade_is_kept() -> None:
    patient = sample_patient(np.random.default_rng(1), mr="severe", as_="moderate")
    assert (patient.mr, patient.as_) == ("severe", "moderate")


def test_prevalences_are_those_of_the_study(cohort: list[Patient]) -> None:
    mr = np.mean([is_positive(MR, patient.mr) for patient in cohort])
    stenosis = np.mean([is_positive(AS, patient.as_) for patient in cohort])
    assert mr == pytest.approx(0.44, abs=0.025)
    assert 0.08 <= stenosis <= 0.11


def test_measurements_stay_within_what_hearts_can_be(cohort: list[Patient]) -> None:
    values = np.array([patient.measurements.as_tuple() for patient in cohort])
    assert values.shape == (COHORT, len(MEASUREMENT_NAMES))
    standard = (values - MEASUREMENT_MEANS) / MEASUREMENT_SDS
    assert np.abs(standard.mean(axis=0)).max() < 0.5
    assert np.all((standard.std(axis=0) > 0.6) & (standard.std(axis=0) < 1.4))
    lvef = values[:, MEASUREMENT_NAMES.index("lvef")]
    assert 12 <= lvef.min() < 40
    assert 65 < lvef.max() <= 80
    ages = [patient.age for patient in cohort]
    assert 20 <= min(ages) < max(ages) <= 97
    assert {patient.sex for patient in cohort} == {"F", "M"}


@pytest.mark.parametrize(
    ("finding", "low", "high"), [(MR, 0.79, 0.88), (AS, 0.81, 0.92)], ids=["mr", "as"]
)
def test_not_even_an_ideal_observer_tells_everybody_apart(
    cohort: list[Patient], finding, low: float, high: float
) -> None:
    """A reader who knew every true measurement would still overlap, as in real patients."""
    values = np.array([patient.measurements.as_tuple() for patient in cohort])
    grades = [patient.mr if finding is MR else patient.as_ for patient in cohort]
    labels = np.array([is_positive(finding, grade) for grade in grades])
    standard = (values - MEASUREMENT_MEANS) / MEASUREMENT_SDS
    half = COHORT // 2
    model = LogisticRegression().fit(standard[:half], labels[:half])
    auc = roc_auc_score(labels[half:], model.decision_function(standard[half:]))
    assert low <= auc <= high
