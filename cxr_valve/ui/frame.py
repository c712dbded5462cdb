"""What every page shares: the notice, the pages, the few styles that a theme cannot set."""

from pathlib import Path

import streamlit as st

from cxr_valve.cards import shipped_root

NOTICE = (
    "**Research and teaching only.** Not a medical device; never a diagnosis. "
    "Its MR and AS weights were trained on simulated radiographs."
)

CSS = f"<style>{(Path(__file__).parent / 'frame.css').read_text(encoding='utf-8')}</style>"

#: Streamlit follows the system's light or dark setting; a reading room is dark until the visitor
#: chooses otherwise. Runs once a browser and path, before anything was done on the page.
DARK_BY_DEFAULT = """
<script>
const page = window.location.pathname;
if (!window.cxrThemeSeen && !window.localStorage.getItem(`cxr-valve-theme-${page}`)) {
  window.localStorage.setItem(`cxr-valve-theme-${page}`, "set");
  window.localStorage.setItem(`stActiveTheme-${page}-v2`, JSON.stringify("Dark"));
  window.location.reload();
}
window.cxrThemeSeen = true;
// The first run of a server takes a folder named "pages" for pages of its own and finds none in
// it, so whoever opens a deep link first is told that there is no such page. Reloaded, it is there.
setTimeout(() => {
  const dialogs = [...document.querySelectorAll("[role=dialog]")];
  const missing = dialogs.some((dialog) => dialog.textContent.includes("Page not found"));
  const again = missing && !window.sessionStorage.getItem("cxr-valve-again");
  window.sessionStorage[again ? "setItem" : "removeItem"]("cxr-valve-again", "tried");
  if (again) window.location.reload();
}, 50);
</script>
<i class="before-notice"></i>
"""

#: Findings keep their colour everywhere, and share it with nothing else (Okabe-Ito).
FINDING_COLOURS = {"mr": "#cc79a7", "as": "#009e73", "lvef": "#f0e442"}


def pages() -> list[st.Page]:
    """The pages, each one click away."""
    root = shipped_root().parent / "pages"
    return [
        st.Page(root / "read" / "radiograph.py", title="Radiograph", default=True),
        st.Page(root / "explore" / "thresholds.py", title="Operating points"),
        st.Page(root / "build" / "training.py", title="Training"),
        st.Page(root / "build" / "model_card.py", title="Model card"),
    ]


def style() -> None:
    """Apply the styles shared by all pages, and the dark theme where none was chosen."""
    st.html(CSS)
    st.html(DARK_BY_DEFAULT, unsafe_allow_javascript=True)
