"""Only the configured folders, whatever the text says."""

import os
from pathlib import Path

import pytest

from train.roots import FolderError, data_roots, folders_in, inside_roots
from train.runs.root import ROOT_VARIABLE


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two data folders side by side, an export in one, a secret outside."""
    for folder in ("clinic/export/images", "archive", "outside/secret", "runs"):
        (tmp_path / folder).mkdir(parents=True)
    named = os.pathsep.join(str(tmp_path / name) for name in ("clinic", "archive"))
    monkeypatch.setenv("CXR_VALVE_DATA", named)
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "runs"))
    return tmp_path


def test_the_roots_are_those_named_and_the_runs(root: Path) -> None:
    assert list(data_roots()) == ["clinic", "archive", "runs"]


def test_a_folder_is_named_from_its_root_or_from_the_top(root: Path) -> None:
    for text in ("clinic/export", str(root / "clinic" / "export"), " clinic/export/ "):
        found = inside_roots(text)
        assert found.path == root / "clinic" / "export"
        assert found.text == "clinic/export"
    assert inside_roots("clinic").text == "clinic"
    assert folders_in(inside_roots("clinic/export")) == ["images"]


@pytest.mark.parametrize("text", ["clinic/../outside", "..", "clinic/export/../../outside/secret"])
def test_a_way_up_is_refused_by_name(root: Path, text: str) -> None:
    with pytest.raises(FolderError, match=r"found \.\. in"):
        inside_roots(text)


def test_a_folder_outside_is_refused(root: Path) -> None:
    with pytest.raises(FolderError, match="found a folder outside"):
        inside_roots(str(root / "outside"))
    with pytest.raises(FolderError, match="inside the data folders, found 'etc'"):
        inside_roots("etc")


def test_a_link_out_is_refused_and_not_listed(root: Path) -> None:
    (root / "clinic" / "sideways").symlink_to(root / "outside")
    (root / "clinic" / "within").symlink_to(root / "archive")
    with pytest.raises(FolderError, match="found a link that leads out"):
        inside_roots("clinic/sideways")
    with pytest.raises(FolderError, match="found a link that leads out"):
        inside_roots("clinic/sideways/secret")
    assert inside_roots("clinic/within").text == "archive"
    assert folders_in(inside_roots("clinic")) == ["export", "within"]


@pytest.mark.parametrize("text", ["", "  ", "clinic/none", "clinic/\0"])
def test_what_is_no_folder_is_said_so(root: Path, text: str) -> None:
    with pytest.raises(FolderError, match="Expected"):
        inside_roots(text)


def test_a_link_that_leads_to_itself_is_no_folder(root: Path) -> None:
    (root / "clinic" / "loop").symlink_to(root / "clinic" / "loop")
    with pytest.raises(FolderError, match="loop"):
        inside_roots("clinic/loop")


def test_a_folder_whose_name_is_no_text_is_left_out_and_its_neighbours_are_shown(
    root: Path,
) -> None:
    made = os.fsencode(root / "clinic") + b"/M\xfcnchen"
    try:
        os.mkdir(made)  # noqa: PTH102  (a Path holds no such bytes as they are written here)
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    (root / "clinic" / "linked").symlink_to(os.fsdecode(made))
    assert folders_in(inside_roots("clinic")) == ["export"]
    with pytest.raises(
        FolderError, match=r"Expected a folder named in UTF-8, found .*M\\udcfcnchen"
    ):
        inside_roots("clinic/linked")
    with pytest.raises(FolderError, match=r"Expected a folder named in UTF-8"):
        inside_roots(os.fsdecode(made))


def test_a_root_whose_name_is_no_text_is_named_as_far_as_it_is(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_VALVE_DATA", str(root / os.fsdecode(b"M\xfcnchen")))
    assert list(data_roots()) == ["M\ufffdnchen", "runs"]
