"""The browser's numbers are the library's, and the published ones."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from cxr_valve.evaluation.columns import Columns
from cxr_valve.evaluation.prevalence import predictive_at_rates
from cxr_valve.evaluation.report import report_cohort
from cxr_valve.evaluation.score_file import to_cohort
from cxr_valve.evaluation.severity import (
    auc_at_mix,
    auc_by_grade,
    effective_positives,
    sensitivity_at_mix,
    sensitivity_by_grade,
)
from cxr_valve.evaluation.table_file import read_table
from tests.e2e.explore.steps import MR_TEST, READY, caption, numbers, settled, value

if TYPE_CHECKING:
    from playwright.sync_api import Page


pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("prevalence", "ppv", "npv"),
    [
        (0.017, 0.0451, 0.9933),
        (0.093, 0.2188, 0.9614),
        (0.2, 0.4057, 0.9108),
        (0.44, 0.6821, 0.7646),
    ],
)
def test_ppv_collapses_with_prevalence(
    explore: Callable[..., "Page"], prevalence: float, ppv: float, npv: float
) -> None:
    found = numbers(explore(src="study:mr", p=str(prevalence)))
    at = "At prevalence"
    assert value(found, f"{at}: PPV") == pytest.approx(ppv, abs=1e-4)
    assert value(found, f"{at}: NPV") == pytest.approx(npv, abs=1e-4)


def test_published_intervals_of_as(explore: Callable[..., "Page"]) -> None:
    found = numbers(explore(src="study:as-test"))
    for name, shown in {
        "Whatever the prevalence: Sensitivity": "83.0% 74.5–89.6",
        "Whatever the prevalence: Specificity": "69.3% 66.3–72.3",
        "In these cases: PPV": "23.0% 18.9–27.6",
        "In these cases: NPV": "97.4% 95.9–98.4",
        "In these cases: Accuracy": "70.7% 67.9–73.4",
    }.items():
        assert shown in " ".join(found[name].split())


@pytest.mark.parametrize("threshold", ["0", "0.31", "0.5", "1"])
@pytest.mark.parametrize("prevalence", ["0.0001", "0.017"])
def test_the_browser_agrees_with_the_library(
    explore: Callable[..., "Page"], root: Path, threshold: str, prevalence: str
) -> None:
    page = explore(src=MR_TEST, t=threshold, rule="manual", p=prevalence, harm="own")
    frame = read_table(root / "mr-fake" / "scores.csv")
    cohort = to_cohort(frame[frame["split"] == "test"], Columns(label="label", score="score"))
    report = report_cohort(cohort, float(threshold), prevalence=float(prevalence), t=0.1).to_json()
    found = numbers(page)
    expected = {
        "Whatever the prevalence: Sensitivity": report["metrics"]["sensitivity"],
        "Whatever the prevalence: Specificity": report["metrics"]["specificity"],
        "Whatever the prevalence: LR+": report["metrics"]["lr_positive"],
        "Whatever the prevalence: LR−": report["metrics"]["lr_negative"],
        "Whatever the prevalence: Diagnostic odds ratio": report["metrics"]["dor"],
        "Whatever the prevalence: Balanced accuracy": report["metrics"]["balanced_accuracy"],
        "In these cases: PPV": report["metrics"]["ppv"],
        "In these cases: Accuracy": report["metrics"]["accuracy"],
        "In these cases: F1": report["metrics"]["f1"],
        "In these cases: MCC": report["metrics"]["mcc"],
        "At prevalence: PPV": report["at_prevalence"]["ppv"],
        "At prevalence: NPV": report["at_prevalence"]["npv"],
        "At prevalence: Net benefit per 1,000": report["at_prevalence"]["net_benefit"],
    }
    for name, estimate in expected.items():
        shown = found[name].split(" | ")[0].split()
        for part, number in zip(("value", "low", "high"), shown, strict=True):
            if estimate[part] is None:
                assert number in ("NaN", "Infinity", "-Infinity"), (name, part)
            else:
                wanted = pytest.approx(estimate[part], rel=1e-5, abs=1e-6)
                assert float(number) == wanted, (name, part)


def test_the_browser_agrees_with_the_library_at_a_severity_mix(
    explore: Callable[..., "Page"], root: Path
) -> None:
    page = explore(src=MR_TEST, t="0.4", rule="manual", p="0.02", mix="50,30,20", harm="own")
    frame = read_table(root / "mr-fake" / "scores.csv")
    columns = Columns(label="label", score="score", grade="grade")
    cohort = to_cohort(frame[frame["split"] == "test"], columns)
    by_grade = sensitivity_by_grade(cohort.labels, cohort.scores, cohort.grade, 0.4)
    mix = {"mild": 50.0, "moderate": 30.0, "severe": 20.0}
    mixed = sensitivity_at_mix(by_grade, mix)
    negatives = ~cohort.labels
    specificity = float((cohort.scores[negatives] < 0.4).mean())
    size, n0 = effective_positives(by_grade, mix), int(negatives.sum())
    ppv, npv = predictive_at_rates(mixed.value, specificity, size, n0, 0.02)
    found = numbers(page)
    for name, wanted in {
        "Whatever the prevalence: Sensitivity": mixed,
        "At prevalence: PPV": ppv,
        "At prevalence: NPV": npv,
    }.items():
        shown = [float(number) for number in found[name].split(" | ")[0].split()]
        assert shown == pytest.approx([wanted.value, wanted.low, wanted.high], abs=1e-5), name
    # The point stays on its curve, and the curve says whose it is.
    auc = auc_at_mix(auc_by_grade(cohort.labels, cohort.scores, cohort.grade), mix)
    said = f"AUC {auc.value:.3f} ({auc.low:.3f}–{auc.high:.3f}) at this severity mix, {auc.method}"
    assert f"{said}, n = {auc.n}" in page.locator("[data-figure=roc]").inner_text()
    assert (page.locator("[data-figure=precision-recall] .band").get_attribute("d") or "").count(
        "L"
    ) > 20


@pytest.mark.parametrize(
    ("table", "said", "missed"),
    [
        # Of four people .4 are missed: no whole one, and yet not nobody.
        ("90,10,310,690", "4 of them have AS, 309 do not. It misses fewer than 1.", "< 1"),
        ("100,0,310,690", "4 of them have AS, 309 do not. It misses nobody.", "0"),
        ("5,95,1,999", "the test flags 1: fewer than 1 of them has AS. It misses 4.", "4"),
    ],
)
def test_a_part_of_a_person_is_not_nobody(
    explore: Callable[..., "Page"], table: str, said: str, missed: str
) -> None:
    page = explore(src=f"table:{table}:as", p="0.004")
    assert caption(page).endswith(said)
    assert page.locator("[data-figure=people] .key-count").nth(1).text_content() == missed


def test_a_score_keeps_what_its_reading_said_against_it(explore: Callable[..., "Page"]) -> None:
    said = explore(src=MR_TEST, x="0.3").locator(".caption .patient").inner_text()
    assert said.startswith("This patient’s score of 0.3 lies ")
    doubted = explore(src=MR_TEST, x="0.3", but="refused,unlike").locator(".caption .patient")
    doubts = "The image was read although the input gate refused it. The image is unlike"
    assert doubted.inner_text().startswith(f"{said} {doubts}")


def test_limits_are_not_rounded_to_a_certainty(explore: Callable[..., "Page"]) -> None:
    shown = numbers(explore(src="table:99,1,1,99:as", p="0.1"))
    assert "99.0% 94.6–99.97" in " ".join(shown["Whatever the prevalence: Sensitivity"].split())


def test_off_its_own_prevalence_average_precision_is_left_to_the_bootstrap(
    explore: Callable[..., "Page"],
) -> None:
    figure = "[data-figure=precision-recall]"
    page = explore(src=MR_TEST, p="0.017")
    assert "(interval: bootstrap, below)" in page.locator(figure).inner_text()
    page = explore(src=MR_TEST)
    assert re.search(r"AP 0\.\d{3} \(0\.\d{3}–0\.\d{3}\)", page.locator(figure).inner_text())


def test_too_few_cases_are_warned_about_beside_the_caption(
    explore: Callable[..., "Page"],
) -> None:
    page = explore(src="table:7,43,0,12:mr", p="0.1")
    advice = page.locator(".advice")
    assert "55 would be enough" in advice.inner_text()
    assert "17 would be enough" in advice.inner_text()
    page = explore(src=MR_TEST)
    assert not page.locator(".advice").is_visible()


def test_a_grade_with_one_case_still_has_an_interval_of_the_auc_at_a_mix(
    explore: Callable[..., "Page"], tmp_path: Path
) -> None:
    """DeLong has no variance there: Newcombe's limits, found in the browser as in the library."""
    table = pd.DataFrame(
        {
            "label": [1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
            "score": [0.3, 0.6, 0.7, 0.8, 0.1, 0.2, 0.35, 0.4, 0.5, 0.65],
            "grade": ["mild", "mild", "mild", "severe"] + ["none"] * 6,
        }
    )
    table.to_csv(tmp_path / "few.csv", index=False)
    page = explore(src="file:", wait=False)
    page.locator("input[type=file]").set_input_files(tmp_path / "few.csv")
    page.wait_for_selector(READY)
    page.locator(".severity input[type=range]").first.press("Home")
    page.locator(".severity input[type=range]").first.press("ArrowRight")
    settled(page)
    shares = [
        float(slider.input_value()) for slider in page.locator(".severity input[type=range]").all()
    ]
    by_grade = auc_by_grade(table["label"], table["score"], table["grade"])
    auc = auc_at_mix(by_grade, dict(zip(("mild", "severe"), shares, strict=True)))
    assert auc.method == "Newcombe"
    said = f"AUC {auc.value:.3f} ({auc.low:.3f}–{auc.high:.4f}) at this severity mix, Newcombe"
    assert said in page.locator("[data-figure=roc]").inner_text()
