"""What is sent to the browser: the library's numbers, few enough, and nothing undefined."""

import json
import math

import numpy as np
import pytest

from cxr_valve.evaluation.cohort import Cohort, ScoreTable
from cxr_valve.evaluation.intervals import clopper_pearson
from cxr_valve.evaluation.operating_point import counts_at
from cxr_valve.evaluation.rules import Rule, choose_threshold
from cxr_valve.ui.explorer.operating import operating
from cxr_valve.ui.explorer.payload import LIMIT, build_payload, operating_points
from cxr_valve.ui.explorer.source import OwnPoint, Source
from cxr_valve.ui.explorer.state import State
from cxr_valve.ui.explorer.study import study_source


def scored(n: int = 500, seed: int = 0, digits: int = 6) -> Source:
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.3
    scores = np.round(1 / (1 + np.exp(-rng.normal(1.2 * labels - 0.5, 1))), digits)
    grade = np.where(labels, np.where(rng.random(n) < 0.5, "mild", "severe"), "none")
    cohort = Cohort(labels, scores, grade=grade.astype(object))
    return Source("x", "x", "mr", cohort=cohort, prevalence=cohort.prevalence)


def test_small_sources_send_every_operating_point() -> None:
    source = scored()
    assert source.cohort is not None
    points = operating_points(source)
    every = ScoreTable(source.cohort.labels, source.cohort.scores).candidates()
    np.testing.assert_array_equal(points.thresholds, every)


def test_large_sources_send_at_most_two_thousand_with_those_of_the_rules() -> None:
    source = scored(20_000)
    assert source.cohort is not None
    points = operating_points(source)
    assert len(points.thresholds) <= LIMIT
    youden = choose_threshold(source.cohort.labels, source.cohort.scores, Rule("youden"))
    assert youden in points.thresholds


@pytest.mark.parametrize("n", [500, 5_000])
def test_limits_are_those_of_the_library(n: int) -> None:
    source = scored(n)
    assert source.cohort is not None
    document = build_payload(source)
    for index in (0, 17, len(document["points"]["threshold"]) - 1):
        threshold = document["points"]["threshold"][index]
        c = counts_at(source.cohort.labels, source.cohort.scores, threshold)
        for name, e in {
            "sensitivity": clopper_pearson(c.tp, c.positives),
            "specificity": clopper_pearson(c.tn, c.negatives),
            "accuracy": clopper_pearson(c.tp + c.tn, c.n),
            "ppv": clopper_pearson(c.tp, c.tp + c.fp),
        }.items():
            low, high = (document["bounds"][name][side][index] for side in (0, 1))
            if e.defined:
                assert (low, high) == pytest.approx((e.low, e.high), abs=1e-6)
            else:
                assert low is None


@pytest.mark.parametrize("key", ["mr", "as-validation", "as-test"])
def test_the_study_at_its_own_point(key: str) -> None:
    document = build_payload(study_source(f"study:{key}"))
    index = document["published"]
    assert document["points"]["threshold"][index] == document["own"]["threshold"]
    published = {"mr": (0.71, 0.74), "as-validation": (63 / 81, 678 / 960)}
    expected = published.get(key, (88 / 106, 665 / 959))
    found = tuple(document["points"][name][index] for name in ("sensitivity", "specificity"))
    assert found == pytest.approx(expected)


def test_the_model_of_mr_takes_the_root_nearest_one() -> None:
    model = study_source("study:mr").model
    assert model is not None
    assert (model.a, model.b) == pytest.approx((1.1315, 0.8986), abs=1e-3)


@pytest.mark.parametrize(
    "labels", [[0, 0, 0], [1, 1, 1], [0, 1, 1]], ids=["negatives", "positives", "tied"]
)
def test_edge_cases_are_strict_json(labels: list[int]) -> None:
    cohort = Cohort(np.array(labels), np.full(3, 0.5))
    source = Source("x", "x", "", cohort=cohort, prevalence=cohort.prevalence)
    json.dumps(build_payload(source), allow_nan=False)


def test_two_thousand_points_are_a_small_document() -> None:
    assert len(json.dumps(build_payload(scored(20_000)))) < 800_000


def test_grades_add_up_to_the_positives() -> None:
    source = scored()
    assert source.cohort is not None
    grades = build_payload(source)["grades"]
    assert [g["name"] for g in grades] == ["mild", "severe"]
    assert sum(g["n"] for g in grades) == source.cohort.positives
    assert [g["tp"][-1] for g in grades] == [g["n"] for g in grades]


def test_the_server_fills_gaps_as_the_browser_does() -> None:
    source = scored()
    assert source.cohort is not None
    found = operating(source, State())
    youden = choose_threshold(source.cohort.labels, source.cohort.scores, Rule("youden"))
    assert (found.threshold, found.rule) == (youden, "youden")
    assert operating(source, State(threshold=0.3)).rule == "manual"
    own = Source("x", "x", "mr", cohort=source.cohort, own=OwnPoint(0.44, "own"), prevalence=0.3)
    assert operating(own, State()).threshold == 0.44
    assert operating(own, State(threshold=0.2, rule="manual")).threshold == 0.2


def test_a_table_has_no_threshold() -> None:
    source = Source("x", "x", "mr", counts=study_source("study:as-test").counts, prevalence=0.1)
    assert math.isnan(operating(source, State()).threshold)
