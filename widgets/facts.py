"""The facts of an incident above its timeline: five lines that say what it is, who has it and how long it lasts.

A sixth says what two people disagree on, as long as they do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from domain.clocks import Clocks, in_words
from domain.durations import short
from domain.escalation import Path
from domain.escalation_words import coming, reached
from domain.incident import Incident, Item
from domain.silences import silenced
from domain.text import safe_text
from domain.times import stamp
from domain.vocabulary import SEVERITIES, TYPES
from widgets.disputed import disputed
from widgets.painting import strip
from widgets.queue_lines import Symbols
from widgets.spans import Span, Spans, between, clip, plain

_WIDE = 100  # cells from which on there is room for both clocks
_LINES = 5
_FROM_BELOW: Mapping[str, int] = {"moments": 3, "related": 1}
"""Where lines stand that are asked for more than the incident holds, counted from below: above them may be one more."""
_NAMED = 2  # of those who have it open too, by name; there is little room beside a title


class Facts(Widget):
    """Paints an incident's facts."""

    DEFAULT_CSS = "Facts { height: 5; }"

    def __init__(
        self,
        symbols: Symbols,
        zone: Callable[[], tzinfo],
        now: Callable[[], int],
        on_call: Callable[[Incident], str | None] = lambda _incident: None,
        path: Callable[[Incident], Path | None] = lambda _incident: None,
        telling: Callable[[Incident], Sequence[tuple[str, str]]] = lambda _incident: (),
    ) -> None:
        super().__init__(id="facts")
        self._path, self._telling = path, telling
        self._symbols, self._zone, self._now, self._on_call = symbols, zone, now, on_call
        self._incident: Incident | None = None
        self._others: tuple[str, ...] = ()
        self._clocks = Clocks()

    def show(self, incident: Incident, others: Sequence[str] = (), clocks: Clocks | None = None) -> None:
        """Show an incident, its clocks, and who else has it open."""
        self._incident, self._others, self._clocks = incident, tuple(others), clocks or Clocks()
        self.styles.height = _LINES + bool(incident.conflicts)
        self.refresh()

    def tick(self) -> None:
        """Paint the line of the clocks again."""
        self.refresh(Region(0, 0, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Return one of the lines."""
        width = self.size.width
        lines: list[Spans] = []
        if shown := self._incident:
            zone, now, on_call = self._zone(), self._now(), self._on_call(shown)
            lines = fact_lines(shown, width, zone, now, self._symbols, self._others, self._clocks, on_call)
            # What costs more is asked for its own line only: the lines are painted one by one.
            if y == len(lines) - _FROM_BELOW["moments"]:
                lines[y] = with_escalation(lines[y], shown, self._path(shown), now, self._symbols)
            if y == len(lines) - _FROM_BELOW["related"]:
                lines[y] = with_telling(lines[y], self._telling(shown), self._symbols)
        return strip(clip(lines[y] if y < len(lines) else [], width), width, self.rich_style)


def fact_lines(
    incident: Incident,
    width: int,
    zone: tzinfo,
    now: int,
    symbols: Symbols,
    others: Sequence[str] = (),
    clocks: Clocks | None = None,
    on_call: str | None = None,
) -> list[Spans]:
    """Return the lines: title and clocks; state, owner and who is on call; the moments; what it touches and relates to.

    What is disputed comes after the state, which it may be about. `on_call` is empty when nobody is, None when that
    is not known.
    """
    return [
        _title(incident, width, others, clock_spans(clocks or Clocks(), now, width, symbols), zone, now),
        _state(incident, symbols, on_call),
        *([disputed(incident.conflicts, zone, symbols)] if incident.conflicts else []),
        _moments(incident, zone, now, symbols),
        _touched(incident, symbols),
        _related(incident, symbols),
    ]


def clock_spans(clocks: Clocks, now: int, width: int, symbols: Symbols) -> Spans:
    """Return what is due first, on a wide line the other one, too; of an incident that is over, what was missed."""
    over = sorted(clocks.all, key=lambda each: (each.met(now) is not False, each.name))
    spans: Spans = []
    for clock in (clocks.open(now) or over)[: 2 if width >= _WIDE else 1]:
        if words := in_words(clock, now, seconds=True):
            role = "bad" if clock.met(now) is False else "warn" if clock.is_near(now) else ""
            spans += [*(_dot(symbols) if spans else [Span(" ")]), Span(words, role)]
    return [*spans, Span(" ")] if spans else []


def _title(incident: Incident, width: int, others: Sequence[str], clocks: Spans, zone: tzinfo, now: int) -> Spans:
    left = [Span(f" {incident.ref} ", "key"), plain(incident.title, "strong")]
    right = [Span(" DRILL ", "warn")] if incident.drill else []
    if silenced(incident, now):
        until = datetime.fromtimestamp((incident.silenced_until or 0) / 1000, zone)
        right.append(plain(f" silent until {until:%m-%d %H:%M} ", "accent"))
    right += [Span(" RESTRICTED ", "warn")] if incident.restricted else []
    if incident.conflicts:
        right.append(Span(f" {len(incident.conflicts)} to decide (C) ", "warn"))
    if others:
        right.append(plain(f" {', '.join(others[:_NAMED])}{' …' if len(others) > _NAMED else ''} here too ", "warn"))
    return between(left, [*right, *clocks], width)


def _state(incident: Incident, symbols: Symbols, on_call: str | None) -> Spans:
    role = {"P1": "bad", "P2": "warn"}.get(incident.priority or "", "")
    number = (
        f"S{SEVERITIES.index(incident.severity) + 1} {incident.severity}"
        if incident.severity in SEVERITIES
        else "no severity"
    )
    by_hand = " by hand" if incident.priority_overridden else ""
    spans = [Span(f" {incident.priority or 'no priority'}{by_hand}", role), *_dot(symbols), Span(number)]
    spans += [*_dot(symbols), plain(incident.phase, "strong"), *_dot(symbols)]
    spans += [plain(f"owner {incident.owner}") if incident.owner else Span("nobody owns it", "warn")]
    if on_call is not None:
        spans += [*_dot(symbols), plain(f"on call {on_call}") if on_call else Span("nobody on call", "warn")]
    kinds = (TYPES.get(incident.type or "", incident.type), incident.technical_category, incident.service_category)
    for kind in filter(None, kinds):
        spans += [*_dot(symbols), plain(str(kind).replace("_", " "), "muted")]
    return spans


def _moments(incident: Incident, zone: tzinfo, now: int, symbols: Symbols) -> Spans:
    spans = [Span(f" raised {stamp(incident.raised_at, zone)}", "muted")]
    since = incident.raised_at
    steps = (
        ("acknowledged", incident.acknowledged_at),
        ("mitigated", incident.mitigated_at),
        ("ended", incident.ended_at),
    )
    for name, at in steps:
        if at is not None:
            spans += [*_dot(symbols), Span(f"{name} +{short(at - since)}", "muted")]
    if incident.ended_at is None:
        spans += [*_dot(symbols), Span(f"open for {short(now - since)}")]
    return spans


def with_escalation(line: Spans, incident: Incident, path: Path | None, now: int, symbols: Symbols) -> Spans:
    """Return the line of the moments with how far up the path it is, and which level comes next or is due.

    What was called or is due stands in front, where a narrow screen does not cut it.
    """
    found = path.standing(incident, now) if path else None
    following = coming(found, path.steps, now) if path and found else ""
    calm = [*_dot(symbols), plain(following, "muted")] if following and found and not found.due else []
    urgent = [plain(said, "strong")] if (said := reached(incident)) else []
    if following and not calm:
        urgent += [*(_dot(symbols) if urgent else []), plain(following, "warn")]
    if not urgent:
        return [*line, *calm]
    return [Span(" "), *urgent, *calm, *_dot(symbols), Span(line[0].text.lstrip(), line[0].role), *line[1:]]


def _touched(incident: Incident, symbols: Symbols) -> Spans:
    groups = (
        ("resources", [_with_severity(item) for item in incident.resources]),
        ("from", [item.name for item in incident.originators]),
        ("tags", [item.name for item in incident.tags]),
        ("levels", [f"{label} {level}" for label, level in incident.classifiers.items()]),
        ("roles", [f"{item.relation} {item.name}" for item in incident.roles]),
    )
    return _groups(groups, symbols, "no resources linked (l links one)")


def _related(incident: Incident, symbols: Symbols) -> Spans:
    open_ones = [each.title for each in incident.follow_ups if not each.done]
    firing = [f"{incident.firing} firing of {incident.alerts}"] if incident.alerts else []
    groups = (
        ("is also", list(incident.duplicates)),
        ("related", [f"{item.relation} {item.name}" for item in incident.related]),
        ("alerts", firing),
        ("causes", [item.name for item in incident.causes]),
        ("follow-ups", open_ones),
    )
    return _groups(groups, symbols, "")


def with_telling(line: Spans, telling: Sequence[tuple[str, str]], symbols: Symbols) -> Spans:
    """Return the last line with who still has to be told in front, and what is due to an authority.

    `telling` is words, each with its role.
    """
    spans: Spans = []
    for text, role in telling:
        spans += [*(_dot(symbols) if spans else [Span(" ")]), plain(text, role)]
    has_more = any(span.text.strip() for span in line)
    return [*spans, *([Span(f" {symbols.dot}", "muted"), *line] if has_more else [])] if spans else line


def _groups(groups: tuple[tuple[str, list[str]], ...], symbols: Symbols, otherwise: str) -> Spans:
    spans: Spans = []
    for name, values in groups:
        if values:
            spans += [*(_dot(symbols) if spans else [Span(" ")]), Span(f"{name} ", "muted")]
            spans.append(Span(safe_text(", ".join(values))))
    return spans or [Span(f" {otherwise}", "muted")]


def _with_severity(item: Item) -> str:
    return f"{item.name} ({item.severity})" if item.severity else item.name


def _dot(symbols: Symbols) -> Spans:
    return [Span(f" {symbols.dot} ", "muted")]
