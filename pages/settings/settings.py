"""Settings: how the workspace looks, counts its days, and sends; who changed what."""

from pathlib import Path

import streamlit as st

from crm_core.access.permissions import Permission
from crm_core.workspace.rows import read_rows
from pages._ui.deps import actor, services
from pages._ui.widgets import page_header
from pages.settings.history import show_history
from pages.settings.review import show_review
from pages.settings.sections import edit_settings

page_header("Settings", "Of the whole workspace. A change takes effect within two seconds.")
rows = read_rows(services().workspace.model)
known = services().workspace.known()
may_change = actor().may(Permission.CHANGE_SETTINGS)
if not may_change:
    st.info("Only an admin can change settings.", icon=":material/lock:")
st.html(Path(__file__).with_name("settings.css"))
left, right = st.columns([3, 2], gap="medium")
with left:
    changes = edit_settings(rows, known, may_change=may_change)
with right, st.container(key="settings_side"):
    show_review(rows, known.settings, changes)
    show_history(rows)
