"""What a visitor does on the reading page, without a browser."""

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from cxr_valve.ui.visit import Visit

PAGE = Path(__file__).resolve().parents[2] / "pages" / "read" / "radiograph.py"


def drop(page: AppTest, *files: tuple[str, bytes]) -> None:
    uploads = [(name, content, "application/octet-stream") for name, content in files]
    page.file_uploader[0].set_value(uploads).run()
    assert not page.exception


def visit(page: AppTest) -> Visit:
    found = page.session_state["visit"]
    assert isinstance(found, Visit)
    return found


def html(page: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in page.get("html"))


def text(page: AppTest) -> str:
    """What can be read, without the marks that explain numbers."""
    return re.sub("<[^>]*>", "", html(page))
