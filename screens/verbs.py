"""What a key does to the incidents it is meant for: one function a verb, for the queue and the detail alike.

A verb asks what it needs to know, acts through the desk, and says what came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from domain import actions, fields, lifecycle, vocabulary
from domain.errors import Mistake, Refused
from domain.incident import Incident
from domain.notes import split_when
from domain.times import stamp
from domain.triage import set_fields
from domain.undo import named
from screens import clipboard
from screens.desk import Action, Outcome
from screens.deskscreen import DeskScreen, Target
from screens.dialogs.choice import Choice, Offer
from screens.dialogs.confirm import Confirm
from screens.dialogs.line import OneLine
from screens.dialogs.raising import Raising
from screens.dialogs.writing import Writing
from storage.errors import StoreError

_NAMED = 6  # refs named in a question before the rest is counted


async def acknowledge(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Acknowledge."""
    if await _sure(screen, targets, "Acknowledge"):
        say(screen, "Acknowledged", await screen.desk.act([t.id for t in targets], actions.acknowledge))


async def take(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Own, acknowledging what nobody has."""
    if await _sure(screen, targets, "Take"):
        act = partial(_take, actor=screen.desk.me)
        say(screen, "Taken", await screen.desk.act([t.id for t in targets], act))


def _take(incident: Incident, actor: str) -> actions.Drafts:
    return actions.take(incident, actor)


async def mitigate(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Record that the impact has stopped."""
    now = screen.desk.now()
    outcome = await screen.desk.act([t.id for t in targets], lambda i: actions.mitigate(i, now=now))
    early = [incident for incident in outcome.done if incident.status != "validated"]
    say(screen, f"Mitigated (its state stays {early[0].phase}: s moves it on)" if early else "Mitigated", outcome)


async def write_note(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Ask for a note and record it on each target."""
    which = names(targets)
    key = targets[0].id if len(targets) == 1 else ""
    dialog = Writing(screen.desk, f"Note on {which}", kind="note", incident=key, hint="@14:05 or -12m first: when")
    text = await screen.ask(dialog)
    if text is not None:
        await screen.desk.keep_draft("note", key, text)  # until it is recorded
        await send_note(screen, targets, text)


async def send_note(screen: DeskScreen, targets: Sequence[Target], text: str) -> None:
    """Record a note; a text the store does not take is rescued into a file."""
    desk = screen.desk
    occurred_at, body = split_when(text, desk.now(), desk.zone)
    act = lambda _incident: actions.note(body, occurred_at=occurred_at)  # noqa: E731
    done = f"Noted, happened {stamp(occurred_at, desk.zone)}" if occurred_at is not None else "Noted"
    if await _act_with_text(screen, targets, act, text, done):
        await desk.forget_draft("note", _key(targets))


async def _act_with_text(screen: DeskScreen, targets: Sequence[Target], act: Action, text: str, done: str) -> bool:
    """Act and say whether it was recorded; a text that the store does not take is rescued into a file."""
    try:
        say(screen, done, await screen.desk.act([t.id for t in targets], act))
    except StoreError as error:
        screen.tell(f"Not recorded. {error.message}. {screen.desk.rescue(text)}. {error.remedy}", warn=True, long=True)
        return False
    return True


async def change_status(screen: DeskScreen, targets: Sequence[Target], wanted: str | None = None) -> None:
    """Ask for the status, and for what the step needs, and move."""
    desk = screen.desk
    incidents = [desk.reader.incident(t.id) for t in targets]
    status = wanted or await _ask_status(screen, incidents)
    if status is None:
        return
    text = await _ask_for_step(screen, incidents, status)
    if text is None:
        return
    act = lambda incident: actions.move(incident, status, text=text, strict=desk.strict)  # noqa: E731
    said = "\n".join(filter(None, text.values()))
    if await _act_with_text(screen, targets, act, said, status.capitalize()):
        for kind in filter(text.get, ("note", "reason", "label", "waive")):
            await desk.forget_draft(f"status:{kind}", _key(targets))


async def _ask_status(screen: DeskScreen, incidents: Sequence[Incident]) -> str | None:
    first, strict = incidents[0], screen.desk.strict
    offers = []
    verdicts = screen.desk.permitted(lifecycle.choices(first, strict=strict))
    for verdict in verdicts:
        waivable = verdict.target == "closed" and first.is_closed and first.closed_at is None
        waivable = waivable and screen.desk.permitted((verdict,)) == (verdict,)
        why = "" if verdict.step or waivable else verdict.why
        name, meaning = verdict.target.capitalize(), lifecycle.meaning(verdict.target)
        offers.append(Offer(verdict.target, name, meaning, why, verdict.remedy))
    return await screen.ask(Choice(f"Move {names(incidents)} from {first.status} to", offers), followed=True)


async def _ask_for_step(screen: DeskScreen, incidents: Sequence[Incident], status: str) -> dict[str, str] | None:
    """Return the texts a step needs, None when the person left; one answer serves all the incidents."""
    verdicts = [lifecycle.verdict(each, status, strict=screen.desk.strict) for each in incidents]
    steps = [verdict.step for verdict in verdicts if verdict.step]
    asked = {
        "label": any(step.label for step in steps),
        "note": any(step.note for step in steps),
        "reason": any(step.reason for step in steps),
        "waive": status == "closed"
        and any(v.step is None and i.closed_at is None for v, i in zip(verdicts, incidents, strict=True)),
    }
    if any(step.asks for step in steps):
        sure = Confirm(f"Ignore {names(incidents)}?", "Ignored means: it is real, and it is closed with no action.")
        if not await screen.ask(sure, followed=True):
            return None
    if not any(asked.values()) and len(incidents) > 1 and not await _sure(screen, incidents, f"Move to {status}"):
        return None
    return await _ask_texts(screen, incidents, status, [name for name, needed in asked.items() if needed])


_QUESTIONS = {
    "label": ("What is the status called?", "a few words"),
    "note": ("What was found or done?", "it goes on the timeline"),
    "note ignored": ("Why is it closed without action?", "it goes on the timeline"),
    "note invalid": ("Why is it not an incident?", "it goes on the timeline"),
    "reason": ("Why?", "it goes on the timeline"),
    "waive": ("Closed without a published post-mortem: why?", "it goes on the timeline"),
}


async def _ask_texts(
    screen: DeskScreen, incidents: Sequence[Incident], status: str, wanted: list[str]
) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for name in wanted:
        question, hint = _QUESTIONS.get(f"{name} {status}") or _QUESTIONS[name]
        title = f"{names(incidents)} {screen.desk.symbols.arrow} {status}. {question}"
        dialog = Writing(screen.desk, title, kind=f"status:{name}", incident=_key(incidents), hint=hint)
        text = await screen.ask(dialog, followed=name != wanted[-1])
        if text is None:
            return None
        await screen.desk.keep_draft(f"status:{name}", _key(incidents), text)
        found[name] = text
    screen.release_keys()
    return found


async def change_priority(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Ask for the priority and set it; where it follows from impact and urgency, ask why."""
    desk = screen.desk
    offers = [Offer(name, name, meaning) for name, meaning in vocabulary.PRIORITY_MEANING.items()]
    question = f"Priority of {names(targets)} (if unsure, the higher)"
    chosen = await screen.ask(Choice(question, offers), followed=True)
    if chosen is None:
        return
    act = partial(set_fields, values={"priority": chosen}, matrix=desk.rules.matrix)
    await act_with_reason(screen, targets, act, chosen)


async def act_with_reason(
    screen: DeskScreen, targets: Sequence[Target], act: Callable[..., actions.Drafts], done: str
) -> bool:
    """Act, asking first why a priority is set by hand where that is needed; return whether it was done.

    Args:
        screen: Where it is asked.
        targets: What is acted on.
        act: The action; takes the incident, and `reason`.
        done: What is said then.
    """
    desk, reason = screen.desk, ""
    if asked := _wants_reason([desk.reader.incident(each.id) for each in targets], act):
        incident, refused = asked
        dialog = Writing(desk, f"{refused.message}. Why another?", kind="priority", incident=incident.id)
        typed = await screen.ask(dialog)
        if typed is None:
            return False
        reason = typed
    else:
        screen.release_keys()
    say(screen, done, await desk.act([each.id for each in targets], partial(act, reason=reason)))
    return True


def _wants_reason(incidents: Sequence[Incident], act: Action) -> tuple[Incident, Refused] | None:
    for incident in incidents:
        try:
            act(incident)
        except Refused as refused:
            if refused.code == "needs_reason":
                return incident, refused
    return None


async def triage(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Say what incidents are: on the card."""
    from screens.triage.verb import triage as on_card

    await on_card(screen, targets)


async def silence(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Hush incidents until a time, or let them ring again."""
    from screens.silencing import silence as ask

    await ask(screen, targets)


async def set_field(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Ask for FIELD=VALUE and set it."""
    desk = screen.desk
    now, zone, own = desk.now(), desk.zone, desk.rules.fields
    hint = "\n".join(f"{field.name.ljust(19)} {field.accepts}" for field in fields.SETTABLE.values())

    def check(line: str) -> tuple[str, object]:
        return fields.parse_setting(line, now, zone, own)

    line = await screen.ask(
        OneLine(f"Set a field of {names(targets)}: FIELD=VALUE", hint=hint, check=check), followed=True
    )
    if line is None:
        return
    register, value = check(line)
    act = partial(set_fields, values={register: value}, matrix=desk.rules.matrix)
    await act_with_reason(screen, targets, act, "Set")


async def change_owner(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Ask for the owner; `me` is the responder, a blank line is nobody."""
    dialog = OneLine(f"Who owns {names(targets)}?", hint="a name · me · blank for nobody")
    name = await screen.ask(dialog)
    if name is not None:
        who = screen.desk.me if name.strip() == "me" else name
        say(screen, "Assigned", await screen.desk.act([t.id for t in targets], lambda i: actions.assign(i, who)))


_LINKS = """resource NAME[:SEVERITY]   what is hit
originator NAME            who or what reported it
tag NAME
cause TEXT · action TEXT
prior|follow-on|cause|duplicate REF   another incident"""


async def link(screen: DeskScreen, target: Target) -> None:
    """Ask for what to link and link it."""
    dialog = OneLine(f"Link to {target.ref}", hint=_LINKS, check=partial(_link_action, screen))
    line = await screen.ask(dialog)
    if line is not None:
        say(screen, "Linked", await screen.desk.act([target.id], _link_action(screen, line)))


def _link_action(screen: DeskScreen, line: str) -> Action:
    word, _space, rest = line.strip().partition(" ")
    if word in vocabulary.RELATIONS and (word != "cause" or rest.upper().startswith("INC-")):
        try:
            other = screen.desk.reader.incident(screen.desk.reader.resolve(rest))
        except StoreError as error:
            raise Mistake(error.message, error.remedy) from error
        return lambda incident: actions.relate(incident, other, word)
    if word == "resource":
        made = actions.resource(rest)
        return lambda _incident: (made,)
    if word in ("originator", "tag", "cause", "action") and rest.strip():
        return lambda incident: actions.add_item(incident, word, rest)
    raise Mistake(f"“{line}” is not a link", "Begin with resource, originator, tag, cause, action or a relation.")


async def add_follow_up(screen: DeskScreen, target: Target) -> None:
    """Ask for a follow-up and add it."""
    dialog = OneLine(f"Follow-up of {target.ref}", hint="what is to be done · @owner anywhere names who")
    line = await screen.ask(dialog)
    if line and line.strip():
        owner = next((word[1:] for word in line.split() if word.startswith("@") and len(word) > 1), "")
        title = " ".join(word for word in line.split() if word != f"@{owner}")
        identifier = screen.desk.store.journal.new_id()
        outcome = await screen.desk.act([target.id], lambda _i: actions.follow_up(identifier, title, owner))
        say(screen, "Follow-up added", outcome)


async def raise_incident(screen: DeskScreen) -> Incident | None:
    """Ask for a new incident's facts and raise it."""
    drafts = await screen.ask(Raising(screen.desk))
    if drafts is None:
        return None
    incident = await screen.desk.raise_incident(drafts)
    await screen.desk.forget_draft("raise", "")
    screen.tell(f"Raised {incident.ref}")
    return incident


async def undo(screen: DeskScreen, incident: str | None = None) -> None:
    """Take back the responder's last action."""
    incidents, what = await screen.desk.undo(incident)
    kind, _colon, name = what.partition(":")
    now = f"; it is {incidents[0].phase} again" if name == "status" and len(incidents) == 1 else ""
    screen.tell(f"Undone: {named(kind, name)} of {names(incidents)}{now}")


def copy_ref(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Copy the refs by OSC 52, and through tmux where it stands between."""
    text = " ".join(target.ref for target in targets)
    clipboard.copy(screen, text)
    screen.tell(f"Copied {text} (if your terminal takes OSC 52; Y writes it to a file)")


def write_ref(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Write the refs to a file, for terminals that take no clipboard."""
    path = Path(screen.desk.state_dir) / "ref"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(" ".join(target.ref for target in targets) + "\n")
    except OSError as error:
        screen.tell(f"Not written: {error.strerror}: {path}", warn=True)
    else:
        screen.tell(f"Written to {path}")


# -- words -------------------------------------------------------------------------------------------------------------


async def _sure(screen: DeskScreen, targets: Sequence[Target], verb: str) -> bool:
    """Ask once before a bulk action; a single incident needs no question, undo is one key."""
    if len(targets) < 2:
        return True
    listed = "\n".join(f"{target.ref}  {target.title}" for target in targets[:_NAMED])
    more = f"\nand {len(targets) - _NAMED} more" if len(targets) > _NAMED else ""
    question = Confirm(f"{verb} {len(targets)} incidents?", listed + more)
    sure: bool | None = await screen.ask(question)
    return bool(sure)


def names(targets: Sequence[Target]) -> str:
    """Return the refs of what a verb is for, or how many there are."""
    refs = [target.ref for target in targets]
    if len(refs) <= 3:
        return ", ".join(refs)
    return f"{len(refs)} incidents ({', '.join(refs[:2])}, ...)"


def _key(targets: Sequence[Target]) -> str:
    return targets[0].id if len(targets) == 1 else ""


def say(screen: DeskScreen, done: str, outcome: Outcome) -> None:
    """Say what came of a verb: on which incidents, and why some refused."""
    if len(outcome.done) == 1 and not outcome.refused:
        screen.tell(f"{done}: {outcome.done[0].ref}")
        return
    text = f"{done}: {len(outcome.done)} incident{'' if len(outcome.done) == 1 else 's'}"
    if outcome.refused:
        reasons = "; ".join(str(mistake) for mistake in outcome.refused[:3])
        text += f". Refused {len(outcome.refused)}: {reasons}"
    screen.tell(text, warn=bool(outcome.refused), long=bool(outcome.refused))
