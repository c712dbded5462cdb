"""The simulated export: real files, the study's period, one heart at a time, same bytes."""

import hashlib
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest

from cxr_valve.findings import AS, MR, is_positive
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.phantom.disease import LA_BY_MR, LVEDD_BY_MR
from train.__main__ import main
from train.simulate.export import export_hospital
from train.simulate.people import END, FRONTAL_VIEW, PROGRESSING, START, sample_person, worsened
from train.simulate.plan import STRUCTURES, ExportPlan
from train.simulate.records import records_of

PLAN = ExportPlan(patients=12, seed=4, side=80, structures=True)


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_hospital(PLAN, tmp_path_factory.mktemp("simulate") / "hospital")


def test_the_same_plan_gives_the_same_bytes_in_any_number_of_processes(
    export: Path, tmp_path: Path
) -> None:
    plan = ExportPlan(patients=20, seed=4, side=80)
    one = export_hospital(plan, tmp_path / "one", processes=1)
    two = export_hospital(plan, tmp_path / "two", processes=2)
    assert bytes_of(one) == bytes_of(two)
    other = export_hospital(ExportPlan(patients=2, seed=5, side=80), tmp_path / "other")
    assert bytes_of(other)["radiographs.csv"] != bytes_of(export)["radiographs.csv"]


def test_an_interrupted_export_continues_and_ends_the_same(export: Path, tmp_path: Path) -> None:
    class Stopped(Exception):  # noqa: N818
        pass

    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise Stopped

    out = tmp_path / "hospital"
    with pytest.raises(Stopped):
        export_hospital(PLAN, out, stop)
    assert not out.exists()
    kept = next((tmp_path / ".hospital.partial" / "images").rglob("*.png"))
    before = kept.stat().st_mtime_ns
    export_hospital(PLAN, out)
    assert bytes_of(out) == bytes_of(export)
    assert (out / kept.relative_to(tmp_path / ".hospital.partial")).stat().st_mtime_ns == before


def test_a_finished_export_is_kept_and_another_plan_refused(export: Path) -> None:
    before = bytes_of(export)
    assert export_hospital(PLAN, export) == export
    with pytest.raises(ValueError, match="found 'hospital' with something else"):
        export_hospital(ExportPlan(patients=3, side=80), export)
    assert bytes_of(export) == before


def test_files_read_as_radiographs_and_dicom_says_what_the_table_says(export: Path) -> None:
    table = pd.read_csv(export / "radiographs.csv", dtype=str, keep_default_na=False)
    plain = table[~table["file"].duplicated(keep=False)]
    kinds = set()
    for row in plain.itertuples():
        file = export / row.file
        if not file.exists():
            continue
        radiograph = load_radiograph(file.read_bytes())
        kinds.add(radiograph.decoding.photometric_interpretation)
        assert (radiograph.rows, radiograph.columns) == (80, 80)
        assert radiograph.pixels.std() > 0
        if file.suffix == ".dcm":
            header = pydicom.dcmread(file, stop_before_pixels=True)
            assert (header.PatientID, header.AccessionNumber) == (row.patient_id, row.accession)
            assert int(header.PatientAge[:-1]) == int(row.age)
            assert header.ImageComments == "Simulated; no patient."
    assert {"MONOCHROME1", "MONOCHROME2"} <= kinds


def test_truth_and_structures_have_a_row_for_each_frontal_file(export: Path) -> None:
    truth = pd.read_csv(export / "truth.csv")
    grids = np.load(export / "structures.npy")
    assert grids.shape == (len(truth), len(STRUCTURES), 20, 20)
    assert truth["file"].is_unique
    assert truth["aux_lvef"].between(12, 80).all()
    assert truth["aux_ctr"].between(0.3, 0.8).all()
    # The left atrium's grid holds more tissue where its true diameter is larger.
    mass = grids[:, STRUCTURES.index("la")].astype(float).sum(axis=(1, 2))
    assert np.corrcoef(mass, truth["aux_la"])[0, 1] > 0.9


def test_people_live_in_the_period_and_keep_their_heart_between_near_dates() -> None:
    people = [sample_person(11, number) for number in range(600)]
    dates = [x.when for person in people for x in (*person.exams, *person.shots)]
    assert min(dates) >= START
    assert max(dates) <= END + timedelta(minutes=1)
    changed = 0
    for person in people:
        hearts = [shot.heart for shot in person.shots]
        changed += len({heart.mr for heart in hearts} | {heart.as_ for heart in hearts}) > 2
        assert len(set(map(id, hearts))) <= 2
    assert changed <= 600 * PROGRESSING


def test_prevalences_and_numbers_are_about_the_studys() -> None:
    people = [sample_person(3, number) for number in range(2000)]
    exams = [exam for person in people for exam in person.exams]
    mr = [is_positive(MR, exam.mr) for exam in exams if exam.mr]
    as_ = [is_positive(AS, exam.as_) for exam in exams if exam.as_]
    assert np.mean(mr) == pytest.approx(0.44, abs=0.04)
    assert np.mean(as_) == pytest.approx(0.095, abs=0.02)
    frontal = [shot for person in people for shot in person.shots if shot.view == FRONTAL_VIEW]
    assert len(frontal) / len(people) == pytest.approx(1.86, abs=0.08)
    assert np.mean([exam.mr is None for exam in exams]) == pytest.approx(0.04, abs=0.015)


def test_a_worse_grade_moves_the_measurements_as_the_phantom_does() -> None:
    person = next(
        found
        for found in (sample_person(11, number) for number in range(400))
        if found.shots[0].heart.mr == "moderate"
    )
    before = person.shots[0].heart
    after = worsened(before)
    assert after.mr == "severe"
    assert after.measurements.la - before.measurements.la == pytest.approx(
        LA_BY_MR["severe"] - LA_BY_MR["moderate"]
    )
    assert after.measurements.lvedd - before.measurements.lvedd == pytest.approx(
        LVEDD_BY_MR["severe"] - LVEDD_BY_MR["moderate"]
    )
    assert after.measurements.lvef <= before.measurements.lvef
    assert after.age == before.age


def test_the_disorder_that_is_promised_is_there() -> None:
    found = [records_of(8, number, 1500, 0.4) for number in range(1500)]
    rows = pd.DataFrame([row for records in found for row in records.radiographs])
    fates = [picture.fate for records in found for picture in records.pictures]
    assert {"whole", "absent", "cut"} == set(fates)
    assert rows.duplicated().any()
    assert rows["taken"].str.contains("unknown").any()
    assert rows["taken"].str.fullmatch(r"\d{4}-\d{2}").any()
    assert rows["taken"].str.contains(r"\+0[12]:00").any()
    assert rows["file"].str.contains("X").any()
    assert rows.loc[rows["file"].str.contains("X"), "patient_id"].notna().all()


def test_the_command_writes_and_says_that_it_is_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hospital"
    assert main(["simulate", "--patients", "2", "--side", "80", str(out)]) == 0
    assert "2 simulated patients" in capsys.readouterr().out
    assert "SIMULATED" in (out / "README.txt").read_text()
    assert main(["simulate", "--patients", "2", "--side", "90", str(tmp_path / "b")]) == 1
    assert "multiple of 20 px and at least 80; found 90" in capsys.readouterr().err
    (tmp_path / "file").write_text("no folder")
    assert main(["simulate", "--patients", "2", "--side", "80", str(tmp_path / "file" / "b")]) == 1
    assert (
        "expected a folder that can be written, found: Not a directory" in capsys.readouterr().err
    )


def test_a_file_says_how_it_was_taken_and_how_large_its_pixels_are(export: Path) -> None:
    rows = pd.read_csv(export / "radiographs.csv", dtype=str, keep_default_na=False)
    for row in rows[rows["file"].str.endswith(".dcm")].itertuples():
        file = export / row.file
        if not file.exists():
            continue
        try:
            radiograph = load_radiograph(file.read_bytes())
        except ValueError:
            continue  # cut short, as some are
        assert radiograph.spacing_mm is not None
        # From a narrow to a wide field over 80 pixels.
        assert 300 / 80 <= radiograph.spacing_mm[0] <= 430 / 80
        stated = row.view.upper()[:2]
        assert stated in ("", radiograph.view or "", "LL", "LA")
