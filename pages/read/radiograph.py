"""Read one radiograph: image and evidence on the left, what was found on the right."""

import streamlit as st

from cxr_valve.active import active_sets
from cxr_valve.cards import CardError
from cxr_valve.ui.case_view import show_case
from cxr_valve.ui.intake import drop_zone, read_first, read_rest
from cxr_valve.ui.landing import gallery_row
from cxr_valve.ui.resources import shared_reader
from cxr_valve.ui.toolbar import toolbar
from cxr_valve.ui.visit import current_visit

visit = current_visit()
try:
    sets = active_sets()
except CardError as error:
    st.error(f"The weights cannot be used. {error}")
    st.stop()
if not sets:
    st.info("There are no weights yet. Train some (`python -m train demo`), then reload this page.")
    st.stop()

read_first(visit)
case = visit.case(visit.selected)
# Replaced as a whole: what it held does not linger below while more files are read.
landing = st.empty()
if case is None:
    # Ready by the time a file has been chosen.
    shared_reader().warm()
    with landing.container():
        st.subheader("Read a frontal chest radiograph")
        drop_zone(visit, roomy=True)
        gallery_row(visit)
else:
    place = toolbar(visit, case, sets)
    show_case(visit, case, sets)
    read_rest(visit, place)
