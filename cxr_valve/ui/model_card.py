"""Every set of weights and the program's own networks: their cards in words, and the switch."""

from html import escape

import streamlit as st

from cxr_valve.active import activate, active_sets, last_activated, revert
from cxr_valve.cards import CardError, WeightSet, find_sets
from cxr_valve.findings import FINDINGS, Finding
from cxr_valve.ui.card_text import show_card_text
from cxr_valve.ui.frame import FINDING_COLOURS
from cxr_valve.ui.network_text import OwnNetwork, own_networks, show_network_text

CHOSEN, SAID = "model_card_chosen", "model_card_said"
NONE = (
    "There are no weights yet. Train some on the page **Training**, where a demonstration takes "
    "one click and a few minutes, or write `python -m train demo` in a terminal."
)


def show_model_cards() -> None:
    """Draw the page: the sets by finding on the left, the chosen card on the right."""
    sets, problems = find_sets()
    networks, more = own_networks()
    active = _active()
    for problem in [*problems, *more]:
        st.warning(f"A set of weights cannot be used. {problem}", icon=":material/broken_image:")
    said = st.session_state.pop(SAID, "")
    if said:
        st.success(said, icon=":material/check:")
    if not sets:
        st.info(NONE)
    names = [*(found.card.name for found in sets), *(network.name for network in networks)]
    if not names:
        return
    first = next((found.card.name for found in active.values()), names[0])
    chosen = st.session_state.get(CHOSEN, first)
    chosen = chosen if chosen in names else first
    left, right = st.columns([1, 3.2], gap="large")
    with left, st.container(key="set-list"):
        _list(sets, active, chosen)
        _list_networks(networks, chosen)
    with right:
        for found in sets:
            if found.card.name == chosen:
                _switch(found, active.get(found.card.finding))
                show_card_text(found)
        for network in networks:
            if network.name == chosen:
                show_network_text(network)


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
            words = card.tag + (" · active" if is_active else "")
            _entry(card.name, words, card.name == chosen, is_active)


def _list_networks(networks: list[OwnNetwork], chosen: str) -> None:
    if networks:
        st.html('<h3 class="finding-name">Every radiograph</h3>')
    for network in networks:
        _entry(network.name, network.title, network.name == chosen, network.damage is None)


def _entry(name: str, words: str, is_chosen: bool, in_use: bool) -> None:
    st.button(
        words,
        key=f"card-{name}",
        type="secondary" if is_chosen else "tertiary",
        icon=":material/check_circle:" if in_use else ":material/circle:",
        width="stretch",
        on_click=_choose,
        args=(name,),
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
        last = _last_activated(finding)
        if last is not None:
            st.button(
                "Undo last switch",
                icon=":material/undo:",
                on_click=_revert,
                args=(finding, last),
                help=f"Go back to the weights of {finding.short} that were active before.",
            )


def _last_activated(finding: Finding) -> str | None:
    try:
        return last_activated(finding.key)
    except CardError:
        # The page has said so already: the record that it cannot read names what is active, too.
        return None


def _activate(name: str, finding: Finding) -> None:
    try:
        activate(name)
    except (CardError, OSError) as problem:
        st.error(f"{name} was not made active. {problem}")
    else:
        st.session_state[SAID] = f"{name} is now active for {finding.short}."


def _revert(finding: Finding, last: str) -> None:
    """Undo the switch to the set ``last``, which the page named; not one made since."""
    try:
        now = revert(finding.key, last)
    except (CardError, OSError) as problem:
        st.error(f"The last switch could not be undone. {problem}")
        return
    name = now.card.name if now else "no set"
    st.session_state[SAID] = (
        f"{finding.short} stays on {name}, which was chosen twice."
        if name == last
        else f"{finding.short} is back to {name}."
    )
