"""Where things are: the XDG folders on every system, because users of terminal tools look there first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def config_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder of `config.toml`."""
    return _folder(environ, "XDG_CONFIG_HOME", ".config")


def data_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder of the store."""
    return _folder(environ, "XDG_DATA_HOME", ".local/share")


def state_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder of what may be lost: rescued texts, written refs."""
    return _folder(environ, "XDG_STATE_HOME", ".local/state")


def _folder(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    base = environ.get(variable, "")
    home = Path(environ.get("HOME") or "~").expanduser()
    # The specification says that a relative path is to be ignored.
    return (Path(base) if base.startswith("/") else home / fallback) / "tocsin"
