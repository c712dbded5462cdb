"""The radiograph viewer, one canvas component without a build step.

Window, zoom, pan, evidence and comparison happen in the browser without a server round trip. The
one thing sent back is a line end of the heart size, once a reader has let go of it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import runtime

from cxr_valve.ui.viewer.heart_layer import HeartEdit, read_edit
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
    "heart.js",
    "corrections.js",
    "pane.js",
    "wording.js",
    "display.js",
    "gestures.js",
    "handles.js",
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
    images: Sequence[ViewerImage],
    *,
    key: str,
    height: int = 720,
    finding: str | None = None,
    on_heart: Callable[[HeartEdit], None] = lambda _: None,
) -> None:
    """Show one radiograph, or two side by side with linked window, pan and zoom.

    ``height`` is in CSS pixels, controls included; ``finding`` picks the evidence shown first, and
    again whenever it changes. What the user sets (window, zoom, layer) outlives reruns.
    ``on_heart`` is called, before a rerun, when a reader has moved a line of the heart size.

    Raises:
        ValueError: not one or two images, an empty key, a height under 320, or a ``finding``
            that no layer has.
    """
    document = build_payload(images, _publisher(key), key=key, height=height, finding=finding)

    def moved() -> None:
        state: Mapping[str, Any] = st.session_state.get(key) or {}
        # What a browser sends is not to be trusted: anything else than lines is let go.
        with suppress(ValueError, TypeError, AttributeError):
            on_heart(read_edit(state["heart"]))

    _mount(key=key, data=document, on_heart_change=moved)


def _publisher(key: str) -> Publish:
    """Hands bytes to the media store under coordinates of this viewer's own."""

    def publish(content: bytes, digest: str) -> str:
        if not runtime.exists():
            return ""
        store = runtime.get_instance().media_file_mgr
        return store.add(content, "application/octet-stream", f"cxr-valve-{key}-{digest}")

    return publish
