"""What became of the items of a file, so far."""

from dataclasses import dataclass

MAX_NAMED = 10


@dataclass(frozen=True)
class ImportResult:
    """done: items dealt with. accepted: records on their stream. rejected: the others; errors names the first of them.

    position: of the last accepted record on its stream, where the API said it. denials_kept: denials on record that
    the file would have lifted.
    """

    done: int = 0
    accepted: int = 0
    rejected: int = 0
    errors: tuple[str, ...] = ()
    position: str | None = None
    denials_kept: int = 0

    def plus(self, accepted: int, errors: list[str], position: str | None, denials_kept: int = 0) -> "ImportResult":
        """With one more batch. errors: one for each record that was rejected."""
        return ImportResult(
            self.done + accepted + len(errors),
            self.accepted + accepted,
            self.rejected + len(errors),
            (*self.errors, *errors)[:MAX_NAMED],
            position or self.position,
            self.denials_kept + denials_kept,
        )
