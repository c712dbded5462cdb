"""What will be done, what it will take, and the button that starts it."""

import streamlit as st

from cxr_valve.ui.finding_card import network_name
from cxr_valve.ui.tables import facts
from cxr_valve.ui.training.desk import PROBLEMS, Desk
from cxr_valve.ui.training.draft import Draft, new_draft
from cxr_valve.ui.training.run_list import choose_run, short_name
from cxr_valve.ui.training.run_view import PROBLEM
from cxr_valve.ui.training.words import duration, size

TITLE = "training_title"


def show_launch(desk: Desk, draft: Draft) -> bool:
    """Name the run, read what it will do, start it."""
    problem = desk.recipe_problem(draft.recipe, draft.rules)
    if problem:
        st.error(f"This recipe cannot be used. {problem}")
        return False
    cohort = desk.cohort(draft.rules)
    draft.title = draft.title or f"{short_name(draft.finding)} from {draft.folder}"
    st.session_state[TITLE] = draft.title
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.text_input("Name of the run", key=TITLE, max_chars=80, on_change=_rename, args=(draft,))
        cost = desk.cost(draft.recipe, cohort)
        networks = [network_name(str(name)) for name in draft.recipe["networks"]]
        splits = cohort["splits"].values()
        images, patients = (sum(split[of] for split in splits) for of in ("images", "patients"))
        st.html(
            facts(
                [
                    ("Cohort", f"{images:,} radiographs of {patients:,} patients"),
                    ("To train on", f"{cohort['splits']['train']['images']:,} of them"),
                    ("Label", str(cohort["label_rule"])),
                    ("Networks", ", ".join(networks)),
                    ("Time", f"about {duration(cost.seconds)}, {cost.basis}"),
                    ("Disk", f"about {size(cost.disk_mb)}"),
                ]
            )
        )
    with right:
        st.caption("The same in a terminal:")
        st.code(desk.command(draft.request()), language=None, wrap_lines=True)
        st.write(
            "The run waits for its turn and goes on when this page is closed. It first looks at "
            "every radiograph, then trains, then measures on the patients held out."
        )
    st.button("Start the run", icon=":material/play_arrow:", on_click=_start, args=(desk, draft))
    return True


def _rename(draft: Draft) -> None:
    draft.title = str(st.session_state[TITLE])


def _start(desk: Desk, draft: Draft) -> None:
    try:
        choose_run(desk.start(draft.request()))
    except PROBLEMS as problem:
        st.session_state[PROBLEM] = str(problem)
        return
    new_draft()
    st.session_state["training_view"] = "Runs"
