from __future__ import annotations

import numpy as np
import pytest

from cxr_valve.evaluation import coverage
from cxr_valve.evaluation.metrics import metrics
from cxr_valve.evaluation.operating_point import counts_at
from cxr_valve.evaluation.roc import auc_delong


def test_simulated_cohorts_have_the_truth_they_claim() -> None:
    scenario = coverage.Scenario("large", 0.44, per_patient=2, icc=0.7, n=200_000)
    cohort = coverage.simulate(scenario, np.random.default_rng(0))
    found = metrics(counts_at(cohort.labels, cohort.scores, coverage.THRESHOLD)).as_dict()
    true = coverage.truth(0.44)
    for name in coverage.QUANTITIES[1:]:
        assert found[name].value == pytest.approx(true[name], abs=0.01)
    assert auc_delong(cohort.labels, cohort.scores).value == pytest.approx(0.80, abs=0.01)
    residual = (cohort.scores - coverage.SHIFT * cohort.labels).reshape(-1, 2)
    assert np.corrcoef(residual.T)[0, 1] == pytest.approx(0.7, abs=0.01)


def test_clopper_pearson_never_covers_less_than_it_says() -> None:
    assert all(row.coverage >= 0.95 for row in coverage.enumerate_clopper_pearson((3, 20, 106)))


def test_ignoring_patients_covers_visibly_less() -> None:
    rows = coverage.run_scenario(coverage.SCENARIOS[1], cohorts=150, replicates=200, seed=1)
    by = {(row.interval, row.quantity): row.coverage for row in rows}
    for name in ("auc", "sensitivity", "specificity"):
        assert by["patient bootstrap", name] > by["image bootstrap", name]
    assert by["patient bootstrap", "auc"] > 0.88


def test_the_script_prints_every_scenario_and_reports_ten_percent_without_a_bar(capsys) -> None:
    coverage.main(["--cohorts", "3", "--replicates", "20"])
    shown = capsys.readouterr().out
    assert "ICC .7" in shown
    ten = [line for line in shown.splitlines() if line.startswith("one image per patient, 10%")]
    assert len(ten) > 10
    assert all(line.rstrip().endswith("reported") for line in ten)
