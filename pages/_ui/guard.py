"""The one place where pages turn errors into words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import streamlit as st

from crm_core.access.audit_counts import REFUSED
from crm_core.errors import CrmError, Forbidden, NotFound, SignedOut, Unavailable
from crm_core.infra.streams import Stream
from pages._ui.deps import actor, services
from pages._ui.formats import literal
from pages._ui.links import PageName, link_to
from pages._ui.widgets import empty_state

Parameters = ParamSpec("Parameters")
RETRY_S = 2.0


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Show what went wrong and what to do; while a server is away, come back by itself."""
    try:
        yield
    except SignedOut:
        st.rerun()  # the shell shows the sign-in page
    except Unavailable as exc:
        st.error(f"{literal(str(exc))} This page comes back by itself.", icon=":material/cloud_off:")
        _come_back([])
    except NotFound as exc:
        st.warning(
            f"{literal(str(exc))} It may have been removed, or the link is incomplete.", icon=":material/search_off:"
        )
    except CrmError as exc:
        show_error(exc)


@contextmanager
def lead_back(noun: str, wanted: str, page: PageName, label: str) -> Iterator[None]:
    """Of a link to something that is not there: say what was looked for, and show the way back."""
    try:
        yield
    except NotFound:
        show_way_back(noun, wanted, page, label)
        st.stop()


def show_way_back(noun: str, wanted: str, page: PageName, label: str) -> None:
    """What a link looked for and is not there, with a link to where there are others."""
    what = f"The id in the link is “{wanted}”." if wanted else "The link names none."
    text = f"{what} It may have been removed, or the link is incomplete."
    with empty_state("search_off", f"There is no such {noun}", literal(text)):
        link_to(page, label, icon=":material/arrow_back:")


def show_error(exc: CrmError) -> None:
    """In words, where it happened. A refusal is in the audit log as well."""
    if isinstance(exc, Forbidden):
        if exc.permission:
            services().audit_counts.note(actor(), REFUSED, exc.permission)
        st.warning(literal(str(exc)), icon=":material/lock:")
    else:
        st.error(literal(str(exc)), icon=":material/error:")


@contextmanager
def hidden_if_forbidden() -> Iterator[None]:
    """Say so in place of a part of a page that its reader may not see; the rest of the page stays."""
    try:
        yield
    except Forbidden as exc:
        st.caption(f":material/lock: {literal(str(exc))}")


def live(run_every: float | None) -> Callable[[Callable[Parameters, None]], Callable[Parameters, None]]:
    """A fragment that runs by itself every ``run_every`` seconds and shows its errors in words."""

    def decorate(draw: Callable[Parameters, None]) -> Callable[Parameters, None]:
        @wraps(draw)
        def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
            with errors_in_words():
                draw(*args, **kwargs)

        return st.fragment(guarded, run_every=run_every)

    return decorate


@st.fragment(run_every=RETRY_S)
def _come_back(seen: list[bool]) -> None:
    """Draw the page anew once both servers answer. seen: empty at first, so that the error can be read."""
    if not seen:
        seen.append(True)
        return
    try:
        found = services()
        found.audience.total()
        found.publisher.backlog(*Stream)
    except CrmError:
        return
    st.rerun()
