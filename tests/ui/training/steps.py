"""What the tests of the training page do with it."""

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from train.runs import RunFolder

PAGE = Path(__file__).resolve().parents[3] / "pages" / "build" / "training.py"
MakeRun = Callable[..., RunFolder]


def opened() -> AppTest:
    """The page, drawn once."""
    page = AppTest.from_file(str(PAGE), default_timeout=30).run()
    assert not page.exception
    return page


def html(page: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in page.get("html"))


def press(page: AppTest, label: str) -> AppTest:
    """Press the first button of that name."""
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def badges(page: AppTest) -> str:
    return " ".join(str(item.value) for item in page.markdown)
