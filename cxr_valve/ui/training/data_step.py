"""Where the data lies: a folder of this server, and what kind of data its files are."""

import streamlit as st

from cxr_valve.ui.tables import facts
from cxr_valve.ui.training.desk import PROBLEMS, Desk, Look, Source
from cxr_valve.ui.training.draft import Draft

FOLDER = "training_folder"
HOW = """
Radiographs and echo reports stay where they are: on this machine, in one of the folders it was
told to open (`CXR_VALVE_DATA` names them). Nothing is uploaded, and nothing leaves.

Nothing to hand? `python -m train simulate data/simulated` writes the export of a simulated
hospital, as untidy as real ones are.
"""


def show_data(desk: Desk, draft: Draft) -> bool:
    """Choose a folder and a kind of data; whether that is done."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Folder", anchor=False)
        look = _browse(desk, draft)
        st.caption(HOW)
    with right:
        st.subheader("What is in it", anchor=False)
        if look is None:
            st.write("Choose a folder that holds a table of radiographs.")
            return False
        return _kind(desk, draft, look)


def _browse(desk: Desk, draft: Draft) -> Look | None:
    """The folder that is open, with a way up and down; None at the top."""
    st.session_state[FOLDER] = draft.folder
    st.text_input(
        "Folder on this server",
        key=FOLDER,
        placeholder=f"{next(iter(desk.roots()), 'data')}/export",
        on_change=lambda: _open(draft, str(st.session_state[FOLDER])),
    )
    look = None
    if draft.folder:
        try:
            look = desk.look(draft.folder)
        except PROBLEMS as problem:
            st.error(str(problem))
    with st.container(height=300, gap=None):
        if draft.folder:
            above = look.above if look else ""
            _door(draft, above, "Up", ":material/arrow_upward:")
        inside = look.folders if look else () if draft.folder else tuple(desk.roots())
        if look and look.sources:
            # Folders beside the tables are often named after patients.
            st.caption("The tables lie here; what is below is not listed.")
            return look
        for name in inside:
            _door(draft, f"{look.text}/{name}" if look else name, name, ":material/folder:")
        if look and not inside:
            st.caption("No folders in here.")
    return look


def _door(draft: Draft, folder: str, name: str, icon: str) -> None:
    st.button(
        name,
        key=f"folder-{name}-{folder}",
        icon=icon,
        type="tertiary",
        on_click=_open,
        args=(draft, folder),
    )


def _open(draft: Draft, folder: str) -> None:
    draft.folder, draft.rules = folder.strip(), {}


def _kind(desk: Desk, draft: Draft, look: Look) -> bool:
    """Which adapter reads the folder, with the columns it expects."""
    sources = desk.sources()
    if not look.sources:
        st.info("No table in this folder is one that can be read. What can be read:")
        for source in sources.values():
            _describe(source)
        return False
    chosen = st.radio(
        "It looks like",
        look.sources,
        format_func=lambda key: sources[key].name,
        index=look.sources.index(draft.source) if draft.source in look.sources else 0,
        key=f"source-{look.text}",
    )
    if draft.source != chosen or not draft.rules:
        draft.source, draft.rules = chosen, dict(desk.first_rules(look.text, chosen))
    _describe(sources[chosen], expanded=True)
    return True


def _describe(source: Source, expanded: bool = False) -> None:
    with st.expander("Files and columns" if expanded else source.name, expanded=expanded):
        st.write(source.note)
        st.html(facts(list(source.columns.items())))
