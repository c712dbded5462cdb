"""The report holds everything itself, says what it must, and a run can be packed and taken away."""

import os
import re
import zipfile
from pathlib import Path

import pytest

from tests.train.probed_run import probed_run
from tests.train.small_cohort import small_cohort
from train.__main__ import main as train
from train.evaluate import Evaluation, evaluate_run
from train.report.chart import Chart, span, steps
from train.report.export import export_run
from train.runs import RunError, RunFolder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    place = tmp_path_factory.mktemp("report")
    folder = probed_run(place / "runs", small_cohort(place, "mr", patients=60))
    for epoch in range(3):
        folder.append_metrics(member="test_resnet", epoch=epoch, train_loss=0.7 - 0.1 * epoch)
    (folder.checkpoints("test_resnet")).mkdir(parents=True)
    (folder.checkpoints("test_resnet") / "last.ckpt").write_bytes(b"large")
    return folder


@pytest.fixture(scope="module")
def found(run: RunFolder) -> Evaluation:
    return evaluate_run([run])


def test_the_page_needs_no_network_and_names_no_file_of_a_patient(
    run: RunFolder, found: Evaluation
) -> None:
    page = (run.evaluation / "report.html").read_text()
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "<script" not in page
    assert ".png" not in page
    assert page.count("data:image/png;base64,") == 2
    assert "Simulated radiographs: these figures are evidence about no patient." in page
    assert "never a diagnosis" in page


def test_the_page_shows_figures_curves_groups_and_the_flow(
    run: RunFolder, found: Evaluation
) -> None:
    page = (run.evaluation / "report.html").read_text()
    auc = found.fitted.cohorts["test"].figures["auc"]
    assert f"{auc.value:.2f} ({auc.low:.2f}–{auc.high:.2f}), n\u00a012" in page
    for title in ("ROC curve", "Calibration on test", "Sensitivity by severity", "Training loss"):
        assert f'aria-label="{title}.' in page
    assert "Flow of radiographs into the cohort for mr" in page
    assert "(few)" in page
    assert found.fitted.operating_point.rule in page.replace("&#x27;", "'")


def test_a_run_is_packed_without_checkpoints_and_images(
    run: RunFolder, found: Evaluation, tmp_path: Path
) -> None:
    packed = export_run(run, tmp_path / "run.zip")
    names = zipfile.ZipFile(packed).namelist()
    assert f"{run.id}/evaluation/report.html" in names
    assert f"{run.id}/evaluation/scores.csv" in names
    assert f"{run.id}/members/test_resnet/network.safetensors" in names
    assert {f"{run.id}/README.txt", f"{run.id}/trained-on.json"} <= set(names)
    assert not [name for name in names if "ckpt" in name]
    with pytest.raises(RunError, match=r"found run\.zip already"):
        export_run(run, packed)
    folder = export_run(run, tmp_path / "taken")
    taken = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert taken == {name.partition("/")[2] for name in names}


def test_a_file_older_than_zip_archives_can_tell_is_packed_all_the_same(
    run: RunFolder, found: Evaluation, tmp_path: Path
) -> None:
    os.utime(run.path / "metrics.csv", (0, 0))
    packed = zipfile.ZipFile(export_run(run, tmp_path / "old.zip"))
    assert packed.getinfo(f"{run.id}/metrics.csv").date_time == (1980, 1, 1, 0, 0, 0)


def test_the_command_line_exports(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_VALVE_RUNS", str(run.path.parent))
    assert train(["runs", "export", run.id, str(tmp_path / "out.zip")]) == 0
    assert (tmp_path / "out.zip").is_file()
    assert train(["runs", "export", run.id]) == 2


def test_axes_are_marked_at_round_numbers() -> None:
    assert steps(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert steps(48, 69) == [50, 55, 60, 65]
    assert steps(3, 3) == [3]
    low, high = span([1.0, float("nan"), 3.0])
    assert low < 1 < 3 < high


def test_a_line_is_interrupted_where_nothing_is_defined() -> None:
    chart = Chart("t", "d", (0, 1), (0, 1), "x", "y")
    chart.line([(0, 0), (0.2, 0.2), (0.4, float("nan")), (0.6, 0.6), (1, 1)], "#000")
    assert chart.svg().count("<polyline") == 2
