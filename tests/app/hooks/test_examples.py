"""The examples of docs/hooks.md, as they stand there, do what is said of them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from app.hooks import given
from domain import actions
from domain.errors import Refused

if TYPE_CHECKING:
    from conftest import Desk

PAGE = Path(__file__).parents[3] / "docs" / "hooks.md"
needs = pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")


def example(name: str) -> str:
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"`{re.escape(name)}`.*?```\w+\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def install(config: Path) -> Callable[[str], None]:
    def put(name: str) -> None:
        path = config / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(example(name))
        path.chmod(0o755)

    return put


@pytest.fixture
def chat() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Give the address of an incoming webhook, and what is posted there."""
    posted: list[dict[str, Any]] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - its name in the library

    server = HTTPServer(("127.0.0.1", 0), Webhook)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hooks/x", posted
    server.shutdown()
    server.server_close()


def move(desk: Desk, incident: str, status: str, **text: str) -> None:
    desk.store.journal.record(incident, lambda it: actions.move(it, status, text=text))


@needs
def test_the_post_in_a_chat(desk: Desk, install: Any, chat: Any, config: Path) -> None:
    url, posted = chat
    (config / "mattermost.curl").write_text(f'url = "{url}"\n')
    install("post-record.d/50-mattermost")
    incident = desk.raise_("disk `@all` \"full\" 'now' \\ $(id)", priority="P1")
    desk.note(incident, "not posted")
    move(desk, incident, "validated")
    desk.hooks.close()
    ref = desk.store.reader.incident(incident).ref
    title = "`disk '@all' \"full\" 'now' \\ $(id)`"
    assert desk.told == []
    assert [each["text"] for each in posted] == [f"{ref} P1 New: {title}", f"{ref} P1 Working: {title}"]


@needs
def test_a_chat_that_is_down_is_trouble(desk: Desk, install: Any, config: Path) -> None:
    (config / "mattermost.curl").write_text('url = "http://127.0.0.1:1/hooks/secret"\n')
    install("post-record.d/50-mattermost")
    incident = desk.raise_()
    desk.hooks.close()
    (told,) = desk.told
    assert "post-record.d/50-mattermost ended with exit code 7" in told
    assert desk.store.reader.incident(incident).title == "disk full"


def test_the_rule_about_resolutions(desk: Desk, install: Any) -> None:
    install("pre-record.d/10-resolution")
    urgent, small = desk.raise_("one", priority="P1"), desk.raise_("two", priority="P4")
    before = desk.entries()
    with pytest.raises(Refused, match="say in the note what was done"):
        move(desk, urgent, "resolved", note="done")
    assert desk.entries() == before
    move(desk, urgent, "resolved", note="replaced the disk of db1 and resynced")
    move(desk, small, "resolved", note="done")
    assert {desk.store.reader.incident(each).status for each in (urgent, small)} == {"resolved"}


def test_the_bell(desk: Desk, install: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = tmp_path / "screen"
    monkeypatch.setattr(given, "terminal_name", lambda: str(screen))
    install("post-record.d/10-bell")
    incident = desk.raise_()
    desk.note(incident, "x")
    desk.hooks.close()
    ref = desk.store.reader.incident(incident).ref
    assert screen.read_text() == f"\a\033]9;New: {ref}\a"
