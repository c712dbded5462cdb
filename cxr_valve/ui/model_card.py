"""Every set of weights: what its card says in words, which one is active, and the switch."""

from html import escape
from math import exp

import streamlit as st

from cxr_valve.active import activate, active_sets, revert
from cxr_valve.cards import AnyCard, CardError, ValueCard, WeightSet, find_sets, shipped_root
from cxr_valve.findings import FINDINGS, Finding
from cxr_valve.ui.finding_card import network_name
from cxr_valve.ui.frame import FINDING_COLOURS
from cxr_valve.ui.tables import facts, figures_table, table

CHOSEN, SAID = "model_card_chosen", "model_card_said"
SIMULATED = (
    "Simulated. These weights were trained and measured on simulated radiographs: they "
    "show how the program works and are evidence about no patient."
)
NONE = (
    "There are no weights yet. Train some on the page **Training**, where a demonstration takes "
    "one click and a few minutes, or write `python -m train demo` in a terminal."
)


def show_model_cards() -> None:
    """Draw the page: the sets by finding on the left, the chosen card on the right."""
    sets, problems = find_sets()
    active = _active()
    for problem in problems:
        st.warning(f"A set of weights cannot be used. {problem}", icon=":material/broken_image:")
    said = st.session_state.pop(SAID, "")
    if said:
        st.success(said, icon=":material/check:")
    if not sets:
        st.info(NONE)
        return
    names = [found.card.name for found in sets]
    first = next(iter(active.values()), sets[0]).card.name
    chosen = st.session_state.get(CHOSEN, first)
    chosen = chosen if chosen in names else first
    left, right = st.columns([1, 3.2], gap="large")
    with left:
        _list(sets, active, chosen)
    with right:
        found = sets[names.index(chosen)]
        _switch(found, active.get(found.card.finding))
        _card(found)


def _active() -> dict[str, WeightSet]:
    try:
        return active_sets()
    except CardError as problem:
        st.error(str(problem))
        return {}


def _list(sets: list[WeightSet], active: dict[str, WeightSet], chosen: str) -> None:
    for key, finding in FINDINGS.items():
        st.html(
            f'<h3 class="finding-name" style="border-left-color:{FINDING_COLOURS[key]}">'
            f"{escape(finding.name.capitalize())}</h3>"
        )
        own = [found for found in sets if found.card.finding == key]
        if not own:
            st.caption("No weights yet.")
        for found in own:
            card = found.card
            is_active = key in active and active[key].card.name == card.name
            st.button(
                card.tag + (" · active" if is_active else ""),
                key=f"card-{card.name}",
                type="secondary" if card.name == chosen else "tertiary",
                icon=":material/check_circle:" if is_active else ":material/circle:",
                width="stretch",
                on_click=_choose,
                args=(card.name,),
            )


def _choose(name: str) -> None:
    st.session_state[CHOSEN] = name


def _switch(found: WeightSet, active: WeightSet | None) -> None:
    card, finding = found.card, FINDINGS[found.card.finding]
    is_active = active is not None and active.card.name == card.name
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(card.name, anchor=False)
        st.space("stretch")
        if is_active:
            st.badge(f"Active for {finding.short}", icon=":material/check_circle:", color="green")
        else:
            st.button(
                f"Make active for {finding.short}",
                icon=":material/check_circle:",
                on_click=_activate,
                args=(card.name, finding),
                help="The pages Radiograph and Operating points use the active set.",
            )
        st.button(
            "Undo last switch",
            icon=":material/undo:",
            on_click=_revert,
            args=(finding,),
            help=f"Go back to the weights of {finding.short} that were active before.",
        )


def _activate(name: str, finding: Finding) -> None:
    try:
        activate(name)
    except (CardError, OSError) as problem:
        st.error(f"{name} was not made active. {problem}")
    else:
        st.session_state[SAID] = f"{name} is now active for {finding.short}."


def _revert(finding: Finding) -> None:
    try:
        before = active_sets().get(finding.key)
        now = revert(finding.key)
    except (CardError, OSError) as problem:
        st.error(f"The last switch could not be undone. {problem}")
        return
    name = now.card.name if now else "no set"
    same = before is not None and now is not None and before.card.name == now.card.name
    st.session_state[SAID] = (
        f"{finding.short} stays on {name}: no earlier choice was kept."
        if same
        else f"{finding.short} is back to {name}."
    )


def _card(found: WeightSet) -> None:
    card = found.card
    if card.simulated:
        st.warning(SIMULATED, icon=":material/science:")
    else:
        st.write(card.summary)
    st.html(f"<h4>Measured on patients held out</h4>{_figures(card)}")
    left, right = st.columns(2, gap="large")
    with left:
        st.html(f"<h4>Trained on</h4>{_training(card)}")
    with right:
        st.html(f"<h4>From image to number</h4>{_chain(card)}")
    st.html(f"<h4>Networks</h4>{_members(card)}")
    st.html(f"<h4>Engines</h4>{_engines(card)}")
    with st.expander("Command, checksums, where it lies"):
        st.code(card.training.command, language="bash", wrap_lines=True)
        st.html(_checksums(found))


def _figures(card: AnyCard) -> str:
    splits = {"validation": card.validation, "test": card.test}
    held = "; ".join(
        f"{name}: {cohort.images:,} radiographs of {cohort.patients:,} patients"
        + (f", {cohort.positives:,} positive" if card.kind == "binary" else "")
        for name, cohort in splits.items()
    )
    methods = sorted(
        {figure.method for cohort in splits.values() for figure in cohort.figures.values()}
    )
    caption = f"{held}. 95% intervals: {', '.join(methods)}." if methods else f"{held}."
    return figures_table({name: cohort.figures for name, cohort in splits.items()}, caption)


def _training(card: AnyCard) -> str:
    made = card.training
    size = f"{made.images:,} radiographs of {made.patients:,} patients"
    if card.kind == "binary" and made.images:
        size += f", {made.positives:,} positive ({made.positives / made.images:.1%})"
    data = [f"{item.name}. Licence {item.licence}. {item.citation}" for item in card.data]
    return facts(
        [
            ("Cohort", made.cohort),
            ("Label", made.label_rule),
            ("Size", size),
            ("Made on", card.created),
            *(("Data", line) for line in data),
        ]
    )


def _chain(card: AnyCard) -> str:
    return facts([("Preparation", card.preprocessing), *_scale(card)])


def _scale(card: AnyCard) -> list[tuple[str, str]]:
    if card.kind != "binary":
        return _value(card)
    point, platt = card.operating_point, card.calibration
    return [
        ("Operating point", f"score {point.threshold:.3f}, chosen by {point.rule}"),
        (
            "On test",
            f"{point.tp:,} true positive, {point.fn:,} missed, {point.fp:,} false alarms, "
            f"{point.tn:,} true negative",
        ),
        (
            "Calibration",
            f"probability = σ({platt.a:.3f} · logit(score) {round(platt.b, 3) + 0:+.3f}), at the "
            f"validation prevalence of {card.prevalence:.1%}",
        ),
        (
            "Evidence colours",
            f"full where a cell multiplies the odds by {exp(card.evidence.limit):.0f}",
        ),
    ]


def _value(card: ValueCard) -> list[tuple[str, str]]:
    line, interval = card.calibration, card.interval
    return [
        ("Calibration", f"value = {line.a:.3f} · output {line.b:+.3f} {card.unit}"),
        (
            "Interval",
            f"{interval.low:+.1f} to {interval.high:+.1f} {card.unit} around the value held "
            f"{interval.level:.0%} of {interval.n:,} validation radiographs",
        ),
        (
            "Evidence colours",
            f"full where a cell moves the value by {card.evidence.limit:.3g} {card.unit} from the "
            f"mean of {card.mean:.1f}",
        ),
    ]


def _members(card: AnyCard) -> str:
    rows = [
        [
            escape(network_name(member.label)),
            f"{member.input_size} px",
            f"{member.grid[0]} × {member.grid[1]}",
            escape(card.training.recipe.get(member.label, "")),
        ]
        for member in card.members
    ]
    vote = "score is the mean of the members’ calibrated probabilities"
    how = f"Soft voting: the {vote if card.kind == 'binary' else 'value is the mean of all'}."
    return table(["", "Input", "Map", "Recipe"], rows, how if len(rows) > 1 else "One network.")


def _engines(card: AnyCard) -> str:
    if not card.engine_error:
        return '<p class="soft">Not compared with the reference engine.</p>'
    rows = [
        [escape(name), f"{error.maximum:.2g}", f"{error.mean:.2g}", f"{error.images:,}"]
        for name, error in card.engine_error.items()
    ]
    what = "probability" if card.kind == "binary" else f"value ({card.unit})"
    caption = f"How far each engine’s {what} lies from torch in float32."
    return table(["", "Largest difference", "Mean", "Images"], rows, caption)


def _checksums(found: WeightSet) -> str:
    root = "shipped with the program" if found.folder.parent == shipped_root() else "promoted here"
    pairs = [("Folder", f"{found.folder.name}, {root}")]
    pairs += [(member.file, f"SHA-256 {member.sha256}") for member in found.card.members]
    return facts([*pairs, ("scores.csv", f"SHA-256 {found.card.scores_sha256}")])
