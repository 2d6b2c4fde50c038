"""The post-mortem on the screen: drafted from the log, drafts of what is typed, sections, export, $EDITOR."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import TextArea

from domain import actions
from domain.incident import Incident
from screens.desk import Desk
from storage.store import Store

Raise = Callable[..., Incident]


@pytest.fixture
def incident(raised: Raise, store: Store) -> Incident:
    made = raised("checkout down", priority="P1", severity="critical")
    store.journal.record(made.id, actions.acknowledge)
    store.journal.record(made.id, lambda _i: actions.note("the disk was full"))
    store.journal.record(made.id, lambda i: actions.move(i, "resolved", text={"note": "a bigger disk"}))
    return made


@pytest.fixture
def open_postmortem(sit: Any, incident: Incident) -> Any:
    @asynccontextmanager
    async def begin(desk: Desk | None = None) -> Any:
        async with sit(desk) as seat:
            seat.app.screen_stack[0].post_message(seat.app.screen_stack[0].OpenIncident(incident.id))
            await seat.at("Detail")
            await seat.see(incident.ref)
            await seat.press("P")
            await seat.at("Postmortem")
            await seat.until(lambda: isinstance(seat.app.focused, TextArea), "the editor")
            yield seat

    return begin


def area(seat: Any) -> TextArea:
    return seat.screen.query_one(TextArea)


def sections(store: Store, incident: Incident) -> dict[str, str]:
    return dict(store.reader.incident(incident.id).sections)


async def write_into(seat: Any, heading: str, text: str) -> None:
    """Type `text` on a line of its own under a heading."""
    lines = area(seat).text.split("\n")
    area(seat).move_cursor((lines.index(heading) + 1, 0))
    area(seat).insert(f"\n{text}\n")
    await seat.pilot.pause()


async def test_it_opens_drafted_from_the_log(open_postmortem: Any, incident: Incident) -> None:
    async with open_postmortem() as seat:
        text = area(seat).text
        for expected in ("# checkout down", incident.ref, "critical", "the disk was full", "## Timeline"):
            assert expected in text
        assert incident.ref in seat.lines[0]


async def test_typing_keeps_a_draft_at_a_pause_and_records_nothing(
    open_postmortem: Any, incident: Incident, store: Store
) -> None:
    before = len(store.reader.entries(incident.id))
    async with open_postmortem() as seat:
        await seat.type("Hello")
        await seat.until(lambda: seat.desk.drafts.get("postmortem", incident.id), "a draft")
        assert seat.desk.drafts.get("postmortem", incident.id).text == area(seat).text
        await seat.see("draft kept")
    assert len(store.reader.entries(incident.id)) == before


async def test_ctrl_s_records_only_the_changed_section(open_postmortem: Any, incident: Incident, store: Store) -> None:
    before = len(store.reader.entries(incident.id))
    async with open_postmortem() as seat:
        await write_into(seat, "## Impact", "Nobody could buy anything.")
        await seat.press("ctrl+s")
        await seat.see("recorded: impact")
        assert seat.desk.drafts.get("postmortem", incident.id) is None
        await seat.press("ctrl+s")
        await seat.see("nothing to record")
    after = store.reader.entries(incident.id)
    assert [entry.what for entry in after[before:]] == ["pm:impact"]
    assert "Nobody could buy anything." in sections(store, incident)["impact"]


async def test_esc_records_and_goes_back(open_postmortem: Any, incident: Incident, store: Store) -> None:
    async with open_postmortem() as seat:
        await write_into(seat, "## Impact", "Nobody could buy anything.")
        await seat.press("escape")
        await seat.at("Detail")
        await seat.see("post-mortem")
    assert set(sections(store, incident)) == {"impact"}


async def test_esc_without_a_change_records_nothing(open_postmortem: Any, incident: Incident, store: Store) -> None:
    before = len(store.reader.entries(incident.id))
    async with open_postmortem() as seat:
        await seat.press("escape")
        await seat.at("Detail")
        await seat.rest()
    assert len(store.reader.entries(incident.id)) == before


async def test_after_a_crash_the_draft_is_there_and_can_be_recorded(
    open_postmortem: Any, incident: Incident, store: Store, make_desk: Any
) -> None:
    async with open_postmortem() as seat:
        await write_into(seat, "## Impact", "Nobody could buy anything.")
        await seat.until(lambda: seat.desk.drafts.get("postmortem", incident.id), "a draft")
    async with open_postmortem(make_desk(store)) as again:
        assert "Nobody could buy anything." in area(again).text
        await again.see("not yet recorded")
        await again.press("ctrl+s")
        await again.see("recorded: impact")
    assert set(sections(store, incident)) == {"impact"}


async def test_a_crash_before_any_change_leaves_no_draft(open_postmortem: Any, incident: Incident) -> None:
    async with open_postmortem() as seat:
        seat.app.keep_drafts()
        assert seat.desk.drafts.get("postmortem", incident.id) is None


async def test_export_writes_the_text_and_changes_nothing_in_it(
    open_postmortem: Any, incident: Incident, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_postmortem() as seat:
        before = area(seat).text
        await seat.press("ctrl+x")
        await seat.hear("Exported to")
        assert area(seat).text == before
        assert (tmp_path / f"{incident.ref}-postmortem.md").read_text() == before


async def test_an_export_that_cannot_be_written_says_so(
    open_postmortem: Any, incident: Incident, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{incident.ref}-postmortem.md").mkdir()
    async with open_postmortem() as seat:
        await seat.press("ctrl+x")
        await seat.hear("Not exported")


async def test_sections_are_walked_through_both_ways(open_postmortem: Any) -> None:
    async with open_postmortem() as seat:
        headings = [n for n, line in enumerate(area(seat).text.split("\n")) if line.startswith("## ")]

        def section() -> int:
            return sum(1 for line in headings if line < area(seat).cursor_location[0])

        places = []
        for _ in range(3):
            await seat.press("ctrl+down")
            places.append(section())
        assert places == [1, 2, 3]
        assert area(seat).cursor_location[1] == len(area(seat).text.split("\n")[area(seat).cursor_location[0]])
        await seat.press("f8", "f8")
        assert section() == 5


async def test_every_shown_key_does_what_it_says_not_what_the_editor_would(open_postmortem: Any) -> None:
    from screens.keys import keys_of

    async with open_postmortem() as seat:
        for key in keys_of("postmortem"):
            for name in key.keys.split(","):
                _node, binding, _enabled = seat.screen.active_bindings[name][:3]
                assert binding.action == key.action, name


EDITOR = """
import json, sys
from pathlib import Path
path = Path(sys.argv[1])
text = path.read_text()
print("EDITING")
Path(sys.argv[0] + ".seen").write_text(json.dumps([str(path), oct(path.stat().st_mode & 0o777), text]))
path.write_text(text.replace("# checkout down", "# checkout down, said the editor"))
"""


@pytest.fixture
def postmortem_in_a_terminal(terminal: Any, incident: Incident, tmp_path: Path) -> Any:
    import sys

    def begin(source: str) -> tuple[Any, Path]:
        script = tmp_path / "editor.py"
        script.write_text(source)
        at = terminal(EDITOR=f"{sys.executable} {script}", VISUAL="")
        at.see("tocsin")
        at.type(b"7\r")
        at.see(f"{incident.ref} checkout down")
        at.type(b"P")
        at.see("post-mortem")
        return at, script

    return begin


def test_the_editor_gets_the_text_in_a_private_file_and_gives_it_back(postmortem_in_a_terminal: Any) -> None:
    at, script = postmortem_in_a_terminal(EDITOR)
    at.type(b"\x05")
    at.see("said the editor")
    seen, mode, text = json.loads(Path(f"{script}.seen").read_text())
    assert "## Timeline" in text
    assert mode == "0o600"
    assert not Path(seen).exists()
    at.see("draft kept")


def test_an_editor_that_fails_leaves_the_text_as_it_was(postmortem_in_a_terminal: Any) -> None:
    at, _script = postmortem_in_a_terminal("import sys; sys.exit(3)")
    at.type(b"\x05")
    at.see("ended with 3")
    assert "# checkout down" in at.text


def test_an_editor_that_is_not_there_is_named(terminal: Any, incident: Incident) -> None:
    at = terminal(EDITOR="no-such-editor-anywhere", VISUAL="")
    at.see("tocsin")
    at.type(b"7\r")
    at.see(f"{incident.ref} checkout down")
    at.type(b"P")
    at.see("post-mortem")
    at.type(b"\x05")
    at.see("no-such-editor-anywhere")
    assert "# checkout down" in at.text
