"""Undo and redo: the boards before and after the present one."""

from dataclasses import dataclass, field, replace

from pages.builder.board.board import Board

MOST = 100


@dataclass(frozen=True)
class History:
    """past: the last one at its end. future: the next one at its end."""

    present: Board = field(default_factory=Board)
    past: tuple[Board, ...] = ()
    future: tuple[Board, ...] = ()

    def then(self, board: Board) -> "History":
        """After one act. What changes nothing but the selection is none."""
        if board.root == self.present.root:
            return replace(self, present=board)
        return History(board, (*self.past, self.present)[-MOST:])

    def undo(self) -> "History":
        """One act back; the same when there is none."""
        if not self.past:
            return self
        return History(self._anew(self.past[-1]), self.past[:-1], (*self.future, self.present))

    def redo(self) -> "History":
        if not self.future:
            return self
        return History(self._anew(self.future[-1]), (*self.past, self.present), self.future[:-1])

    def _anew(self, board: Board) -> Board:
        """Revisions and ids go on: nothing that remembers them may take this board for another."""
        selected = self.present.selected if board.has(self.present.selected) else board.selected
        next_id = max(board.next_id, self.present.next_id)
        return replace(board, selected=selected, revision=self.present.revision + 1, next_id=next_id)
