"""Suggestions for triage, made offline: from words in the title and labels, and from earlier incidents like it.

Always a proposal: nothing here writes anything. Earlier incidents speak first, because a team's own habit beats a list
of words; of several words in a title the rule that stands first in the list wins.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

REGISTERS = ("type", "technical_category", "service_category")
_ENOUGH = 2  # earlier incidents that agree, before their habit counts
_WORD = re.compile(r"[a-z0-9]+")

_RULES: tuple[tuple[str, str, str], ...] = (
    # words (each may end in * for any ending), register, value
    ("breach intrusion malware ransomware phishing unauthori* exfiltrat* cve*", "type", "security_breach"),
    ("corrupt* lost deleted missing truncated", "type", "data_loss_or_corruption"),
    ("login logins lockout locked password sso ldap mfa permission* denied forbidden", "type", "user_access_issues"),
    ("patch patched upgrade* update* deploy* release* rollout migration", "type", "software_updates_and_patches"),
    ("config* misconfig* certificate* cert expired dns", "type", "configuration_issues"),
    ("raid psu fan memory ecc smart hardware overheat* temperature", "type", "hardware_failures"),
    ("slow latency degraded timeout* timing p99 p95 backlog lag queue saturat*", "type", "performance_degradation"),
    ("down outage unavailable unreachable offline dead crash* crashloop* 503 502", "type", "service_outage"),
    ("exception stacktrace bug error errors 500 panic* traceback", "type", "application_errors"),
    ("voip phone phones telephony carrier sms", "type", "communication_disruptions"),
    (
        "database db postgres* mysql mariadb oracle redis mongo* sql replication deadlock*",
        "technical_category",
        "database",
    ),
    ("breach intrusion malware ransomware phishing firewall cve*", "technical_category", "security"),
    ("switch router bgp vlan packet* dns vpn network uplink nic loadbalancer", "technical_category", "network"),
    ("aws azure gcp s3 ec2 kubernetes k8s cluster pod pods lambda", "technical_category", "cloud"),
    ("power ups cooling hvac datacentre datacenter rack", "technical_category", "infrastructure"),
    ("disk raid psu fan server memory storage san", "technical_category", "hardware"),
    ("laptop desktop printer workstation monitor", "technical_category", "desktop_end_user"),
    ("voip phone phones telephony carrier sms", "technical_category", "telecommunications"),
    ("app application api service checkout frontend backend", "technical_category", "applications"),
    ("mail email smtp imap mailbox spam", "service_category", "email_service"),
    ("payment* checkout card invoice* gateway* transaction*", "service_category", "payment_processing"),
    ("website web webshop shop frontend homepage", "service_category", "website_or_web_application"),
    ("helpdesk ticket* callcentre chat support", "service_category", "customer_support"),
    ("stock inventory warehouse", "service_category", "inventory_management"),
    ("wiki sharepoint confluence jira meeting video", "service_category", "collaboration_platform"),
    ("payroll hr onboarding", "service_category", "human_resources"),
    ("crm salesforce customer*", "service_category", "customer_relationship_management"),
    ("erp sap orders", "service_category", "enterprise_resource_planning"),
    ("voip phone phones telephony", "service_category", "telecommunication_services"),
    ("server backup* dns network datacentre datacenter storage vpn", "service_category", "it_infrastructure"),
)


class Suggestion(NamedTuple):
    """A value for a field, and why it is proposed, in words."""

    value: str
    why: str


class Earlier(NamedTuple):
    """An earlier incident that is like this one: its ref, and what it was classified as."""

    ref: str
    type: str | None = None
    technical_category: str | None = None
    service_category: str | None = None


def suggest(title: str, labels: Iterable[str] = (), earlier: Sequence[Earlier] = ()) -> dict[str, Suggestion]:
    """Return what may be proposed for an incident, by register.

    Args:
        title: As it stands.
        labels: Tags and names of resources.
        earlier: Earlier incidents like it, the most alike first.
    """
    return {**_by_words(" ".join((title, *labels))), **_by_habit(earlier)}


def _by_words(text: str) -> dict[str, Suggestion]:
    words = _WORD.findall(text.lower())
    found: dict[str, Suggestion] = {}
    for listed, register, value in _RULES:
        if register not in found and (word := _first(words, listed.split())):
            found[register] = Suggestion(value, f"the word “{word}”")
    return found


def _first(words: Sequence[str], listed: Sequence[str]) -> str:
    exact = {each for each in listed if not each.endswith("*")}
    beginnings = tuple(each[:-1] for each in listed if each.endswith("*"))
    return next((word for word in words if word in exact or (beginnings and word.startswith(beginnings))), "")


def _by_habit(earlier: Sequence[Earlier]) -> dict[str, Suggestion]:
    found: dict[str, Suggestion] = {}
    for register in REGISTERS:
        votes = Counter(value for each in earlier if (value := getattr(each, register)))
        for value, often in votes.most_common(1):
            if often >= _ENOUGH and often * 2 > votes.total():
                refs = [each.ref for each in earlier if getattr(each, register) == value]
                found[register] = Suggestion(value, _like(refs))
    return found


def _like(refs: Sequence[str]) -> str:
    more = f" and {len(refs) - 2} more" if len(refs) > 2 else ""
    return f"as {', '.join(refs[:2])}{more}"


def words_of(title: str) -> list[str]:
    """Return the words of a title that are worth looking for in others, the longest first, at most six."""
    words = dict.fromkeys(word for word in re.findall(r"\w+", title.lower()) if len(word) > 2 and not word.isdecimal())
    return sorted(words, key=len, reverse=True)[:6]


Suggestions = Mapping[str, Suggestion]
