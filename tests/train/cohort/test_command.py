"""Which adapter reads an export, and options that fit no table of it."""

from pathlib import Path

import pytest

from tests.train.cohort.exports import dicom, exam, shot, write_csv, write_export
from train.__main__ import main
from train.cohort.adapters import ADAPTERS, known_columns, read_source
from train.cohort.card import CohortError
from train.cohort.rules import CohortRules


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Eight DICOM files with echoes.csv beside them, and a list of the first four."""
    folder = tmp_path / "x"
    (folder / "scans").mkdir(parents=True)
    for at in range(8):
        (folder / "scans" / f"{at}.dcm").write_bytes(dicom(at, f"H{at}"))
    rows = [f"H{at},2018-03-05,{('none', 'mild')[at % 2]}" for at in range(8)]
    write_csv(folder / "echoes.csv", "patient,date,mr", *rows)
    listed = [f"H{at},scans/{at}.dcm,2018-03-04" for at in range(4)]
    write_csv(folder / "my_list.csv", "patient,file,taken", *listed)
    return folder


def dry(folder: Path, *options: str) -> int:
    return main(["cohort", "--export", str(folder), "--finding", "mr", "--dry-run", *options])


def listed(capsys: pytest.CaptureFixture[str]) -> str:
    """The flow's first line."""
    return next(
        line for line in capsys.readouterr().out.splitlines() if line.startswith("Radiographs list")
    )


def test_a_list_of_radiographs_is_taken_even_beside_dicom_files(
    scans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dry(scans) == 0
    assert "8 radiographs" in listed(capsys)
    assert dry(scans, "--radiographs", "my_list.csv") == 0
    assert "4 radiographs" in listed(capsys)


def test_dicom_files_need_no_list_where_the_echoes_are_named_otherwise(
    scans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scans / "echoes.csv").rename(scans / "other.csv")
    assert dry(scans, "--echoes", "other.csv") == 0
    assert "8 radiographs" in listed(capsys)
    (scans / "my_list.csv").rename(scans / "radiographs.csv")
    assert dry(scans, "--echoes", "other.csv") == 0
    assert "4 radiographs" in listed(capsys)


def test_both_tables_named_otherwise_are_hospital_tables(
    scans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scans / "echoes.csv").rename(scans / "other.csv")
    assert dry(scans, "--radiographs", "my_list.csv", "--echoes", "other.csv") == 0
    assert "4 radiographs" in listed(capsys)


def test_the_usual_table_never_stands_in_for_one_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_export(tmp_path / "x", [shot("H1", "a.png")], [exam("H1")])
    assert dry(folder, "--radiographs", "my_lsit.csv") == 1
    assert "Expected my_lsit.csv in 'x', found none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("adapter", "rule", "message"),
    [
        ("dicom", {"radiographs": "my_list.csv"}, "radiographs: expected none, since .*dicom.*csv"),
        ("dicom", {"truth": "truth.csv"}, "truth: expected none, since .*dicom.*csv"),
        ("nervus", {"echoes": "other.csv"}, "echoes: expected none, since .*nervus.*csv or dicom"),
    ],
)
def test_a_table_that_an_adapter_does_not_read_is_refused(
    scans: Path, adapter: str, rule: dict, message: str
) -> None:
    with pytest.raises(CohortError, match=message):
        read_source(CohortRules(str(scans), adapter=adapter, **rule))


# ------------------------------------------------------------------------------------ columns


@pytest.mark.parametrize(
    "column", ["radiographs.date=examdate", "echo.mr=NOPE", "radiograph.taken=d", "echoes.MR=mr"]
)
def test_a_role_that_no_table_has_is_refused_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], column: str
) -> None:
    folder = write_export(tmp_path / "x", [shot("H1", "a.png")], [exam("H1")])
    assert dry(folder, "--column", column) == 1
    said = capsys.readouterr().err
    assert f"found {column.split('=')[0]!r}" in said
    assert "radiographs.taken" in said
    assert "echoes.prosthesis_mr" in said


def test_roles_of_another_adapter_are_refused(scans: Path) -> None:
    for adapter, role, known in (
        ("dicom", "radiographs.taken", "echoes.patient, echoes.date"),
        ("nervus", "echoes.mr", "key.id, key.file"),
        ("chexchonet", "key.label", "metadata.patient"),
        ("mimic", "metadata.viewposition", "metadata.ViewPosition"),
    ):
        rules = CohortRules(str(scans), adapter, "slvh", columns={role: "x"})
        with pytest.raises(CohortError, match=f"column: expected .*{known}.*; found {role!r}"):
            read_source(rules)


def test_a_column_that_the_table_does_not_have_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_export(tmp_path / "x", [shot("H1", "a.png")], [exam("H1")])
    assert dry(folder, "--column", "echoes.lvef=EF") == 1
    assert "echoes.csv, row 1: expected the column 'EF' for lvef" in capsys.readouterr().err


def test_a_role_named_twice_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_export(tmp_path / "x", [shot("H1", "a.png")], [exam("H1")])
    assert dry(folder, "--column", "echoes.mr=mr", "--column", "echoes.mr=date") == 1
    assert "column: expected echoes.mr once; found 'mr' and 'date'" in capsys.readouterr().err


def test_the_help_lists_every_role_of_every_adapter(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["cohort", "--help"])
    told = capsys.readouterr().out
    for key in ADAPTERS:
        for name in known_columns(key):
            table, role = name.split(".")
            lines = [line for line in told.splitlines() if line.startswith(f"  {table}. ")]
            assert any(role in line.replace(",", "").split() for line in lines), name
    assert "CXR_VALVE_CACHE" in told


# ------------------------------------------------------------------------------------- ratios


@pytest.mark.parametrize("ratios", ["nan:1:1", "inf:1:1", "1e308:1e308:1e308"])
def test_ratios_are_finite(tmp_path: Path, capsys: pytest.CaptureFixture[str], ratios: str) -> None:
    folder = write_export(tmp_path / "x", [shot("H1", "a.png")], [exam("H1")])
    assert dry(folder, "--ratios", ratios) == 1
    assert "ratios: expected three shares above 0, such as 8, 1, 1" in capsys.readouterr().err
