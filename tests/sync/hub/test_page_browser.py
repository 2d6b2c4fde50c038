"""The page in a real browser (Debian's `chromium`, and axe-core from npm for accessibility); skips where there is none.

`TEST_CHROMIUM` and `TEST_AXE` name the program and the file `axe.min.js`, where they are elsewhere.
"""

from __future__ import annotations

import gzip
import html
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from domain.times import MINUTE
from storage.hub.engines import open_database
from sync.hub import markup
from sync.hub.board import Shown
from sync.hub.card import Card, Update
from sync.hub.logs import Log
from sync.hub.page import page_router
from sync.hub.server import create_app
from tests.hubs import START, Rig

TITLE = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">\u202e"
DARK = "--blink-settings=preferredColorScheme=0"
# Tells a text node of the page what was found; `--dump-dom` brings it out.
_ASK = """
<script>{axe}</script><script>
window.addEventListener("load", async () => {{
  const found = await axe.run({{resultTypes: ["violations", "incomplete"]}});
  const say = list => list.map(each => [each.id, each.nodes.map(node => node.html)]);
  const out = document.createElement("pre");
  out.id = "report";
  out.textContent = JSON.stringify({{
    violations: say(found.violations), unsure: say(found.incomplete), passed: found.passes.length,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
  }});
  document.body.append(out);
}});
</script>
"""


def full() -> Shown:
    """Return a page on which there is something of everything, and long words."""
    updates = (Update("w" * 400, START - MINUTE), Update("first line\n\nsecond", START - 2 * MINUTE))
    return Shown(
        START,
        (
            Card(TITLE, "identified", "critical", START, None, updates, 3, START - 1),
            Card("x" * 300, "monitoring", None, START),
            Card("انقطاع في خدمة الدفع", "reported", "low", START),
        ),
        (Card("Mail", "resolved", "high", START, START, updates[1:]),),
        (2, 0),
        START - 300 * MINUTE,
    )


@pytest.fixture(scope="module")
def program() -> str:
    named = os.environ.get("TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not named:
        pytest.skip("chromium is not installed; TEST_CHROMIUM names it")
    return named


@pytest.fixture(scope="module")
def axe() -> str:
    places = [os.environ.get("TEST_AXE")]
    if shutil.which("npm"):
        root = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, check=False).stdout.strip()
        places.append(f"{root}/axe-core/axe.min.js")
    for place in places:
        if place and Path(place).is_file():
            return Path(place).read_text(encoding="utf-8")
    pytest.skip("axe-core is not installed (npm install -g axe-core); TEST_AXE names its axe.min.js")


class Browser:
    """Runs Chromium without a window; `console` is what the page caused on its console."""

    def __init__(self, program: str, profile: Path) -> None:
        self._program, self._profile = program, profile
        self.console: list[str] = []

    def dump(self, url: str, *options: str) -> str:
        """Return a page's document as it stands once it is loaded."""
        done = subprocess.run(
            [
                self._program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--no-first-run", "--disable-background-networking", f"--user-data-dir={self._profile}",
                "--enable-logging=stderr", "--dump-dom", *options, url,
            ],
            capture_output=True, text=True, check=True, timeout=100,
        )  # fmt: skip
        self.console = re.findall(r"CONSOLE[:(].*", done.stderr)
        return done.stdout


@pytest.fixture
def browser(program: str, tmp_path: Path) -> Browser:
    return Browser(program, tmp_path / "profile")


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port of this machine; give its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < until
            time.sleep(0.005)
        yield "http://{}:{}".format(*server.servers[0].sockets[0].getsockname())
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Rig]:
    database = open_database(str(tmp_path / "hub.db"))
    found = Rig(database)
    ana = found.join()
    ana.writer.write("raise", "raise", {"title": TITLE, "severity": "high"})
    ana.writer.write("fact", "told", {"party": "customers", "note": "We know.\nMore soon."})
    ana.push()
    yield found
    database.close()


def application(hub: Rig) -> FastAPI:
    return create_app(hub.service, Log(StringIO(), hub.clock), page_router(hub.service, ["customers"]))


def text_of(dom: str, pattern: str) -> str:
    found = re.search(pattern, dom, re.DOTALL)
    assert found, dom
    return html.unescape(found[1])


def test_it_renders_without_a_script_and_without_complaint(hub: Rig, browser: Browser) -> None:
    with served(application(hub)) as url:
        dom = browser.dump(f"{url}/")
    assert browser.console == []
    assert text_of(dom, "<title>(.*?)</title>") == "1 current incident"
    assert text_of(dom, r"<h3[^>]*>(.*?)</h3>") == TITLE.replace("\u202e", "<U+202E>")
    assert text_of(dom, r'<p class="said"[^>]*>(.*?)</p>') == "We know.\nMore soon."
    assert "<script" not in dom
    assert "<img" not in dom


def test_what_got_into_the_page_all_the_same_would_not_run(hub: Rig, browser: Browser) -> None:
    """The second wall: were a text not escaped, the policy would still keep it from doing anything."""
    app = application(hub)
    asked: list[str] = []

    @app.middleware("http")
    async def careless(request: Request, go_on: Any) -> Response:
        asked.append(request.url.path)
        response = await go_on(request)
        body = b"".join([part async for part in response.body_iterator])
        body = gzip.decompress(body) if "content-encoding" in response.headers else body
        body = body.replace(b"</main>", f"{TITLE}<style>h1 {{ display: none }}</style></main>".encode())
        headers = {
            name: value
            for name, value in response.headers.items()
            if not name.startswith("content-e") and name != "content-length"
        }
        return Response(body, response.status_code, headers)

    with served(app) as url:
        dom = browser.dump(f"{url}/?still")
    assert text_of(dom, "<title>(.*?)</title>") == "1 current incident"
    assert "<script>document" in dom
    assert len([line for line in browser.console if "Content Security Policy" in line]) >= 3
    assert "/x" not in asked


def report(browser: Browser, axe: str, folder: Path, text: str, *options: str) -> dict[str, Any]:
    """Return what axe and the browser say about a page."""
    path = folder / "page.html"
    path.write_text(text.replace("</body>", f"{_ASK.format(axe=axe)}</body>"), encoding="utf-8")
    dom = browser.dump(path.as_uri(), "--virtual-time-budget=20000", *options)
    found = json.loads(text_of(dom, r'<pre id="report">(.*?)</pre>'))
    assert isinstance(found, dict)
    assert found["passed"] > 15
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "text",
    [
        markup.page(full(), still=True),
        markup.page(Shown(START), still=True, late=True),
        markup.preparing(still=True),
        markup.failing(still=True),
    ],
    ids=["full", "empty", "preparing", "failing"],
)
def test_axe_finds_nothing(text: str, scheme: str, browser: Browser, axe: str, tmp_path: Path) -> None:
    dark = scheme == "dark"
    found = report(browser, axe, tmp_path, text, *([DARK] if dark else []))
    assert (found["violations"], found["unsure"], found["dark"]) == ([], [], dark)


def test_axe_objects_to_nothing_but_the_renewal_which_can_be_switched_off(
    browser: Browser, axe: str, tmp_path: Path
) -> None:
    """WCAG 2.2.1: who needs more time gets it through the link to the page that stands still."""
    found = report(browser, axe, tmp_path, markup.page(full()))
    assert [name for name, _nodes in found["violations"]] == ["meta-refresh"]


def test_nothing_sticks_out_at_320_pixels(browser: Browser, tmp_path: Path) -> None:
    """In a frame, because a window without a head is never narrower than 500."""
    frame = f'<iframe id="it" width="320" height="800" srcdoc="{html.escape(markup.page(full(), still=True))}">'
    ask = """<script>addEventListener("load", () => {
      const it = document.getElementById("it").contentWindow;
      const wide = it.document.documentElement.scrollWidth;
      document.title = `${it.innerWidth} ${wide} ${it.getComputedStyle(it.document.querySelector("dl")).columnGap}`;
    })</script>"""
    path = tmp_path / "frame.html"
    style = "<style>iframe { border: 0 }</style>"
    path.write_text(f"<!DOCTYPE html><title></title>{style}{frame}</iframe>{ask}", encoding="utf-8")
    inner, wide, gap = text_of(browser.dump(path.as_uri()), "<title>(.*?)</title>").split()
    assert (inner, gap) == ("320", "0px")
    assert int(wide) <= 320
