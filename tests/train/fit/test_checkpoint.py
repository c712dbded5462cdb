"""A checkpoint is whole or the one before; nothing else is gone on from."""

from pathlib import Path

import pytest
import torch

from train.fit.checkpoint import Position, load_checkpoint, save_checkpoint
from train.fit.outcomes import TrainingError

IDENTITY = {"network": "n", "recipe": {"epochs": 3, "networks": ["n"]}, "cohort": "c"}


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "new" / "last.ckpt"
    position = Position(2, 5, 1.25, 60.0, 0.7, 1)
    save_checkpoint(file, IDENTITY, position, {"weight": torch.arange(3)})
    found = load_checkpoint(file, IDENTITY)
    assert found is not None
    assert found[0] == position
    assert found[1]["weight"].tolist() == [0, 1, 2]
    assert [item.name for item in file.parent.iterdir()] == ["last.ckpt"]


def test_no_checkpoint_is_no_error(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "last.ckpt", IDENTITY) is None


def test_a_checkpoint_of_something_else_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "last.ckpt"
    save_checkpoint(file, IDENTITY, Position(), {})
    other = IDENTITY | {"cohort": "d", "recipe": {"epochs": 4, "networks": ["n"]}}
    with pytest.raises(TrainingError, match=r"made with another cohort, recipe\. Start a new run"):
        load_checkpoint(file, other)


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    file = tmp_path / "last.ckpt"
    save_checkpoint(file, IDENTITY, Position(), {"weight": torch.zeros(1000)})
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(TrainingError, match=r"last\.ckpt: expected a whole checkpoint; found a "):
        load_checkpoint(file, IDENTITY)


def test_code_in_a_checkpoint_is_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "sprung",))  # type: ignore[return-value]

    file = tmp_path / "last.ckpt"
    torch.save({"identity": IDENTITY, "position": {}, "state": Trap()}, file)
    with pytest.raises(TrainingError, match="damaged"):
        load_checkpoint(file, IDENTITY)
    assert not (tmp_path / "sprung").exists()


def test_a_full_disk_is_named_and_leaves_the_old_checkpoint_and_nothing_beside_it(
    tmp_path: Path,
) -> None:
    file = tmp_path / "last.ckpt"
    save_checkpoint(file, IDENTITY, Position(1), {})
    # Every write to this device finds it full.
    file.with_suffix(".partial").symlink_to("/dev/full")
    with pytest.raises(TrainingError, match=r"found that the disk is full\. .* after epoch 2\."):
        save_checkpoint(file, IDENTITY, Position(2), {"weight": torch.zeros(100_000)})
    found = load_checkpoint(file, IDENTITY)
    assert found is not None
    assert found[0].epoch == 1
    assert [item.name for item in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "members").write_text("in the way")
    with pytest.raises(TrainingError, match=r"found that (not a directory|file exists)"):
        save_checkpoint(tmp_path / "members" / "last.ckpt", IDENTITY, Position(), {})
