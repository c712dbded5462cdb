"""The threshold explorer: every operating point, at the user's prevalence."""

from cxr_valve.ui.explorer.page import show_explorer

__all__ = ["show_explorer"]
