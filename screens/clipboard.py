"""Copying for other programs: by OSC 52, and through tmux where it stands between."""

from __future__ import annotations

import os
import subprocess

from screens.deskscreen import DeskScreen


def copy(screen: DeskScreen, text: str) -> None:
    """Put a text on the terminal's clipboard; whether the terminal takes it cannot be known."""
    screen.app.copy_to_clipboard(text)
    if os.environ.get("TMUX"):
        command = ("tmux", "load-buffer", "-w", "-")
        subprocess.run(command, input=text.encode(), check=False, capture_output=True, timeout=2)  # noqa: S603
