"""The one-click demonstration, and what an empty page teaches."""

import streamlit as st

from cxr_valve.ui.training.desk import PROBLEMS, Desk
from cxr_valve.ui.training.run_list import choose_run
from cxr_valve.ui.training.run_view import PROBLEM

#: Enough for every split to hold both classes, few enough for under five minutes on two cores.
PATIENTS = 600
FEWEST, MOST = 180, 20_000

TEACHES = """
A **run** trains networks on a **cohort**: radiographs paired with the echo exam nearest in time,
labelled by a rule, split by patient into training, validation and test. Validation chooses the
operating point and the calibration, test measures once. A finished run can be **promoted**: its
weights then read radiographs on the first page.

Runs live on this machine’s disk. You may close the browser while one is under way.
"""

FIRST = """
**See it work first.** *Run the demonstration* simulates 600 patients, trains a small network to
recognise mitral regurgitation, and evaluates it on patients it never saw. Under five minutes on
two cores; you can watch it and stop it.

**Train on your own patients.** *New run* leads from a folder of radiographs and echo reports to a
cohort, a recipe and a run, and shows at each step what will happen.
"""


def demo_button(desk: Desk) -> None:
    """Start the demonstration with one click; how many patients is one click further."""
    st.button(
        "Run the demonstration",
        key="demo",
        icon=":material/science:",
        on_click=_start,
        args=(desk,),
        help="Simulate patients, train a small network on them, evaluate it on others.",
    )
    with st.popover("Patients", icon=":material/tune:"):
        st.number_input(
            "Simulated patients",
            FEWEST,
            MOST,
            PATIENTS,
            60,
            key="demo-patients",
            help="600 take under five minutes on two cores; more take longer, and teach more.",
        )


def _start(desk: Desk) -> None:
    try:
        choose_run(desk.start_demo(int(st.session_state.get("demo-patients", PATIENTS))))
    except PROBLEMS as problem:
        st.session_state[PROBLEM] = str(problem)


def show_empty() -> None:
    """What there is to see before the first run."""
    st.subheader("Nothing was trained here yet", anchor=False)
    left, right = st.columns(2, gap="large")
    left.markdown(TEACHES)
    right.markdown(FIRST)
