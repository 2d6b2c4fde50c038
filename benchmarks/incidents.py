"""Made-up incidents, realistic and the same every time; they need nothing but the words of the field."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from domain.vocabulary import TECHNICAL_CATEGORIES, TYPES

SEED = 20250101
LATEST = 1_735_689_600_000  # 2025-01-01T00:00Z in ms: all incidents are older
YEAR = 365 * 86_400_000

# No other word begins with "zo", so that typing these two letters must find this component and nothing else.
RARE = "Zookeeper"
_COMPONENTS = (
    "checkout", "payments-api", "order-db-01", "order-db-02", "edge-proxy", "mail relay", "LDAP", "Kafka",
    "billing", "search cluster", "DNS resolver", "object store", "CI runners", "VPN gateway", "login",
    "inventory", "message bus", "backup host", "core switch sw-14", "firewall", "web frontend", "CRM",
    "warehouse ETL", "Grafana", "Vault", "/var/log on bastion", "customer portal", "print server", RARE,
)  # fmt: skip
_SYMPTOMS = (
    "High error rate", "Replication lag", "Disk full", "Certificate expires", "Packet loss", "Latency p99 over 2 s",
    "Out of memory", "Node unreachable", "Login failures", "Queue backlog growing", "Backup failed",
    "Configuration drift", "5xx spike after deploy", "Connection pool exhausted", "Clock skew", "Data mismatch",
    "Failover did not complete", "Unusual outbound traffic", "Timeouts", "Checksum errors",
)  # fmt: skip
_PLACES = (
    "eu-west", "eu-north", "us-east", "us-west", "ap-south", "Berlin DC", "Oslo DC", "staging", "the branch offices",
)  # fmt: skip
_NAMES = ("amara", "ben", "chloé", "dmitri", "elif", "farid", "grace", "hiro", "ines", "jonas", "kofi", "李娜")
_NOTES = (
    "Restarted the worker, watching the graphs.", "Vendor ticket opened, they ask for logs.",
    "Rolled back to the last release; errors are falling.", "Cannot reproduce from here, asking the other site.",
    "Failover done by hand, replica is caught up.", "Customers informed on the status page.",
)  # fmt: skip
_STATUSES = (("resolved", 78), ("ignored", 8), ("invalid", 5), ("raised", 4), ("validated", 3), ("reviewed", 2))
_PRIORITIES = (("P1", 3), ("P2", 12), ("P3", 45), ("P4", 40))


@dataclass(frozen=True)
class Sample:
    """One made-up incident; `raised_at` in ms since 1970, UTC."""

    number: int
    title: str
    priority: str
    status: str
    owner: str | None
    type: str
    category: str
    raised_at: int
    note: str | None


def incidents(count: int, seed: int = SEED) -> Iterator[Sample]:
    """Yield `count` incidents, oldest first; the same for the same count and seed."""
    chance = random.Random(seed)
    statuses, priorities = (_weighted(chance, table) for table in (_STATUSES, _PRIORITIES))
    types, categories = list(TYPES), list(TECHNICAL_CATEGORIES)
    for number in range(1, count + 1):
        status = next(statuses)
        yield Sample(
            number=number,
            title=f"{chance.choice(_COMPONENTS)}: {chance.choice(_SYMPTOMS)} in {chance.choice(_PLACES)}",
            priority=next(priorities),
            status=status,
            owner=chance.choice(_NAMES) if status != "raised" else None,
            type=chance.choice(types),
            category=chance.choice(categories),
            raised_at=LATEST - 2 * YEAR + 2 * YEAR * number // (count + 1),
            note=chance.choice(_NOTES) if chance.random() < 0.3 else None,
        )


def _weighted(chance: random.Random, table: tuple[tuple[str, int], ...]) -> Iterator[str]:
    words, weights = zip(*table, strict=True)
    while True:
        yield from chance.choices(words, weights, k=1000)
