"""Threshold explorer: every operating point, at your prevalence."""

from cxr_valve.ui.explorer import show_explorer

show_explorer()
