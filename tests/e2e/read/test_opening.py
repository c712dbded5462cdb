"""Opening files: one, many, broken ones; what is read, kept, exported and forgotten."""

import base64
import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.read.steps import (
    WAIT,
    Open,
    download,
    drop,
    idle,
    leaks,
    opened,
    shown,
)

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[3]


def test_a_dicom_reads_as_on_the_command_line_and_nothing_of_it_leaks(
    start: Open,
    files: Path,
    environment: dict[str, str],
    console_errors: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    page = start()
    received: list[bytes] = []
    page.on(
        "websocket",
        lambda socket: socket.on(
            "framereceived", lambda data: received.append(data if isinstance(data, bytes) else b"")
        ),
    )
    page.reload()
    page.get_by_role("button", name="Case 12", exact=True).wait_for(timeout=WAIT)
    file = files / "QUAGGA_kangaroo_1937.dcm"
    drop(page, file)
    shown(page, "Image 1")
    assert page.get_by_text("PA view · DICOM · 2048 × 2048 · 16 bits").is_visible()

    opened(page, "Export")
    taken = {
        name: download(page, name) for name in ("JSON", "Picture (PNG)", "Printable page (HTML)")
    }
    page.keyboard.press("Escape")
    opened(page, re.compile("^Worklist"))
    taken |= {name: download(page, name) for name in ("All as JSON", "All as CSV")}

    command = [sys.executable, "-m", "cxr_valve", "read", str(file), "--json", "-"]
    said = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True
    )
    expected = json.loads(said.stdout)
    ours = json.loads(taken["JSON"])
    assert ours.keys() == expected.keys()
    assert ours["findings"] == expected["findings"]
    assert ours["input"] == expected["input"]
    assert ours["path"] == "Image 1"
    assert json.loads(taken["All as JSON"]) == ours
    [line] = csv.DictReader(io.StringIO(taken["All as CSV"].decode()))
    assert float(line["findings.mr.score"]) == expected["findings"]["mr"]["score"]
    picture = Image.open(io.BytesIO(taken["Picture (PNG)"]))
    assert picture.width > 1400
    assert not picture.info
    printed = taken["Printable page (HTML)"].decode()
    assert "Research and teaching only" in printed
    pictures = [base64.b64decode(p) for p in re.findall(r"base64,([^\"]+)", printed)]
    # One a finding, and the heart's.
    assert len(pictures) == 3

    logs = tmp_path_factory.getbasetemp().glob("server*/log.txt")
    everything = [*taken.values(), *pictures, *received, page.content().encode()]
    assert received
    assert not [leaks(content) for content in everything if leaks(content)]
    assert not [log for log in logs if leaks(log.read_bytes())]
    assert not [error for error in console_errors if "ERR_NAME_NOT_RESOLVED" not in error]


def test_file_names_appear_only_where_asked_for(start: Open, files: Path) -> None:
    page = start()
    drop(page, files / "numbat.png")
    shown(page, "Image 1")
    opened(page, re.compile("^Worklist"))
    assert "numbat" not in page.content()
    page.get_by_text("Show file names on this screen").click()
    idle(page)
    page.locator("[role=grid]").get_by_text("numbat.png").first.wait_for(state="attached")


def test_thirty_files_and_a_broken_one(start: Open, files: Path) -> None:
    page = start()
    drop(page, files / "broken_wombat.dcm", *sorted((files / "many").iterdir()))
    page.get_by_role("button", name="Stop reading").wait_for(timeout=WAIT)
    # The first readable image is on screen, and nothing else, while the others are being read.
    page.locator(".facts b", has_text="Image 2").wait_for(timeout=WAIT)
    assert page.locator("input[type=file]").count() == 1
    page.get_by_role("button", name="Worklist (31)").wait_for(timeout=WAIT)
    page.get_by_role("button", name="Stop reading").wait_for(state="detached", timeout=WAIT)
    idle(page)
    for key, name in (
        ("ArrowRight", "Image 3"),
        ("ArrowRight", "Image 4"),
        ("ArrowLeft", "Image 3"),
    ):
        page.keyboard.press(key)
        shown(page, name)
    page.get_by_role("button", name="Previous").click()
    shown(page, "Image 2")
    page.get_by_role("button", name="Previous").click()
    page.get_by_text("Image 1 was not read.").wait_for(timeout=WAIT)
    opened(page, "Worklist (31)")
    cells = page.locator("[role=grid]")
    fifth = cells.get_by_text("Image 5", exact=True).first
    page.get_by_text("Not read (1)").click()
    fifth.wait_for(state="detached", timeout=WAIT)
    cells.get_by_text("refused").first.wait_for(state="attached", timeout=WAIT)
    assert cells.get_by_text("refused").count() == 1
    page.get_by_text("All (31)").click()
    # A click on a line of the table opens it; Next then goes on from there. A table that the next
    # answer of the server replaces would lose it.
    fifth.wait_for(state="attached", timeout=WAIT)
    idle(page)
    box = page.locator('[data-testid="stDataFrame"]').bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 140, box["y"] + 36 + 35 * 4 + 17)
    shown(page, "Image 5")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Next").click()
    shown(page, "Image 6")


def test_stop_keeps_what_was_read(start: Open, files: Path) -> None:
    page = start()
    drop(page, *sorted((files / "many").iterdir()))
    page.get_by_role("button", name="Stop reading").click(timeout=WAIT)
    page.get_by_role("button", name="Stop reading").wait_for(state="detached", timeout=WAIT)
    shown(page, "Image 1")
    label = page.get_by_role("button", name=re.compile("^Worklist")).inner_text()
    assert 1 <= int(re.findall(r"\d+", label)[0]) < 30
