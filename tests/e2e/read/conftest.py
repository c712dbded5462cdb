"""The reading page with the shipped weights, and files to drop on it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from cxr_valve import cards
from cxr_valve.phantom.render import simulate
from tests.e2e.read.planted import dicom
from tests.e2e.read.steps import WAIT, Open

if TYPE_CHECKING:
    from playwright.sync_api import Page


ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The shipped weights and no others, or a skip that names what is missing."""
    names = ("mr-demonstration", "as-demonstration")
    missing = [name for name in names if not (cards.shipped_root() / name).is_dir()]
    if missing:
        pytest.skip(f"the shipped weights are not here: {', '.join(missing)}")
    return {cards.ROOT_VARIABLE: str(tmp_path_factory.mktemp("none"))}


@pytest.fixture(scope="session")
def url(serve: Callable[..., str], environment: dict[str, str]) -> str:
    return serve(ROOT / "app.py", environment)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One 2048 × 2048 DICOM in 16 bits, a PNG, a broken file, and thirty small ones."""
    folder = tmp_path_factory.mktemp("files")
    small = simulate(7, 1, side=512).radiograph.pixels
    large = np.asarray(Image.fromarray(small.astype(np.float32)).resize((2048, 2048)))
    content = dicom(np.rint(large * 16).clip(0, 65535).astype(np.uint16))
    (folder / "QUAGGA_kangaroo_1937.dcm").write_bytes(content)
    (folder / "broken_wombat.dcm").write_bytes(content[:3000])
    Image.fromarray((small >> 4).astype(np.uint8)).save(folder / "numbat.png")
    (folder / "many").mkdir()
    for index in range(30):
        shifted = np.roll(small, 3 * index, 1)
        (folder / "many" / f"wombat{index}.dcm").write_bytes(dicom(shifted))
    return folder


@pytest.fixture
def start(url: str, visit: Open) -> Open:
    """Opens the page, ready for a file."""

    def go(**wanted: object) -> "Page":
        page = visit(url, **wanted)
        page.get_by_role("button", name="Case 12", exact=True).wait_for(timeout=WAIT)
        return page

    return go
