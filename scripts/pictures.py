"""Draws the README's pictures from the demo: `python -m scripts.pictures` writes docs/images/*.svg.

The demo's present stands still and its seed is fixed, so the same code draws the same pictures.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.tocsin import Tocsin

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
NOW = int(datetime(2026, 11, 21, 4, 12, tzinfo=UTC).timestamp() * 1000)
ME = "dana"
_FONT_FACE = re.compile(r"\s*@font-face\s*\{[^}]*\}")  # they name web fonts; a picture must fetch nothing

_TEXT = re.compile(
    r'<text (?P<before>[^>]*)x="(?P<x>[\d.]+)"(?P<after>[^>]*)textLength="(?P<length>[\d.]+)"(?P<end>[^>]*)>'
    r"(?P<text>[^<]*)</text>"
)
_CELL = 12.2  # units; the width of a character in Rich's pictures


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: its file's name, the terminal's size in cells, and the keys pressed before it is taken."""

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()


PICTURES = (
    Picture("queue", (80, 24), ("j", "j")),
    Picture("queue-preview", (120, 36), ("j", "j", "j")),
    Picture("filter", (80, 24), ("slash", *"kafka")),
    Picture("detail", (80, 24), ("enter",)),
    Picture("status", (80, 24), ("enter", "s")),
    Picture("postmortem", (80, 24), ("slash", *"gift card", "enter", "enter", "P")),
)


def bare(svg: str) -> str:
    """Return a picture that fetches nothing: without the rules that load fonts from the web."""
    return _FONT_FACE.sub("", svg)


def spread(svg: str) -> str:
    """Return a picture with every word at its own place: some viewers drop blanks and the widths set for them."""
    return _TEXT.sub(_words, svg)


def _words(found: re.Match[str]) -> str:
    before, x, after, text = found["before"], float(found["x"]), found["after"], html.unescape(found["text"])
    if abs(len(text) * _CELL - float(found["length"])) > 1:  # some characters are two cells wide
        return found[0]
    return "".join(
        f'<text {before}x="{x + word.start() * _CELL:.1f}"{after}textLength="{len(word[0]) * _CELL:.1f}"'
        f"{found['end']}>{html.escape(word[0])}</text>"
        for word in re.finditer(r"[^\s\xa0]+", text)
    )


async def settle(app: Tocsin) -> None:
    """Wait for what works beside the screen, but not for a verb: that waits for its dialog."""
    if working := [worker for worker in app.workers if worker.group != "verbs" and not worker.is_finished]:
        await app.workers.wait_for_complete(working)


async def take(app: Tocsin, picture: Picture) -> str:
    """Press a picture's keys in the program and return the screen as SVG."""
    async with app.run_test(size=picture.size) as pilot:
        await pilot.pause()
        for key in picture.keys:
            await pilot.press("space" if key == " " else key)
            await settle(app)
        await pilot.pause()
        return spread(bare(app.export_screenshot(title="tocsin")))


def draw(picture: Picture) -> str:
    """Return one picture, on a sample store of its own that is thrown away."""
    from app.demo import make
    from app.loading import load
    from app.making import make_app
    from app.session import Session
    from widgets.queue_lines import UNICODE

    with tempfile.TemporaryDirectory(prefix="tocsin-pictures-") as folder:
        store = Path(folder) / "tocsin.db"
        make(store, NOW, me=ME)
        places = {f"XDG_{kind}_HOME": folder for kind in ("CONFIG", "DATA", "STATE")}
        loaded = load({**places, "TOCSIN_USER__NAME": ME, "TOCSIN_DISPLAY__ZONE": "UTC"}, database=str(store))
        with Session(loaded, clock=lambda: NOW) as session:
            return asyncio.run(take(make_app(session, UNICODE, None), picture))


def main(names: Sequence[str]) -> int:
    """Draw the pictures that are named, or all; return the exit code."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        os.environ.pop(name, None)
    os.environ.update(TEXTUAL_ANIMATIONS="none", COLORTERM="truecolor", TERM="xterm-256color")
    IMAGES.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        if not names or picture.name in names:
            path = IMAGES / f"{picture.name}.svg"
            path.write_text(draw(picture), encoding="utf-8")
            print(path.relative_to(IMAGES.parents[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
