"""What could not be handled, the newest first, with its reason."""

import json
from datetime import datetime
from typing import Final

import streamlit as st

from crm_core.infra.dead_letters import DeadLetter
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number, relative_time, utc_exact
from pages._ui.guard import live
from pages._ui.widgets import empty_state

TAIL: Final = 20


def show_errors() -> None:
    _show_now()


@live(run_every=5)
def _show_now() -> None:
    found, now = services().dead_letters, services().clock()
    count, letters = found.count(actor=actor()), found.latest(limit=TAIL, actor=actor())
    if not letters:
        empty_state(
            "task_alt", "Nothing was refused", "What workers cannot handle is set aside here, with its reason and data."
        )
        return
    words = f"{number(count)} {'entry was' if count == 1 else 'entries were'} set aside"
    st.markdown(
        f"**{words}**{f', the newest {TAIL} are shown' if count > TAIL else ''}. They wait here; nothing is lost."
    )
    for letter in letters:
        _show_letter(letter, now)
    st.caption(f"As of {now:%H:%M:%S} UTC.")


def _show_letter(letter: DeadLetter, now: datetime) -> None:
    entry, at = letter.entry, letter.buried_at
    with st.container(border=True, gap="xsmall"):
        st.markdown(f":red[:material/error:] **{entry.stream.label.capitalize()}** · {literal(letter.reason)}")
        sender = f"sent by {literal(entry.origin)}" if entry.origin else "sender unknown"
        st.caption(
            f"{relative_time(at, now).capitalize()} · {sender} · entry {literal(entry.id)} · "
            f"refused by {literal(letter.group)}",
            help=utc_exact(at),
        )
        # the data names people: only for who asks for it
        with st.expander("Data", icon=":material/data_object:", type="compact", key=f"data_letter_{letter.id}"):
            st.code(_pretty(entry.data), language="json", wrap_lines=True)


def _pretty(data: bytes) -> str:
    text = data.decode(errors="replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text or "(no data)"
