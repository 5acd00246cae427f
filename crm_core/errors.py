"""The one error tree. The API maps these classes to statuses, pages show them in words."""


class CrmError(Exception):
    """Base of every error that ClientNest raises on purpose; its text is fit for a user to read."""


class InvalidInput(CrmError):
    """The caller's data breaks a rule: names the value, the rule and what is allowed."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class UnknownField(InvalidInput):
    """A field that is not in the catalogue."""


class BadRule(InvalidInput):
    """A rule that cannot be evaluated; ``field`` is the path of the node in the tree."""


class BadRuleText(BadRule):
    """A rule's text that cannot be read; line and column count from 1."""

    def __init__(self, message: str, *, line: int, column: int) -> None:
        where = f"line {line}, column {column}" if line > 1 else f"column {column}"
        super().__init__(f"{where}: {message}", field="text")
        self.line, self.column = line, column


class NotFound(CrmError):
    """Nothing has this id."""


class Conflict(CrmError):
    """The thing is not in a state that allows this."""


class Forbidden(CrmError):
    """The caller is known but may not do this. permission: what was asked of whom, if a role or a scope refused it."""

    def __init__(self, message: str, *, permission: str | None = None) -> None:
        super().__init__(message)
        self.permission = permission


class SignedOut(CrmError):
    """Nobody is signed in, or not any more."""


class Unavailable(CrmError):
    """MongoDB, Valkey or the vendor does not answer; the same call may succeed later.

    retry_after_s: when the other side said so. backoff_cap_s: the longest that a worker waits between two tries else.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None, backoff_cap_s: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.backoff_cap_s = backoff_cap_s


class Permanent(CrmError):
    """A stream entry that can never be handled; the worker buries it at once."""
