"""What cells and paths say of a patient reaches the terminal at most: nothing that is kept."""

from pathlib import Path

import pytest

from cxr_valve.engines.engine import CACHE_VARIABLE
from tests.train.cohort.exports import exam, picture, shot, write_export
from train.__main__ import main
from train.cohort.adapters import read_source
from train.cohort.build import draft
from train.cohort.card import CohortError
from train.cohort.images import look
from train.cohort.rules import CohortRules
from train.cohort.tables import shape_of

NAME = "Frau Anna Meier, siehe Vorbefund"


@pytest.mark.parametrize(
    ("cell", "shape"),
    [
        (NAME, "text of 5 words"),
        ("Meier", "text of 1 word"),
        ("28/03/2018", "'99/99/9999' (digits as 9, letters as a)"),
        ("4 März 18", "'9 aaaa 99' (digits as 9, letters as a)"),
        ("Anna Meier, geb. 3.4.1950 in Bern", "text of 8 words"),
        ("?", "'?'"),
        ("--\x1b", "'--\\x1b'"),
    ],
)
def test_a_cell_is_kept_as_its_shape(cell: str, shape: str) -> None:
    assert shape_of(cell) == shape


def untidy(folder: Path) -> Path:
    """An export with a name in a grade and in a date, and patients' names in the paths."""
    exams = [exam(f"H{at}", mr=("none", "mild")[at % 2]) for at in range(6)]
    exams += [exam("H1", mr=NAME), exam("H2", "am Tag von Herrn Keller")]
    shots = [shot(f"H{at}", f"Meier-{at}.png") for at in range(6)]
    return write_export(folder, shots, exams)


def test_a_cells_text_is_shown_on_the_terminal_and_written_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    folder, out = untidy(tmp_path / "x"), tmp_path / "mr"
    command = ["cohort", "--export", str(folder), "--finding", "mr"]
    for last in (["--dry-run"], ["--out", str(out)]):
        assert main([*command, *last]) == 0
        told = capsys.readouterr().out
        assert f"found '{NAME}'" in told
        assert "found 'am Tag von Herrn Keller'" in told
    kept = (out / "cohort.json").read_text()
    assert "found text of 5 words. The exam counts as one without a grade." in kept
    assert not [word for word in ("Anna", "Vorbefund", "Keller") if word in kept]


def test_what_a_page_gets_holds_no_cells_text(tmp_path: Path) -> None:
    rules = CohortRules(str(untidy(tmp_path / "x")))
    assert "Anna" not in str(draft(read_source(rules), rules).card.to_json())
    lonely = CohortRules(rules.source, window_days=0)
    with pytest.raises(CohortError) as caught:
        draft(read_source(lonely), lonely)
    assert "Anna" not in str(caught.value)


def test_the_index_of_images_lies_with_the_programs_caches_and_holds_no_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    root = tmp_path / "Meier"
    root.mkdir()
    (root / "Anna.png").write_bytes(picture(1))
    first = look(["Anna.png", "Meier.png"], root)
    assert list((tmp_path / "here").iterdir()) == []
    (index,) = (tmp_path / "cache" / "images").iterdir()
    assert not [name for name in ("Anna", "Meier") if name in index.read_text() + index.name]
    seen: list[tuple[int, int]] = []
    again = look(["Anna.png", "Meier.png"], root, progress=lambda *done: seen.append(done))
    assert again.equals(first)
    assert seen == []
    assert again.loc["Meier.png", "reason"] == "no such file"
    look(["Anna.png"], root, cache=Path("near"))
    assert (tmp_path / "here" / "near").is_dir()


def test_an_index_that_cannot_be_kept_costs_time_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("no folder")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "a.png").write_bytes(picture(1))
    assert look(["a.png"], tmp_path).loc["a.png", "reason"] == ""
