"""Converted and compiled networks are kept, found again, and made anew where they must be."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cxr_valve.engines.engine import CACHE_VARIABLE, cache_folder, open_engine
from cxr_valve.engines.openvino_engine import VERSION
from tests.engines.processor import HAS_BF16


def smallest() -> Any:
    """One convolution that answers as a network does."""
    import torch

    class Smallest(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Conv2d(1, 1, 32, stride=32)

        def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            maps = self.layer(image)[:, 0]
            return maps.mean(dim=(1, 2)), maps

    return Smallest().eval()


@pytest.fixture
def counted(make_source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A source in an empty cache, and how often its network was built."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    built: list[str] = []

    def make(**changes: Any) -> Any:
        def build() -> Any:
            built.append("built")
            return smallest()

        return replace(make_source(), build=build, **changes), built

    return make


def test_a_network_is_converted_once_and_kept_under_its_checksum(counted, images) -> None:
    source, built = counted()
    first = open_engine("openvino").open(source)(images[:1])
    assert built == ["built"]
    kept = sorted(file.name for file in cache_folder().iterdir() if file.is_file())
    stem = f"{'a' * 24}-96-{VERSION}"
    assert kept == [f"{stem}.bin", f"{stem}.xml"]
    second = open_engine("openvino").open(source)(images[:1])
    assert built == ["built"]
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def compiled(network: str = "") -> dict[str, bytes]:
    """What was kept of compiled networks, by place: the folder's name and the file's."""
    kept = (cache_folder() / "compiled").glob(f"{network}*/*.blob")
    return {f"{file.parent.name}/{file.name}": file.read_bytes() for file in kept}


def test_a_compiled_network_is_kept_by_checksum_release_and_precision(counted) -> None:
    source, _ = counted()
    for engine in ("openvino", "openvino-fast"):
        open_engine(engine).open(source)
    stem = f"{'a' * 24}-96-{VERSION}"
    expected = {f"{stem}-f32", *([f"{stem}-bf16"] if HAS_BF16 else [])}
    assert {place.split("/")[0] for place in compiled()} == expected
    before = compiled()
    open_engine("openvino").open(source)
    assert compiled() == before
    open_engine("openvino").open(replace(source, checksum="b" * 64))
    assert len(compiled()) == len(before) + 1
    assert len(compiled("b" * 24)) == 1


@pytest.mark.parametrize("damage", ["empty", "cut", "changed"])
def test_a_damaged_compiled_network_is_compiled_anew(counted, images, damage: str) -> None:
    source, _ = counted()
    first = open_engine("openvino").open(source)(images[:1])
    ((place, good),) = compiled().items()
    middle = len(good) // 2
    changed = good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :]
    file = cache_folder() / "compiled" / place
    file.chmod(0o600)
    damaged = {"empty": b"", "cut": good[:middle], "changed": changed}[damage]
    file.write_bytes(damaged)
    second = open_engine("openvino").open(source)(images[:1])
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    # Written anew, if not with the same bytes: some of them differ from time to time.
    assert compiled()[place] != damaged
    assert len(compiled()[place]) == len(good)


def test_a_cache_that_takes_no_compiled_network_costs_no_reading(counted, images) -> None:
    source, _ = counted()
    first = open_engine("openvino").open(source)(images[:1])
    folder = cache_folder() / "compiled"
    shutil.rmtree(folder)
    folder.write_text("a file where the folder should be")
    second = open_engine("openvino").open(source)(images[:1])
    np.testing.assert_array_equal(first[0], second[0])


def test_other_weights_or_another_size_are_converted_anew(counted) -> None:
    source, built = counted()
    engine = open_engine("openvino")
    engine.open(source)
    engine.open(replace(source, checksum="b" * 64))
    engine.open(replace(source, input_size=128))
    assert len(built) == 3


def test_a_conversion_that_fails_leaves_nothing_behind(counted) -> None:
    source, _ = counted()

    def fail() -> Any:
        raise RuntimeError("no such tensors")

    with pytest.raises(RuntimeError, match="no such tensors"):
        open_engine("openvino").open(replace(source, build=fail))
    assert not cache_folder().exists() or not list(cache_folder().iterdir())
    open_engine("openvino").open(source)


def test_two_threads_may_convert_the_same_network(counted, images) -> None:
    source, built = counted()
    with ThreadPoolExecutor(2) as pool:
        opened = list(pool.map(lambda _: open_engine("openvino").open(source), range(2)))
    first, second = (run(images[:1])[0] for run in opened)
    np.testing.assert_array_equal(first, second)
    assert built == ["built"]
    assert len([file for file in cache_folder().iterdir() if file.is_file()]) == 2


def test_converted_networks_are_kept_beside_the_program_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(CACHE_VARIABLE)
    root = Path(__file__).resolve().parents[2]
    assert cache_folder() == root / ".cache" / "engines"
