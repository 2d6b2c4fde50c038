"""The page as HTML: without a script, every foreign text made visible and escaped, readable on a phone and on paper."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import UTC

from domain.durations import spoken
from domain.text import safe_text
from domain.times import DAY, HOUR, iso, stamp
from domain.vocabulary import SEVERITY_MEANING
from sync.hub.board import Shown
from sync.hub.card import Card, Update

RENEW = 60  # seconds after which a browser loads the page again
SOON = 3  # while it is being prepared
QUIET, CALM = HOUR, DAY
"""When nothing has reached the hub for so long, while something is going on or nothing is, the page says so, ms."""
PHASES = {
    "reported": ("Investigating", "It was reported, and is not confirmed yet."),
    "investigating": ("Investigating", "What is wrong is being found out."),
    "identified": ("Identified", "The problem is confirmed and is being worked on."),
    "monitoring": ("Monitoring", "The effects are over or contained; it is being watched."),
    "resolved": ("Resolved", "It is over."),
}
STYLE = """
:root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --text: #1b1f24; --quiet: #4a5560; --line: #d3d9e0;
  --link: #0b57a4; --warn: #7a4100; --warnpage: #fff4e0; --alarm: #a3161f; --calm: #1c6b34; --mark: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --card: #1e2226; --text: #e8eaed; --quiet: #adb5bf;
  --line: #3a4149; --link: #8ab8f5; --warn: #ffca85; --warnpage: #33260f; --alarm: #ff9a9e; --calm: #85d79c;
  --mark: #14171a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 46rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0 1rem; }
h2 { font-size: 1.2rem; margin: 1.5rem 0 .75rem; }
h3 { font-size: 1.15rem; line-height: 1.35; margin: 0 0 .5rem; }
h4 { font-size: 1rem; margin: 1rem 0 .25rem; }
p { margin: .25rem 0; }
a { color: var(--link); }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
article { background: var(--card); border: 1px solid var(--line); border-left: .4rem solid var(--alarm);
  border-radius: .4rem; padding: 1rem; margin: 0 0 1rem; overflow: hidden; }
article.monitoring, article.resolved { border-left-color: var(--calm); }
.phase { display: inline-block; padding: 0 .6rem; margin-right: .4rem; border-radius: 1rem; background: var(--alarm);
  color: var(--mark); font-weight: 600; }
.monitoring .phase, .resolved .phase { background: var(--calm); }
dl { margin: .75rem 0 0; display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
dt { color: var(--quiet); }
dd { margin: 0; }
ol { list-style: none; margin: 0; padding: 0; }
li { border-top: 1px solid var(--line); padding: .5rem 0; }
li:last-child { padding-bottom: 0; }
.said { white-space: pre-wrap; }
.quiet, li time, footer { color: var(--quiet); }
li time { font-size: .9rem; }
.notice { background: var(--warnpage); color: var(--warn); border: 1px solid; border-radius: .4rem; padding: .5rem 1rem;
  margin: 0 0 1rem; }
footer { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: .75rem; font-size: .9rem; }
@media (max-width: 30rem) { body { padding: .75rem; } article { padding: .75rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; } }
@media print { :root { --page: #fff; --card: #fff; --text: #000; --quiet: #333; --line: #999; --warn: #000;
  --warnpage: #fff; --alarm: #000; --calm: #000; --mark: #fff; } body { max-width: none; } footer a { display: none; }
  .phase { border: 1px solid #000; background: none !important; color: #000; }
  h2, h3, h4 { break-after: avoid; } li { break-inside: avoid; } }
"""


def page(shown: Shown, *, still: bool = False, late: bool = False) -> str:
    """Return the page.

    Args:
        shown: What is on it.
        still: Leave out that a browser loads it again by itself, for whom that takes the place they were reading.
        late: The database does not answer, and this is what was found last.
    """
    count = len(shown.current) + shown.more[0]
    title = {0: "No current incidents", 1: "1 current incident"}.get(count, f"{count:,} current incidents")
    parts = [f"<header>\n<h1>{title}</h1>\n</header>\n<main>\n", *_notices(shown, late)]
    if count:
        parts += _section("Current", shown.current, shown.more[0], shown.made_at, 0)
    else:
        parts.append(f"<p>As of {_time(shown.made_at)} there is no incident to show.</p>\n")
    if shown.resolved:
        parts += _section("Recently resolved", shown.resolved, shown.more[1], shown.made_at, len(shown.current))
    parts += ["</main>\n", _footer(shown, still)]
    return _document(title, "".join(parts), None if still else RENEW)


def preparing(*, still: bool = False) -> str:
    """Return the page for as long as the first look at the hub's entries takes."""
    says = "<header>\n<h1>Being prepared</h1>\n</header>\n<main>\n<p>The incidents are being read."
    return _document("Being prepared", f"{says} Look again in a moment.</p>\n</main>\n", None if still else SOON)


def failing(*, still: bool = False) -> str:
    """Return the page for when the database does not answer and nothing is known."""
    says = "<header>\n<h1>Incidents cannot be shown</h1>\n</header>\n<main>\n<p>The hub cannot read its database."
    says += " This says nothing about whether there are incidents. Look again in a minute.</p>\n</main>\n"
    return _document("Incidents cannot be shown", says, None if still else RENEW)


def escaped(text: str) -> str:
    """Return foreign text for HTML: what cannot be seen or turns the reading direction is made visible."""
    return html.escape(safe_text(text, keep_newlines=True))


def _document(title: str, body: str, renew: int | None) -> str:
    refresh = "" if renew is None else f'<meta http-equiv="refresh" content="{renew}">\n'
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{refresh}<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )


def _notices(shown: Shown, late: bool) -> list[str]:
    said = []
    if late:
        said.append(f"The hub cannot read its database now. This is as it was at {_time(shown.made_at)}.")
    silence = 0 if shown.newest_at is None else shown.made_at - shown.newest_at
    if silence > (QUIET if shown.current else CALM):
        said.append(f"Nothing new has come in for {spoken(silence)}, so this may be out of date.")
    return [f'<p class="notice">{each}</p>\n' for each in said]


def _section(heading: str, cards: Sequence[Card], more: int, now: int, before: int) -> list[str]:
    name = heading.partition(" ")[0].lower()
    parts = [f'<section aria-labelledby="{name}">\n<h2 id="{name}">{heading}</h2>\n']
    parts += [_article(card, now, f"incident-{number}") for number, card in enumerate(cards, before + 1)]
    if more:
        parts.append(f'<p class="quiet">And {more:,} more, for which there is no room here.</p>\n')
    return [*parts, "</section>\n"]


def _article(card: Card, now: int, name: str) -> str:
    phase, meaning = PHASES[card.phase]
    rows = "".join(f"<dt>{term}</dt>\n<dd>{said}</dd>\n" for term, said in _rows(card, now))
    return (
        f'<article class="{card.phase}" aria-labelledby="{name}">\n'
        f'<h3 id="{name}" dir="auto">{escaped(card.title)}</h3>\n'
        f'<p><strong class="phase">{phase}</strong> {meaning}</p>\n<dl>\n{rows}</dl>\n{_updates(card)}</article>\n'
    )


def _rows(card: Card, now: int) -> list[tuple[str, str]]:
    rows = [("Since", _time(card.since)), ("Severity", _severity(card.severity))]
    if card.ended_at is not None:
        return [*rows, ("Resolved", _time(card.ended_at))]
    if card.next_update_at is None:
        return [*rows, ("Next update", "not announced")]
    overdue = " (overdue)" if card.next_update_at < now else ""
    return [*rows, ("Next update", f"by {_time(card.next_update_at)}{overdue}")]


def _severity(word: str | None) -> str:
    if word is None:
        return "not assessed yet"
    meaning = SEVERITY_MEANING.get(word)
    return f"{word.capitalize()}: {meaning}" if meaning else escaped(word)


def _updates(card: Card) -> str:
    if not card.updates:
        return '<p class="quiet">No update has been given yet.</p>\n' if card.ended_at is None else ""
    items = "".join(_update(each) for each in card.updates)
    older = f'<p class="quiet">{card.older:,} older updates are not shown.</p>\n' if card.older else ""
    return f"<h4>Updates</h4>\n<ol>\n{items}</ol>\n{older}"


def _update(update: Update) -> str:
    wording = f' <strong class="phase">{escaped(update.wording.capitalize())}</strong>' if update.wording else ""
    return f'<li>\n{_time(update.at)}{wording}\n<p class="said" dir="auto">{escaped(update.text)}</p>\n</li>\n'


def _footer(shown: Shown, still: bool) -> str:
    newest = "Nothing has reached this hub yet."
    if shown.newest_at is not None:
        newest = f"The newest entry reached this hub at {_time(shown.newest_at)}."
    renews = 'This page stands still; <a href=".">let it renew itself every minute</a>.'
    if not still:
        renews = 'This page renews itself every minute; <a href="?still">let it stand still</a>.'
    return f"<footer>\n<p>As of {_time(shown.made_at)}. {newest}</p>\n<p>{renews}</p>\n</footer>\n"


def _time(ms: int) -> str:
    # To the minute, so that the page is the same text, and the same ETag, for as long as it says the same.
    return f'<time datetime="{str(iso(ms))[:16]}Z">{stamp(ms, UTC)}</time>'
