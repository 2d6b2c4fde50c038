"""Records groups of alerts: which incident each alert belongs to, what it opens, and when one is over.

The rules, in this order, for each alert that is not recorded yet (an alert in a state is known by its source, account,
fingerprint, start and status):

1. The same firing is recorded in its other state: it goes to that incident, open or closed.
2. An incident of its fingerprint is open: it goes there.
3. An incident of another alert of its group is open, else one of the group's key: it goes there.
4. One of the group fires and is not suppressed: a new incident, which follows the newest of the same fingerprints.
5. Else nothing is recorded, and the summary says so.

An incident that was merged into another, or closed as its duplicate, stands for that other one.
`docs/ingest.md` says the same for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count

from domain import actions, ids, limits
from domain.alerts import Alert, Group, Outline, Rules, incident_key
from domain.entry import Draft
from domain.incident import Incident
from domain.outlines import alert_draft, member_drafts, outline_of, raise_draft, rank
from storage.journal import Journal
from storage.writing import Writing
from sync.ingest.homes import Homes

_ALL_RESOLVED = "all alerts resolved"
_PEOPLE = frozenset({"human", "workflow"})


@dataclass(frozen=True, slots=True)
class Summary:
    """What reading alerts has changed.

    Attributes:
        opened: Ids of new incidents.
        joined: Ids of incidents that were there and got new alerts.
        resolved: Ids of incidents that are over because all their alerts are.
        alerts_new: Alerts recorded, each state of each counted.
        alerts_known: Alerts that were recorded before.
        suppressed: How many of the alerts were silenced or inhibited; they open nothing.
        unmatched: Resolved alerts that belong to no incident here; they were not recorded.
        truncated: How many alerts the sender says it left out.
        incidents: Ids of all that were opened or joined.
    """

    opened: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    alerts_new: int = 0
    alerts_known: int = 0
    suppressed: int = 0
    unmatched: int = 0
    truncated: int = 0
    incidents: tuple[str, ...] = ()


def ingest(journal: Journal, groups: Iterable[Group], rules: Rules) -> Summary:
    """Record groups of alerts in one transaction: all of it, or nothing.

    Args:
        journal: Of the store; its source should be `alert`, so that nothing counts as seen.
        groups: What a reader gave.
        rules: The account, and which incidents are resolved.

    Raises:
        StoreError: The disk said no; nothing was written.
    """
    read = list(groups)
    with journal.writing() as writing:
        run = _Run(writing, rules, read)
        for group in read:
            run.take(group)
        run.resolve()
    return run.summary()


class _Run:
    """One document on its way into the store, in one transaction."""

    def __init__(self, writing: Writing, rules: Rules, groups: list[Group]) -> None:
        self._writing, self._rules = writing, rules
        self._homes = Homes(writing, rules.account, groups)
        self._opened: dict[str, None] = {}
        self._joined: dict[str, None] = {}
        self._resolved: list[str] = []
        self._ended: dict[str, int] = {}  # incident -> when the last of its newly resolved alerts was, ms
        self._partial: set[str] = set()  # incidents whose sender left out alerts
        self._alerts_new = self._alerts_known = self._unmatched = 0
        self._suppressed = sum(alert.suppressed for group in groups for alert in group.alerts)
        self._truncated = sum(group.truncated for group in groups)

    def summary(self) -> Summary:
        """Return what was changed."""
        joined = tuple(each for each in self._joined if each not in self._opened)
        return Summary(
            opened=tuple(self._opened),
            joined=joined,
            resolved=tuple(self._resolved),
            alerts_new=self._alerts_new,
            alerts_known=self._alerts_known,
            suppressed=self._suppressed,
            unmatched=self._unmatched,
            truncated=self._truncated,
            incidents=(*self._opened, *joined),
        )

    # -- one group -----------------------------------------------------------------------------------------------

    def take(self, group: Group) -> None:
        """Record what is new of a group."""
        keyed = {self._homes.key(group, alert): alert for alert in group.alerts}
        fresh = {key: alert for key, alert in keyed.items() if not self._homes.known(key)}
        self._alerts_known += len(group.alerts) - len(fresh)
        placed: dict[str, list[Alert]] = {}
        homeless = []
        for alert in fresh.values():
            if home := self._homes.own(group, alert):
                placed.setdefault(home, []).append(alert)
            else:
                homeless.append(alert)
        home = self._homes.shared(group) if homeless else None
        opened = self._open(group, homeless) if homeless and home is None else None
        if target := home or opened:
            placed.setdefault(target, []).extend(homeless)
        else:
            self._unmatched += sum(alert.status == "resolved" for alert in homeless)
        for each, alerts in placed.items():
            if each != opened:
                self._enrich(each, group, alerts)
            self._put(each, group, alerts)

    # -- writing -------------------------------------------------------------------------------------------------

    def _open(self, group: Group, alerts: list[Alert]) -> str | None:
        """Open an incident for alerts of a group (rule 4) and return its id; None when none is reason enough."""
        starts = sorted({alert.start for alert in alerts if alert.opens})
        if not starts:
            return None
        identifier = next(each for each in self._candidates(group, starts) if not self._writing.has(each))
        outline = outline_of(replace(group, alerts=tuple(alerts)), self._rules)
        moments = [alert.starts_at for alert in alerts if alert.opens and alert.starts_at is not None]
        at = min([*moments, self._writing.now])
        before = self._homes.newest(group)
        drafts = [raise_draft(group, outline, self._rules.account, identifier, at)]
        drafts += _capped(member_drafts(group, outline, self._rules.account, identifier), None)
        self._writing.record(identifier, drafts)
        # The store gives the ref when the transaction ends; this is it, but for one code in thirty million.
        ref = ids.ref_of(ids.code_of(identifier), ids.SHORTEST)
        opened = Incident(identifier, ref, raised_at=at)
        self._opened[identifier] = None
        self._homes.opened(group, identifier)
        if before:
            self._writing.record(identifier, self._link(group, opened, before))
            self._homes.changed(before.id)
        return identifier

    def _candidates(self, group: Group, starts: list[str]) -> Iterator[str]:
        # Made of what every device sees alike, so two that read one body offline make one incident.
        for start in starts:
            yield ids.imported_id(group.source, self._rules.account, f"{group.key}:{start}")
        for number in count(2):
            yield ids.imported_id(group.source, self._rules.account, f"{group.key}:{starts[0]}:{number}")

    def _link(self, group: Group, opened: Incident, before: Incident) -> list[Draft]:
        key = incident_key(group.source, self._rules.account, opened.id, f"prior:{before.id}")
        near, far = actions.relate(opened, before, "prior")
        return [replace(near, source="alert", src=key), replace(far, source="alert", src=f"{key}:back")]

    def _put(self, home: str, group: Group, alerts: list[Alert]) -> None:
        """Record alerts of a group on an incident."""
        self._joined[home] = None
        drafts = [alert_draft(group, alert, self._rules.account, self._writing.now) for alert in alerts]
        self._writing.record(home, drafts)
        for alert, draft in zip(alerts, drafts, strict=True):
            self._homes.placed(group, alert, home)
            if alert.status == "resolved":
                self._ended[home] = max(self._ended.get(home, 0), draft.occurred_at or 0)
        self._alerts_new += len(alerts)
        if group.truncated:
            self._partial.add(home)

    def _enrich(self, home: str, group: Group, alerts: list[Alert]) -> None:
        """Add to an open incident what newly firing alerts bring: members, and a worse severity."""
        firing = tuple(alert for alert in alerts if alert.opens)
        incident = self._homes.follow(home)
        if not firing or incident.is_closed:
            return
        outline = outline_of(replace(group, alerts=firing), self._rules)
        drafts = member_drafts(group, outline, self._rules.account, home)
        known = self._writing.with_src([draft.src for draft in drafts if draft.src])
        drafts = _capped((draft for draft in drafts if draft.src not in known), incident)
        drafts += self._escalation(incident, group, outline)
        if drafts:
            self._writing.record(home, drafts)
            self._homes.changed(home)

    def _escalation(self, incident: Incident, group: Group, outline: Outline) -> Iterator[Draft]:
        """Yield a worse severity and its priority, where all that stands was said by alerts; never a milder one."""
        if rank(outline.severity) >= rank(incident.severity):
            return
        replay = self._writing.replay(incident.id)
        for name, value in (("severity", outline.severity), ("priority", outline.priority)):
            heads = (*replay.heads("fact:raised"), *replay.heads(name))
            if value and value != getattr(incident, name) and all(head.entry.source == "alert" for head in heads):
                key = incident_key(group.source, self._rules.account, incident.id, f"{name}:{value}")
                yield Draft("set", name, {"value": value}, source="alert", src=key)

    def resolve(self) -> None:
        """Resolve the incidents whose alerts have all ended, as far as the setting allows."""
        for home, at in self._ended.items():
            incident = self._writing.incident(home)
            over = not incident.firing and not incident.is_closed and home not in self._partial
            if over and self._may_resolve(incident):
                moved = actions.move(
                    incident, "resolved", text={"note": _ALL_RESOLVED}, occurred_at=max(at, incident.raised_at)
                )
                # Nobody has acknowledged it, so no acknowledgement is implied.
                drafts = [replace(draft, source="alert") for draft in moved if draft.kind == "set"]
                self._writing.record(home, drafts)
                self._resolved.append(home)

    def _may_resolve(self, incident: Incident) -> bool:
        if self._rules.resolve != "untaken":
            return self._rules.resolve == "always"
        acknowledged = self._writing.replay(incident.id).facts("acknowledged")
        taken = bool(incident.owner) or any(entry.source not in ("implied", "alert") for entry in acknowledged)
        return not taken and _PEOPLE.isdisjoint(self._writing.sources(incident.id))


def _capped(drafts: Iterable[Draft], incident: Incident | None) -> list[Draft]:
    """Return the members that an incident has not and has room for."""
    held: dict[str, set[str]] = {}
    for collection in ("resource", "tag", "originator"):
        members = getattr(incident, f"{collection}s") if incident else ()
        held[collection] = {item.name for item in members}
    taken = []
    for draft in drafts:
        names = held[draft.what]
        if draft.body["name"] not in names and len(names) < limits.TAGS:
            names.add(draft.body["name"])
            taken.append(draft)
    return taken
