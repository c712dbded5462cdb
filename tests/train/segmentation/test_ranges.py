"""What the fast engine needs of the anatomy network, measured on images as readings show them."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from cxr_valve import cards
from cxr_valve.anatomy.heart_card import HeartCard
from cxr_valve.engines.engine import CACHE_VARIABLE
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import prepare
from cxr_valve.models.anatomy_network import AnatomyNet
from cxr_valve.models.ranges import read_ranges
from cxr_valve.phantom.render import simulate
from tests.anatomy.conftest import toy_heart_card
from train.segmentation import ranges
from train.segmentation.ranges import LAST, fast_difference, keep_ranges
from train.segmentation.rounds import save_network

NAMES = ("0.png", "1.png")


@pytest.fixture(scope="module")
def network() -> AnatomyNet:
    torch.manual_seed(4)
    made = AnatomyNet().train()
    with torch.no_grad():
        for _ in range(3):
            made(torch.rand(2, 1, 96, 96))
    return made.eval()


@pytest.fixture
def real(tmp_path: Path) -> Path:
    for number, name in enumerate(NAMES):
        Image.fromarray(simulate(3, number, side=160).radiograph.shown()).save(tmp_path / name)
    return tmp_path


@pytest.fixture
def card(network, real, monkeypatch: pytest.MonkeyPatch) -> HeartCard:
    monkeypatch.setenv(CACHE_VARIABLE, str(real / "engines"))
    file = real / "network.safetensors"
    save_network(network, file)
    return replace(toy_heart_card(), sha256=cards.sha256(file), input_size=96, looks=(64, 96))


def test_ranges_hold_for_every_image_at_every_look(card, real, network) -> None:
    kept = keep_ranges(card, real, real, NAMES)
    assert (kept.file, kept.images) == ("ranges.safetensors", 2)
    assert kept.sha256 == cards.sha256(real / kept.file)
    found = read_ranges(real / kept.file, "heart")
    assert found
    assert not any(name.startswith(LAST) for name in found)
    # The decoder's last block is shown what it made itself, at the size of each look.
    name = "network.unet.decoder.blocks.4.conv2.0"
    seen: list[torch.Tensor] = []
    layer = network.unet.decoder.blocks[4].conv2[0]
    hook = layer.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    for file in NAMES:
        image = prepare(load_radiograph((real / file).read_bytes()), 96).image[None, None]
        for side in (64, 96):
            shown = torch.nn.functional.interpolate(
                torch.from_numpy(image), (side, side), mode="bilinear"
            )
            with torch.inference_mode():
                network(shown)
    hook.remove()
    assert found[name][1] == pytest.approx(max(float(one.max()) for one in seen), rel=0.02)


@pytest.mark.parametrize(
    ("ratios", "moved"), [((0.5, 0.51, 0.45, None), [0.01]), ((None, 0.5, None, None), [])]
)
def test_the_fast_engine_is_compared_on_images_where_both_find_a_ratio(
    card, real, monkeypatch: pytest.MonkeyPatch, ratios, moved: list[float]
) -> None:
    left = iter(ratios)

    class Fixed:
        def __init__(self, *_: object) -> None: ...

        def read(self, *_: object) -> object:
            ratio = next(left)
            return None if ratio is None else SimpleNamespace(ctr=ratio)

    monkeypatch.setattr(ranges, "HeartReader", Fixed)
    found = fast_difference(card, real, real, NAMES)
    assert [(one.value, one.n) for one in found.values()] == [(value, 1) for value in moved]
