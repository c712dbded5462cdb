"""The explorer's page as AppTest opens it, and what it says."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from cxr_valve.ui.explorer import session
from cxr_valve.ui.explorer.file_source import StoredFile, first_choice

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "pages" / "explore" / "thresholds.py"


def page(file: StoredFile | None = None, **query: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    if file is not None:
        app.session_state[session.FILES] = {file.digest: file}
    return app.run()


def address(app: AppTest, name: str) -> str:
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def words(app: AppTest) -> str:
    found = [*app.caption, *app.markdown, *app.info, *app.error, *app.warning]
    return "\n".join(str(element.value) for element in found)


def shown(app: AppTest) -> bool:
    """Whether the charts were mounted."""
    return any(node.type == "bidi_component" for node in _nodes(app._tree))


def _nodes(block):
    for child in getattr(block, "children", {}).values():
        yield child
        yield from _nodes(child)


def fine(app: AppTest) -> None:
    assert not app.exception, app.exception
    assert shown(app)


def table(rows: str) -> StoredFile:
    return StoredFile("scores.csv", ("patient,label,score,grade\n" + rows).encode())


def of_file(rows: str) -> AppTest:
    file = table(rows)
    return page(file, src=first_choice(file).descriptor)
