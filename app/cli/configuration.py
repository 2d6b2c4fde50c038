"""`config`: what is set and where it came from, where the file is, and a first file."""

from __future__ import annotations

import os
from typing import Any

import click

from app.cli.call import Call
from app.cli.verb import Verb, Verbs


@click.group("config", cls=Verbs)
def config() -> None:
    """Show the settings, where they are, or write a first file."""


@config.command("show", cls=Verb)
@click.pass_obj
def show(call: Call) -> None:
    """Show every setting, its value, and where that came from."""
    import json

    from app.settings import flatten

    loaded = call.session.loaded
    for section, problem in loaded.problems.items():
        from domain.text import safe_text

        click.echo(safe_text(f"tocsin: {section} is not used: {problem.message}. {problem.remedy}"), err=True)
    values = {name: plain(value) for name, value in flatten(loaded.settings).items()}
    origins = {name: origin_of(name, loaded.origins) for name in values}
    if call.json:
        found = {name: {"value": value, "origin": origins[name]} for name, value in values.items()}
        call.out.object({"file": str(loaded.config), "settings": found})
        return
    style = call.out.style
    for name, value in values.items():
        shown = json.dumps(value, ensure_ascii=False)
        call.out.line(f"{style(name, 'strong')} = {style(shown)}  {style(f'# {origins[name]}', 'dim')}")


def plain(value: Any) -> Any:
    """Return a setting's value in JSON's own types."""
    from dataclasses import asdict, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return {name: plain(each) for name, each in value.items()} if hasattr(value, "items") else value


def origin_of(name: str, origins: Any) -> str:
    """Return where a setting came from: a file, a variable, a flag, or `default`."""
    found = (origin for key, origin in origins.items() if key == name or key.startswith(f"{name}."))
    return next(found, "default")


@config.command("path", cls=Verb)
@click.pass_obj
def path(call: Call) -> None:
    """Print where the settings file is, or would be."""
    from app import paths

    loaded = call.session.loaded
    if call.json:
        folders = {"config": str(loaded.config), "database": str(loaded.database)}
        call.out.object({**folders, "state": str(paths.state_dir(os.environ))})
    else:
        call.out.line(call.out.style(str(loaded.config)))


@config.command("init", cls=Verb)
@click.pass_obj
def init(call: Call) -> None:
    """Write a settings file that names every setting, each with its default behind a #."""
    from pathlib import Path

    from app import paths
    from app.cli.errors import Failed
    from app.cli.settings_reference import template

    named = call.config or os.environ.get("TOCSIN_CONFIG")
    target = Path(named) if named else paths.config_dir(os.environ) / "config.toml"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise Failed(f"There is a settings file already: {target}", "Edit that one.", "exists") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(template())
    if call.json:
        call.out.object({"config": str(target)})
    else:
        call.out.line(call.out.style(str(target)))
