"""Alerts of monitoring systems: what they are, how they are told apart, and the rules that map them.

What a group of them says about its incident is in `domain.outlines`, what is recorded where is decided by
`sync.ingest.record`, and what a body looks like is known by its reader.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from domain.strictjson import dumps
from domain.times import from_iso, iso

Status = Literal["firing", "resolved"]
_MILLISECONDS = re.compile(r"(\.\d{3})\d+")


class BadAlerts(Exception):
    """A document that holds no alerts that can be read; nothing was recorded (exit code 1).

    Attributes:
        message: What is wrong, and where, e.g. `alerts[3].startsAt is missing`.
        remedy: What to do about it.
        code: A stable word for scripts.
    """

    def __init__(self, message: str, remedy: str, code: str = "bad_alerts") -> None:
        super().__init__(message)
        self.message, self.remedy, self.code = message, remedy, code


@dataclass(frozen=True, slots=True)
class Rules:
    """How alerts become incidents; the fields and defaults of the settings `ingest.alertmanager`."""

    account: str = "default"
    severity_label: str = "severity"
    severities: Mapping[str, str] = field(
        default_factory=lambda: {
            "critical": "critical", "page": "critical", "emergency": "critical", "error": "high", "high": "high",
            "major": "high", "warning": "medium", "medium": "medium", "minor": "low", "low": "low", "info": "low",
            "none": "low",
        }
    )  # fmt: skip
    priorities: Mapping[str, str] = field(
        default_factory=lambda: {"critical": "P1", "high": "P2", "medium": "P3", "low": "P4"}
    )
    title: str = ""
    resource_labels: tuple[str, ...] = ("instance", "service", "pod")
    tag_labels: tuple[str, ...] = ("alertname", "team", "cluster")
    group_by: tuple[str, ...] = ()
    group_webhook: bool = True
    resolve: Literal["never", "untaken", "always"] = "untaken"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert in one state, as a monitoring system told of it.

    Attributes:
        fingerprint: What is the same of all firings of one alert; Alertmanager's hash of its labels.
        starts_at_text: As it was sent; empty when unknown.
        starts_at: ms; None when unknown.
        ends_at: ms; None while it fires, or when unknown.
        suppressed: Silenced or inhibited there: it is noted, but opens nothing.
    """

    fingerprint: str
    status: Status
    starts_at_text: str = ""
    starts_at: int | None = None
    ends_at: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    generator_url: str = ""
    suppressed: bool = False

    @property
    def opens(self) -> bool:
        """Whether it is reason enough for an incident."""
        return self.status == "firing" and not self.suppressed

    @property
    def start(self) -> str:
        """When it began, to the millisecond in UTC; empty when unknown.

        A webhook sends nanoseconds where the API's list cuts them off, and zones differ; this is the same for both.
        """
        return iso(self.starts_at) or ""


@dataclass(frozen=True, slots=True)
class Outline:
    """What a group of alerts says about its incident.

    Attributes:
        resources: Names, each with its severity or None.
        originators: Names, each with a description or an empty text.
    """

    title: str
    description: str = ""
    severity: str | None = None
    priority: str | None = None
    owner: str | None = None
    resources: Mapping[str, str | None] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    originators: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts that belong to one incident.

    Attributes:
        key: What is the same whenever this group is told of; Alertmanager's `groupKey`.
        labels: Those the group is made by.
        truncated: How many alerts the sender left out.
        source: The system, first part of every import key.
        outline: What it says about its incident, where the sender says so itself; else it is made from the alerts.
    """

    key: str
    alerts: tuple[Alert, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    receiver: str = ""
    external_url: str = ""
    truncated: int = 0
    source: str = "alertmanager"
    outline: Outline | None = None


# --- times and keys


def instant(text: str) -> int:
    """Return the moment of an RFC 3339 text in ms, later digits cut off as Go's formats do, not rounded.

    Raises:
        BadTime: It is no moment between 1970 and 9999.
    """
    return from_iso(_MILLISECONDS.sub(r"\1", text))


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """Return a stable fingerprint for a sender that gives none: 16 hexadecimal digits over the sorted labels."""
    return hashlib.sha256(dumps(dict(labels)).encode()).hexdigest()[:16]


def key_prefix(source: str, account: str, fingerprint: str) -> str:
    """Return how the import keys of all entries of one alert begin."""
    # The word stands for the keys of the incidents themselves, so no fingerprint may spell it.
    part = "%72aise" if fingerprint == "raise" else quote(fingerprint, safe="")
    return f"{source}:{quote(account, safe='')}:{part}:"


def alert_key(source: str, account: str, alert: Alert, status: str = "") -> str:
    """Return the import key of an alert in a status (its own, unless another is asked for)."""
    return f"{key_prefix(source, account, alert.fingerprint)}{alert.start}:{status or alert.status}"


def group_prefix(source: str, account: str, group: str) -> str:
    """Return how the import keys of the incidents of one group begin; the incident's id follows."""
    return f"{source}:{quote(account, safe='')}:raise:{hashlib.sha256(group.encode()).hexdigest()[:16]}:"


def incident_key(source: str, account: str, incident: str, what: str) -> str:
    """Return the import key of something that the alerts say about an incident, e.g. `tag:team=dba`."""
    return f"{source}:{quote(account, safe='')}:raise:{incident}:{what}"
