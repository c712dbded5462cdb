"""Model card: every set of weights, what it says of itself, and which one is active."""

from cxr_valve.ui.model_card import show_model_cards

show_model_cards()
