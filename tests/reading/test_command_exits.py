"""What ``read`` does with wrong usage, odd names, closed pipes and a table of its own."""

import contextlib
import csv
import io
import json
import os
import shutil
from pathlib import Path

import pytest

from cxr_valve.__main__ import main
from tests.reading.json_lines import FINDING, GATE, HEART, INPUT, read_json


@pytest.mark.parametrize("arguments", [[], ["read"], ["read", "x", "--engine", "abacus"], ["reed"]])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(arguments)
    assert "usage: python -m cxr_valve" in capsys.readouterr().err


def test_a_folder_without_files_exits_with_2(tmp_path: Path, capsys) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["read", str(tmp_path / "empty")]) == 2
    assert "Expected at least one file, found none" in capsys.readouterr().err


def test_weights_that_cannot_be_used_exit_with_2_and_say_why(
    folder: Path, shipped: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    from cxr_valve import active, cards

    root = tmp_path / "copy"
    shutil.copytree(shipped, root)
    (root / "mr-toy" / "test_resnet.safetensors").write_bytes(b"")
    for module in (cards, active):
        monkeypatch.setattr(module, "shipped_root", lambda: root)
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["read", str(folder)]) == 2
    assert "Cannot read: mr-toy/test_resnet.safetensors: Expected checksum" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_a_place_one_cannot_write_to_exits_with_2(folder, tmp_path, option: str, capsys) -> None:
    target = tmp_path / "nowhere" / "out"
    assert main(["read", str(folder / "a.png"), option, str(target)]) == 2
    assert "Cannot write: [Errno 2] No such file or directory" in capsys.readouterr().err


def test_the_table_has_a_column_for_every_number(folder: Path, tmp_path: Path, capsys) -> None:
    file = tmp_path / "out.csv"
    [*records] = read_json(capsys, folder, "--csv", file)
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    inputs = [f"input.{name}" for name in INPUT]
    numbers = [name for name in FINDING if name not in ("members", "novelty")]
    numbers += ["novelty.percentile", "novelty.words"]
    assert list(rows[0]) == [
        *("path", "status", "reason", "engine", "seconds"),
        *inputs,
        *(f"gate.{name}" for name in GATE),
        *("read_anyway", "changes"),
        *(f"heart.{name}" for name in HEART),
        *(f"findings.mr.{name}" for name in numbers),
        "findings.mr.members.test_resnet",
        *(f"findings.as.{name}" for name in numbers),
        *("findings.as.members.test_resnet", "findings.as.members.test_efficientnet"),
    ]
    assert [row["status"] for row in rows] == ["read", "refused", "refused", "read"]
    assert float(rows[0]["findings.as.score"]) == records[0]["findings"]["as"]["score"]
    assert rows[0]["reason"] == ""
    assert rows[1]["reason"] == records[1]["reason"]
    assert rows[1]["findings.as.score"] == ""


def test_a_first_file_that_is_not_read_takes_no_column_away(folder, tmp_path, capsys) -> None:
    file = tmp_path / "out.csv"
    main(["read", str(folder / "broken.png"), str(folder / "a.png"), "--csv", str(file)])
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[1]["findings.mr.score"] != ""


def test_file_names_that_a_spreadsheet_would_run_are_disarmed(
    folder: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("=HYPERLINK(1).png", "+1.png", "@sum.png"):
        shutil.copy(folder / "a.png", name)
    records = read_json(capsys, "=HYPERLINK(1).png", "+1.png", "@sum.png", "--csv", "out.csv")
    with Path("out.csv").open(newline="") as stream:
        found = [row["path"] for row in csv.DictReader(stream)]
    assert found == ["'=HYPERLINK(1).png", "'+1.png", "'@sum.png"]
    assert records[0]["path"] == "=HYPERLINK(1).png"


@pytest.mark.parametrize("name", [b"[bold]a.png", b"[/red].png", b"caf\xe9.png", b"a\nb.png"])
def test_no_file_name_ends_the_batch(folder: Path, name: bytes, capsys, monkeypatch) -> None:
    # Wide enough that no name is folded.
    monkeypatch.setenv("COLUMNS", "250")
    odd = Path(os.fsdecode(os.path.join(os.fsencode(folder / "b"), name)))  # noqa: PTH118
    odd.parent.mkdir(exist_ok=True)
    shutil.copy(folder / "a.png", odd)
    arguments = ["read", str(folder / "b"), "--csv", str(folder / "out.csv")]
    assert main([*arguments, "--evidence", str(folder / "evidence")]) == 0
    shown = capsys.readouterr().out
    if name.startswith(b"["):
        assert name.decode() in shown
    with (folder / "out.csv").open(newline="", encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 2
    [*lines] = (json.loads(line) for line in _json_of(folder / "b", capsys))
    assert str(odd) in [line["path"] for line in lines]


def _json_of(path: Path, capsys) -> list[str]:
    main(["read", str(path), "--json", "-"])
    return capsys.readouterr().out.splitlines()


def test_a_pipe_that_closes_early_is_no_traceback(folder: Path, monkeypatch, capsys) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("sys.stdout", Closed())
    assert main(["read", str(folder / "a.png"), "--json", "-"]) == 2


ESCAPES = "\x1b]0;owned\x07\x1b[2J\r\u202egnp.png"
ESCAPED = r"\x1b]0;owned\x07\x1b[2J\r\u202egnp.png"


def test_no_file_name_reaches_the_terminal_as_an_order(folder: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    shutil.copy(folder / "a.png", folder / "b" / ESCAPES)
    assert main(["read", str(folder / "b")]) == 0
    shown = capsys.readouterr().out
    assert ESCAPED in shown
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(shown)


def test_nor_does_the_name_of_a_place_one_cannot_write_to(folder, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    target = folder / "nowhere" / ESCAPES
    assert main(["read", str(folder / "a.png"), "--csv", str(target)]) == 2
    shown = capsys.readouterr().err
    assert "Cannot write: [Errno 2]" in shown
    assert not {"\x07", "\r", "\u202e"} & set(shown)
    assert "\x1b]" not in shown


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_an_output_that_lacks_a_character_is_no_traceback(
    folder: Path, encoding: str, monkeypatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    shutil.copy(folder / "a.png", folder / "b" / "żółw.png")
    output, other = (io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2))
    monkeypatch.setattr("sys.stdout", output)
    monkeypatch.setattr("sys.stderr", other)
    assert main(["read", str(folder / "b")]) == 0
    output.flush()
    shown = output.buffer.getvalue().decode(encoding)
    assert "2 of 2 read" in shown
    assert r"\u017c" in shown


def test_a_table_is_shown_of_what_was_read_before_writing_failed(
    folder: Path, capsys, monkeypatch
) -> None:
    from cxr_valve.reading.serialise import CsvRows

    written = CsvRows.write
    calls = iter(range(9))

    def write(self: CsvRows, record: dict) -> None:
        if next(calls) == 1:
            raise OSError(28, "No space left on device")
        written(self, record)

    monkeypatch.setattr(CsvRows, "write", write)
    target = str(folder.parent / "out.csv")
    assert main(["read", str(folder / "a.png"), str(folder / "b"), "--csv", target]) == 2
    shown = capsys.readouterr()
    assert "1 of 1 read" in shown.out
    assert "Cannot write: [Errno 28] No space left on device" in shown.err


def test_a_name_that_is_too_long_is_a_row_and_no_traceback(folder: Path, capsys) -> None:
    records = read_json(capsys, "x" * 300 + ".png", folder / "a.png")
    assert [record["status"] for record in records] == ["error", "read"]
    assert "File name too long" in records[0]["reason"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_standard_output_is_no_traceback(folder: Path, monkeypatch, capsys) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert main(["read", str(folder / "a.png")]) == 2
        assert "Cannot write: [Errno 28] No space left" in capsys.readouterr().err
        # What is left in its buffer would fail again when it is closed.
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            full.close()
