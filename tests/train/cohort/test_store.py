"""A cohort on disk: what is written comes back, and what does not fit is refused by name."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.train.small_cohort import small_cohort
from train.cohort import store
from train.cohort.card import CohortCard, CohortError
from train.cohort.store import CARD_FILE, TABLE_FILE, load_cohort, write_cohort


def change_table(folder: Path, old: str, new: str) -> None:
    file = folder / TABLE_FILE
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_a_cohort_comes_back_as_written(tmp_path: Path) -> None:
    written = small_cohort(tmp_path, patients=10)
    read = load_cohort(written.folder)
    assert read.card == written.card
    assert read.table.equals(written.table)
    assert len(read.split("train")) == 6
    assert read.split("test")["target"].tolist() == [0.0, 1.0]
    assert read.aux == ("aux_la", "aux_lvedd", "aux_wall", "aux_aorta", "aux_carina", "aux_lvef")
    assert all(read.file_of(path).is_file() for path in read.table["path"])
    assert read.structures() is None


def test_a_continuous_target_keeps_its_values(tmp_path: Path) -> None:
    cohort = small_cohort(tmp_path, "lvef", patients=4)
    assert cohort.card.kind == "continuous"
    assert cohort.table["target"].between(12, 80).all()
    assert cohort.table["target"].nunique() == 4


def test_structures_lie_beside_the_table_row_by_row(tmp_path: Path) -> None:
    cohort = small_cohort(tmp_path, patients=4)
    grids = np.arange(4 * 2 * 3 * 3, dtype=np.float16).reshape(4, 2, 3, 3)
    again = write_cohort(cohort.card, cohort.table, cohort.folder, grids)
    np.testing.assert_array_equal(again.structures(), grids)
    np.save(cohort.folder / "structures.npy", grids[:3])
    with pytest.raises(CohortError, match=r"structures.npy: expected 4 rows.*found 3"):
        load_cohort(cohort.folder).structures()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / CARD_FILE).unlink(), r"Expected a cohort folder with cohort.json"),
        (lambda f: (f / TABLE_FILE).unlink(), r"Expected cohort.csv beside cohort.json"),
        (lambda f: (f / CARD_FILE).write_text("{"), r"cohort.json: expected JSON"),
        (lambda f: change_table(f, ",target,", ",label,"), r"found no target"),
        (lambda f: change_table(f, "p00001,train,0", "p00001,train,2"), r"row 2, column 'target'"),
        (lambda f: change_table(f, ",train,", ",training,"), r"row 2, column 'split'"),
        (lambda f: change_table(f, "r000002", "r000001"), r"row 3, column 'image'"),
        (lambda f: change_table(f, "p00010", "p00001"), r"row 2, column 'patient'"),
    ],
)
def test_a_spoilt_cohort_is_refused_by_file_row_and_column(
    tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    folder = small_cohort(tmp_path, patients=10).folder
    spoil(folder)
    with pytest.raises(CohortError, match=message):
        load_cohort(folder)


def test_a_card_with_a_field_that_does_not_fit_names_it(tmp_path: Path) -> None:
    folder = small_cohort(tmp_path, patients=4).folder
    card = json.loads((folder / CARD_FILE).read_text())
    card["splits"]["train"]["images"] = "many"
    (folder / CARD_FILE).write_text(json.dumps(card))
    with pytest.raises(CohortError, match=r"field 'splits.train.images'"):
        load_cohort(folder)


def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path) -> None:
    cohort = small_cohort(tmp_path, patients=4)
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("years of work")
    with pytest.raises(CohortError, match="found 'thesis' with other files"):
        write_cohort(cohort.card, cohort.table, other)
    assert (other / "chapter.txt").read_text() == "years of work"


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="found 'holdout'"):
        small_cohort(tmp_path, patients=4).split("holdout")


def test_a_cohort_written_while_another_one_is_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = small_cohort(tmp_path, patients=4)
    draw = store.flow_svg

    def meanwhile(card: CohortCard) -> str:
        monkeypatch.setattr(store, "flow_svg", draw)
        write_cohort(cohort.card, cohort.table[::-1], cohort.folder)
        return draw(card)

    monkeypatch.setattr(store, "flow_svg", meanwhile)
    again = write_cohort(cohort.card, cohort.table, cohort.folder)
    assert again.checksum == cohort.checksum
    assert sorted(file.name for file in cohort.folder.iterdir()) == [
        "cohort.csv",
        "cohort.json",
        "flow.svg",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort", "images"]


def test_a_cohort_that_could_not_be_written_leaves_the_earlier_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = small_cohort(tmp_path, patients=4)

    def full(_: CohortCard) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "flow_svg", full)
    with pytest.raises(OSError, match="No space left"):
        write_cohort(cohort.card, cohort.table, cohort.folder)
    assert load_cohort(cohort.folder).checksum == cohort.checksum
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort", "images"]
