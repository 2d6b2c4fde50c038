"""`demo`: the queue on sample incidents, thrown away afterwards."""

from __future__ import annotations

import os
from pathlib import Path

import click

from app.cli.call import Call, is_terminal
from app.cli.verb import Verb


@click.command("demo", cls=Verb)
@click.option("--print-path", is_flag=True, help="Make the store, print where it is, and keep it.")
@click.pass_obj
def demo(call: Call, print_path: bool) -> int:
    """Open the queue on throw-away sample incidents; with --database PATH they are made there and kept."""
    import tempfile

    if call.database or print_path:
        path = Path(call.database) if call.database else Path(tempfile.mkdtemp(prefix="tocsin-demo-")) / "tocsin.db"
        return _show(call, path, print_path)
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as folder:
        try:
            return _show(call, Path(folder) / "tocsin.db", print_path=False)
        finally:
            call.close()  # before its folder goes


def _show(call: Call, path: Path, print_path: bool) -> int:
    from app.demo import make

    call.database = str(path)
    if not path.exists():
        make(path, call.session.clock())
    if print_path:
        _print_path(call, path)
        return 0
    if call.json or not is_terminal("stdin") or not is_terminal("stdout") or os.environ.get("TERM") == "dumb":
        from app.cli.read import OPEN, show_queue

        show_queue(call, OPEN, None)
        return 0
    from app.cli.root import open_screen

    return open_screen(call, hooked=False)  # samples concern nobody's chat


def _print_path(call: Call, path: Path) -> None:
    if call.json:
        call.out.object({"database": str(path)})
    else:
        call.out.line(call.out.style(str(path)))
