"""Where no radiograph stays, everything that may explain it is said."""

from pathlib import Path

import pytest

from tests.train.cohort.exports import exam, made, picture, shot, write_export
from train.__main__ import main
from train.cohort.build import build
from train.cohort.card import CohortError
from train.cohort.rules import CohortRules


def test_unreadable_dates_are_told_where_they_leave_no_pair(tmp_path: Path) -> None:
    exams = [exam(f"H{at}", "spring") for at in range(4)]
    shots = [shot(f"H{at}", f"{at}.png") for at in range(4)]
    folder = write_export(tmp_path / "x", shots, exams)
    with pytest.raises(CohortError) as caught:
        made(folder)
    assert str(caught.value).startswith(
        "Expected at least one radiograph to stay, found none: 4 of 4 left at “No echo exam within "
        "±30 days”. If exams should match, compare how both tables write patient ids and dates"
    )
    assert (
        "\nechoes.csv, row 2, column 'date': expected a day such as 2018-03-04, found text of "
        "1 word (and 3 more). The row takes no part in pairing by date."
    ) in str(caught.value)
    assert "found 'spring' (and 3 more)" in caught.value.spelled


def test_the_terminal_shows_the_cell_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_export(tmp_path / "x", [shot("H1", "a.png")], [exam("H1", "spring")])
    assert main(["cohort", "--export", str(folder), "--finding", "mr", "--dry-run"]) == 1
    assert "row 2, column 'date': expected a day such as 2018-03-04, found 'spring'" in (
        capsys.readouterr().err
    )


def test_images_behind_a_link_are_told_with_the_option_that_follows_it(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    (archive / "images").mkdir(parents=True)
    for at in range(6):
        (archive / "images" / f"{at}.png").write_bytes(picture(at))
    shots = [shot(f"H{at}", f"images/{at}.png") for at in range(6)]
    exams = [exam(f"H{at}", mr=("none", "mild")[at % 2]) for at in range(6)]
    folder = write_export(tmp_path / "x", shots, exams, {})
    (folder / "images").symlink_to(archive / "images")
    assert len(made(folder)) == 6
    with pytest.raises(CohortError) as caught:
        build(CohortRules(str(folder)), tmp_path / "out", cache=None, processes=1)
    said = str(caught.value)
    assert "6 of 6 left at “Unreadable or missing image”" in said
    assert "What makes images unusable: outside the folder of the images (6)." in said
    assert "name that link with --images" in said
    # What it advises works.
    (folder / "archive").symlink_to(archive)
    rules = CohortRules(str(folder), images="archive")
    assert len(build(rules, tmp_path / "out", cache=None, processes=1).table) == 6


def test_images_that_are_not_there_are_told_with_where_they_were_sought(tmp_path: Path) -> None:
    shots = [shot(f"H{at}", f"{at}.png") for at in range(3)]
    folder = write_export(tmp_path / "x", shots, [exam(f"H{at}") for at in range(3)], {})
    (folder / "0.png").write_text("a letter")
    with pytest.raises(CohortError) as caught:
        build(CohortRules(str(folder)), tmp_path / "out", cache=None, processes=1)
    said = str(caught.value)
    assert "What makes images unusable: no such file (2), a text file (1)." in said
    assert "--images names the folder that the paths of the table start from" in said


def test_too_few_patients_are_explained_as_well(tmp_path: Path) -> None:
    exams = [exam("H0"), *(exam(f"H{at}", "spring") for at in range(1, 5))]
    shots = [shot(f"H{at}", f"{at}.png") for at in range(5)]
    folder = write_export(tmp_path / "x", shots, exams)
    with pytest.raises(CohortError, match=r"at least three patients(.|\n)*row 3, column 'date'"):
        made(folder)
