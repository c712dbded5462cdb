"""A page with one viewer, or two images in it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.e2e.view.steps import ready

if TYPE_CHECKING:
    from playwright.sync_api import Page


APP = """
from dataclasses import replace
import numpy as np
import streamlit as st
from PIL import Image
from cxr_valve.imaging.prepare import prepare
from cxr_valve.phantom.render import simulate
from cxr_valve.ui.viewer import EvidenceLayer, HeartLayer, ViewerImage, show_viewer, trace_mask
from tests.hand_made import heart

st.set_page_config(layout="wide")
st.session_state.runs = st.session_state.get("runs", 0) + 1


@st.cache_resource
def case(index, columns, rows):
    phantom = simulate(3, index, side=256)
    grey = Image.fromarray(phantom.radiograph.pixels.astype(np.float32))
    pixels = np.asarray(grey.resize((columns, rows))).clip(0, 4095).astype(np.uint16)
    radiograph = replace(phantom.radiograph, pixels=pixels, spacing_mm=(430 / rows, 430 / rows))
    prepared = prepare(radiograph, 64)
    extent = prepared.geometry.input_extent()
    mixed = np.linspace(-3, 3, 64, dtype=np.float32).reshape(8, 8)
    layers = (
        EvidenceLayer("mr", "ResNet50", mixed, extent, 2.2, 0.1),
        EvidenceLayer("as", "consensus", mixed.T.copy(), extent, 2.2, 0.1, outside_share=0.23),
        EvidenceLayer("as", "DenseNet121", -np.abs(mixed), extent, 2.2, 0.1),
    )
    outlines = trace_mask("left ventricle", phantom.masks["lv"], rows=rows, columns=columns)
    return ViewerImage(radiograph, layers, outlines, prepared.image, extent, f"Image {index}")


st.write(f"runs: {st.session_state.runs}")
index = 2 if st.toggle("next") else 1
images = [case(index, 2048, 2048)]
if st.query_params.get("two"):
    images.append(case(5, 900, 1300))
kept = st.session_state.setdefault("kept", {})
if st.query_params.get("heart"):
    for number, image in enumerate(images):
        found = heart(image.radiograph.rows, image.radiograph.columns)
        edit = kept.get(str(number))
        layer = HeartLayer(
            str(number), found.lines, found.outlines,
            edit.lines if edit else None, edit.stamp if edit else 0,
        )
        images[number] = replace(image, heart=layer)


def keep(edit):
    kept[edit.token] = edit


show_viewer(
    images, key="viewer", height=640, finding=st.query_params.get("finding"), on_heart=keep
)
for token, edit in kept.items():
    st.write(f"kept {token}: {round(edit.lines.heart_left[1]) if edit.lines else 'measured'}")
st.button("rerun")
"""


@pytest.fixture(scope="session")
def url(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    script = tmp_path_factory.mktemp("app") / "app.py"
    script.write_text(APP, encoding="utf-8")
    return serve(script)


@pytest.fixture
def viewer(url: str, visit: Callable[..., "Page"]) -> Callable[..., "Page"]:
    def open_ready(query: str = "", **size: int) -> "Page":
        page = visit(f"{url}/?{query}", **size)
        ready(page)
        return page

    return open_ready
