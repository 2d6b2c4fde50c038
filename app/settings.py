"""The settings: defaults < `config.toml` < `TOCSIN_*` environment (nested with `__`) < flags.

The defaults are plain dataclasses, so that a start without a settings file loads nothing more; a file or a variable
brings in pydantic-settings, which validates them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, ClassVar, Literal

from domain import limits
from domain.vocabulary import MATRIX, nearest

_STRICT: Mapping[str, Any] = {"extra": "forbid"}
MOST_PRE, MOST_POST = 5.0, 600.0  # seconds; another writer gives up after ten


@dataclass(frozen=True, slots=True)
class User:
    """Who acts."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    name: str = ""
    """Author of what is recorded; empty means the login name."""


@dataclass(frozen=True, slots=True)
class Display:
    """How it looks."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    theme: str = "tocsin"
    """A theme's name; `tocsin` uses the terminal's own sixteen colours."""
    zone: str = "local"
    """`local`, `UTC` or a zone like `Europe/Berlin`."""
    ascii: bool = False
    """Draw with ASCII only."""
    mouse: bool = True
    """Whether the mouse is read (off: the terminal's own selection works)."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How strictly the lifecycle is taken."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    strict: bool = False
    """Forbid steps that skip a status."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the team's own, set as `custom.NAME` and shown on the triage card."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    name: str
    kind: str = "text"
    """`text`, `number`, `yesno`, `date`, `moment` or `choice`."""
    choices: tuple[str, ...] = ()
    """What a choice may hold."""
    about: str = ""
    """What it is for."""


@dataclass(frozen=True, slots=True)
class Triage:
    """How incidents are classified."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    matrix: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: {impact: dict(row) for impact, row in MATRIX.items()}
    )
    """Of each impact, of each urgency, the priority; all nine of high, medium and low."""
    fields: tuple[Field, ...] = ()
    """The team's own fields, as tables `[[triage.fields]]`."""


@dataclass(frozen=True, slots=True)
class Reminders:
    """What is reminded of."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    enabled: bool = True
    """Whether an open queue looks what is due: says it, rings, and escalates by itself where that is set."""
    stale_acknowledged: str = "4h"
    """How long after an acknowledgement something has to have been recorded, e.g. `90m`."""
    bell: bool = True
    """Whether the terminal's bell rings when something becomes due (BEL)."""
    osc9: bool = False
    """Whether the terminal is asked for a notification on the desktop (OSC 9)."""
    again: str = "30m"
    """How long after it rang something rings again that is still due; `never` for once."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """What becomes of an incident that nobody acknowledges; docs/escalation.md has examples."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    automatic: bool = False
    """Whether a running program records a level that is due by itself; else a person is reminded."""
    after: str | Mapping[str, str] = ""
    """How long a level stands until the next is due, e.g. `15m`, or in the file by priority; empty for no timers."""
    until: str = "acknowledged"
    """What ends a path: `acknowledged` or `resolved`."""
    repeat: int = 0
    """How often a path that came to its end begins again."""


@dataclass(frozen=True, slots=True)
class View:
    """A saved view: its name and its query."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """How alerts become incidents."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    account: str = "default"
    """Tells several alert managers apart; alerts of one account are one stream."""
    severity_label: str = "severity"
    severities: Mapping[str, str] = field(
        default_factory=lambda: {
            "critical": "critical", "page": "critical", "emergency": "critical", "error": "high", "high": "high",
            "major": "high", "warning": "medium", "medium": "medium", "minor": "low", "low": "low", "info": "low",
            "none": "low",
        }
    )  # fmt: skip
    """From the label's value to a severity."""
    priorities: Mapping[str, str] = field(
        default_factory=lambda: {"critical": "P1", "high": "P2", "medium": "P3", "low": "P4"}
    )
    """From a severity to the priority it starts with."""
    title: str = ""
    """A title like `{alertname} on {instance}`; empty means the summary, else the group's labels."""
    resource_labels: tuple[str, ...] = ("instance", "service", "pod")
    """Labels whose values are impacted resources."""
    tag_labels: tuple[str, ...] = ("alertname", "team", "cluster")
    """Labels whose values become tags, as `label=value`."""
    group_by: tuple[str, ...] = ()
    """Labels that group the alerts of an API list; empty makes each alert an incident."""
    group_webhook: bool = True
    """Whether the alerts of one webhook body are one incident."""
    resolve: Literal["never", "untaken", "always"] = "untaken"
    """Which incidents a resolved group resolves: none, those that no person has taken, or all."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """What comes in from other systems."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    alertmanager: Alertmanager = field(default_factory=Alertmanager)
    max_bytes: int = limits.INGEST_BYTES


@dataclass(frozen=True, slots=True)
class Hub:
    """How a hub is served from this machine; a store that exchanges entries with one needs nothing of this."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    database: str = ""
    """A file, or `postgresql://HOST/NAME`; empty means `hub.db` in the XDG data folder."""
    listen: str = "127.0.0.1:7337"
    """Where it listens, as HOST:PORT."""
    page: bool = False
    """Whether its root shows current incidents to whoever opens it."""
    page_parties: tuple[str, ...] = ("customers", "partners", "public", "status page", "stakeholders")
    """Which parties' updates (`tocsin told`) that page shows; matched without case."""
    strict_authors: bool = False
    """Keep back what is signed with another name than its device's owner."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """Programs of the user's own that see what is recorded (docs/hooks.md)."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    enabled: bool = True
    """Whether those in the folder `hooks` beside `config.toml` are run."""
    pre_seconds: float = 2.0
    """How long all `pre-record` hooks of one act may take together; at most 5, since other writers wait meanwhile."""
    post_seconds: float = 10.0
    """How long each `post-record` hook may take; at most 600."""
    no_answer: Literal["record", "refuse"] = "record"
    """What becomes of an act when a `pre-record` hook takes too long or cannot be run: `record` or `refuse`."""

    @property
    def pre_time(self) -> float:
        """The seconds of `pre-record` hooks as they hold: the default when what is set makes no sense."""
        return self.pre_seconds if 0 < self.pre_seconds <= MOST_PRE else Hooks().pre_seconds

    @property
    def post_time(self) -> float:
        """The seconds of a `post-record` hook as they hold: the default when what is set makes no sense."""
        return self.post_seconds if 0 < self.post_seconds <= MOST_POST else Hooks().post_seconds


@dataclass(frozen=True, slots=True)
class SlaCalendar:
    """Business hours."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    name: str
    open: tuple[str, ...]
    zone: str = "UTC"
    closed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlaService:
    """Targets of their own for a service category, a tag or a resource."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    category: str = ""
    tag: str = ""
    resource: str = ""
    hours: str = ""
    response: Mapping[str, str] = field(default_factory=dict)
    resolution: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sla:
    """Until when an incident wants an answer and an end; docs/sla.md has examples."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    response: Mapping[str, str] = field(default_factory=lambda: {"P1": "15m", "P2": "30m", "P3": "4h", "P4": "1d"})
    """By priority, how long until a person has acknowledged it; a priority that is not named has no target."""
    resolution: Mapping[str, str] = field(default_factory=lambda: {"P1": "4h", "P2": "8h", "P3": "3d", "P4": "10d"})
    """By priority, how long until it is resolved."""
    hours: str = "24x7"
    """The calendar in which that time is counted: `24x7`, or a name from `sla.calendars`."""
    pauses: tuple[str, ...] = ()
    """Labels of the status `other`, such as `waiting for supplier`, in which the resolution clock stands."""
    calendars: tuple[SlaCalendar, ...] = ()
    """Business hours: `name`, `zone`, `open` such as `["mon-fri 09:00-12:30 13:30-17:30"]`, and `closed` dates."""
    services: tuple[SlaService, ...] = ()
    """Targets for a `category`, `tag` or `resource`: `response`, `resolution`, `hours`. The first that matches wins."""


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns on a rota; what is written in it is read by `app.oncall`."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    people: tuple[str, ...] = ()
    """In the order of their turns."""
    rotation: str = "weekly"
    """How long a turn is: `weekly`, `daily`, or a duration such as `12h`, `3d`, `2w`."""
    start: str = ""
    """The day of the first hand-over, when the first one's turn begins."""
    handover: str = "09:00"
    """The time of a hand-over, in the rota's zone."""
    end: str = ""
    """When this layer ends, empty for never; a day alone means at its hand-over."""
    days: tuple[str, ...] = ()
    """Days of the week on which it holds, e.g. `["mon-fri"]`; empty for all."""
    hours: str = ""
    """Hours in which it holds on those days, e.g. `18:00-08:00`; empty for all."""


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody who is on call instead of whoever else would be, from one time in the rota's zone to another."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    who: str = ""
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Rota:
    """Who is on call by turns: layers, above them a calendar, above all overrides."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    zone: str = "UTC"
    """The zone of all its times, e.g. `Europe/Berlin`."""
    layers: tuple[Layer, ...] = ()
    """A later layer wins over an earlier one where it has somebody."""
    calendar: str = ""
    """An iCalendar file (.ics); a relative path is beside the settings file."""
    calendar_who: str = "summary"
    """Where its events say who: `summary` or `attendee`."""
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """Who answers for a service."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    owner: str = ""
    """The person or team that owns it."""
    rota: str = ""
    """The rota that is on call for it."""
    escalation: tuple[str | Mapping[str, str], ...] = ()
    """Whom to call, level by level: a person, `rota:NAME`, or `{who = "rota:db", after = "15m"}`; empty: its rota."""
    escalate_after: str | Mapping[str, str] | None = None
    """How long each of its levels stands, e.g. `15m`, or by priority; by default what `escalation.after` says."""
    escalate_until: str | None = None
    """What ends its path: `acknowledged` or `resolved`; by default what `escalation.until` says."""
    escalate_repeat: int | None = None
    """How often its path begins again; by default what `escalation.repeat` says."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who hears of incidents; docs/updates.md has examples."""

    __pydantic_config__: ClassVar[Any] = _STRICT
    name: str
    kind: str = "internal"
    severities: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    every: str | Mapping[str, str] = ""
    template: str = "lay"
    about: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, with its defaults."""

    database: str = ""
    """The store's file; empty means `tocsin.db` in the XDG data folder."""
    user: User = field(default_factory=User)
    display: Display = field(default_factory=Display)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    triage: Triage = field(default_factory=Triage)
    reminders: Reminders = field(default_factory=Reminders)
    escalation: Escalation = field(default_factory=Escalation)
    ingest: Ingest = field(default_factory=Ingest)
    hub: Hub = field(default_factory=Hub)
    hooks: Hooks = field(default_factory=Hooks)
    sla: Sla = field(default_factory=Sla)
    views: tuple[View, ...] = (
        View("open", "status:open"),
        View("mine", "status:open owner:me"),
        View("unowned", "status:open owner:none"),
        View("urgent", "status:open priority:<=P2"),
        View("new", "is:new"),
        View("closed", "status:closed"),
        View("all", ""),
    )
    """Saved views; the first nine are on the keys 1 to 9."""
    token_commands: Mapping[str, str] = field(default_factory=dict)
    """By a remote's name, the command that prints its token, e.g. `hub = "pass show tocsin"`; else a file is read."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by action, e.g. `queue.acknowledge = "A"`; `none` takes the key away."""
    rotas: Mapping[str, Rota] = field(default_factory=dict)
    """Who is on call, by a rota's name; see docs/oncall.md."""
    services: Mapping[str, Service] = field(default_factory=dict)
    """By a service's name, in any case: its `owner`, `rota`, `escalation`, `escalate_after`, `escalate_until` and
    `escalate_repeat`; see docs/oncall.md and docs/escalation.md."""
    parties: tuple[Party, ...] = ()
    """Who hears of incidents, as tables `[[parties]]` with `name`, `kind` (`internal` or `external`), `severities`,
    `priorities`, `every`, `template`, `about`, `channel`; empty means those that are built in. See docs/updates.md."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """Texts of updates with names in braces, e.g. `lay = "{title}: {know}"`; see docs/updates.md."""
    postmortem_sections: tuple[str, ...] = ()
    """Titles of the post-mortem's sections; empty means the built-in template."""


def flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return settings as dotted names with plain values, in the order they are declared."""
    if is_dataclass(value) and not isinstance(value, type):
        found: dict[str, Any] = {}
        for each in fields(value):
            found.update(flatten(getattr(value, each.name), f"{prefix}{each.name}."))
        return found
    return {prefix.removesuffix("."): value}


def suggestion(name: str, known: list[str]) -> str:
    """Return a remedy for an unknown name: the nearest right one, or all of them."""
    near = nearest(name, known)
    return f"Did you mean {near}?" if near else f"Known: {', '.join(known)}."
