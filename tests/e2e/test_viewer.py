"""The viewer in a real browser: everything a hand does, without a server round trip."""

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

pytestmark = pytest.mark.browser

SIDE = 2048
#: Sent for one image: two bytes a pixel and the digest.
PIXEL_BYTES = 2 * SIDE * SIDE + 32

APP = """
from dataclasses import replace
import numpy as np
import streamlit as st
from PIL import Image
from cxr_valve.imaging.prepare import prepare
from cxr_valve.phantom.render import simulate
from cxr_valve.ui.viewer import EvidenceLayer, ViewerImage, show_viewer, trace_mask

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
show_viewer(images, key="viewer", height=640, finding=st.query_params.get("finding"))
st.button("rerun")
"""


@pytest.fixture(scope="module")
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


def ready(page: "Page") -> None:
    page.locator('.viewer[data-ready="true"]').wait_for(timeout=30_000)
    settle(page)


def settle(page: "Page") -> None:
    """Wait until what was asked for has been drawn."""
    page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
    page.wait_for_timeout(250)


def state(page: "Page") -> dict[str, str]:
    return page.locator(".viewer").evaluate("root => ({...root.dataset})")


def window(page: "Page", pane: int = 0) -> tuple[float, float]:
    figure = page.locator(".pane").nth(pane)
    low = figure.get_attribute("data-window-low")
    return float(low or "nan"), float(figure.get_attribute("data-window-high") or "nan")


def pixels(page: "Page", pane: int = 0) -> str:
    drawn = page.locator("canvas").nth(pane).evaluate("canvas => canvas.toDataURL()")
    return hashlib.sha256(drawn.encode()).hexdigest()


def runs(page: "Page") -> int:
    return int(re.findall(r"\d+", page.get_by_text(re.compile(r"^runs: \d+$")).inner_text())[0])


def middle(page: "Page", pane: int = 0) -> tuple[float, float]:
    box = page.locator("canvas").nth(pane).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: "Page", across: float, down: float, pane: int = 0) -> None:
    x, y = middle(page, pane)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y + down, steps=4)
    page.mouse.up()
    settle(page)


def press(page: "Page", *keys: str) -> None:
    page.locator("canvas").first.focus()
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def test_opens_showing_the_evidence_asked_for(
    viewer: Callable[..., "Page"], console_errors: list[str]
) -> None:
    page = viewer("finding=as")
    shown = state(page)
    assert shown["layer"] == "as/consensus"
    assert (shown["windowLow"], shown["windowHigh"]) == ("0.00", "4095.00")
    assert page.get_by_text("23% of the evidence lies outside the body or image").is_visible()
    assert page.get_by_text("Image 1 · PA").is_visible()
    assert not console_errors


def test_dragging_windows_the_image_without_a_rerun(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    before, drawn, low_high = runs(page), pixels(page), window(page)
    drag(page, 120, 0)
    low, high = window(page)
    # 120 of 600 CSS pixels to the right: a fifth of the range wider, about the same centre.
    assert high - low == pytest.approx(4095 * 1.2, rel=0.02)
    assert (low + high) / 2 == pytest.approx(sum(low_high) / 2, abs=2)
    drag(page, 0, -60)
    assert sum(window(page)) < low + high
    assert pixels(page) != drawn
    assert runs(page) == before
    press(page, "x")
    assert window(page) == low_high
    assert pixels(page) == drawn


def test_windowing_keeps_thirty_frames_a_second(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    x, y = middle(page)
    rates = []
    for zoom in ("0", "1"):
        press(page, zoom)
        # The best of three: other work on the machine is not what is measured.
        rates.append(max(frame_rate(page, x, y) for _ in range(3)))
    assert min(rates) >= 30, rates


def frame_rate(page: "Page", x: float, y: float) -> float:
    """Frames drawn a second while a hand drags for 60 frames."""
    page.mouse.move(x, y)
    page.mouse.down()
    rate = page.locator(".viewer").evaluate(
        """root => new Promise(done => {
          const canvas = root.querySelector("canvas"), box = canvas.getBoundingClientRect();
          const first = Number(root.dataset.frameCount);
          let step = 0, start;
          const move = now => {
            start ??= now;
            if (step === 60) {
              return done((Number(root.dataset.frameCount) - first) / (now - start) * 1000);
            }
            const clientX = box.x + box.width / 2 + 60 * Math.sin(step / 9);
            const clientY = box.y + box.height / 2 + 50 * Math.cos(step++ / 7);
            canvas.dispatchEvent(new PointerEvent("pointermove", {pointerId: 1, clientX, clientY}));
            requestAnimationFrame(move);
          };
          requestAnimationFrame(move);
        })"""
    )
    page.mouse.up()
    return float(rate)


def test_pixels_are_sent_once_and_settings_outlive_reruns(
    url: str, visit: Callable[..., "Page"]
) -> None:
    page = visit("about:blank")
    fetched: list[tuple[str, int]] = []
    frames: list[int] = []
    page.on("websocket", lambda s: s.on("framereceived", lambda data: frames.append(len(data))))

    def note(request: "Request") -> None:
        if request.url.startswith(f"{url}/media/"):
            fetched.append((request.url, request.sizes()["responseBodySize"]))

    page.on("requestfinished", note)
    page.goto(url)
    ready(page)
    assert sorted(size for _, size in fetched) == [64 * 64 + 32, PIXEL_BYTES]
    drag(page, 90, 30)
    press(page, "+", "e")
    before, kept = runs(page), state(page)
    frames.clear()
    page.get_by_role("button", name="rerun").click()
    page.get_by_text(f"runs: {before + 1}").wait_for()
    settle(page)
    assert len(fetched) == 2
    assert sum(frames) < 50_000
    changed = {name for name, value in state(page).items() if kept[name] != value}
    assert changed <= {"frameCount"}


def test_another_image_starts_with_a_view_of_its_own(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    drag(page, 90, 30)
    press(page, "+", "m", "c")
    page.get_by_text("next").click()
    page.get_by_text("Image 2 · PA").wait_for()
    ready(page)
    assert window(page) == (0, 4095)
    assert state(page)["mirror"] == "false"
    # What was switched on is the reader's choice, not the image's.
    assert state(page)["contours"] == "true"


def test_the_wheel_zooms_about_the_cursor(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    x, y = middle(page)
    page.mouse.move(x + 70, y - 90)
    settle(page)
    reading = page.locator(".bottom-right").inner_text()
    assert re.match(r"[\d.]+, [\d.]+ mm at the detector · grey \d+ · evidence ", reading)
    zoom = float(state(page)["zoom"])
    page.mouse.wheel(0, -300)
    settle(page)
    assert float(state(page)["zoom"]) > 1.5 * zoom
    here, there = (
        [float(number) for number in re.findall(r"[\d.]+", text)[:2]]
        for text in (reading, page.locator(".bottom-right").inner_text())
    )
    # A tenth of a millimetre each way is the rounding of what is shown.
    assert here == pytest.approx(there, abs=0.11)


def test_panning_turning_and_mirroring_come_back(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    drawn = pixels(page)
    press(page, "p")
    drag(page, 60, 40)
    assert window(page) == (0, 4095)
    centre = page.locator(".pane").get_attribute("data-centre")
    assert centre is not None
    assert all(float(part) < 0.5 for part in centre.split(","))
    press(page, "0")
    assert pixels(page) == drawn
    for key, times in (("r", 4), ("m", 2), ("i", 2)):
        press(page, key)
        assert pixels(page) != drawn
        press(page, *[key] * (times - 1))
        assert pixels(page) == drawn
    press(page, "r", "m")
    assert page.get_by_text("mirrored").is_visible()
    assert page.get_by_text("turned 270°").is_visible()


def test_evidence_by_finding_network_opacity_and_contours(viewer: Callable[..., "Page"]) -> None:
    page = viewer("finding=mr")
    seen = {"mr": pixels(page)}
    page.get_by_role("button", name="Evidence for aortic stenosis").click()
    settle(page)
    seen["consensus"] = pixels(page)
    page.get_by_label("Network whose evidence is shown").select_option("DenseNet121")
    settle(page)
    assert state(page)["layer"] == "as/DenseNet121"
    assert page.get_by_text("No positive evidence").is_visible()
    seen["member"] = pixels(page)
    page.get_by_role("button", name="Contour lines").click()
    settle(page)
    seen["contours"] = pixels(page)
    page.get_by_role("button", name="Contour lines").click()
    page.get_by_label("Opacity of the evidence").fill("0")
    settle(page)
    seen["invisible"] = pixels(page)
    page.get_by_role("button", name="Evidence", exact=True).click()
    settle(page)
    assert state(page)["layer"] == "off"
    assert not page.get_by_text("No positive evidence").is_visible()
    assert len(set(seen.values())) == len(seen)
    assert pixels(page) == seen["invisible"]


def test_colours_lie_where_the_evidence_does(viewer: Callable[..., "Page"]) -> None:
    page = viewer("finding=mr")
    press(page, "o")
    # Evidence for MR rises from the first row to the last: cool above, warm below.
    above, below = (
        page.locator("canvas").evaluate(
            """(canvas, share) => {
              const context = canvas.getContext("2d");
              const [x, y] = [canvas.width / 2, canvas.height * share].map(Math.round);
              return [...context.getImageData(x, y, 1, 1).data];
            }""",
            share,
        )
        for share in (0.06, 0.94)
    )
    assert above[2] > above[0]
    assert below[0] > below[2]


def test_what_the_network_saw_is_one_click_away(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    press(page, "e", "o")
    drawn = pixels(page)
    page.get_by_role("button", name="What the network saw").click()
    settle(page)
    assert page.get_by_text("what the network saw, 64 × 64 pixels").is_visible()
    assert pixels(page) != drawn
    page.get_by_role("button", name="What the network saw").click()
    settle(page)
    assert pixels(page) == drawn


def test_two_images_of_different_size_move_together_until_unlinked(
    viewer: Callable[..., "Page"],
) -> None:
    page = viewer("two=1")
    panes = page.locator(".pane")

    def views() -> list[tuple[str | None, ...]]:
        names = ("data-zoom", "data-centre", "data-window-low")
        return [tuple(panes.nth(i).get_attribute(name) for name in names) for i in (0, 1)]

    drag(page, 80, 20)
    x, y = middle(page)
    page.mouse.move(x + 40, y)
    page.mouse.wheel(0, -200)
    settle(page)
    first, second = views()
    assert first == second
    page.get_by_role("button", name="Link the two images").click()
    drag(page, 100, 0, pane=1)
    assert views()[0] == first
    assert views()[1] != first
    page.get_by_role("button", name="Link the two images").click()
    settle(page)
    first, second = views()
    assert first == second


def test_shortcuts_stay_inside_the_viewer(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    before = runs(page)
    # Streamlit itself reruns on R and offers to clear caches on C.
    press(page, "r", "c", "ArrowLeft", "Shift+ArrowUp")
    page.wait_for_timeout(500)
    assert runs(page) == before
    assert not page.get_by_role("dialog").is_visible()
    assert state(page)["turns"] == "1"
    press(page, "?")
    assert page.get_by_role("dialog", name="Shortcuts and help").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_full_screen_and_back(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    press(page, "f")
    page.wait_for_function("document.fullscreenElement !== null")
    press(page, "f")
    page.wait_for_function("document.fullscreenElement === null")


@pytest.mark.parametrize("width", [1440, 800])
def test_everything_has_a_name_and_fits(viewer: Callable[..., "Page"], width: int) -> None:
    page = viewer("two=1", width=width)
    page.wait_for_timeout(900)
    label = page.locator("canvas").first.get_attribute("aria-label")
    assert label is not None
    for words in ("Image 1: chest radiograph, PA", "window 4095", "Evidence for mitral", "cell"):
        assert words in label
    unnamed = page.locator(".viewer").evaluate(
        """root => [...root.querySelectorAll("button, select, input, canvas")]
          .filter(part => !part.getAttribute("aria-label")?.trim()).map(part => part.outerHTML)"""
    )
    assert unnamed == []
    outside = page.locator(".viewer").evaluate(
        """root => [...root.querySelectorAll("button:not([hidden]), select, .legend, .corner span")]
          .filter(part => {
            const [box, all] = [part.getBoundingClientRect(), root.getBoundingClientRect()];
            return box.right > all.right + 1 || box.bottom > all.bottom + 1 || box.left < all.left;
          }).map(part => part.outerHTML)"""
    )
    assert outside == []
