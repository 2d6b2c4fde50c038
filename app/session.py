"""One run of the program on one store: the settings as they hold, who acts, the present, and the store when needed."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from app import paths
from app.loading import Loaded
from domain.times import Clock

if TYPE_CHECKING:
    from app.hooks.runner import Hooks
    from app.settings import Settings
    from domain.errors import Mistake
    from storage.errors import StoreError
    from storage.store import Store
    from storage.witness import Witness


def now() -> int:
    """Return the present moment, ms since 1970 UTC."""
    return time.time_ns() // 1_000_000


class Session:
    """What every verb and every screen works with; close it, or use it as a context.

    Args:
        loaded: The settings, and where the store is.
        clock: The present, ms.
        hooked: Whether what is recorded is shown to the user's hooks.

    Attributes:
        tell: Shows a line about hooks; called in any thread. Who has a screen puts its own there.
    """

    def __init__(self, loaded: Loaded, clock: Clock = now, *, hooked: bool = True) -> None:
        self.loaded, self.clock = loaded, clock
        self.tell: Callable[[str], None] = say
        self._hooked = hooked and "TOCSIN_HOOK" not in os.environ  # a hook's own `tocsin` would run it again

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.loaded.settings

    @cached_property
    def author(self) -> str:
        """Who acts: the name that is set, or the login on a store with rights, which goes by nothing else."""
        return self.store.author

    @cached_property
    def zone(self) -> tzinfo:
        """The zone in which times are read and shown."""
        return self.loaded.timezone()

    @cached_property
    def store(self) -> Store:
        """The store, made or brought up to date at the first use; raises `StoreError`."""
        from storage.store import Store

        store = Store(self.loaded.database, self.loaded.author(), self.clock, self._witness)
        store.reader.followed = self._tell
        return store

    @cached_property
    def hooks(self) -> Hooks:
        """What runs the user's hooks, whether there are any or not."""
        from app.hooks.log import HookLog
        from app.hooks.runner import Hooks, Place

        place = Place(self.hook_folder(), self.loaded.database.absolute(), self.author)
        return Hooks(place, self.settings.hooks, HookLog(self.state_dir(), self.clock), self._tell)

    def _tell(self, line: str) -> None:
        self.tell(line)  # whoever has the screen by then

    def hook_folder(self) -> Path:
        """Return the folder of the user's hooks."""
        return paths.config_dir(os.environ) / "hooks"

    def runs_hooks(self) -> bool:
        """Say whether the user's hooks are run at all, here and now."""
        return self._hooked and os.path.isdir(self.hook_folder()) and self.settings.hooks.enabled

    def _witness(self, source: str) -> Witness | None:
        """Return who sees what is recorded; without a folder of hooks that is one look at the disk, and nobody."""
        if source == "sync" or not self.runs_hooks():
            return None
        from app.hooks.runner import AfterOnly

        return AfterOnly(self.hooks) if source == "alert" else self.hooks

    def state_dir(self) -> Path:
        """Return the folder of what may be lost, made with mode 0700 if that is possible."""
        folder = paths.state_dir(os.environ)
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    @contextmanager
    def keeping(self, text: str, *, typed: bool = False) -> Iterator[None]:
        """Rescue `text` to a file when the block's error says that the store could not take it; the error names it.

        Args:
            text: What somebody wrote.
            typed: It is nowhere else (an editor gave it), so it is also kept when a rule refuses it. Else an error
                that is the person's own, such as a ref that does not exist, keeps nothing; a right that is missing
                is none, since the text may be for somebody else to record.
        """
        from domain.errors import Mistake, NoRight
        from storage.errors import NotFound, StoreError

        try:
            yield
        except (StoreError, Mistake) as error:
            if typed or isinstance(error, NoRight) or not isinstance(error, (NotFound, Mistake)):
                self._rescue(text, error)
            raise

    def _rescue(self, text: str, error: StoreError | Mistake) -> None:
        from storage.rescue import rescue

        kept = rescue(text, [self.state_dir()]) if text.strip() else None
        if kept:
            error.message = f"{error.message}. Your text is kept in {kept}"
            error.remedy = error.remedy.replace("nothing was lost", "then record the kept text")

    def hurry(self) -> None:
        """Wait for no hook that may refuse any more: the line has dropped, and what is typed must be kept."""
        if "hooks" in self.__dict__:
            self.hooks.hurry()

    def close(self) -> None:
        """Close the store if it was opened; what was recorded is on the disk already, so this cannot fail."""
        if "hooks" in self.__dict__:
            self.hooks.close()
        if "store" not in self.__dict__:
            return
        from storage.errors import StoreError

        with contextlib.suppress(StoreError):  # it would hide the error that matters
            self.store.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def say(line: str) -> None:
    """Tell a line about hooks on stderr."""
    import click

    from domain.text import safe_text

    with contextlib.suppress(OSError):  # nobody is left to be told
        click.echo(f"tocsin: {safe_text(line)}", err=True)
