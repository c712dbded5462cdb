"""A reading to take away carries the notice and identifies nobody."""

import io
import re
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

from cxr_valve.imaging.load import load_radiograph
from cxr_valve.phantom.render import simulate
from cxr_valve.reading.report import NOTICE, SIMULATED, Report, html_report, png_report
from tests.hand_made import heart


@pytest.fixture
def report(reader, make_dicom) -> Report:
    radiograph = load_radiograph(make_dicom(PatientName="Zyxwv^Quentin", PatientID="PID-778899"))
    lines = {"mr": ("Score below the operating point.",), "as": ("2 < 3 & <b>bold</b>",)}
    found = heart(radiograph.rows, radiograph.columns)
    reading = replace(reader.read(radiograph), heart=found)
    return Report("Radiograph 1", reading, radiograph, lines)


def test_the_picture_shows_name_notices_and_sentences(report, monkeypatch) -> None:
    drawn: list[str] = []
    whole = ImageDraw.ImageDraw.text

    def note(self, place, text, *rest, **options):
        drawn.append(text)
        assert place[0] + self.textlength(text, font=options["font"]) <= self.im.size[0], text
        return whole(self, place, text, *rest, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", note)
    content = png_report(report)
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        assert (picture.format, picture.mode) == ("PNG", "RGB")
        assert picture.info == {}
        assert picture.width > 2 * 260
        assert picture.height > 300
    shown = " ".join(drawn)
    assert drawn[-3:] == ["Radiograph 1", NOTICE, SIMULATED]
    assert "Mitral regurgitation" in shown
    assert "Aortic stenosis" in shown
    assert "Score below the operating point." in shown
    assert "Weights: mr-toy" in shown
    assert "Cardiothoracic ratio 0.50" in shown
    assert not re.search("zyxwv|quentin|778899", shown, re.IGNORECASE)


def test_the_page_holds_everything_itself_and_names_nobody(report) -> None:
    page = html_report(report)
    assert page.startswith("<!doctype html>")
    assert NOTICE in page
    assert SIMULATED in page
    assert "<h1>Radiograph 1</h1>" in page
    assert "Weights: as-toy" in page
    assert "engine openvino" in page
    assert page.count('src="data:image/jpeg;base64,') == 3
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert page.count("alt=") == 3
    assert not re.search("zyxwv|quentin|778899|\\.dcm|<script", page, re.IGNORECASE)


def test_the_notices_are_shown_whole_however_small_the_radiograph(reader, monkeypatch) -> None:
    radiograph = simulate(3, 0, side=96).radiograph
    reading = reader.read(radiograph)
    one = replace(reading, findings={"mr": reading.findings["mr"]})
    ends: dict[str, float] = {}
    whole = ImageDraw.ImageDraw.text

    def note(self, place, text, *rest, **options):
        ends[text] = place[0] + self.textlength(text, font=options["font"]) - self.im.size[0]
        return whole(self, place, text, *rest, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", note)
    png_report(Report("Radiograph 1", one, radiograph, {"mr": ()}))
    assert ends[NOTICE] <= 0
    assert ends[SIMULATED] <= 0


def test_text_is_escaped_on_the_page(report) -> None:
    page = html_report(report)
    assert "2 &lt; 3 &amp; &lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>bold" not in page
    named = Report("<i>x", report.reading, report.radiograph, report.lines)
    assert "<title>&lt;i&gt;x</title>" in html_report(named)


def test_weights_trained_on_patients_are_not_called_simulated(report) -> None:
    findings = {
        key: replace(found, simulated=False) for key, found in report.reading.findings.items()
    }
    reading = replace(report.reading, findings=findings)
    plain = Report(report.name, reading, report.radiograph, report.lines)
    assert plain.notices == (NOTICE,)
    assert SIMULATED not in html_report(plain)


def test_a_reduced_copy_of_the_radiograph_serves_as_well(report) -> None:
    small = replace(report.radiograph, pixels=report.radiograph.pixels[::2, ::2])
    page = html_report(Report(report.name, report.reading, small, report.lines))
    assert page.count("data:image/jpeg") == 3
    assert "260 × 300 pixels" in page
