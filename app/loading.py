"""Reading the settings, light: without a file and without variables, the settings themselves are not even imported."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from app import paths
from app.quick import login_name

if TYPE_CHECKING:
    from datetime import tzinfo

    from app.settings import Settings

_NOT_SETTINGS = ("TOCSIN_CONFIG", "TOCSIN_DATABASE")
_OF_HOOKS = ("TOCSIN_HOOK", "TOCSIN_REF", "TOCSIN_KIND", "TOCSIN_WHAT", "TOCSIN_TTY")  # what a hook is told
SECRET = "TOCSIN_SECRET_"  # noqa: S105 - what the name of a variable begins with that holds a remote's token


def is_setting(name: str) -> bool:
    """Say whether a variable of this name is a setting."""
    return name.startswith("TOCSIN_") and name not in (*_NOT_SETTINGS, *_OF_HOOKS) and not name.startswith(SECRET)


class BadSettings(Exception):
    """A settings file or variable that cannot be used (exit code 7); names it, and the remedy."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


class Loaded:
    """Settings as they hold for this run.

    Args:
        environ: The environment.
        given: What a file or variables set, None when there are none and every default holds.
        config: The settings file, whether it exists or not.
        database: The store's file.
        origins: Where each setting that is not a default came from, by dotted name.
        problems: By section, why it could not be read; its defaults hold, and everything else goes on.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        given: Settings | None,
        config: Path,
        database: Path,
        origins: Mapping[str, str],
        problems: Mapping[str, BadSettings] | None = None,
    ) -> None:
        self.problems: Mapping[str, BadSettings] = problems or {}
        self._environ, self._given = environ, given
        self.config, self.database, self.origins = config, database, origins

    def need(self, section: str) -> None:
        """Raise what is wrong with a section, for who cannot do with its defaults.

        Raises:
            BadSettings: It could not be read; names the file and the line, or the variable, and the remedy.
        """
        if problem := self.problems.get(section):
            raise problem

    def brief(self, text: str) -> str:
        """Return a sentence with the settings file by its name alone, for one line of the screen."""
        return text.replace(f"{self.config.parent}/", "")

    @cached_property
    def settings(self) -> Settings:
        """All of them."""
        from dataclasses import replace

        from app.settings import Settings

        return replace(self._given or Settings(), database=str(self.database))

    def author(self) -> str:
        """Return who acts: the set name, else the login name."""
        named = self._given.user.name if self._given else ""
        return named or login_name(self._environ)

    def timezone(self) -> tzinfo:
        """Return the zone times are shown in; one that does not exist was refused when the settings were read."""
        zone = self._given.display.zone if self._given else "local"
        if zone == "local":
            from app.localzone import LocalZone

            return LocalZone()
        from domain.zones import zone_named

        return zone_named(zone)


def load(environ: Mapping[str, str], *, database: str | None = None, config: str | None = None) -> Loaded:
    """Read the settings.

    Args:
        environ: The environment.
        database: The flag `--database`, which wins over everything.
        config: The flag `--config`; else `TOCSIN_CONFIG`, else `config.toml` in the XDG config folder.

    Raises:
        BadSettings: A file or a variable cannot be used; names it.
    """
    named = config or environ.get("TOCSIN_CONFIG")
    path = Path(named) if named else paths.config_dir(environ) / "config.toml"
    if named and not path.exists():
        raise BadSettings(f"There is no settings file {path}", "Make one with: tocsin config init.")
    given: Settings | None = None
    origins: dict[str, str] = {}
    problems: Mapping[str, BadSettings] = {}
    variables = any(map(is_setting, environ))
    if variables or path.exists():
        from app.settings_sources import read

        given, origins, problems = read(path, environ)
    chosen = database or environ.get("TOCSIN_DATABASE")
    if chosen:
        origins["database"] = "--database" if database else "TOCSIN_DATABASE"
    elif given is not None:
        chosen = given.database
    where = Path(chosen).expanduser() if chosen else paths.data_dir(environ) / "tocsin.db"
    return Loaded(environ, given, path, where, origins, problems)
