"""The explorer in a real browser: one operating point in every view, without a round trip."""

import importlib.util
import json
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pytest

from cxr_valve.evaluation.columns import Columns
from cxr_valve.evaluation.report import report_cohort
from cxr_valve.evaluation.score_file import to_cohort
from cxr_valve.evaluation.table_file import read_table
from cxr_valve.ui.explorer.source import describe

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
APP = f"""
import streamlit as st
from cxr_valve.ui.frame import style
st.set_page_config(layout="wide")
other = st.Page(lambda: st.write("elsewhere"), title="Other", url_path="other")
page = st.navigation([st.Page({str(ROOT / "pages/explore/thresholds.py")!r}, default=True), other],
                     position="top")
style()
page.run()
"""
READY = ".explorer[data-ready=true]"
MR_TEST = "weights:mr-fake:test:score"


def fixtures() -> ModuleType:
    """The makers of synthetic weights that the tests without a browser use."""
    path = ROOT / "tests" / "ui" / "explorer" / "conftest.py"
    spec = importlib.util.spec_from_file_location("explorer_fixtures", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    makers = fixtures()
    makers.make_set(folder, "mr")
    makers.make_set(folder, "as", seed=2)
    return folder


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], root: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    script = tmp_path_factory.mktemp("app") / "explorer_app.py"
    script.write_text(APP)
    return serve(script, env={"CXR_VALVE_WEIGHTS": str(root)})


@pytest.fixture
def explore(visit: Callable[..., "Page"], address: str) -> Callable[..., "Page"]:
    """``explore(src=…, p=…)`` opens the page in that state and waits until it is drawn."""

    def go(width: int = 1440, wait: bool = True, **query: str) -> "Page":
        text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        page = visit(f"{address}/?{text}", width=width)
        if wait:
            page.wait_for_selector(READY)
            settled(page)
        return page

    return go


def settled(page: "Page") -> None:
    """Wait until the server has nothing left to say."""
    page.wait_for_timeout(400)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(200)


def numbers(page: "Page") -> dict[str, str]:
    """Every number of the tables, by group and row, and the caption."""
    found: dict[str, str] = page.evaluate(
        """() => {
          const root = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT);
          let shadow = null;
          for (let node = root.currentNode; node; node = root.nextNode())
            if (node.shadowRoot?.querySelector(".explorer")) shadow = node.shadowRoot;
          const all = {caption: shadow.querySelector(".caption").innerText,
                       counts: shadow.querySelector(".counts").innerText};
          for (const body of shadow.querySelectorAll(".metrics tbody")) {
            const group = body.querySelector(".group th").textContent
              .replace(/ \\(.*| [\\d.]+%$/, "");
            for (const row of body.querySelectorAll("tr:not(.group)"))
              all[`${group}: ${row.querySelector("th").textContent}`] =
                ["value", "low", "high"].map((k) => row.querySelector("td").dataset[k]).join(" ")
                + " | " + row.innerText;
          }
          return all;
        }"""
    )
    return found


def value(found: dict[str, str], name: str) -> float:
    return next(float(v.split(" ")[0]) for k, v in found.items() if k.endswith(name))


def attribute(page: "Page", name: str) -> str:
    return page.locator(".explorer").get_attribute(name) or ""


def caption(page: "Page") -> str:
    return page.locator(".caption .large").inner_text()


def count_messages(page: "Page") -> list[float]:
    """Fills with the times at which the browser sends the server something."""
    sent: list[float] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: sent.append(time.time())))
    page.reload()
    page.wait_for_selector(READY)
    settled(page)
    return sent


def hold(page: "Page", selector: str, share: float = 0.5) -> tuple[float, float, float]:
    """Press the pointer on an element; returns where, and the element's width."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    x, y = box["x"] + share * box["width"], box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y, box["width"]


def test_a_drag_moves_everything_without_the_server(explore: Callable[..., "Page"]) -> None:
    page = explore(src=MR_TEST, p="0.017")
    sent = count_messages(page)
    before, words = numbers(page), caption(page)
    x, y, width = hold(page, ".field.threshold input[type=range]", 0.4)
    start = len(sent)
    dots = [page.locator(f"[data-figure={name}] .dot").first for name in ("roc", "net-benefit")]
    places = [dot.get_attribute("cx") for dot in dots]
    page.mouse.move(x + 0.3 * width, y, steps=8)
    page.wait_for_timeout(300)
    assert len(sent) == start, "a drag must not reach the server"
    assert caption(page) != words
    assert [dot.get_attribute("cx") for dot in dots] != places
    assert value(numbers(page), ": Sensitivity") < value(before, ": Sensitivity")
    page.mouse.up()
    settled(page)
    assert len(sent) > start, "a release does"
    assert "rule=manual" in page.url


@pytest.mark.parametrize(
    ("figure", "moves"), [("roc", "threshold"), ("scores", "threshold"), ("predictive-values", "")]
)
def test_charts_are_handles_too(explore: Callable[..., "Page"], figure: str, moves: str) -> None:
    page = explore(src=MR_TEST, p="0.017")
    words, threshold = caption(page), attribute(page, "data-threshold")
    page.locator(f"[data-figure={figure}]").scroll_into_view_if_needed()
    x, y, width = hold(page, f"[data-figure={figure}] svg", 0.5)
    page.mouse.move(x + 0.2 * width, y, steps=4)
    page.mouse.up()
    settled(page)
    assert caption(page) != words
    assert (attribute(page, "data-threshold") != threshold) is (moves == "threshold")
    assert ("rule=manual" in page.url) is (moves == "threshold")
    assert ("p=0.017" in page.url) is (moves == "threshold")


def test_large_sources_snap_to_the_points_they_have(
    explore: Callable[..., "Page"], tmp_path: Path
) -> None:
    rng = np.random.default_rng(8)
    label = rng.random(12_000) < 0.3
    score = 1 / (1 + np.exp(-rng.normal(label, 1)))
    rows = [f"{int(y)},{s:.7f}" for y, s in zip(label, score, strict=True)]
    file = tmp_path / "large.csv"
    file.write_text("label,score\n" + "\n".join(rows) + "\n")
    page = explore(src="file:", wait=False)
    page.locator("input[type=file]").set_input_files(file)
    page.wait_for_selector(READY)
    slider = page.locator(".field.threshold input[type=range]")
    slider.focus()
    slider.press("ArrowRight")
    settled(page)
    threshold = float(attribute(page, "data-threshold"))
    written = np.round(score, 7)
    assert np.isclose(written, threshold, atol=1e-12).any()
    expected = float((written[label] >= threshold - 1e-12).mean())
    assert value(numbers(page), ": Sensitivity") == pytest.approx(expected, abs=1e-9)


def test_a_drag_runs_at_many_frames_a_second(
    explore: Callable[..., "Page"], capsys: pytest.CaptureFixture[str]
) -> None:
    page = explore(src=MR_TEST, src2="same")
    x, y, width = hold(page, ".field.threshold input[type=range]", 0.3)
    first, start, step = int(attribute(page, "data-frames")), time.monotonic(), 0
    while time.monotonic() - start < 2:
        step += 1
        page.mouse.move(x + (3 * step) % (0.5 * width), y)
    rate = (int(attribute(page, "data-frames")) - first) / (time.monotonic() - start)
    page.mouse.up()
    with capsys.disabled():
        print(f"\n  a drag redraws the page {rate:.0f} times a second")
    assert rate > 5


@pytest.mark.parametrize(
    ("prevalence", "ppv", "npv"),
    [
        (0.017, 0.0451, 0.9933),
        (0.093, 0.2188, 0.9614),
        (0.2, 0.4057, 0.9108),
        (0.44, 0.6821, 0.7646),
    ],
)
def test_ppv_collapses_with_prevalence(
    explore: Callable[..., "Page"], prevalence: float, ppv: float, npv: float
) -> None:
    found = numbers(explore(src="study:mr", p=str(prevalence)))
    at = "At prevalence"
    assert value(found, f"{at}: PPV") == pytest.approx(ppv, abs=1e-4)
    assert value(found, f"{at}: NPV") == pytest.approx(npv, abs=1e-4)


def test_published_intervals_of_as(explore: Callable[..., "Page"]) -> None:
    found = numbers(explore(src="study:as-test"))
    for name, shown in {
        "Whatever the prevalence: Sensitivity": "83.0% 74.5–89.6",
        "Whatever the prevalence: Specificity": "69.3% 66.3–72.3",
        "In these cases: PPV": "23.0% 18.9–27.6",
        "In these cases: NPV": "97.4% 95.9–98.4",
        "In these cases: Accuracy": "70.7% 67.9–73.4",
    }.items():
        assert shown in " ".join(found[name].split())


@pytest.mark.parametrize("threshold", ["0", "0.31", "0.5", "1"])
@pytest.mark.parametrize("prevalence", ["0.0001", "0.017"])
def test_the_browser_agrees_with_the_library(
    explore: Callable[..., "Page"], root: Path, threshold: str, prevalence: str
) -> None:
    page = explore(src=MR_TEST, t=threshold, rule="manual", p=prevalence, harm="own")
    frame = read_table(root / "mr-fake" / "scores.csv")
    cohort = to_cohort(frame[frame["split"] == "test"], Columns(label="label", score="score"))
    report = report_cohort(cohort, float(threshold), prevalence=float(prevalence), t=0.1).to_json()
    found = numbers(page)
    expected = {
        "Whatever the prevalence: Sensitivity": report["metrics"]["sensitivity"],
        "Whatever the prevalence: Specificity": report["metrics"]["specificity"],
        "Whatever the prevalence: LR+": report["metrics"]["lr_positive"],
        "Whatever the prevalence: LR−": report["metrics"]["lr_negative"],
        "Whatever the prevalence: Diagnostic odds ratio": report["metrics"]["dor"],
        "Whatever the prevalence: Balanced accuracy": report["metrics"]["balanced_accuracy"],
        "In these cases: PPV": report["metrics"]["ppv"],
        "In these cases: Accuracy": report["metrics"]["accuracy"],
        "In these cases: F1": report["metrics"]["f1"],
        "In these cases: MCC": report["metrics"]["mcc"],
        "At prevalence: PPV": report["at_prevalence"]["ppv"],
        "At prevalence: NPV": report["at_prevalence"]["npv"],
        "At prevalence: Net benefit per 1,000": report["at_prevalence"]["net_benefit"],
    }
    for name, estimate in expected.items():
        shown = found[name].split(" | ")[0].split()
        for part, number in zip(("value", "low", "high"), shown, strict=True):
            if estimate[part] is None:
                assert number in ("NaN", "Infinity", "-Infinity"), (name, part)
            else:
                wanted = pytest.approx(estimate[part], rel=1e-5, abs=1e-6)
                assert float(number) == wanted, (name, part)


@pytest.mark.parametrize(
    "query",
    [
        {"src": MR_TEST, "rule": "cost", "r": "25", "p": "0.093", "mix": "10,20,70"},
        {"src": MR_TEST, "t": "0.3333", "rule": "manual", "p": "0.017", "src2": "same", "t2": ".6"},
        {"src": "study:as-validation", "t": "1.02", "rule": "manual", "p": "0.004"},
        {"src": "table:7,43,0,12:mr", "p": "0.3", "r": "4"},
    ],
)
def test_a_shared_link_reproduces_every_number(
    explore: Callable[..., "Page"], query: dict[str, str]
) -> None:
    page = explore(**query)
    slider = page.locator(".field.prevalence input[type=range]")
    slider.focus()
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    settled(page)
    mine, link = numbers(page), page.url
    context = page.context.browser.new_context()
    clean = context.new_page()
    clean.goto(link)
    clean.wait_for_selector(READY)
    settled(clean)
    theirs = numbers(clean)
    assert clean.url == link
    context.close()
    assert theirs == mine


def test_state_survives_another_page(explore: Callable[..., "Page"]) -> None:
    page = explore(src=MR_TEST, t="0.3333", rule="manual", p="0.017")
    mine = numbers(page)
    page.get_by_text("Other", exact=True).first.click()
    page.get_by_text("elsewhere").wait_for()
    page.get_by_text("thresholds", exact=True).first.click()
    page.wait_for_selector(READY)
    settled(page)
    assert numbers(page) == mine
    assert "p=0.017" in page.url


def test_back_undoes_a_release(explore: Callable[..., "Page"]) -> None:
    page = explore(src=MR_TEST, p="0.017")
    before = numbers(page)
    slider = page.locator(".field.prevalence input[type=range]")
    slider.focus()
    slider.press("PageUp")
    settled(page)
    assert numbers(page) != before
    page.go_back()
    settled(page)
    assert numbers(page) == before


def scores_file(folder: Path) -> Path:
    rng = np.random.default_rng(5)
    label = rng.random(300) < 0.3
    score = 1 / (1 + np.exp(-rng.normal(1.3 * label - 0.6, 1)))
    lines = [f"{i},{int(y)},{s:.4f}" for i, (y, s) in enumerate(zip(label, score, strict=True))]
    file = folder / "hospital.csv"
    file.write_text("mrn,truth,probability\n" + "\n".join(lines) + "\n")
    return file


def test_an_uploaded_file_is_shared_by_its_hash(
    explore: Callable[..., "Page"], tmp_path: Path
) -> None:
    page = explore(src="file:", wait=False)
    page.locator("input[type=file]").set_input_files(scores_file(tmp_path))
    page.wait_for_selector(READY)
    settled(page)
    mine, link = numbers(page), page.url
    assert "hospital" not in link
    context = page.context.browser.new_context()
    clean = context.new_page()
    clean.goto(link)
    clean.get_by_text("This link was made with a file").wait_for()
    clean.locator("input[type=file]").set_input_files(tmp_path / "hospital.csv")
    clean.wait_for_selector(READY)
    settled(clean)
    assert numbers(clean) == mine
    assert clean.url == link
    context.close()


def test_readings_are_joined_with_labels(explore: Callable[..., "Page"], tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    label = rng.random(80) < 0.4
    readings, labels = tmp_path / "readings.jsonl", tmp_path / "labels.csv"
    with readings.open("w") as stream:
        for i, y in enumerate(label):
            score = float(np.clip(0.4 + 0.2 * y + rng.normal(0, 0.15), 0, 1))
            finding = {"score": score, "simulated": True}
            stream.write(json.dumps({"path": f"in/{i}.png", "findings": {"mr": finding}}) + "\n")
    rows = "\n".join(f"in/{i}.png,{int(y)}" for i, y in enumerate(label))
    labels.write_text(f"path,label\n{rows}\n")
    page = explore(src=describe("readings", "", "", "mr"), wait=False)
    page.locator("input[type=file]").nth(0).set_input_files(readings)
    page.get_by_text("readings.jsonl").first.wait_for()
    settled(page)
    page.locator("input[type=file]").last.set_input_files(labels)
    page.wait_for_selector(READY)
    page.get_by_text("80 radiographs have both").wait_for()
    assert page.get_by_text("simulated radiographs").count()


def test_exports(explore: Callable[..., "Page"]) -> None:
    page = explore(src=MR_TEST, p="0.017")
    found = numbers(page)
    with page.expect_download() as saved:
        page.get_by_text("This table (CSV)").click()
    text = Path(saved.value.path()).read_text(encoding="utf-8-sig")
    assert f"{value(found, ': Sensitivity'):.6f}"[:7] in text
    assert "Simulated" in text
    with page.expect_download() as saved:
        page.get_by_text("All operating points (CSV)").click()
    text = Path(saved.value.path()).read_text()
    assert text.startswith("threshold,tp,fn,fp,tn,sensitivity")
    assert "simulated radiographs" in text
    with page.expect_download() as saved:
        page.get_by_text("Printable summary (HTML)").click()
    text = Path(saved.value.path()).read_text()
    assert page.locator(".caption .large").inner_text() in text
    assert "assumed to carry over" in text
    assert "<script" not in text
    assert text.count("<svg") == 8


@pytest.mark.parametrize(("kind", "start"), [("SVG", b"<svg"), ("PNG", b"\x89PNG")])
def test_figures_are_saved(explore: Callable[..., "Page"], kind: str, start: bytes) -> None:
    page = explore(src="study:as-test")
    page.locator("[data-figure=roc]").hover()
    with page.expect_download() as saved:
        page.get_by_label(f"Save the figure ROC as {kind}").click()
    content = Path(saved.value.path()).read_bytes()
    assert content.startswith(start)
    if kind == "SVG":
        assert b"not data" in content


def test_every_chart_has_a_text_alternative_that_moves(explore: Callable[..., "Page"]) -> None:
    page = explore(src=MR_TEST)
    alternatives = [svg.get_attribute("aria-label") for svg in page.locator("svg[role=img]").all()]
    assert len(alternatives) == 8
    slider = page.locator(".field.threshold input[type=range]")
    slider.focus()
    for _ in range(40):
        slider.press("ArrowRight")
    page.wait_for_timeout(200)
    moved = [svg.get_attribute("aria-label") for svg in page.locator("svg[role=img]").all()]
    changed = sum(a != b for a, b in zip(alternatives, moved, strict=True))
    assert changed >= 7


@pytest.mark.parametrize("width", [800, 1440])
def test_nothing_is_wider_than_the_window(explore: Callable[..., "Page"], width: int) -> None:
    page = explore(width=width, src=MR_TEST, src2="same", p="0.017")
    inner, outer = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert inner <= outer


def test_no_errors_in_the_console(
    explore: Callable[..., "Page"], console_errors: list[str]
) -> None:
    for source in ("study:mr", "table:0,0,3,4:", "table:0,0,0,0:", MR_TEST):
        explore(src=source)
    assert not console_errors
