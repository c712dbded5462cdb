"""The radiograph viewer: window, zoom, evidence and comparison, all in the browser."""

from cxr_valve.ui.viewer.heart_layer import HeartEdit, HeartLayer
from cxr_valve.ui.viewer.layers import EvidenceLayer, Outline, ViewerImage
from cxr_valve.ui.viewer.outlines import trace_mask
from cxr_valve.ui.viewer.viewer import show_viewer

__all__ = [
    "EvidenceLayer",
    "HeartEdit",
    "HeartLayer",
    "Outline",
    "ViewerImage",
    "show_viewer",
    "trace_mask",
]
