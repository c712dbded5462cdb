"""The training page: from echo reports and radiographs to weights, drawn from plain data."""

from cxr_valve.ui.training.page import show_training

__all__ = ["show_training"]
