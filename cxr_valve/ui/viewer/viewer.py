"""The radiograph viewer, one canvas component without a build step.

Window, zoom, pan, evidence and comparison happen in the browser without a server round trip; the
component sends nothing back, so it never causes a rerun.
"""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit import runtime

from cxr_valve.ui.viewer.layers import ViewerImage
from cxr_valve.ui.viewer.payload import Publish, build_payload

_HERE = Path(__file__).parent
#: Joined in this order into one module; only the last file exports.
SCRIPTS = (
    "pixels.js",
    "evidence.js",
    "contours.js",
    "geometry.js",
    "strokes.js",
    "pane.js",
    "wording.js",
    "display.js",
    "gestures.js",
    "actions.js",
    "controls.js",
    "legend.js",
    "viewer.js",
)


def _joined() -> str:
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)


_mount = st.components.v2.component(
    "cxr_valve.viewer",
    html='<div class="viewer" data-ready="false"></div>',
    css=(_HERE / "viewer.css").read_text(encoding="utf-8"),
    js=_joined(),
)


def show_viewer(
    images: Sequence[ViewerImage], *, key: str, height: int = 720, finding: str | None = None
) -> None:
    """Show one radiograph, or two side by side with linked window, pan and zoom.

    ``height`` is in CSS pixels, controls included; ``finding`` picks the evidence shown first, and
    again whenever it changes. What the user sets (window, zoom, layer) outlives reruns.

    Raises:
        ValueError: not one or two images, an empty key, a height under 320, or a ``finding``
            that no layer has.
    """
    document = build_payload(images, _publisher(key), key=key, height=height, finding=finding)
    _mount(key=key, data=document)


def _publisher(key: str) -> Publish:
    """Hands bytes to the media store under coordinates of this viewer's own."""

    def publish(content: bytes, digest: str) -> str:
        if not runtime.exists():
            return ""
        store = runtime.get_instance().media_file_mgr
        return store.add(content, "application/octet-stream", f"cxr-valve-{key}-{digest}")

    return publish
