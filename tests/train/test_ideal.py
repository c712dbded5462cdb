"""The ideal observer: as good as the simulator was designed to let it be, and no better."""

import numpy as np
import pytest

from cxr_valve.evaluation.roc import auc_delong
from cxr_valve.findings import AS, MR
from cxr_valve.phantom.patient import MEASUREMENT_NAMES, sample_patient
from train.simulate.ideal import ideal_score, is_truly_positive


@pytest.fixture(scope="module")
def patients():
    rng = np.random.default_rng(77)
    return [sample_patient(rng) for _ in range(20_000)]


@pytest.mark.parametrize(("finding", "auc"), [(MR, 0.84), (AS, 0.87)], ids=["mr", "as"])
def test_the_overlap_of_the_grades_is_the_one_that_was_designed(patients, finding, auc) -> None:
    labels = [is_truly_positive(finding, patient) for patient in patients]
    scores = ideal_score(finding, [patient.measurements.as_tuple() for patient in patients])
    found = auc_delong(labels, scores)
    assert found.value == pytest.approx(auc, abs=0.012)


def test_no_sign_alone_does_as_well_as_all_together(patients) -> None:
    labels = [is_truly_positive(MR, patient) for patient in patients]
    values = np.array([patient.measurements.as_tuple() for patient in patients])
    whole = auc_delong(labels, ideal_score(MR, values)).value
    signs = {
        name: auc_delong(labels, values[:, at]).value for at, name in enumerate(MEASUREMENT_NAMES)
    }
    assert max(signs.values()) < whole
    assert 0.6 < signs["lvedd"] < 0.75
    assert 0.6 < signs["carina"] < 0.78


def test_the_carina_is_above_90_degrees_in_about_8_of_100_enlarged_atria(patients) -> None:
    # Murray et al., J Thorac Imaging 1995;10:194.
    enlarged = [p.measurements.carina > 90 for p in patients if p.measurements.la >= 44]
    assert np.mean(enlarged) == pytest.approx(0.08, abs=0.04)


def test_a_larger_atrium_never_speaks_against_mr() -> None:
    usual = np.array([36.0, 48.0, 9.5, 32.5, 60.0, 62.0])
    atria = np.repeat(usual[None], 6, axis=0)
    atria[:, 0] = np.linspace(36, 56, 6)
    assert (np.diff(ideal_score(MR, atria)) > 0).all()


def test_measurements_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Expected measurements of shape \(n, 6\), got \(2, 3\)"):
        ideal_score(MR, np.zeros((2, 3)))
