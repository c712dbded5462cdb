"""What people who see faintly, or use no mouse, meet on a page."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

_CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
_FOCUSED = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  const style = getComputedStyle(at);
  const written = at.innerText || at.labels?.[0]?.innerText || at.title;
  const name = at.getAttribute("aria-label") || written;
  // A list box marks its frame, not the field inside.
  const framed = at.closest("[data-baseweb=select], .stSelectbox") !== null;
  return [at.tagName, (name ?? "").replaceAll("\\n", " ").trim(),
          framed || style.outlineStyle !== "none" || style.boxShadow !== "none"];
}"""


_TO_THE_TOP = """() => {
  const top = document.createElement("span");
  top.tabIndex = -1;
  document.body.prepend(top);
  top.focus();
}"""


@dataclass(frozen=True)
class Stop:
    """One stop of the Tab key: what it is called, and whether it shows that it has the focus."""

    tag: str
    name: str
    marked: bool


def too_faint(page: "Page") -> list[str]:
    """Texts with less contrast than WCAG AA asks, as "ratio: text"."""
    found: list[str] = page.evaluate(_CONTRAST)
    return found


def tab_stops(page: "Page", most: int = 120) -> list[Stop]:
    """Where the Tab key leads from the top of the page until it leaves it."""
    page.evaluate(_TO_THE_TOP)
    stops: list[Stop] = []
    while len(stops) < most:
        page.keyboard.press("Tab")
        stop = Stop(*page.evaluate(_FOCUSED))
        if stop.tag == "BODY":
            break
        stops.append(stop)
    return stops


def in_this_order(stops: list[Stop], names: list[str]) -> bool:
    """Whether stops whose names hold ``names`` come in their order."""
    left = iter(stops)
    return all(any(name in stop.name for stop in left) for name in names)
