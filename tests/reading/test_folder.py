"""A folder is read to its end, in order, whatever is in it."""

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cxr_valve.reading.folder import DECODED, WAITING, find_files, read_files
from cxr_valve.reading.reader import open_reader


def test_files_are_found_in_order_and_hidden_ones_are_not(folder: Path) -> None:
    found = [str(path.relative_to(folder)) for path in find_files([folder])]
    assert found == ["a.png", "broken.png", "large.dcm", "b/case.dcm"]


def test_what_is_named_is_taken_as_it_is(folder: Path) -> None:
    named = [folder / "missing.dcm", folder / ".DS_Store", folder / "b"]
    assert list(find_files(named)) == [*named[:2], folder / "b" / "case.dcm"]


def test_every_file_has_an_outcome_in_order_and_none_stops_the_rest(reader, folder: Path) -> None:
    paths = [folder / "missing.dcm", *find_files([folder]), folder]
    outcomes = list(read_files(reader, paths))
    assert [outcome.path for outcome in outcomes] == paths
    assert [outcome.status for outcome in outcomes] == [
        "error", "read", "refused", "refused", "read", "error",
    ]  # fmt: skip
    for outcome in outcomes:
        read = outcome.status == "read"
        assert (outcome.reading is not None) == read
        assert (outcome.inputs is not None) == read
        assert (outcome.reason is None) == read
        assert outcome.engine == "openvino"
        assert outcome.seconds >= 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.dcm", r"^Expected a readable file, found: No such file or directory\. Check"),
        ("broken.png", r"^Expected a complete image, found .+ cut short"),
        ("large.dcm", r"^Expected a file of at most 100 MB, found 100 MB\."),
    ],
)
def test_a_reason_says_what_to_do_and_names_nobody(reader, folder, name: str, reason: str) -> None:
    [outcome] = read_files(reader, [folder / name])
    assert re.search(reason, outcome.reason)
    assert name not in outcome.reason


@pytest.mark.skipif(os.geteuid() == 0, reason="an administrator may read every file")
def test_a_file_one_may_not_read_is_an_error(reader, folder: Path) -> None:
    (folder / "a.png").chmod(0)
    [outcome] = read_files(reader, [folder / "a.png"])
    assert (outcome.status, outcome.reading) == ("error", None)


def test_a_defect_is_reported_by_its_kind_and_the_batch_goes_on(
    reader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = reader.infer
    calls = iter([True, False])

    def fail_once(inputs: object, **options: object) -> object:
        if next(calls):
            raise ZeroDivisionError("patient Zyxwv")
        return whole(inputs, **options)

    monkeypatch.setattr(reader, "infer", fail_once)
    outcomes = list(read_files(reader, [folder / "a.png", folder / "a.png"]))
    # They are read side by side, so either may have been the first.
    failed, whole = sorted(outcomes, key=lambda outcome: outcome.status)
    assert (failed.status, whole.status) == ("error", "read")
    assert failed.reason == "Unexpected ZeroDivisionError; please report it with the kind of file."


def test_files_are_taken_up_only_as_they_are_needed(reader, folder: Path) -> None:
    taken: list[int] = []

    def paths() -> Iterator[Path]:
        for number in range(20):
            taken.append(number)
            yield folder / "a.png"

    most = reader.engine.at_once + DECODED + WAITING
    outcomes = read_files(reader, paths())
    next(outcomes)
    assert len(taken) == most
    next(outcomes)
    assert len(taken) == most + 1
    outcomes.close()
    assert len(taken) == most + 1


def test_outcomes_keep_the_order_of_the_files_whichever_is_ready_first(
    reader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first file is held up until the second was read."""
    done = threading.Event()
    slow, whole = (folder / "a.png").read_bytes(), reader.inputs

    def inputs(data: bytes) -> object:
        if data == slow:
            assert done.wait(30)
        try:
            return whole(data)
        finally:
            done.set()

    monkeypatch.setattr(reader, "inputs", inputs)
    paths = [folder / "a.png", folder / "b" / "case.dcm"]
    assert [outcome.path for outcome in read_files(reader, paths)] == paths


def test_many_at_once_give_the_numbers_of_one_at_a_time(reader, folder: Path) -> None:
    several = open_reader(at_once=3)
    assert several.engine.at_once == 3
    paths = [folder / "a.png", folder / "b" / "case.dcm"] * 4
    for one, other in zip(read_files(several, paths), read_files(reader, paths), strict=True):
        assert one.reading.findings.keys() == other.reading.findings.keys() != set()
        for key, found in one.reading.findings.items():
            assert found.probability == pytest.approx(
                other.reading.findings[key].probability, abs=1e-6
            )
        assert one.reading.gate.score == pytest.approx(other.reading.gate.score, abs=1e-5)


def test_the_same_file_gives_the_same_numbers(reader, folder: Path) -> None:
    first, second = read_files(reader, [folder / "a.png", folder / "a.png"])
    assert first.reading.findings["as"].score == second.reading.findings["as"].score


@pytest.fixture
def pipe(folder: Path) -> Path:
    """A named pipe between two radiographs, to which nobody writes."""
    pipe = folder / "b" / "a-pipe.dcm"
    os.mkfifo(pipe)
    return pipe


def test_a_pipe_is_refused_without_waiting_for_it(reader, folder: Path, pipe: Path) -> None:
    outcomes = {outcome.path.name: outcome for outcome in read_files(reader, find_files([folder]))}
    assert outcomes["a-pipe.dcm"].status == "refused"
    assert outcomes["a-pipe.dcm"].reason == (
        "Expected a file, found a pipe or device. Name a file that holds the image."
    )
    assert outcomes["case.dcm"].status == "read"


def test_a_device_is_refused(reader) -> None:
    [outcome] = read_files(reader, [Path("/dev/zero")])
    assert "Expected a file, found a pipe or device." in (outcome.reason or "")


def test_no_more_is_read_than_a_file_may_hold(
    reader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that grows after it was looked at."""
    monkeypatch.setattr("cxr_valve.reading.folder.MAX_BYTES", 1000)
    monkeypatch.setattr("cxr_valve.imaging.load.MAX_BYTES", 1000)
    small = os.stat_result((0o100644, 0, 0, 0, 0, 0, 10, 0, 0, 0))
    monkeypatch.setattr(Path, "stat", lambda _: small)
    taken: list[int] = []
    whole = reader.inputs

    def inputs(data: bytes) -> object:
        taken.append(len(data))
        return whole(data)

    monkeypatch.setattr(reader, "inputs", inputs)
    [outcome] = read_files(reader, [folder / "a.png"])
    assert taken == [1001]
    assert (outcome.status, "at most" in (outcome.reason or "")) == ("refused", True)


def test_a_name_that_is_too_long_is_an_error_of_its_own(reader, folder: Path) -> None:
    paths = [Path("x" * 300 + ".png"), folder / "a.png"]
    assert list(find_files(paths)) == paths
    long, good = read_files(reader, find_files(paths))
    assert (long.status, good.status) == ("error", "read")
    assert long.reason == "Expected a readable file, found: File name too long. Check the path."


def test_a_folder_that_cannot_be_listed_is_an_error_that_names_it(
    reader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = os.scandir

    def scandir(path: os.PathLike[str] | str = ".") -> object:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = list(find_files([folder]))
    assert found[-1] == folder / "b"
    *_, outcome = read_files(reader, found)
    assert (outcome.path, outcome.status) == (folder / "b", "error")
    assert outcome.reason == (
        "Expected a readable file, found: a folder that cannot be listed (Permission denied). "
        "Check the path."
    )


def test_a_link_to_a_folder_is_named_and_not_followed(reader, folder: Path) -> None:
    (folder / "circle").symlink_to(folder)
    (folder / ".hidden-link").symlink_to(folder)
    found = [str(path.relative_to(folder)) for path in find_files([folder])]
    assert found == ["a.png", "broken.png", "large.dcm", "circle", "b/case.dcm"]
    [outcome] = read_files(reader, [folder / "circle"])
    assert outcome.status == "refused"
    assert outcome.reason == (
        "Expected a file, found a link to a folder, which is not followed. Name the folder on the "
        "command line."
    )
    # Named, it is a folder like any other.
    assert (folder / "circle" / "b" / "case.dcm") in find_files([folder / "circle"])
