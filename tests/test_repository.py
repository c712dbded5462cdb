"""What is kept under version control: small, safe to load, and pinned."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 50_000_000
#: Formats that run code when they are loaded, whatever is in them.
PICKLES = {".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth"}
REQUIREMENTS = ("requirements.txt", "tests/requirements.txt")


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """Every tracked file that is still there."""
    if not (ROOT / ".git").exists():
        pytest.skip("this copy is no clone: nothing says which files are tracked")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_no_file_is_too_large_to_clone(tracked: list[Path]) -> None:
    sizes = {str(file.relative_to(ROOT)): file.stat().st_size for file in tracked}
    assert {name: size for name, size in sizes.items() if size >= LARGEST} == {}


def test_no_file_is_a_pickle(tracked: list[Path]) -> None:
    assert [file for file in tracked if file.suffix.lower() in PICKLES] == []
    # torch's own files are zip archives that hold a pickle.
    for file in tracked:
        with file.open("rb") as stream:
            start = stream.read(4)
        assert not start.startswith(b"PK\x03\x04"), file
        assert not re.match(rb"\x80[\x02-\x05]", start), file


def test_nothing_that_identifies_a_user_or_a_run_is_tracked(tracked: list[Path]) -> None:
    names = [file.relative_to(ROOT) for file in tracked]
    own = {"runs", "data", "local-weights"}
    assert [name for name in names if name.parts[0] in own] == []
    made = {".venv", ".cache", "__pycache__"}
    assert [name for name in names if made & set(name.parts)] == []
    assert [name for name in names if name.suffix in (".dcm", ".dicom")] == []


def pins(name: str) -> list[str]:
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return [line for line in lines if line]


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_to_one_version(name: str) -> None:
    assert pins(name)
    exact = re.compile(r"^[A-Za-z0-9_.-]+(\[[a-z,]+\])?==\d+(\.\d+)*$")
    assert [line for line in pins(name) if not exact.match(line)] == []


def test_no_requirement_is_given_twice() -> None:
    names = [line.split("==")[0].lower() for name in REQUIREMENTS for line in pins(name)]
    assert sorted(names) == sorted(set(names))
