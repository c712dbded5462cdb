"""The ideal observer: a reader who knew every true measurement of a simulated heart.

How well it does is the simulator's design and no evidence about patients: the overlap between
grades was set so that it reaches an AUC of about .84 for mitral regurgitation and .87 for aortic
stenosis at the study's prevalences. A network that reads radiographs cannot be expected to do
better by more than what else it sees, such as calcium or age.
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from cxr_valve.findings import MR, Finding, is_positive
from cxr_valve.phantom.patient import MEASUREMENT_MEANS, MEASUREMENT_SDS, Patient, sample_patient

#: Patients the observer learned from; their stream is no cohort's (cohorts count from 0 up).
LEARNED_FROM = 40_000
_STREAM = 2**62


def ideal_score(finding: Finding, measurements: ArrayLike) -> NDArray[np.float64]:
    """Log odds of a positive finding, (n,), at the study's prevalence.

    ``measurements``: (n, 6), the true values in the order of MEASUREMENT_NAMES.
    """
    given = np.atleast_2d(np.asarray(measurements, np.float64))
    if given.ndim != 2 or given.shape[1] != len(MEASUREMENT_MEANS):
        raise ValueError(
            f"Expected measurements of shape (n, {len(MEASUREMENT_MEANS)}), got {given.shape}."
        )
    return np.asarray(_observer(finding).decision_function(_standard(given)), np.float64)


def is_truly_positive(finding: Finding, patient: Patient) -> bool:
    """Whether a simulated patient has the finding by its grade."""
    return is_positive(finding, patient.mr if finding is MR else patient.as_)


@cache
def _observer(finding: Finding) -> Pipeline:
    """Logistic regression on the measurements, their squares and products: the log likelihood
    ratio of two normal populations of unequal spread has that form."""
    patients = _learned_from()
    values = np.array([patient.measurements.as_tuple() for patient in patients])
    labels = [is_truly_positive(finding, patient) for patient in patients]
    observer = make_pipeline(
        PolynomialFeatures(degree=2, include_bias=False), LogisticRegression(C=1.0, max_iter=500)
    )
    return observer.fit(_standard(values), labels)


@cache
def _learned_from() -> list[Patient]:
    rng = np.random.default_rng(_STREAM)
    return [sample_patient(rng) for _ in range(LEARNED_FROM)]


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((values - MEASUREMENT_MEANS) / MEASUREMENT_SDS, np.float64)
