"""The run that is being prepared: kept for the visit, since widgets forget on a page change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from cxr_valve.ui.training.desk import Preset, Request

KEY = "training_draft"
STEPS = ("Data", "Cohort", "Recipe", "Run")


@dataclass
class Draft:
    """What was chosen so far. ``edition`` counts how often the recipe was set from a preset, so
    that its widgets start anew."""

    step: str = STEPS[0]
    folder: str = ""
    source: str = ""
    rules: dict[str, Any] = field(default_factory=dict)
    preset: str = ""
    recipe: dict[str, Any] = field(default_factory=dict)
    edition: int = 0
    title: str = ""

    @property
    def finding(self) -> str:
        """What the cohort is about; "" before a folder was chosen."""
        return str(self.rules.get("finding", ""))

    def choose_preset(self, name: str, presets: Mapping[str, Preset]) -> None:
        """Take the preset's recipe as it is."""
        self.preset, self.recipe = name, dict(presets[name].recipe)
        self.edition += 1

    def forget_finding(self) -> None:
        """Another finding has other grades, another recipe and another name."""
        self.rules["positive_from"], self.preset, self.title = "", "", ""

    def request(self) -> Request:
        """What would be started now."""
        return Request(self.title.strip(), dict(self.rules), self.preset, dict(self.recipe))


def current_draft() -> Draft:
    """The draft of this visit."""
    found: Draft = st.session_state.setdefault(KEY, Draft())
    return found


def new_draft() -> None:
    """Start from nothing."""
    st.session_state[KEY] = Draft()


def go_to(step: str) -> None:
    """Look at another step of the path."""
    current_draft().step = step
