"""The simulated example cases, as pictures to press."""

import hashlib
import io
import os
from contextlib import suppress
from pathlib import Path

import streamlit as st
from PIL import Image

from cxr_valve import phantom
from cxr_valve.engines.engine import cache_folder
from cxr_valve.phantom.render import simulate
from cxr_valve.reading.overlay import grey_image
from cxr_valve.ui.gallery import CASES, open_case
from cxr_valve.ui.intake import opened_reader
from cxr_valve.ui.thumbnails import data_uri
from cxr_valve.ui.visit import Visit

SIDE = 240


@st.cache_data(show_spinner=False, max_entries=1)
def _pictures() -> str:
    """One style sheet that gives every button its picture; kept beside the converted networks, so
    that no later start has to simulate before it can read."""
    file = cache_folder() / "gallery" / f"{_source()}.css"
    with suppress(OSError, UnicodeDecodeError):
        return file.read_text(encoding="utf-8")
    sheet = _simulated()
    # Without a place to keep it, it is simulated at every start.
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}.partial")
        partial.write_text(sheet, encoding="utf-8")
        partial.replace(file)
    return sheet


def _source() -> str:
    """What the pictures depend on, as a name: the cases, their size, and the phantom itself."""
    digest = hashlib.sha256(repr((CASES, SIDE)).encode())
    for part in sorted(Path(phantom.__file__).parent.glob("*.py")):
        digest.update(part.read_bytes())
    return digest.hexdigest()[:16]


def _simulated() -> str:
    rules = []
    for number, ((seed, index), mr, as_) in enumerate(CASES, start=1):
        stream = io.BytesIO()
        radiograph = simulate(seed, index, side=SIDE, mr=mr, as_=as_).radiograph
        Image.fromarray(grey_image(radiograph, SIDE)).save(stream, "JPEG", quality=80)
        address = data_uri(stream.getvalue())
        rules.append(f".st-key-gallery-{number} button {{ background-image: url({address}); }}")
    return f"<style>{' '.join(rules)}</style>"


def gallery_row(visit: Visit) -> None:
    """Twelve simulated cases to open; their truth stays hidden until it is revealed."""
    st.html(_pictures())
    st.caption("Simulated cases: the truth stays hidden until you reveal it.")
    with st.container(horizontal=True, gap="small", key="gallery"):
        for number in range(1, len(CASES) + 1):
            if st.button(f"Case {number}", key=f"gallery-{number}"):
                open_case(visit, opened_reader(), number)
                st.rerun()
