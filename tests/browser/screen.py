"""What a person does on a page and sees there: reads figures, drags chips, presses keys."""

from typing import Final

from playwright.sync_api import BrowserContext, ConsoleMessage, FrameLocator, Locator, Page, expect

from tests.running_app import RunningApp

PATIENCE_MS: Final = 60_000
BOARD: Final = 'iframe[title*="sortable"]'
PALETTE, RULES, EDIT, BIN = 0, 1, -2, -1
"""Parts of the board by place; RULES is the outermost group, the ones in it stand between that and EDIT."""
AS_ADMIN, AS_VISITOR = "Continue as admin of this machine", "Continue as a visitor"
STEPS, STEP_MS, KEY_MS = 15, 20, 400
"""A drag is a way of that many moves; the board looks at the mouse and at keys a few times a second."""
REMEMBERED_MS: Final = 1_000
"""A part of the few seconds for which pages remember what they have read."""

expect.set_options(timeout=PATIENCE_MS)


def give_session(context: BrowserContext, app: RunningApp, secret: str) -> None:
    """Let the browser have signed in already. secret: of a session."""
    context.add_cookies([{"name": f"clientnest_{app.url.rpartition(':')[2]}", "value": secret, "url": app.url}])


class Screen:
    """complaints: what our pages have written to the console as errors, and errors that no script caught."""

    def __init__(self, page: Page, *, has_signed_in: bool = False) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._has_signed_in = has_signed_in
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location})")

    def open(self, url: str) -> None:
        """The first time, the sign-in page stands before it."""
        self.page.goto(url)
        if not self._has_signed_in:
            self.sign_in()
        self.settle()

    def sign_in(self, button: str = AS_ADMIN) -> None:
        self.button(button).click()
        expect(self.page.locator(".st-key-mode_banner")).to_be_visible()
        self._has_signed_in = True

    def open_emptied(self, url: str) -> None:
        """The first page once it shows that nothing is there: it remembers for a few seconds what was."""
        self.open(url)
        while not self.heading("Welcome to ClientNest").or_(self.heading("Overview")).inner_text().startswith("W"):
            self.page.wait_for_timeout(REMEMBERED_MS)
            self.open(url)

    def settle(self) -> None:
        """Wait until the page is drawn."""
        app = self.page.get_by_test_id("stApp")
        expect(app).to_have_attribute("data-test-connection-state", "CONNECTED")
        expect(app).to_have_attribute("data-test-script-state", "notRunning")
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0)

    def check_health(self) -> None:
        """Nothing that a newcomer would take for a crash, on the page or in the console."""
        expect(self.page.get_by_test_id("stException")).to_have_count(0)
        expect(self.page.get_by_text("Traceback")).to_have_count(0)
        assert not self.complaints, self.complaints

    def go_to(self, title: str) -> None:
        """By the navigation in the sidebar."""
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
        expect(self.heading(title)).to_be_visible()

    def heading(self, title: str) -> Locator:
        return self.page.get_by_role("heading", name=title, level=1, exact=True)

    def button(self, label: str) -> Locator:
        return self.page.get_by_role("button", name=label, exact=True)

    def metric(self, label: str) -> Locator:
        found = self.page.get_by_test_id("stMetric").filter(has=self.page.get_by_text(label, exact=True))
        return found.get_by_test_id("stMetricValue").first  # while the page is drawn anew, the old one stands below it

    def fill(self, label: str, value: str) -> None:
        """Type into a field and leave it, as by the tabulator key."""
        field = self.page.get_by_label(label, exact=True)
        field.fill(value)
        field.press("Tab")

    @property
    def board(self) -> FrameLocator:
        """While it is drawn anew, the board before."""
        return self.page.locator(BOARD).last.content_frame

    def settle_board(self) -> None:
        """Wait until the page is drawn and shows one board: a new revision stands beside the old one for a moment."""
        self.settle()
        expect(self.page.locator(BOARD)).to_have_count(1)
        expect(self.part(BIN)).to_be_visible()

    def part(self, place: int) -> Locator:
        """PALETTE, RULES, EDIT or BIN of the board, or a group by its place."""
        return self.board.locator(".sortable-container").nth(place)

    def chip(self, place: int, text: str) -> Locator:
        return self.part(place).locator(".sortable-item").filter(has_text=text).first

    def drag(self, chip: Locator, place: int) -> None:
        """With the mouse, to the middle of a part of the board."""
        self.hold(chip, place)
        self.page.mouse.up()

    def hold(self, chip: Locator, place: int) -> None:
        """The same without letting go."""
        self.settle_board()
        self._settle_board()
        for each in (self.part(place), chip):
            each.scroll_into_view_if_needed()
        (from_x, from_y), (to_x, to_y) = _middle(chip), _middle(self.part(place))
        mouse = self.page.mouse
        mouse.move(from_x, from_y)
        mouse.down()
        for step in range(1, STEPS + 1):
            mouse.move(from_x + (to_x - from_x) * step / STEPS, from_y + (to_y - from_y) * step / STEPS)
            self.page.wait_for_timeout(STEP_MS)

    def carry(self, chip: Locator) -> None:
        """With the keyboard, from the palette to the right: into a group, or onto the place for editing, which adds it
        as well."""
        self.settle_board()
        self._settle_board()
        chip.focus()
        for key in ("Space", "ArrowRight", "Space"):
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(KEY_MS)

    def _settle_board(self) -> None:
        self.settle()
        expect(self.page.locator(BOARD)).to_have_count(1)
        expect(self.part(BIN)).to_be_in_viewport()


def _middle(found: Locator) -> tuple[float, float]:
    box = found.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
