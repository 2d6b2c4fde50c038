"""The post-mortem: drafted from the log at first opening, edited as one Markdown text, saved section by section."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.timer import Timer
from textual.widgets import TextArea

from domain import actions
from domain.durations import age
from domain.postmortem import Document, build, parse, render
from screens.desk import Desk
from screens.deskscreen import DeskScreen, bindings
from widgets.note_area import PAUSE
from widgets.painting import Line
from widgets.spans import Span, Spans, between, plain


class Postmortem(DeskScreen):
    """The editor of one post-mortem."""

    WHERE = "postmortem"
    BINDINGS = bindings("postmortem")
    AUTO_FOCUS: ClassVar[str | None] = "TextArea"
    DEFAULT_CSS = """
    Postmortem { layout: vertical; }
    Postmortem TextArea { height: 1fr; border: none; padding: 0; }
    """

    def __init__(self, desk: Desk, incident: str) -> None:
        super().__init__(desk)
        self._of = incident
        self._document: Document = self._build()
        self._base = render(self._document)
        self._saved = "from the log"
        self._pause: Timer | None = None

    def _build(self) -> Document:
        replay = self.desk.reader.replay(self._of)
        incident = self.desk.reader.named(replay.result())
        return build(incident, replay, self.desk.zone, self.desk.sections)

    def compose(self) -> ComposeResult:
        """Lay the editor out."""
        yield Line(self._top, id="top")
        area = TextArea(self._base, soft_wrap=True, show_line_numbers=False, compact=True, highlight_cursor_line=False)
        area.cursor_blink = False
        yield area
        yield self.keys_line()

    def on_mount(self) -> None:
        """Go on with what was typed before a crash or a dropped line."""
        draft = self.desk.drafts.get("postmortem", self._of)
        if draft is not None and draft.text != self._base:
            self._area.text = draft.text
            self._saved = f"kept from {age(self.desk.now() - draft.saved_at)} ago, not yet recorded"
            self.tell("What you typed before is here again; ctrl+s records it")

    @property
    def _area(self) -> TextArea:
        return self.query_one(TextArea)

    def _top(self, width: int) -> Spans:
        left = [Span(" post-mortem ", "key"), plain(f"{self._document.ref}  {self._document.title}", "strong")]
        return between(left, [Span(f"  {self._saved} ", "muted")], width)

    def _state(self, text: str) -> None:
        self._saved = text
        self.query_one("#top", Line).repaint()

    # -- keeping what is typed -------------------------------------------------------------------------------------

    def on_text_area_changed(self) -> None:
        """Keep a draft at the next pause."""
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._keep)

    async def _keep(self) -> None:
        text = self._area.text
        if text == self._base:
            return
        problem = await self.desk.keep_draft("postmortem", self._of, text, self._base)
        self._state(f"NOT KEPT: {problem}" if problem else "draft kept")

    async def save(self) -> None:
        """Record the sections that were changed."""
        if self._pause is not None:
            self._pause.stop()
        texts = parse(self._area.text, self._document)
        if texts:
            await self.desk.act([self._of], lambda incident: actions.write_sections(incident, texts))
        await self.desk.forget_draft("postmortem", self._of)
        # Not built anew from the log: what others add meanwhile would look like changed text at the next save.
        self._document = self._document.rewritten(texts)
        self._base = self._area.text
        self._state(
            f"recorded: {', '.join(name.replace('_', ' ') for name in texts)}" if texts else "nothing to record"
        )

    def action_save(self) -> None:
        """Record the changed sections."""
        self.do(self.save())

    def action_close(self) -> None:
        """Record and go back; when it cannot be recorded, stay."""
        self.do(self._close())

    async def _close(self) -> None:
        if self._area.text != self._base:
            await self.save()
        self.dismiss()

    # -- moving ----------------------------------------------------------------------------------------------------

    def action_next_section(self) -> None:
        """Go to the next heading."""
        self._jump(1)

    def action_previous_section(self) -> None:
        """Go to the heading before."""
        self._jump(-1)

    def _jump(self, by: int) -> None:
        here = self._area.cursor_location[0]
        lines = self._area.text.split("\n")
        headings = [n for n, line in enumerate(lines) if line.startswith("## ")]
        places = [n for n in headings if n > here] if by > 0 else [n for n in headings if n < here][::-1]
        if places:
            ends = [n for n in headings if n > places[0]]
            last = self._last_text(places[0], ends[0] if ends else len(lines))
            self._area.move_cursor((last, len(lines[last])))
            self._area.scroll_to(y=self._area.wrapped_document.location_to_offset((places[0], 0)).y, animate=False)

    def _last_text(self, heading: int, end: int) -> int:
        """Return the last line of a section that holds text, where one goes on writing."""
        lines = self._area.text.split("\n")
        written = [n for n in range(heading + 1, end) if lines[n].strip()]
        return written[-1] if written else min(heading + 1, len(lines) - 1)

    # -- going out -------------------------------------------------------------------------------------------------

    def action_editor(self) -> None:
        """Hand the text to $EDITOR and take it back."""
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        if shutil.which(command[0]) is None:
            self.tell(f"There is no editor “{command[0]}”. Set EDITOR to one that is here.", warn=True)
            return
        handle, name = tempfile.mkstemp(prefix="tocsin-", suffix=".md")
        path = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self._area.text)
            self._take_back(path, self._edit([*command, str(path)]), command[0])
        except (OSError, SuspendNotSupported) as error:
            self.tell(f"{command[0]} could not be used: {error}", warn=True)
        finally:
            path.unlink(missing_ok=True)

    def _edit(self, command: list[str]) -> int:
        with self.app.suspend():
            try:
                return subprocess.run(command, check=False).returncode  # noqa: S603
            except OSError:  # Textual comes back only when nothing is raised in here
                return 127

    def _take_back(self, path: Path, code: int, editor: str) -> None:
        text = path.read_text(encoding="utf-8", errors="replace")
        if code:
            self.tell(f"{editor} ended with {code}: the text is as it was", warn=True)
        elif text.rstrip("\n") != self._area.text.rstrip("\n"):
            self._area.text = text.rstrip("\n") + "\n"
            self.refresh()

    def action_export(self) -> None:
        """Write the text as Markdown beside where tocsin was started."""
        path = Path.cwd() / f"{self._document.ref}-postmortem.md"
        try:
            with open(path, "w", encoding="utf-8", opener=_private) as file:
                file.write(self._area.text)
        except OSError as error:
            self.tell(f"Not exported: {error.strerror}: {path}", warn=True)
        else:
            self.tell(f"Exported to {path}")

    def keep_now(self) -> None:
        """Keep what was typed at once: the line has dropped."""
        if self._area.text != self._base:
            self.desk.drafts.save("postmortem", self._of, self._area.text, self._base)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
