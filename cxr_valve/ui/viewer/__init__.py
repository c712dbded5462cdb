"""The radiograph viewer: window, zoom, evidence and comparison, all in the browser."""

from cxr_valve.ui.viewer.layers import EvidenceLayer, Outline, ViewerImage
from cxr_valve.ui.viewer.outlines import trace_mask
from cxr_valve.ui.viewer.viewer import show_viewer

__all__ = ["EvidenceLayer", "Outline", "ViewerImage", "show_viewer", "trace_mask"]
