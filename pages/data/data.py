"""Data: what comes in by file or over the API, how it flows, what was refused."""

from pages._ui.widgets import page_header, pick_section
from pages.data.attributes import show_attributes
from pages.data.imports import show_imports
from pages.data.last_errors import show_errors
from pages.data.new_import import show_import
from pages.data.streams import show_streams
from pages.data.workers import show_workers

SECTIONS = {
    "import": ("Import", (show_import, show_imports)),
    "streams": ("Streams", (show_streams, show_workers)),
    "errors": ("Errors", (show_errors,)),
    "attributes": ("Attributes", (show_attributes,)),
}

page_header("Data", "What comes in, how it flows, and what was refused.")
section = pick_section("data", {name: label for name, (label, _) in SECTIONS.items()})
for show in SECTIONS[section][1]:
    show()
