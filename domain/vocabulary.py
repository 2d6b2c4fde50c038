"""The words of the field: statuses, severities, priorities and the three taxonomies, with their definitions.

Statuses and their ordinals are those of Egeria's IncidentReportStatus; the taxonomies (10 incident types,
10 technical and 11 service categories) follow common incident-management practice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from domain.errors import BadValue

STATUSES: Mapping[str, int] = {
    "raised": 0, "reviewed": 1, "validated": 2, "resolved": 3, "invalid": 4, "ignored": 10, "other": 99,
}  # fmt: skip
CLOSED_STATUSES = frozenset({"resolved", "invalid", "ignored"})
STATUS_MEANING: Mapping[str, str] = {
    "raised": "reported, nobody has looked at it yet",
    "reviewed": "looked at and perhaps classified, no action taken",
    "validated": "a real incident, work is under way",
    "resolved": "the incident is over",
    "invalid": "not a real incident (a false alarm), closed",
    "ignored": "real, but closed with no action",
    "other": "a status of your own, with a label",
}
# How finished a status is: of two concurrent ones the least finished is shown.
FINISHED: tuple[str, ...] = ("raised", "reviewed", "validated", "other", "resolved", "ignored", "invalid")

SEVERITIES: tuple[str, ...] = ("critical", "high", "medium", "low")
SEVERITY_MEANING: Mapping[str, str] = {
    "critical": "complete loss of a service, or a risk to safety, security or compliance",
    "high": "a major function is lost or badly degraded for many",
    "medium": "a specific function is affected, the rest works",
    "low": "minimal disruption, or there is a workaround",
}
PRIORITIES: tuple[str, ...] = ("P1", "P2", "P3", "P4")
PRIORITY_MEANING: Mapping[str, str] = {
    "P1": "now: critical services are down or severely hit",
    "P2": "promptly: critical services or functions are affected",
    "P3": "in reasonable time: non-critical services, moderate impact",
    "P4": "when there is time: minor issues, non-essential services",
}
IMPACT_MEANING: Mapping[str, str] = {
    "high": "a whole service or many people cannot work",
    "medium": "a function or a group is affected, the rest works",
    "low": "few are affected, or there is a way round it",
}
URGENCY_MEANING: Mapping[str, str] = {
    "high": "it gets worse, or a deadline is at stake: work on it now",
    "medium": "it holds people up: work on it today",
    "low": "it can wait for the next planned work",
}
# ITIL's usual matrix: of each impact, of each urgency, the priority.
MATRIX: Mapping[str, Mapping[str, str]] = {
    "high": {"high": "P1", "medium": "P2", "low": "P3"},
    "medium": {"high": "P2", "medium": "P3", "low": "P4"},
    "low": {"high": "P3", "medium": "P4", "low": "P4"},
}

TYPES: Mapping[str, str] = {
    "performance_degradation": "Performance Degradation",
    "service_outage": "Service Outage",
    "security_breach": "Security Breach",
    "data_loss_or_corruption": "Data Loss or Corruption",
    "user_access_issues": "User Access Issues",
    "application_errors": "Application Errors",
    "configuration_issues": "Configuration Issues",
    "communication_disruptions": "Communication Disruptions",
    "hardware_failures": "Hardware Failures",
    "software_updates_and_patches": "Software Updates and Patches",
}
TECHNICAL_CATEGORIES: Mapping[str, str] = {
    "network": "Network",
    "hardware": "Hardware",
    "software": "Software",
    "database": "Database",
    "security": "Security",
    "applications": "Applications",
    "infrastructure": "Infrastructure",
    "telecommunications": "Telecommunications",
    "cloud": "Cloud",
    "desktop_end_user": "Desktop/End-User",
}
SERVICE_CATEGORIES: Mapping[str, str] = {
    "email_service": "Email Service",
    "website_or_web_application": "Website or Web Application",
    "customer_support": "Customer Support",
    "payment_processing": "Payment Processing",
    "inventory_management": "Inventory Management",
    "collaboration_platform": "Collaboration Platform",
    "human_resources": "Human Resources",
    "customer_relationship_management": "Customer Relationship Management (CRM)",
    "enterprise_resource_planning": "Enterprise Resource Planning (ERP)",
    "telecommunication_services": "Telecommunication Services",
    "it_infrastructure": "IT Infrastructure",
}

# What `A --relation R--> B` is called when it is read from B's side.
RELATIONS: Mapping[str, str] = {
    "prior": "follow-on", "follow-on": "prior", "cause": "effect", "effect": "cause",
    "duplicate": "original", "original": "duplicate",
}  # fmt: skip
ROLES: tuple[str, ...] = ("commander", "deputy", "scribe", "communications", "operations", "expert")
ROLE_MEANING: Mapping[str, str] = {
    "commander": "decides, and is the one who is asked",
    "deputy": "takes command when the commander cannot",
    "scribe": "writes down what happens and when",
    "communications": "tells those outside the work",
    "operations": "the only one who changes systems",
    "expert": "knows a system; there may be several",
}

_SEPARATORS = re.compile(r"[\s_/()-]+")


def slug(text: str) -> str:
    """Return a word in the form it is stored: lower case, one underscore for each run of separators."""
    return _SEPARATORS.sub("_", text.strip().lower()).strip("_")


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the right word that `word` most probably was meant to be, or None."""
    import difflib

    found = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return found[0] if found else None


def choose(word: str, words: Mapping[str, str] | Iterable[str], what: str) -> str:
    """Return the member of `words` that `word` names, in any case, with `-`, `_` or a space; or a unique beginning.

    Raises:
        BadValue: No member, or several, are meant; names the nearest right one.
    """
    wanted = slug(word)
    labels = words if isinstance(words, Mapping) else {w: w for w in words}
    for key, label in labels.items():
        if wanted in (slug(key), slug(label)):
            return key
    begins = [key for key in labels if wanted and slug(key).startswith(wanted)]
    if len(begins) == 1:
        return begins[0]
    near = nearest(wanted, begins or labels)
    hint = f"Did you mean {near}? " if near else ""
    article = "an" if what[:1] in "aeiou" else "a"
    raise BadValue(f"“{word}” is not {article} {what}", f"{hint}Choose from: {', '.join(labels)}.", "bad_value")


def priority(word: str) -> str:
    """Return the priority that `word` names: `P1`, `p1` or `1`.

    Raises:
        BadValue: It names none.
    """
    bare = word.strip()
    return choose(f"P{bare}" if bare in ("1", "2", "3", "4") else bare.upper(), PRIORITIES, "priority")


def severity(word: str) -> str:
    """Return the severity that `word` names: `critical`, or `SEV1`.

    Raises:
        BadValue: It names none.
    """
    numbered = re.fullmatch(r"sev-?([1-4])", word.strip().lower())
    return SEVERITIES[int(numbered[1]) - 1] if numbered else choose(word, SEVERITIES, "severity")
