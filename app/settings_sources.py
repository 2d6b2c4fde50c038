"""Settings from a file and from the environment, validated by pydantic-settings; imported when there are any."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, time
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

from pydantic import Field, ValidationError, create_model
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from app.loading import BadSettings, is_setting
from app.settings import Layer, Override, Rota, Service, Settings, flatten, suggestion
from app.settings_lines import place_of, said_in
from domain import limits, vocabulary
from domain.errors import BadValue, Mistake
from domain.query import parse
from domain.zones import zone_named
from screens.keys import check_keymap

_ONCALL: Mapping[int | str, Any] = {"rotas": Rota, "layers": Layer, "overrides": Override, "services": Service}


_EITHER = ("str", "dict[str,str]")
"""How pydantic names the two ways to write a setting that may be a text or a table, in the place of an error."""


class _Sources(BaseSettings):
    """The environment wins over the file; the file comes in as arguments."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_", env_nested_delimiter="__", extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        def environment() -> dict[str, Any]:
            return _decoded(env_settings(), Settings())

        return environment, init_settings  # type: ignore[return-value]


def _decoded(values: Mapping[str, Any], defaults: Any) -> dict[str, Any]:
    """Return what variables set, lists and tables below the first level read from their JSON.

    pydantic-settings reads JSON of a whole setting and of nested models, but not inside nested dataclasses.
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        default = getattr(defaults, name, None)
        if is_dataclass(default) and isinstance(value, dict):
            found[name] = _decoded(value, default)
        elif isinstance(default, tuple | Mapping) and isinstance(value, str):
            try:
                found[name] = json.loads(value)
            except ValueError as error:
                raise SettingsError(f"{name}: {value[:80]!r} is not JSON ({error})") from error
        else:
            found[name] = value
    return found


ASIDE = frozenset({"sla", "triage", "reminders", "rotas", "services", "escalation", "parties", "templates"})
"""Sections without which everything else goes on: what is wrong with one is said, and kept for who needs it."""


class Read(NamedTuple):
    """The settings, where each that is no default came from, and by section why its defaults hold instead."""

    settings: Settings
    origins: dict[str, str]
    problems: dict[str, BadSettings]


def read(path: Path, environ: Mapping[str, str]) -> Read:
    """Return the validated settings of a file (if it exists) and the environment.

    Raises:
        BadSettings: Names the file or the variable, the setting and the remedy.
    """
    of_file = _file(path) if path.exists() else {}
    variables = [name for name in environ if is_setting(name)]
    known = [each.name for each in fields(Settings)]
    for variable in variables:
        if (top := variable.removeprefix("TOCSIN_").lower().partition("__")[0]) not in known:
            raise BadSettings(f"There is no setting for the variable {variable}", suggestion(top, known))
    named = {_dotted(name): name for name in variables}
    model, problems = _validated(of_file, path, named)
    settings = Settings(**{name: getattr(model, name) for name in known if hasattr(model, name)})
    _check(settings, path, named)
    origins = dict.fromkeys(_names(of_file), str(path))
    return Read(settings, {**origins, **named}, problems)


def _validated(
    of_file: Mapping[str, Any], path: Path, variables: Mapping[str, str]
) -> tuple[BaseSettings, dict[str, BadSettings]]:
    """Return the settings as a model, without the sections that may be set aside and are wrong."""
    try:
        return _model()(**of_file), {}
    except ValidationError as error:
        problems = _by_section(error, path, variables)
    except SettingsError as error:
        tops = {name.partition(".")[0] for name in variables}
        problems = dict.fromkeys(tops & ASIDE, _unreadable(error))
    try:
        return _model(problems)(**{name: value for name, value in of_file.items() if name not in problems}), problems
    except ValidationError as error:
        raise _explain(_nearest_error(error.errors()), path, variables) from error
    except SettingsError as error:
        raise _unreadable(error) from error


def _by_section(error: ValidationError, path: Path, variables: Mapping[str, str]) -> dict[str, BadSettings]:
    """Return the first thing that is wrong with each section that may be set aside."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for each in error.errors():
        if (section := str(each["loc"][0])) in ASIDE:
            found.setdefault(section, []).append(each)
    return {section: _explain(_nearest_error(errors), path, variables) for section, errors in found.items()}


def _model(without: Collection[str] = ()) -> type[BaseSettings]:
    hints = get_type_hints(Settings, include_extras=True)
    declared: dict[str, Any] = {}
    for each in fields(Settings):
        if each.name in without:
            continue
        factory = each.default_factory
        default = Field(default=each.default) if factory is MISSING else Field(default_factory=factory)
        declared[each.name] = (hints[each.name], default)
    return create_model("SettingsSources", __base__=_Sources, **declared)


def _file(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadSettings(f"The settings cannot be read: {path}: {error.strerror}", "Check its rights.") from error
    if len(data) > limits.SETTINGS_BYTES:
        raise BadSettings(f"The settings file is larger than {limits.SETTINGS_BYTES:,} bytes: {path}", "Shorten it.")
    try:
        return {name: _texts(value) for name, value in tomllib.loads(data.decode()).items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: {error}", "Mend that line; see docs/settings.md.") from error


def _texts(value: Any) -> Any:
    """Return a value of TOML with its dates and times as ISO 8601: a setting may have them with or without quotes."""
    if isinstance(value, dict):
        return {name: _texts(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_texts(each) for each in value]
    return value.isoformat() if isinstance(value, date | time) else value


def _names(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _names(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _dotted(variable: str) -> str:
    return variable.removeprefix("TOCSIN_").lower().replace("__", ".")


def _unreadable(error: SettingsError) -> BadSettings:
    return BadSettings(f"A TOCSIN_ variable cannot be read: {error}", "See docs/settings.md.")


def _explain(first: Mapping[str, Any], path: Path, variables: Mapping[str, str]) -> BadSettings:
    loc = tuple(part for part in first["loc"] if part not in _EITHER)
    name = ".".join(str(part) for part in loc)
    where = variables.get(name) or variables.get(str(loc[0])) or place_of(path, loc)
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return BadSettings(f"{where}: there is no setting “{name}”", _nearest(loc, name))
    given = repr(first.get("input"))
    page = "escalation" if any("escalat" in str(part) for part in loc) else "settings"
    page = "oncall" if loc[0] in _ONCALL and page == "settings" else page
    return BadSettings(f"{where}: {name} = {given[:80]}: {first['msg']}", f"See docs/{page}.md.")


def _nearest_error(errors: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the first thing that is wrong; of a setting that may be a text or a table, what is wrong in the table."""
    first, *others = errors
    if first["loc"][-1] not in _EITHER:
        return first
    inside = (each for each in others if each["loc"][:-2] == first["loc"][:-1] and each["loc"][-2] in _EITHER)
    return next(inside, first)


def _nearest(place: tuple[int | str, ...], name: str) -> str:
    """Return a remedy for a setting that does not exist; in a rota or a service it names what they have."""
    if place[0] not in _ONCALL or len(place) <= len(("rotas", "name")):
        return suggestion(name, list(flatten(Settings())))
    kind = next((part for part in ("layers", "overrides") if part in place[2:-1]), place[0])
    return suggestion(str(place[-1]), [each.name for each in fields(_ONCALL[kind])])


def _check(settings: Settings, path: Path, variables: Mapping[str, str]) -> None:
    """Refuse what has the right type but no meaning."""

    def bad(parts: tuple[str | int, ...], what: str, remedy: str) -> BadSettings:
        return BadSettings(f"{said_in(path, variables, parts)}: {what}", remedy)

    if problems := check_keymap(settings.keys):
        raise bad(("keys",), problems[0], "See docs/settings.md for the actions and their keys.")
    if settings.display.zone != "local":
        try:
            zone_named(settings.display.zone)
        except BadValue as error:
            remedy = f"{error.remedy} The machine's own is: local."
            raise bad(("display", "zone"), f"display.zone: {error.message}", remedy) from error
    for number, view in enumerate(settings.views):
        try:
            parse(view.query)
        except Mistake as error:
            raise bad(("views", number), f"views[{number + 1}].query: {error.message}", error.remedy) from error
    alerts = settings.ingest.alertmanager
    for name, values, words in (
        ("severities", alerts.severities.values(), vocabulary.SEVERITIES),
        ("priorities", alerts.priorities.values(), vocabulary.PRIORITIES),
    ):
        for value in values:
            if value not in words:
                remedy = f"Choose from: {', '.join(words)}."
                raise bad(("ingest", "alertmanager", name), f"ingest.alertmanager.{name}: “{value}” is none", remedy)
