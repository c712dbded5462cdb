"""The frame around every page: what this is for, and the way around."""

import streamlit as st

from cxr_valve.ui.frame import NOTICE, pages, style

st.set_page_config(page_title="CXR Valve", page_icon="🫀", layout="wide")
page = st.navigation(pages(), position="top")
style()
st.caption(NOTICE)
page.run()
