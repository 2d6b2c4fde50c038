"""What a hub counts, for Prometheus."""

from __future__ import annotations

import math
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from storage.errors import StoreError


class Metrics:
    """Counters and gauges in a registry of their own.

    Args:
        newest: Gives the hub's newest number.
        waiting: Gives how many wait for news.
    """

    def __init__(self, newest: Callable[[], float], waiting: Callable[[], float]) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "tocsin_hub_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "tocsin_hub_request_seconds",
            "Time to answer, without waiting for news.",
            ("route",),
            registry=self._registry,
        )
        seq = Gauge("tocsin_hub_seq", "The number given to an entry last.", registry=self._registry)
        seq.set_function(lambda: _known(newest))
        streams = Gauge("tocsin_hub_waiting", "Long polls and event streams under way.", registry=self._registry)
        streams.set_function(waiting)

    def text(self) -> bytes:
        """Return them as Prometheus reads them."""
        return generate_latest(self._registry)


def _known(figure: Callable[[], float]) -> float:
    """Return a figure, not a number while the database is away: the others are wanted most just then."""
    try:
        return figure()
    except StoreError:
        return math.nan
