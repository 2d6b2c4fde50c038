"""How often somebody may ask: a bucket of tokens for each key, in this process's memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Limiter:
    """Lets so much through in a time, with a reserve for bursts.

    Args:
        rate: What comes back in a second.
        burst: What may be taken at once.
        clock: Seconds that never go back.
        keys: The most keys remembered; whoever was longest away is forgotten first.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float], keys: int = 10_000) -> None:
        self._rate, self._burst, self._clock, self._keys = rate, burst, clock, keys
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = Lock()

    def wait(self, key: str, cost: float = 1.0) -> float:
        """Take `cost` and return 0, or take nothing and return the seconds until there is enough."""
        with self._lock:
            now = self._clock()
            bucket = self._buckets.pop(key, None) or _Bucket(self._burst, now)
            bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._rate)
            bucket.at = now
            self._buckets[key] = bucket
            while len(self._buckets) > self._keys:
                self._buckets.popitem(last=False)
            cost = min(cost, self._burst)
            if bucket.left >= cost:
                bucket.left -= cost
                return 0.0
            return (cost - bucket.left) / self._rate
