"""Each public kind of export from a tiny one written here, down to labels and splits."""

from pathlib import Path

import pandas as pd
import pytest

from tests.train.cohort.exports import dicom, exam, picture, shot, write_csv, write_export
from train.cohort.adapters import ADAPTERS, read_source, recognise
from train.cohort.build import build, draft
from train.cohort.card import CohortError
from train.cohort.rules import CohortRules


def test_every_adapter_documents_its_files_and_is_recognised_by_them(tmp_path: Path) -> None:
    for key, adapter in ADAPTERS.items():
        assert adapter.note
        assert adapter.files
        folder = tmp_path / key
        for name in adapter.marks[0]:
            write_csv(folder / name, "a,b", "1,2")
        assert key in recognise(folder)
    assert recognise(tmp_path) == []
    with pytest.raises(CohortError, match="adapter: expected one of csv, dicom, nervus"):
        read_source(CohortRules(str(tmp_path), adapter="excel"))
    with pytest.raises(CohortError, match="source: expected a folder; found none at 'nowhere'"):
        read_source(CohortRules(str(tmp_path / "nowhere")))


# ------------------------------------------------------------------------------- DICOM folder


def test_a_dicom_folder_lists_itself_from_its_headers(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "x", [], [exam(f"H{at}") for at in range(4)])
    (folder / "radiographs.csv").unlink()
    for at in range(4):
        (folder / "scans" / f"{at}").mkdir(parents=True)
        (folder / "scans" / f"{at}" / "IM0001").write_bytes(dicom(at, f"H{at}"))
    (folder / "scans" / "side.dcm").write_bytes(dicom(9, "H1", "LATERAL"))
    (folder / "scans" / "notes.txt").write_text("not an image")
    source = read_source(CohortRules(str(folder), adapter="dicom", images="scans"))
    rows = source.radiographs.set_index("path").loc["0/IM0001"]
    assert (rows["patient"], rows["view"], rows["sex"], rows["age"]) == ("H0", "PA", "F", 63)
    assert rows["taken"] == pd.Timestamp("2018-03-04")
    assert any("other files" in problem.sentence() for problem in source.problems)
    made = draft(source, CohortRules(str(folder), adapter="dicom", images="scans"))
    flow = {step.step: step.images for step in made.card.flow}
    assert (flow["listed"], flow["lateral"], flow["kept"]) == (5, 1, 4)


def test_a_folder_without_dicom_is_refused(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "x", [shot("H1", "a.png")], [exam("H1")])
    with pytest.raises(CohortError, match="Expected DICOM radiographs in 'x', found none among 3"):
        read_source(CohortRules(str(folder), adapter="dicom"))


# ------------------------------------------------------------------------------------- Nervus


@pytest.mark.parametrize(
    "header", ["uniqID,imgpath,label_MR,split", "id_uniq,filepath,output_MR,split"]
)
def test_a_nervus_key_keeps_its_labels_and_its_split(tmp_path: Path, header: str) -> None:
    rows = [
        f"{at},{at}.png,{at % 2},{split}"
        for at, split in enumerate(("train", "train", "val", "val", "test", "test"))
    ]
    write_csv(tmp_path / "x" / "key.csv", header, *rows)
    for at in range(6):
        (tmp_path / "x" / f"{at}.png").write_bytes(picture(at))
    rules = CohortRules(str(tmp_path / "x"), adapter="nervus", split="given")
    cohort = build(rules, tmp_path / "out", cache=None, processes=1)
    assert cohort.table.sort_values("path")["split"].tolist() == [
        "train", "train", "validation", "validation", "test", "test",
    ]  # fmt: skip
    assert cohort.table.sort_values("path")["target"].tolist() == [0, 1, 0, 1, 0, 1]
    assert "each image counts as a patient" in cohort.card.note
    assert cohort.card.window_days is None
    assert "no_exam" not in [step.step for step in cohort.card.flow]


def test_a_nervus_key_that_leaks_is_refused(tmp_path: Path) -> None:
    rows = [f"{at},a.png,{at % 2},{s},H1" for at, s in enumerate(("train", "val", "test"))]
    write_csv(tmp_path / "x" / "key.csv", "uniqID,imgpath,label_MR,split,patient", *rows)
    source = read_source(CohortRules(str(tmp_path / "x"), adapter="nervus"))
    with pytest.raises(CohortError, match="each patient in one split; found 1 patients in two"):
        draft(source, CohortRules(str(tmp_path / "x"), adapter="nervus", split="given"))


def test_a_nervus_key_without_the_label_says_which_it_has(tmp_path: Path) -> None:
    write_csv(tmp_path / "key.csv", "uniqID,imgpath,label_a,label_b,split", "1,a.png,0,1,train")
    with pytest.raises(CohortError, match=r"expected a column label_mr .*found label_a, label_b"):
        read_source(CohortRules(str(tmp_path), adapter="nervus"))


# --------------------------------------------------------------------------------- CheXchoNet


CHEXCHONET = (
    "patient_id,cxr_filename,cxr_time_offset,cxr_year,cxr_path,cxr_pixel_spacing_x,"
    "cxr_pixel_spacing_y,age,sex,ivsd,lvpwd,lvidd,slvh,dlv,composite_slvh_dlv,heart_transplant,"
    "lung_transplant,pacemaker_or_icd"
)


def test_chexchonet_uses_its_own_labels_and_says_what_it_is(tmp_path: Path) -> None:
    rows = [
        f"{at // 2},{at}.jpg,{at},2015,,0.14,0.14,6{at},{'Male' if at % 2 else 'Female'},"
        f"1.1,1.0,4.8,{int(at > 5)},0,{int(at > 5)},0,0,0"
        for at in range(8)
    ]
    write_csv(tmp_path / "metadata.csv", CHEXCHONET, *rows)
    (tmp_path / "images").mkdir()
    rules = CohortRules(str(tmp_path), adapter="chexchonet", finding="slvh")
    source = read_source(rules)
    made = draft(source, rules)
    assert source.radiographs["path"].iloc[0] == "images/0.jpg"
    assert source.radiographs["sex"].tolist()[:2] == ["F", "M"]
    assert made.table["target"].sum() == 2
    assert set(made.table["grade"]) == {"absent", "present"}
    assert made.table["patient"].nunique() == 4
    for said in ("within a year", "CLAHE", "cut-offs"):
        assert said in made.card.note
    with pytest.raises(CohortError, match="CheXchoNet labels slvh, dlv, composite_slvh_dlv"):
        read_source(CohortRules(str(tmp_path), adapter="chexchonet", finding="mr"))
