"""When what is new gets its turn among entries that met an outage: it may be that only these meet it."""

RAREST = 64


class Turns:
    """After each try of theirs; ever more rarely, up to once in 64, while what is new meets the outage as well: else a
    long one would have a worker take into its hands all that waits."""

    def __init__(self) -> None:
        self._spacing, self._tries = 1, 0

    def note_outage(self, *, again: bool) -> None:
        """again: met by entries that had met one before."""
        if again:
            self._tries += 1
        else:
            self._spacing, self._tries = min(2 * self._spacing, RAREST), 0

    def note_success(self, *, again: bool) -> None:
        if not again:
            self._spacing = 1

    def take(self) -> bool:
        """Whether it is the turn of what is new; the next one is then counted from here."""
        if self._tries < self._spacing:
            return False
        self._tries = 0
        return True
