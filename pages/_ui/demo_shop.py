"""The made-up shop that an empty workspace offers."""

from typing import Final, NoReturn

import streamlit as st

from pages._ui.deps import actor, services
from pages._ui.formats import number

DEMO_CUSTOMERS: Final = 20_000
DEMO_SEED: Final = 1
DEMO_WORDS: Final = (
    f"Load a made-up shop: {number(DEMO_CUSTOMERS)} customers, two years of their orders and a year of campaigns."
)
LOAD_DEMO: Final = "Load demo data"


def load_demo_shop() -> NoReturn:
    """Raises Forbidden, Unavailable."""
    services().demo_jobs.start(customers=DEMO_CUSTOMERS, seed=DEMO_SEED, actor=actor())
    st.rerun()
