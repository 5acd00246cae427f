"""A page as its reader has it: run through the shell, read as words, used by the labels of its widgets."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, Dataframe, Element, Metric, PageLink, Progress, Widget

from pages._ui.links import PageName

SHELL = Path(__file__).resolve().parents[2] / "pages" / "_shell.py"
TIMEOUT_S = 30
SAID = ("title", "subheader", "markdown", "caption", "text", "code", "error", "warning", "info", "success", "toast")
_ESCAPED = re.compile(r"\\([^\w\s])")


class Page:
    """Every run of it must end without an exception."""

    def __init__(self, name: PageName, **query: str) -> None:
        self.test = AppTest.from_file(SHELL, default_timeout=TIMEOUT_S)
        self.run()
        self.test.query_params.update(query)
        self.arrive_at(name)

    def run(self) -> None:
        self.test.run()
        assert not self.test.exception, self.test.exception[0].message

    def arrive_at(self, name: PageName) -> None:
        """Go to a page, or stay on the one that the page before has sent its reader to."""
        self.test.switch_page(f"{name}.py")
        self.run()

    @property
    def title(self) -> str:
        return plain(self.test.title[0].value) if self.test.title else ""

    @property
    def words(self) -> str:
        """All that can be read, a line per element."""
        return "\n".join(_read(node) for block in (self.test.main, self.test._tree) for node in block)

    @property
    def errors(self) -> list[str]:
        return [plain(shown.value) for shown in (*self.test.error, *self.test.warning)]

    @property
    def captions(self) -> list[str]:
        return [plain(caption.value) for caption in self.test.caption]

    def metric(self, label: str) -> str:
        return next(shown.value for shown in self.test.metric if shown.label == label)

    def links(self) -> dict[str, str]:
        """The links to other pages: label and query."""
        return {plain(link.label).strip("*"): link.query_string for link in self.test.page_link}

    def button(self, label: str, place: int = 0) -> Button:
        return [found for found in self.test.button if found.label == label][place]

    def click(self, label: str, place: int = 0) -> None:
        self.button(label, place).click()
        self.run()

    def choose(self, label: str, value: Any) -> None:
        """Set the widget of that label, whatever its kind."""
        self.widget(label).set_value(value)
        self.run()

    def widget(self, label: str) -> Any:
        kinds: Sequence[Any] = (
            *(self.test.selectbox, self.test.multiselect, self.test.number_input, self.test.text_input),
            *(self.test.text_area, self.test.date_input, self.test.button_group, self.test.checkbox),
            self.test.pagination,
        )
        found = [widget for widgets in kinds for widget in widgets if label in {widget.proto.label, widget.key}]
        assert len(found) == 1, f"{len(found)} widgets are labelled {label!r}"
        return found[0]


def plain(text: str) -> str:
    """Markdown as its reader sees it, as far as escapes go."""
    return _ESCAPED.sub(r"\1", text)
