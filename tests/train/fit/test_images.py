"""Prepared once: what is read again, what is kept, and what is left out, decided by content."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import prepare
from tests.train.small_cohort import small_cohort
from train.cohort.store import StoredCohort
from train.fit import images as module
from train.fit.images import prepare_images
from train.fit.outcomes import Stopped, TrainingError


@pytest.fixture
def cohort(tmp_path: Path) -> StoredCohort:
    return small_cohort(tmp_path, patients=10, side=64)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every decoding from here on, by the bytes decoded."""
    seen: list[bytes] = []

    def counted(data: bytes) -> object:
        seen.append(data)
        return load_radiograph(data)

    monkeypatch.setattr(module, "load_radiograph", counted)
    return seen


def file_of(cohort: StoredCohort, row: int) -> Path:
    return cohort.file_of(cohort.table["path"].iloc[row])


def test_rows_hold_what_reading_would_prepare(cohort: StoredCohort) -> None:
    found = prepare_images(cohort, (64, 75))
    assert {size: one.images.shape for size, one in found.items()} == {
        64: (10, 64, 64),
        75: (10, 75, 75),
    }
    radiograph = load_radiograph(file_of(cohort, 7).read_bytes())
    for size, one in found.items():
        expected = np.rint(prepare(radiograph, size).image * 255)
        np.testing.assert_array_equal(one.images[7], expected)
        assert one.usable.all()
        assert one.problems == {}


def test_nothing_is_decoded_twice_even_for_files_that_were_touched(
    cohort: StoredCohort, reads: list[bytes]
) -> None:
    first = prepare_images(cohort, (64,))[64].images.tobytes()
    assert len(reads) == 10
    os.utime(file_of(cohort, 3))
    assert prepare_images(cohort, (64,))[64].images.tobytes() == first
    assert len(reads) == 10


def test_other_content_is_prepared_again(cohort: StoredCohort, reads: list[bytes]) -> None:
    before = np.array(prepare_images(cohort, (64,))[64].images)
    other = file_of(cohort, 4).read_bytes()
    file_of(cohort, 3).write_bytes(other)
    after = prepare_images(cohort, (64,))[64].images
    assert reads[10:] == [other]
    np.testing.assert_array_equal(after[3], before[4])


def test_a_new_size_reads_files_again_and_leaves_the_other_alone(
    cohort: StoredCohort, reads: list[bytes]
) -> None:
    prepare_images(cohort, (64,))
    found = prepare_images(cohort, (64, 75))
    assert len(reads) == 20
    assert found[75].usable.all()


def test_missing_and_corrupt_files_are_left_out_and_named_by_neutral_id(
    cohort: StoredCohort,
) -> None:
    file_of(cohort, 2).unlink()
    whole = file_of(cohort, 5).read_bytes()
    file_of(cohort, 5).write_bytes(whole[: len(whole) // 2])
    found = prepare_images(cohort, (64,))[64]
    assert np.flatnonzero(~found.usable).tolist() == [2, 5]
    assert found.problems["r000003"] == "the file is missing"
    assert "expected a complete image" in found.problems["r000006"]
    assert not any(str(file_of(cohort, 2)) in text for text in found.problems.values())


def test_a_file_put_back_is_taken_up(cohort: StoredCohort) -> None:
    kept = file_of(cohort, 2).read_bytes()
    file_of(cohort, 2).unlink()
    assert not prepare_images(cohort, (64,))[64].usable[2]
    file_of(cohort, 2).write_bytes(kept)
    assert prepare_images(cohort, (64,))[64].usable.all()


def test_what_vanishes_or_breaks_after_it_was_prepared_stays(cohort: StoredCohort) -> None:
    before = prepare_images(cohort, (64,))[64].images.tobytes()
    file_of(cohort, 2).unlink()
    file_of(cohort, 5).write_bytes(b"no image any more")
    after = prepare_images(cohort, (64,))[64]
    assert after.usable.all()
    assert after.images.tobytes() == before


def test_a_stop_keeps_what_is_done(
    cohort: StoredCohort, reads: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_THREADS", 1)

    def stop_at_six(done: int, total: int) -> None:
        assert total == 10
        if done == 6:
            raise Stopped

    with pytest.raises(Stopped):
        prepare_images(cohort, (64,), stop_at_six)
    done = len(reads)
    assert done < 10
    assert prepare_images(cohort, (64,))[64].usable.all()
    assert len(reads) - done == 4


def test_rows_follow_the_table_not_the_file_of_the_cache(cohort: StoredCohort) -> None:
    before = np.array(prepare_images(cohort, (64,))[64].images)
    turned = replace(cohort, table=cohort.table.iloc[::-1].reset_index(drop=True))
    after = prepare_images(turned, (64,))[64]
    np.testing.assert_array_equal(after.images, before[::-1])


def test_a_line_cut_short_by_a_crash_costs_one_reading(
    cohort: StoredCohort, reads: list[bytes]
) -> None:
    prepare_images(cohort, (64,))
    (index,) = (cohort.folder / "prepared").glob("64-*/index.csv")
    text = index.read_text()
    index.write_text(text[:-30])
    assert prepare_images(cohort, (64,))[64].usable.all()
    assert len(reads) == 11


def test_a_folder_that_cannot_be_written_is_named_as_the_cause(cohort: StoredCohort) -> None:
    (cohort.folder / "prepared").write_text("in the way")
    with pytest.raises(TrainingError, match=r"prepared images in the cohort's folder; found that"):
        prepare_images(cohort, (64,))


def test_a_full_disk_is_named_as_the_cause(
    cohort: StoredCohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(TrainingError, match=r"found that the disk is full\. Make room"):
        prepare_images(cohort, (64,))
    assert not list((cohort.folder / "prepared").glob("*/images.*"))
