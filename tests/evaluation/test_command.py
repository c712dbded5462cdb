from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cxr_valve.evaluation import command
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.operating_point import youden

METRICS = {
    *("auc", "average_precision", "sensitivity", "specificity", "ppv", "npv", "accuracy"),
    *("balanced_accuracy", "f1", "mcc", "lr_positive", "lr_negative", "dor", "alert_rate"),
    "number_needed_to_evaluate",
}


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser(prog="cxr_valve")
    command.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["evaluate", *map(str, arguments)])
    return int(args.run(args))


@pytest.fixture
def scores(tmp_path: Path, cohort: Cohort) -> Path:
    path = tmp_path / "scores.csv"
    pd.DataFrame(
        {"patient": cohort.patients, "label": cohort.labels.astype(int), "score": cohort.scores}
    ).to_csv(path, index=False)
    return path


def answer(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert run(*arguments, "--json", "-") == 0

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return dict(json.loads(capsys.readouterr().out, parse_constant=refuse))


def test_counts_give_the_published_table_and_no_auc(capsys) -> None:
    found = answer(capsys, "--counts", 88, 18, 294, 665, "--prevalence", 0.028)
    assert (found["n"], found["positives"], found["threshold"]) == (1065, 106, None)
    assert found["counts"] == {"tp": 88, "fn": 18, "fp": 294, "tn": 665}
    assert set(found["metrics"]) == METRICS - {"auc", "average_precision"}
    sensitivity = found["metrics"]["sensitivity"]
    assert {"value", "low", "high", "method"} <= set(sensitivity)
    assert (round(sensitivity["low"], 2), round(sensitivity["high"], 2)) == (0.74, 0.90)
    at = found["at_prevalence"]
    assert at["prevalence"] == 0.028
    assert at["ppv"]["value"] == pytest.approx(0.0724, abs=1e-3)
    assert at["net_benefit"]["t"] == 0.028
    assert sum(at["per_1000"].values()) == pytest.approx(1000)


def test_counts_at_their_own_prevalence_and_a_given_t(capsys) -> None:
    found = answer(capsys, "--counts", 88, 18, 294, 665, "--t", 0.1)["at_prevalence"]
    assert found["net_benefit"]["value"] == pytest.approx(0.05196, abs=5e-6)
    assert found["net_benefit"]["treat_all"] == pytest.approx(-0.00052, abs=5e-6)
    assert found["ppv"]["value"] == pytest.approx(88 / 382)


def test_a_file_is_evaluated_at_youdens_threshold_by_default(scores, cohort, capsys) -> None:
    found = answer(capsys, scores)
    assert found["threshold"] == youden(cohort.labels, cohort.scores)
    assert set(found["metrics"]) == METRICS
    assert found["metrics"]["auc"]["method"] == "DeLong"
    # At its own prevalence the threshold stands for itself.
    assert found["at_prevalence"]["net_benefit"]["t"] == pytest.approx(found["threshold"])


@pytest.mark.parametrize(
    ("rule", "metric"), [("sensitivity=.9", "sensitivity"), ("specificity=.9", "specificity")]
)
def test_a_rule_reaches_what_it_promises(scores, rule, metric, capsys) -> None:
    assert answer(capsys, scores, "--rule", rule)["metrics"][metric]["value"] >= 0.9


def test_the_cost_rule_sets_t(scores, capsys) -> None:
    found = answer(capsys, scores, "--rule", "cost=9", "--prevalence", 0.1)
    assert found["at_prevalence"]["net_benefit"]["t"] == pytest.approx(0.1)


def test_bootstrap_resamples_patients_and_says_how_many(scores, capsys) -> None:
    found = answer(capsys, scores, "--threshold", 0.4, "--interval", "bootstrap")
    drawn = {"replicates": 2000, "dropped": 0, "clusters": 150, "of": "patients"}
    assert found["bootstrap"] == drawn
    for name in ("auc", "f1", "sensitivity"):
        assert found["metrics"][name]["method"] == "bootstrap"
    assert found["at_prevalence"]["net_benefit"]["method"] == "bootstrap"


def test_without_patients_images_are_resampled_and_it_says_so(tmp_path, capsys) -> None:
    path = tmp_path / "s.csv"
    path.write_text("label,score\n1,.9\n1,.4\n0,.5\n0,.2\n1,.8\n0,.1\n")
    assert run(path, "--threshold", 0.45, "--interval", "bootstrap") == 0
    assert "2000 resamples of 6 images" in capsys.readouterr().out


def test_named_columns_and_a_split_are_used(tmp_path, capsys) -> None:
    path = tmp_path / "s.csv"
    path.write_text("split,a,b,c\ntest,1,.9,p\ntest,0,.2,q\nvalidation,1,.1,r\n")
    found = answer(
        capsys, path, "--label", "a", "--score", "b", "--patient", "c", "--split", "test"
    )
    assert (found["n"], found["metrics"]["auc"]["value"]) == (2, 1.0)
    assert run(path, "--label", "a", "--score", "b", "--split", "train") == 1
    assert "Expected --split among ['test', 'validation'], found 'train'" in capsys.readouterr().err


@pytest.mark.parametrize("threshold", [0, 1])
@pytest.mark.parametrize("labels", ["1,1,1", "0,0,0", "0,1,0"])
def test_three_tied_cases_at_the_ends_are_strict_json(tmp_path, labels, threshold, capsys) -> None:
    path = tmp_path / "s.csv"
    path.write_text("label,score\n" + "".join(f"{y},1\n" for y in labels.split(",")))
    options = ("--threshold", threshold, "--prevalence", 0.0001, "--score", "score")
    found = answer(capsys, path, *options)
    assert found["n"] == 3
    assert (found["metrics"]["auc"]["value"] is None) == (labels != "0,1,0")
    assert answer(capsys, path, *options, "--interval", "bootstrap")["n"] == 3


def test_json_to_a_file_leaves_the_table_on_the_terminal(scores, tmp_path, capsys) -> None:
    assert run(scores, "--prevalence", 0.017, "--json", tmp_path / "out.json") == 0
    assert json.loads((tmp_path / "out.json").read_text())["n"] == 300
    shown = capsys.readouterr().out
    assert "sensitivity" in shown
    assert "Of 1,000 such people" in shown
    assert "assumed to carry over" in shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label,score\n1,.5\n2,.4\n", "Row 3, column 'label'"),
        ("label,score\n1,.5\n0,2\n", "Row 3, column 'score'"),
        ("label,score\n1,.5\n1,.4\n", "Expected positives and negatives for rule youden"),
    ],
)
def test_bad_data_exits_1_naming_row_and_column(tmp_path, text, message, capsys) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    assert run(path, "--json", "-") == 1
    out, err = capsys.readouterr()
    assert message in err
    assert out == ""


def test_no_cases_and_no_file_exit_1(tmp_path, capsys) -> None:
    assert run("--counts", 0, 0, 0, 0) == 1
    assert run(tmp_path / "none.csv") == 1
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "either a file of scores or --counts"),
        (("s.csv", "--counts", 1, 2, 3, 4), "either a file of scores or --counts"),
        (("--counts", 1, 2, 3, 4, "--threshold", 0.5), "no --threshold with --counts"),
        (("--counts", 1, 2, 3, 4, "--rule", "youden"), "no --rule with --counts"),
        (("--counts", 1, 2, 3, 4, "--mix", "mild=1"), "no --mix with --counts"),
        (("--counts", 1, 2, 3, 4, "--interval", "bootstrap"), "clopper-pearson or wilson"),
    ],
)
def test_contradicting_options_exit_2(arguments, message, capsys) -> None:
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--counts", 1, 2, 3), "expected 4 arguments"),
        (("--counts", 1, 2, 3, -4), "whole number ≥ 0, found '-4'"),
        (("--counts", 1, 2, 3, 4.5), "invalid"),
        (("s.csv", "--prevalence", 5), "strictly between 0 and 1 (5% is .05), found '5'"),
        (("s.csv", "--threshold", "nan"), "expected a number, found 'nan'"),
        (("s.csv", "--threshold", 0.5, "--rule", "youden"), "not allowed with argument"),
        (("s.csv", "--rule", "best"), "youden, sensitivity=X or specificity=X"),
    ],
)
def test_options_that_cannot_be_read_exit_2(arguments, message, capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(*arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_help_teaches_with_examples(capsys) -> None:
    with pytest.raises(SystemExit):
        run("--help")
    shown = capsys.readouterr().out
    assert "--rule sensitivity=.9 --prevalence .017" in shown
    assert "exit status" in shown


def test_the_command_is_added_without_waiting_for_pandas_or_scipy() -> None:
    script = (
        "import argparse, sys; from cxr_valve.evaluation import command;"
        "command.add_parser(argparse.ArgumentParser().add_subparsers());"
        "sys.exit(any(name in sys.modules for name in ('pandas', 'scipy', 'sklearn', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_score_is_tested_against_another_column(tmp_path, cohort, capsys) -> None:
    path = tmp_path / "scores.csv"
    table = {"label": cohort.labels.astype(int), "score": cohort.scores, "ctr": cohort.scores**2}
    pd.DataFrame(table).to_csv(path, index=False)
    found = answer(capsys, path, "--against", "ctr")["against"]
    # A monotone change ranks alike: the areas are equal and nothing is to be tested.
    assert (found["rival"], found["difference"]["value"], found["p"]) == ("ctr", 0.0, 1.0)
    assert found["auc"]["value"] == found["rival_auc"]["value"]
    assert run(path, "--against", "ctr") == 0
    assert "against ctr" in capsys.readouterr().out
    assert run(path, "--against", "size") == 1
    assert "Expected a column 'size' for --against" in capsys.readouterr().err


def test_a_severity_mix_is_evaluated_where_a_column_holds_grades(tmp_path, cohort, capsys) -> None:
    path = tmp_path / "scores.csv"
    grade = [
        "none" if not y else "severe" if i % 3 else "mild" for i, y in enumerate(cohort.labels)
    ]
    table = {"label": cohort.labels.astype(int), "score": cohort.scores, "how_bad": grade}
    pd.DataFrame(table).to_csv(path, index=False)
    arguments = (path, "--grade", "how_bad", "--mix", "mild=80,severe=20", "--prevalence", 0.02)
    found = answer(capsys, *arguments)["at_mix"]
    assert found["shares"] == {"mild": 0.8, "severe": 0.2}
    assert found["auc"]["low"] < found["auc"]["value"] < found["auc"]["high"]
    assert found["at_prevalence"]["prevalence"] == 0.02
    assert run(*arguments) == 0
    assert "were the positives mild 80%, severe 20%" in capsys.readouterr().out
    assert run(path, "--mix", "mild=1") == 1
    assert "found 'mild': no positive of that grade was scored" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(path, "--mix", "mild")
    assert "such as mild=60,severe=40; found 'mild'" in capsys.readouterr().err
