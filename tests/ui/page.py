"""A page as its reader has it: run through the shell, read as words, used by the labels of its widgets."""

import json
import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from crm_core.access.sessions import hash_secret
from crm_core.access.sign_in.connection import Connection, ConnectionKind
from crm_core.access.sign_in.identities import LOCAL_ADMIN
from crm_core.services import Services, current
from pages._ui.formats import JOINT
from pages._ui.links import PAGES, PageName

SHELL = Path(__file__).resolve().parents[2] / "pages" / "_shell.py"
TIMEOUT_S = 60
TEXTS = ("title", "subheader", "markdown", "caption", "text", "code", "info", "success", "error", "warning", "toast")
CHOICES = ("selectbox", "multiselect", "button_group", "checkbox", "toggle", "radio", "pagination", "select_slider")
INPUTS = ("number_input", "text_input", "text_area", "date_input", "time_input", "color_picker")
_ESCAPED = re.compile(r"\\([^\w\s]|_)")
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_APART = re.compile(r":color\[(.+?)\]")


class Page:
    """No run of it may show an exception. The reader has signed in as ``user``, or into the session of that id."""

    def __init__(self, name: PageName, *, user: str = LOCAL_ADMIN, session_id: str = "", **query: str) -> None:
        self.test = AppTest.from_file(SHELL, default_timeout=TIMEOUT_S)
        in_session = Connection(ConnectionKind.SESSION, session_id or open_session(current(), user))
        self.test.user = {"connection": str(in_session)}  # as the front door says it
        self.run()  # the shell has to run once before it knows its pages
        self.go_to(name, **query)

    def run(self) -> None:
        self.test.run()
        assert not self.test.exception, self.test.exception[0].message

    def go_to(self, name: PageName, **query: str) -> None:
        """Open a link to another page, in the same session."""
        self.readdress(**query)
        self.follow_to(name)

    def follow_to(self, name: PageName) -> None:
        """Stay on the page that the last click led to: a run by itself would go back."""
        self.test.switch_page(PAGES[name].file)
        self.run()

    def readdress(self, **query: str) -> None:
        """What the browser says of its address from now on."""
        self.test.query_params = dict(query)

    @property
    def title(self) -> str:
        return plain(self.test.title[0].value) if self.test.title else ""

    @property
    def query(self) -> dict[str, str]:
        return self.test.query_params

    @property
    def words(self) -> str:
        """What can be read outside of widgets, charts and tables."""
        texts = [shown.value for kind in TEXTS for shown in self._all(kind)]
        metrics = [f"{shown.label}: {shown.value} {shown.delta}" for shown in self.test.metric]
        bars = [bar.text for bar in self._all("progress")]
        links = [link.label for link in self.test.page_link]
        return plain("\n".join([*texts, *metrics, *bars, *links, *self.html]))

    @property
    def html(self) -> list[str]:
        """What can be read in each piece of HTML."""
        bodies = [_STYLE.sub("", shown.proto.body) for shown in self._all("html")]
        return [" ".join(unescape(_TAG.sub(" ", body)).split()) for body in bodies]

    @property
    def errors(self) -> str:
        return plain("\n".join(shown.value for shown in [*self.test.error, *self.test.warning]))

    @property
    def links(self) -> dict[str, str]:
        """Label and query of each link to another page."""
        return {plain(link.label).strip("*"): link.query_string for link in self.test.page_link}

    @property
    def progress(self) -> list[int]:
        """How far each bar is, in percent."""
        return [bar.value for bar in self._all("progress")]

    def metric(self, label: str) -> str:
        return plain(str(next(shown.value for shown in self.test.metric if shown.label == label)))

    def chart(self, key: str) -> list[dict[str, Any]]:
        """The traces of the chart that a page shows under this key."""
        chart = next(shown for shown in self._all("plotly_chart") if shown.key == key)
        traces: list[dict[str, Any]] = json.loads(chart.proto.spec)["data"]
        return traces

    def buttons(self) -> list[str]:
        """Those of the page, not of the sidebar, nor of the tour's line above it."""
        beside = {id(found) for found in self.test.sidebar.button}
        shown = [found for found in self.test.button if id(found) not in beside]
        return [found.label for found in shown if found.key not in {"tour_hide", "tour_next"}]

    def button(self, label: str, place: int = 0) -> Button:
        return [found for found in self.test.button if found.label == label][place]

    def widget(self, name: str) -> Any:
        """The widget of that label or key."""
        widgets = [widget for kind in (*CHOICES, *INPUTS) for widget in self._all(kind)]
        found = [widget for widget in widgets if name in {plain(getattr(widget.proto, "label", "")), widget.key}]
        assert len(found) == 1, f"{len(found)} widgets are named {name!r}"
        return found[0]

    def click(self, label: str, place: int = 0, *, dialog: str | None = None) -> None:
        """dialog: the button that has opened the dialog in which this one is; a full run opens it again by that."""
        if dialog:
            self.button(dialog).click()
        self.button(label, place).click()
        self.run()

    def _all(self, kind: str) -> Sequence[Any]:
        return self.test.get(kind)

    def choose(self, name: str, value: Any, *, dialog: str | None = None) -> None:
        """Set the widget of that label or key, whatever its kind."""
        if dialog:
            self.button(dialog).click()
        self.widget(name).set_value(value)
        self.run()


def open_session(services: Services, user: str = LOCAL_ADMIN) -> str:
    """A real one; returns its id."""
    return hash_secret(services.sessions.open(user))


def plain(text: str) -> str:
    """Markdown without its escapes, as it is read."""
    text = text.replace(JOINT, " ")
    return _ESCAPED.sub(r"\1", _APART.sub(r"\1", text))
