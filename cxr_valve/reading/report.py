"""A reading to take away: one picture, or one printable page. Nothing in it identifies anybody."""

import base64
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

from cxr_valve.anatomy.correction import changes_in_words
from cxr_valve.findings import FINDINGS
from cxr_valve.imaging.geometry import Box, Geometry
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.reading.heart_picture import heart_picture
from cxr_valve.reading.heart_words import heart_words
from cxr_valve.reading.overlay import grey_image, overlay
from cxr_valve.reading.reading import FindingReading, Reading, ValueReading, finest

NOTICE = "Research and teaching only. Not a medical device; never a diagnosis."
SIMULATED = "Demonstration weights trained on simulated radiographs: evidence about no patient."
PANEL = 720


@dataclass(frozen=True, eq=False)
class Panel:
    """A picture with its title and what is said of it."""

    title: str
    picture: Image.Image
    lines: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Report:
    """What is rendered: a neutral or typed ``name``, the reading, the pixels (or a reduced copy of
    them), and the sentences of each finding. Heart size finds its own."""

    name: str
    reading: Reading
    radiograph: Radiograph
    lines: Mapping[str, tuple[str, ...]]

    @property
    def notices(self) -> tuple[str, ...]:
        """What must stand on every page."""
        simulated = any(found.simulated for found in self.reading.everything.values())
        notices = [NOTICE, SIMULATED] if simulated else [NOTICE]
        if self.reading.read_anyway:
            notices.append(f"Read although the input gate refused it. {self.reading.gate.reason}")
        elif self.reading.refused:
            notices.append(f"Not read: the input gate refused it. {self.reading.gate.reason}")
        changed = changes_in_words(self.reading.changes)
        return (*notices, changed) if changed else tuple(notices)

    def panels(self) -> Iterator[Panel]:
        """Heart size first, then every finding; the radiograph alone where nothing was found."""
        heart, facts = self.reading.heart, self.reading.input
        if heart is not None:
            size = facts.rows, facts.columns
            picture = heart_picture(self.radiograph, heart, size, longest=PANEL)
            lines = heart_words(heart, view=facts.view).lines
            yield Panel("Heart size", picture, (*lines, f"Weights: {heart.weights}"))
        for key, found in self.reading.everything.items():
            lines = (*self.lines[key], legend(found), f"Weights: {found.weights}")
            yield Panel(FINDINGS[key].name.capitalize(), evidence_picture(self, found), lines)
        if heart is None and not self.reading.everything:
            grey = Image.fromarray(grey_image(self.radiograph, PANEL))
            yield Panel("Radiograph", grey.convert("RGB"), ())


def legend(found: FindingReading | ValueReading) -> str:
    """What the colours mean."""
    if isinstance(found, ValueReading):
        return (
            "Evidence: orange raised the value, blue lowered it; full colour from "
            f"{found.scale.limit:.3g} {found.unit} per cell."
        )
    return (
        "Evidence: orange raised the odds, blue lowered them; full colour from a likelihood ratio "
        f"of {math.exp(found.scale.limit):.3g} (or 1/{math.exp(found.scale.limit):.3g}) per cell."
    )


def evidence_picture(report: Report, found: FindingReading | ValueReading) -> Image.Image:
    """The radiograph with one finding's evidence (consensus) over it."""
    geometry = _rescaled(finest(found).geometry, report.radiograph)
    scale = found.scale
    return overlay(
        report.radiograph, found.consensus, geometry,
        limit=scale.limit, epsilon=scale.epsilon, longest=PANEL,
    )  # fmt: skip


def _rescaled(geometry: Geometry, radiograph: Radiograph) -> Geometry:
    """The geometry on a reduced copy of the radiograph."""
    down, across = radiograph.rows / geometry.rows, radiograph.columns / geometry.columns
    crop = geometry.crop
    box = Box(crop.top * down, crop.left * across, crop.bottom * down, crop.right * across)
    return Geometry(radiograph.rows, radiograph.columns, geometry.size, box, geometry.placed)


def png_report(report: Report) -> bytes:
    """One picture: a panel for heart size and for each finding, and the notices."""
    panels = [_captioned(p.picture, [p.title, *p.lines]) for p in report.panels()]
    head = [report.name, *report.notices]
    # However small the radiograph, the notices are shown whole.
    longest = max(int(_font(17).getlength(line)) for line in head)
    width = max(sum(panel.width + 20 for panel in panels) + 20, longest + 40)
    top = 24 * len(head) + 24
    page = Image.new("RGB", (width, max(p.height for p in panels) + top + 20), (12, 14, 17))
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(head):
        draw.text((20, 14 + 24 * number), line, fill=(230, 232, 235), font=_font(17))
    left = 20
    for panel in panels:
        page.paste(panel, (left, top))
        left += panel.width + 20
    stream = io.BytesIO()
    page.save(stream, "PNG")
    return stream.getvalue()


def _captioned(picture: Image.Image, text: list[str]) -> Image.Image:
    # The font that comes with Pillow has no en dash.
    plain = [part.replace("–", "-") for part in text]
    lines = [line for part in plain for line in wrap(part, max(20, picture.width // 9))]
    panel = Image.new("RGB", (picture.width, picture.height + 22 * len(lines) + 12), (23, 26, 31))
    panel.paste(picture, (0, 0))
    draw = ImageDraw.Draw(panel)
    for number, line in enumerate(lines):
        place = (8, picture.height + 8 + 22 * number)
        draw.text(place, line, fill=(230, 232, 235), font=_font(15))
    return panel


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def html_report(report: Report) -> str:
    """One self-contained page that prints on one sheet."""
    sections = "".join(_section(panel) for panel in report.panels())
    facts = report.reading.input
    described = (
        f"{facts.container}, {facts.columns} × {facts.rows} pixels, {facts.bits_stored} bits, "
        f"view {facts.view or 'not stated'}; engine {report.reading.engine}"
    )
    said = (*report.reading.gate.warnings, *facts.warnings)
    warnings = "".join(f"<li>{escape(warning)}</li>" for warning in said)
    notices = " ".join(report.notices)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(report.name)}</title><style>{STYLE}</style>"
        f"<h1>{escape(report.name)}</h1><p class=notice>{escape(notices)}</p>"
        f"<p>{escape(described)}</p><ul>{warnings}</ul><main>{sections}</main></html>"
    )


STYLE = (
    "body{font:13px/1.4 sans-serif;margin:12mm;color:#111}h1{font-size:18px;margin:0}"
    "h2{font-size:15px;margin:6px 0 2px}main{display:flex;gap:8mm}section{flex:1}"
    "img{display:block;max-width:100%;max-height:105mm}"
    ".notice{border:1px solid #999;padding:4px 8px;font-weight:600}"
    "p{margin:4px 0}@page{size:A4 landscape;margin:8mm}@media print{body{margin:0}}"
)


def _section(panel: Panel) -> str:
    stream = io.BytesIO()
    panel.picture.save(stream, "JPEG", quality=88)
    source = base64.b64encode(stream.getvalue()).decode()
    title = escape(panel.title)
    lines = "".join(f"<p>{escape(line)}</p>" for line in panel.lines)
    return (
        f'<section><h2>{title}</h2><img alt="{title}, drawn on the radiograph" '
        f'src="data:image/jpeg;base64,{source}">{lines}</section>'
    )
