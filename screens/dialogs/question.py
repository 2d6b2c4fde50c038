"""What every dialog is: a question over a screen, whose keys wait until it can take them."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar, runtime_checkable

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Answer = TypeVar("Answer")


@runtime_checkable
class KeyHolder(Protocol):
    """An app that can keep keys back while a dialog opens."""

    def hold_keys(self) -> None:
        """Keep what is typed from now on."""

    def release_keys(self) -> None:
        """Give what was kept to the screen on top."""


class Question(ModalScreen[Answer], Generic[Answer]):
    """A dialog. What is typed ahead of it belongs to it, never to the screen below.

    Attributes:
        followed: Another question may follow, so what is typed ahead is kept for that one.
    """

    followed = False

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Answer."""
        if self.followed and result is not None and isinstance(holder := self.app, KeyHolder):
            holder.hold_keys()
        return super().dismiss(result)
