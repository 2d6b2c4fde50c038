"""Where alerts belong: the incidents that hold them already, found by import key."""

from __future__ import annotations

from collections.abc import Iterable

from domain.alerts import Alert, Group, alert_key, group_prefix, key_prefix
from domain.incident import Incident
from storage.errors import NotFound
from storage.writing import Home, Writing

OTHER = {"firing": "resolved", "resolved": "firing"}
"""The other state of an alert."""


class Homes:
    """The incidents of alerts, as one write transaction sees them.

    Args:
        writing: The transaction.
        account: The account that the alerts are of.
        groups: All that will be asked about, so that most is looked up at once.
    """

    def __init__(self, writing: Writing, account: str, groups: Iterable[Group]) -> None:
        self._writing, self._account = writing, account
        keys = [self.key(group, each, status) for group in groups for each in group.alerts for status in OTHER]
        self._known = writing.with_src(list(dict.fromkeys(keys)))
        self._homes: dict[str, list[Home]] = {}
        self._stands: dict[str, Incident] = {}

    def known(self, key: str) -> bool:
        """Say whether an alert in a state is recorded, by its import key."""
        return key in self._known

    def placed(self, group: Group, alert: Alert, home: str) -> None:
        """Take note that an alert was recorded on an incident."""
        self._known[self.key(group, alert)] = home
        self._homes_of(self._alert_prefix(group, alert)).insert(0, Home(home, 0, True))

    def opened(self, group: Group, incident: str) -> None:
        """Take note that a group has got a new incident."""
        self._homes_of(self._group_prefix(group)).insert(0, Home(incident, 0, True))

    def changed(self, incident: str) -> None:
        """Take note that more than alerts was recorded on an incident."""
        self._stands.pop(incident, None)

    def own(self, group: Group, alert: Alert) -> str | None:
        """Return the incident of the same firing, else the open one of the same fingerprint (rules 1 and 2)."""
        if same := self._known.get(self.key(group, alert, OTHER[alert.status])):
            return self.follow(same).id
        return self._oldest(self._open_ones([self._alert_prefix(group, alert)]))

    def shared(self, group: Group) -> str | None:
        """Return the open incident of another alert of the group, else of the group's key (rule 3)."""
        mine = self._open_ones([self._group_prefix(group)])
        others = self._open_ones(self._alert_prefix(group, alert) for alert in group.alerts)
        return self._oldest({id_: each for id_, each in others.items() if id_ in mine} or others or mine)

    def _open_ones(self, prefixes: Iterable[str]) -> dict[str, Incident]:
        found = {}
        for prefix in prefixes:
            for n, home in enumerate(self._homes_of(prefix)):
                # A closed one is looked at only if it is the newest: it may stand for another that is open.
                if (n == 0 or home.is_open) and not (stands := self.follow(home.incident)).is_closed:
                    found[stands.id] = stands
        return found

    def _oldest(self, incidents: dict[str, Incident]) -> str | None:
        return min(incidents, key=lambda each: (incidents[each].raised_at, each), default=None)

    def _homes_of(self, prefix: str) -> list[Home]:
        if prefix not in self._homes:
            self._homes.update(self._writing.homes([prefix]))
        return self._homes[prefix]

    def newest(self, group: Group) -> Incident | None:
        """Return the incident that the fingerprints of a group belonged to last, None when they are all new."""
        homes = (home for alert in group.alerts for home in self._homes_of(self._alert_prefix(group, alert))[:1])
        newest = max(homes, key=lambda home: home.pk, default=None)
        return self.follow(newest.incident) if newest else None

    # -- incidents as they stand -----------------------------------------------------------------------------------

    def _stand(self, incident: str) -> Incident | None:
        # An alert recorded on it changes nothing that is asked of it here, so one look is enough.
        if incident not in self._stands:
            try:
                self._stands[incident] = self._writing.incident(incident)
            except NotFound:
                return None
        return self._stands[incident]

    def follow(self, incident: str) -> Incident:
        """Return what an incident stands for: itself, or what it was merged into, as far as that is here."""
        found = self._stand(incident) or Incident(incident)
        passed = {incident}
        while (target := _stands_for(found)) and target not in passed and (further := self._stand(target)):
            passed.add(target)
            found = further
        return found

    # -- keys ------------------------------------------------------------------------------------------------------

    def key(self, group: Group, alert: Alert, status: str = "") -> str:
        """Return the import key of an alert in its own state, or in another."""
        return alert_key(group.source, self._account, alert, status)

    def _alert_prefix(self, group: Group, alert: Alert) -> str:
        return key_prefix(group.source, self._account, alert.fingerprint)

    def _group_prefix(self, group: Group) -> str:
        return group_prefix(group.source, self._account, group.key)


def _stands_for(incident: Incident) -> str | None:
    if incident.alias_of:
        return None if incident.stands else incident.alias_of
    duplicates = (item.incident for item in incident.related if item.relation == "duplicate" and item.incident)
    return next(duplicates, None) if incident.is_closed else None
