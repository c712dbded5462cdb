"""Readings joined with labels, comparisons and the export."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cxr_valve.evaluation.calibration import Platt
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.ui.explorer.calibration_data import calibration_data
from cxr_valve.ui.explorer.comparison import common_cases, comparison_rows
from cxr_valve.ui.explorer.export import points_csv
from cxr_valve.ui.explorer.file_source import FileChoice, StoredFile, file_source, first_choice
from cxr_valve.ui.explorer.operating import operating
from cxr_valve.ui.explorer.readings_source import join, readings_source
from cxr_valve.ui.explorer.source import Calibrated, Source, SourceError, describe, parts_of
from cxr_valve.ui.explorer.state import State
from cxr_valve.ui.explorer.study import study_source

LABELS = StoredFile("labels.csv", b"path,label\na.png,1\nb.png,0\nc.png,1\n")


def jsonl(*rows: tuple[str, float | None]) -> StoredFile:
    lines = [
        json.dumps({"path": p, "findings": {} if s is None else {"mr": {"score": s}}})
        for p, s in rows
    ]
    return StoredFile("readings.jsonl", "\n".join(lines).encode())


def test_join_counts_what_is_left_out() -> None:
    found = join(jsonl(("a.png", 0.4), ("b.png", None), ("x.png", 0.5)), LABELS, "mr")
    assert found.frame["score"].tolist() == ["0.4"]
    assert (found.unread, found.unlabelled, found.unmatched) == (1, 1, 2)


@pytest.mark.parametrize("folder", ["/mnt/", "C:\\images\\"])
def test_join_falls_back_to_file_names(folder: str) -> None:
    found = join(jsonl((f"{folder}a.png", 0.4), (f"{folder}b.png", 0.2)), LABELS, "mr")
    assert len(found.frame) == 2


def test_readings_as_csv() -> None:
    readings = StoredFile("r.csv", b"path,findings.mr.score\na.png,.4\nb.png,\nc.png,.9\n")
    assert len(join(readings, LABELS, "mr").frame) == 2


@pytest.mark.parametrize(
    ("readings", "labels", "said"),
    [
        (jsonl(("q.png", 0.4)), LABELS, "none in common"),
        (jsonl(("a.png", 0.4), ("a.png", 0.4)), LABELS, "expected each radiograph once"),
        (StoredFile("r.jsonl", b"{oops"), LABELS, "one JSON object a line"),
        (StoredFile("r.csv", b"path,score\na.png,1\n"), LABELS, "python -m cxr_valve read"),
        (jsonl(("a.png", 0.4)), StoredFile("l.csv", b"name,what\na,b\n"), "a column 'label'"),
        (jsonl(("a.png", 0.4)), StoredFile("l.csv", b""), "Labels l.csv"),
    ],
)
def test_files_that_do_not_join(readings: StoredFile, labels: StoredFile, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        join(readings, labels, "mr")


@pytest.mark.parametrize(("threshold", "known"), [(0.4, True), (0.45, False)])
def test_readings_bring_the_operating_point_they_were_read_with(
    weights: Path, threshold: float, known: bool
) -> None:
    found = {"score": 0.4, "weights": "mr-fake", "threshold": threshold}
    lines = [json.dumps({"path": p, "findings": {"mr": found}}) for p in ("a.png", "b.png")]
    readings = StoredFile("readings.jsonl", "\n".join(lines).encode())
    source = readings_source("readings:x:y:mr", readings, LABELS)
    assert (source.own is not None) is known
    assert (source.calibrated is not None) is known
    if source.own is not None:
        assert source.own.threshold == 0.4


def test_descriptors_survive_odd_names() -> None:
    parts = ["file", "a:b", "ü%", "", "x y"]
    assert parts_of(describe(*parts)) == parts


def test_a_choice_of_columns_travels() -> None:
    file = StoredFile("x.csv", b"mrn,truth,p (AS),split\n1,0,.2,test\n2,1,.8,train\n3,0,.1,test\n")
    choice = first_choice(file, "as")
    assert FileChoice.of(choice.descriptor) == choice
    assert choice.split == "test"
    source = file_source(choice.descriptor, file)
    assert source.cohort is not None
    assert len(source.cohort) == 2


def scored(cases: str, shift: float = 0.0, n: int = 200) -> Source:
    rng = np.random.default_rng(4)
    labels = rng.random(n) < 0.4
    scores = 1 / (1 + np.exp(-rng.normal(labels * 1.0, 1)))
    scores = np.clip(scores + shift * rng.normal(size=n), 0, 1)
    return Source("x", "x", "mr", cohort=Cohort(labels, scores), prevalence=0.4, cases=cases)


def test_the_same_cases_are_tested_paired() -> None:
    first, second = scored("one"), scored("one", 0.2)
    assert common_cases(first, second) is not None
    text = "\n".join(comparison_rows(first, 0.5, second, 0.6))
    assert "McNemar" in text
    assert "DeLong, paired" in text


def test_other_cases_are_tested_unpaired() -> None:
    text = "\n".join(comparison_rows(scored("one"), 0.5, scored("two", 0.2), 0.6))
    assert "DeLong, unpaired" in text
    assert "MOVER" in text


def test_a_model_is_not_tested() -> None:
    text = "\n".join(comparison_rows(scored("one"), 0.5, study_source("study:mr"), 0.1))
    assert "no test" in text


def test_the_export_neutralises_what_a_spreadsheet_would_run() -> None:
    source = scored("one")
    source = Source("x", "=HYPERLINK(1)", "mr", cohort=source.cohort, prevalence=0.4)
    text = points_csv(source, operating(source, State()))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["source"] for row in rows} == {"'=HYPERLINK(1)"}
    assert int(rows[-1]["tp"]) + int(rows[-1]["fp"]) == 200
    assert float(rows[-1]["sensitivity"]) == 1.0


@pytest.mark.parametrize("key", ["mr", "as-test"])
def test_a_model_is_exported_as_one(key: str) -> None:
    source = study_source(f"study:{key}")
    text = points_csv(source, operating(source, State()))
    assert "not data" in text.splitlines()[1]


def test_several_radiographs_of_a_patient_are_said_with_what_they_do_to_intervals() -> None:
    rows = "".join(f"p{i // 2},{i % 2},{(i % 7) / 10}\n" for i in range(80))
    stored = StoredFile("pairs.csv", ("patient,label,score\n" + rows).encode())
    [note] = file_source(first_choice(stored).descriptor, stored).notes
    assert note.startswith("80 radiographs of 40 patients: intervals take radiographs for indep")
    frame = "".join(f"p{i},{i % 2},{(i % 7) / 10}\n" for i in range(80))
    single = StoredFile("single.csv", ("patient,label,score\n" + frame).encode())
    assert file_source(first_choice(single).descriptor, single).notes == ()


def test_a_column_that_was_left_out_stays_left_out() -> None:
    rows = "".join(f"p{i // 2},{i % 2},{(i % 7) / 10}\n" for i in range(80))
    stored = StoredFile("pairs.csv", ("patient,label,score\n" + rows).encode())
    chosen = first_choice(stored)
    assert file_source(chosen.descriptor, stored).cohort.clusters()[1] == 40
    none = replace(chosen, columns=replace(chosen.columns, patient=None))
    assert file_source(none.descriptor, stored).cohort.clusters()[1] == 80


@pytest.mark.parametrize("header", ["path,as,age", "path,as_label", "path,smoker"])
def test_labels_of_something_else_are_not_joined(header: str) -> None:
    rows = [",".join(["a.png", "1", "40"][: header.count(",") + 1])]
    labels = StoredFile("labels.csv", "\n".join([header, *rows]).encode())
    with pytest.raises(SourceError, match="a column 'label' or 'mr_label'"):
        join(jsonl(("a.png", 0.4)), labels, "mr")


def test_the_column_of_the_labels_is_named() -> None:
    labels = StoredFile("labels.csv", b"path,as_label,mr_label\na.png,0,1\n")
    found = join(jsonl(("a.png", 0.4)), labels, "mr")
    assert found.frame["label"].tolist() == ["1"]
    assert found.notes == ("Labels are those of column 'mr_label'.",)


def test_the_same_names_in_other_folders_are_other_radiographs() -> None:
    labels = StoredFile("labels.csv", b"path,label\nsiteA/2019/0000.dcm,1\nsiteA/2019/0001.dcm,0\n")
    read = jsonl(("/data/siteB/2021/0000.dcm", 0.4), ("/data/siteB/2021/0001.dcm", 0.2))
    with pytest.raises(SourceError, match="found none in common"):
        join(read, labels, "mr")
    mounted = jsonl(("/mnt/siteA/2019/0000.dcm", 0.4), ("/mnt/siteA/2019/0001.dcm", 0.2))
    found = join(mounted, labels, "mr")
    assert len(found.frame) == 2
    assert "matched by the last 3 parts of their paths" in found.notes[1]
    bare = join(jsonl(("/mnt/x/a.png", 0.4), ("/mnt/x/b.png", 0.2)), LABELS, "mr")
    assert "matched by the file name alone" in bare.notes[1]


def test_calibration_is_looked_at_where_its_cases_were_observed() -> None:
    """A score calibrated at 46% read on cases of whom 11% are ill is calibrated all the same."""
    rng = np.random.default_rng(0)
    truth = rng.random(20_000) < 0.11
    logits = rng.normal(np.where(truth, 1.0, -1.0), np.sqrt(2))
    p = 1 / (1 + np.exp(-(logits + np.log(0.46 / 0.54))))
    source = Source(
        "x", "x", "mr", cohort=Cohort(truth, p), prevalence=truth.mean(),
        calibrated=Calibrated(Platt(1.0, 0.0), 0.46),
    )  # fmt: skip
    found = calibration_data(source)
    assert found["intercept"]["value"] == pytest.approx(0, abs=0.1)
    assert found["slope"]["value"] == pytest.approx(1, abs=0.05)
