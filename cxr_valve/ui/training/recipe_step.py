"""How it is trained: a preset, and every detail one click away."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cxr_valve.ui.training.desk import Desk
from cxr_valve.ui.training.draft import Draft

PRESET_NAMES = {
    "demo": "Quick demo",
    "study-mr": "The study’s MR",
    "study-as": "The study’s AS",
    "lvef": "LVEF",
}
#: What the study used for each finding.
USUAL = {"mr": "study-mr", "as": "study-as", "lvef": "lvef"}
CHOICES = {
    "schedule": ("cosine", "constant"),
    "augmentation": ("none", "light", "standard"),
    "balance": ("none", "weight", "sampler"),
    "precision": ("auto", "32", "bf16"),
}
#: What each field means, in the order of the form.
FIELDS = {
    "networks": ("Networks", "timm names, separated by commas; the score is their mean."),
    "input_size": ("Input size (px)", "Side of the square input; one, or one for each network."),
    "epochs": ("Epochs", "How often each radiograph is seen."),
    "batch": ("Batch", "Radiographs a step, over all workers together."),
    "rate": ("Learning rate", "The peak, for AdamW."),
    "weight_decay": ("Weight decay", "Of AdamW."),
    "schedule": ("Schedule", "Cosine falls to 0 at the last step; constant stays."),
    "warmup": ("Warm-up", "Share of all steps during which the rate rises from 0."),
    "augmentation": ("Augmentation", "Light moves the image; standard also bends its tone."),
    "balance": ("Class balance", "Weigh positives in the loss, or draw them as often."),
    "early_stopping": ("Patience", "Stop after so many epochs without a better one; 0: never."),
    "precision": ("Precision", "bf16 computes faster where the device has it."),
    "ema": ("Moving average", "Decay of an average of the weights; 0 switches it off."),
    "seed": ("Seed", "Of first weights, order and augmentation."),
    "workers": ("Workers", "Processes that share each batch."),
    "measure_weight": ("Weight: sizes", "Simulated patients only: learn the true sizes too."),
    "locate_weight": ("Weight: places", "Simulated patients only: learn where structures lie."),
    "pretrained": ("Start from ImageNet", "Downloads weights once; needs a network connection."),
    "freeze_batch_norm": ("Freeze batch norm", "For few radiographs, or several workers."),
}


def show_recipe(desk: Desk, draft: Draft) -> bool:
    """Choose a preset, change details, see at once what contradicts itself; whether it may run."""
    presets = desk.presets(draft.rules)
    names = list(presets)
    if draft.preset not in names:
        draft.choose_preset(USUAL.get(draft.finding, "study-mr"), presets)
    st.session_state["training_preset"] = draft.preset
    st.segmented_control(
        "Start from",
        names,
        format_func=lambda name: PRESET_NAMES.get(name, name),
        key="training_preset",
        required=True,
        on_change=lambda: draft.choose_preset(st.session_state["training_preset"], presets),
    )
    st.write(presets[draft.preset].note)
    with st.expander("Every detail", expanded=draft.recipe != presets[draft.preset].recipe):
        _details(draft)
    problem = desk.recipe_problem(draft.recipe, draft.rules)
    if problem:
        st.error(f"This recipe cannot be used. {problem}")
        return False
    st.caption("The same in a terminal:")
    st.code(desk.command(draft.request()), language=None, wrap_lines=True)
    return True


def _details(draft: Draft) -> None:
    columns = st.columns(4)
    for place, (field, (label, tip)) in enumerate(FIELDS.items()):
        with columns[place % 4]:
            draft.recipe[field] = _widget(field, label, tip, draft.recipe, draft.edition)


def _widget(field: str, label: str, tip: str, recipe: Mapping[str, Any], edition: int) -> Any:
    value, key = recipe[field], f"recipe-{edition}-{field}"
    if field in ("networks", "input_size"):
        listed = value if isinstance(value, (list, tuple)) else [value]
        text = st.text_input(label, ", ".join(map(str, listed)), key=key, help=tip)
        return _listed(field, text, value)
    if field in CHOICES:
        options = CHOICES[field]
        return st.selectbox(label, options, options.index(value), key=key, help=tip)
    if isinstance(value, bool):
        return st.toggle(label, value, key=key, help=tip)
    if isinstance(value, int):
        return st.number_input(label, value=value, min_value=0, step=1, key=key, help=tip)
    return st.number_input(
        label, value=float(value), min_value=0.0, step=_step(value), format="%g", key=key, help=tip
    )


def _step(value: float) -> float:
    return value / 10 if 0 < value < 0.01 else 0.01


def _listed(field: str, text: str, before: Any) -> Any:
    """What was typed as a list; the value before where it cannot be one."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if field == "networks":
        return parts
    if not parts or not all(part.isdigit() for part in parts):
        st.caption("Expected whole numbers, separated by commas.")
        return before
    numbers = [int(part) for part in parts]
    return numbers[0] if len(numbers) == 1 else numbers
