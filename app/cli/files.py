"""The store as files: `export`, `import`, `backup`, `restore` and `verify`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import click

from app.cli.call import Call, is_terminal, piped
from app.cli.verb import Verb

FILE = click.Path(dir_okay=False, path_type=Path)
Progress = Callable[[int, int], None]


def progress(what: str) -> Progress | None:
    """Return what shows progress on one line of stderr; None when stderr is no terminal."""
    if not is_terminal("stderr"):
        return None

    def show(done: int, total: int) -> None:
        share = f" of {total:,}" if total else ""
        click.echo(f"\r{what}: {done:,}{share} \r", nl=done >= total > 0, err=True)

    return show


@click.command("export", cls=Verb)
@click.argument("query", nargs=-1)
@click.option("-o", "--output", type=FILE, metavar="FILE", help="Write to this new file rather than to stdout.")
@click.pass_obj
def export(call: Call, query: tuple[str, ...], output: Path | None) -> None:
    """Write every entry, or those of the incidents that match QUERY, as JSON Lines after a header line."""
    from app.cli.errors import Usage
    from storage.transfer import export_lines

    if call.json and output is None:
        raise Usage("An export is JSON Lines already", "Leave --json out, or give a file: -o FILE.")
    text = " ".join(query)
    wanted = list(matching(call, text)) if text else None
    lines = export_lines(call.session.store.path, wanted)
    if output is None:
        from app.cli.output import harmless

        for line in lines:
            click.echo(harmless(line))
        return
    written = _write(output, lines)
    if call.json:
        call.out.object({"file": str(output), "entries": written - 1})
    else:
        call.out.line(call.out.style(f"{written - 1:,} entries written to {output}"))


def matching(call: Call, text: str) -> Iterator[str]:
    """Yield the ids of the incidents that match a query, in the order of the queue."""
    from domain.query import parse

    query, now, key = parse(text), call.session.clock(), -1
    while rows := call.session.store.reader.after(key, 1000, query, now):
        yield from (row.id for row in rows)
        key = rows[-1].key


def _write(target: Path, lines: Iterable[str]) -> int:
    """Write lines to a new file of mode 0600; one that fails half way is not left behind."""
    import os

    written = 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            for line in lines:
                file.write(line + "\n")
                written += 1
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return written


@click.command("import", cls=Verb)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")
@click.pass_obj
def import_(call: Call, file: str) -> None:
    """Read an export, FILE or what is piped in; what is here already is skipped."""
    from storage.transfer import import_lines

    with opened(file) as stream:
        journal = call.session.store.journal_as("sync")
        try:
            read, new = import_lines(journal, stream, progress("entries read"))
        finally:
            journal.close()
    if call.json:
        call.out.object({"read": read, "new": new})
    else:
        call.out.line(f"{read:,} entries read, {new:,} of them new")


@contextmanager
def opened(file: str) -> Iterator[BinaryIO]:
    """Open a file for bytes; `-` is what is piped in, which must not be a terminal."""
    from app.cli.errors import Usage

    if file != "-":
        with Path(file).open("rb") as stream:
            yield stream
        return
    if is_terminal("stdin"):
        raise Usage("Nothing is piped in", "Name a file, or pipe it in.")
    yield piped()


@click.command("backup", cls=Verb)
@click.argument("file", type=FILE)
@click.pass_obj
def backup(call: Call, file: Path) -> None:
    """Copy the store, as it is at this moment, to the new file FILE; others may go on working."""
    from storage.backup import backup as copy
    from storage.backup import require_all

    require_all(call.session.store.path, "backup")
    size = copy(call.session.store.path, file, progress("pages copied"))
    if call.json:
        call.out.object({"file": str(file), "bytes": size})
    else:
        call.out.line(call.out.style(f"{size:,} bytes written to {file}"))


@click.command("restore", cls=Verb)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def restore(call: Call, file: Path, yes: bool) -> None:
    """Make the store what the backup FILE is; what it was is kept beside it, with the date in its name."""
    from domain.text import safe_text
    from storage.backup import restore as bring_back

    path = call.session.loaded.database
    _may_restore(path)
    if not yes and is_terminal("stdin"):
        click.confirm(safe_text(f"Replace the store {path} by {file}?"), abort=True, err=True)
    kept = bring_back(path, file, progress("pages copied"))
    if call.json:
        call.out.object({"database": str(path), "kept": str(kept) if kept else None})
        return
    call.out.line(call.out.style(f"{path} is now what {file} is"))
    if kept:
        call.out.line(call.out.style(f"What it was is in {kept}"))


def _may_restore(path: Path) -> None:
    """Refuse it to whoever is no administrator; a store that cannot be read has nobody to ask."""
    from domain.grants import OWNER
    from storage.backup import require_all
    from storage.errors import StoreError

    with suppress(StoreError):
        require_all(path, "restore", least=OWNER)


@click.command("verify", cls=Verb)
@click.option("--rebuild", is_flag=True, help="First make anew what is computed from the entries.")
@click.pass_obj
def verify(call: Call, rebuild: bool) -> int:
    """Check the file, the chains of hashes, and that every incident is what its entries say."""
    from storage.backup import require_all
    from storage.backup import verify as check
    from storage.store import rebuild as make_anew

    path = call.session.store.path
    require_all(path, "verify")
    rebuilt = make_anew(path) if rebuild else None
    found = check(path, progress("incidents checked"))
    sound = not found.problems
    if call.json:
        counts = {"incidents": found.incidents, "entries": found.entries, "devices": found.devices}
        call.out.object({"ok": sound, **counts, "rebuilt": rebuilt, "problems": found.problems})
        return 0 if sound else 1
    if rebuilt is not None:
        call.out.line(f"{rebuilt:,} incidents made anew")
    call.out.line(f"{found.incidents:,} incidents, {found.entries:,} entries, {found.devices:,} devices looked at")
    call.out.lines(call.out.style(problem, "alarm") for problem in found.problems)
    if sound:
        call.out.line(call.out.style("The store is sound.", "good"))
    else:
        click.echo("Make what is computed anew: tocsin verify --rebuild; or restore a backup.", err=True)
    return 0 if sound else 1
