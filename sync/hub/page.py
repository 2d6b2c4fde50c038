"""The page at a hub's root, for people who have no terminal: current incidents, open to whoever gets there."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Collection
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from storage.errors import StoreError
from sync.hub import markup
from sync.hub.board import FRESH, Board, Shown
from sync.hub.service import Service

_SMALL = 1_024  # bytes below which gzip gains nothing


class Rendered(NamedTuple):
    """A page ready to be sent, plain and compressed, under one weak ETag: both say the same."""

    body: bytes
    zipped: bytes
    etag: str


class Page:
    """Makes the page from the board, once for each thing that there is to show.

    Args:
        board: What to show.
    """

    def __init__(self, board: Board) -> None:
        self._board, self._security = board, _security()
        self._last: dict[tuple[bool, bool], tuple[Shown, Rendered]] = {}

    def answer(self, asked: str | None, *, still: bool, accepts_gzip: bool) -> Response:
        """Return the answer to a request.

        Args:
            asked: Its `If-None-Match`.
            still: It wants the page that does not load itself again.
            accepts_gzip: It may be compressed.
        """
        late = False
        try:
            shown = self._board.look()
        except StoreError:
            shown, late = self._board.shown, True
        if shown is None:
            text = markup.failing(still=still) if late else markup.preparing(still=still)
            wait = markup.RENEW if late else markup.SOON
            return self._html(text.encode(), 503, {"Cache-Control": "no-store", "Retry-After": str(wait)})
        made = self._rendered(shown, still, late)
        headers = {"Cache-Control": f"max-age={FRESH // 1000}", "ETag": made.etag, "Vary": "Accept-Encoding"}
        if asked is not None and _matches(asked, made.etag):
            return Response(status_code=304, headers=self._security | headers)
        if accepts_gzip and len(made.body) >= _SMALL:
            return self._html(made.zipped, 200, headers | {"Content-Encoding": "gzip"})
        return self._html(made.body, 200, headers)

    def _html(self, body: bytes, status: int, headers: dict[str, str]) -> Response:
        return Response(body, status, self._security | headers, media_type="text/html; charset=utf-8")

    def _rendered(self, shown: Shown, still: bool, late: bool) -> Rendered:
        held = self._last.get((still, late))
        if held is None or held[0] is not shown:
            body = markup.page(shown, still=still, late=late).encode()
            etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
            held = self._last[still, late] = shown, Rendered(body, gzip.compress(body, 5, mtime=0), etag)
        return held[1]


def page_router(service: Service, parties: Collection[str]) -> APIRouter:
    """Return the route of the page.

    Args:
        service: The hub's.
        parties: Whose updates are shown, e.g. `customers`; matched without case.
    """
    router = APIRouter(include_in_schema=False)
    page = Page(Board(service.database, service.clock, parties))

    async def root(request: Request) -> Response:
        response = await run_in_threadpool(
            page.answer,
            request.headers.get("if-none-match"),
            still="still" in request.query_params,
            accepts_gzip="gzip" in request.headers.get("accept-encoding", "").lower(),
        )
        if request.method == "HEAD":  # the headers stay, the length of what is not sent among them
            response.body = b""
        return response

    router.add_api_route("/", root, methods=["GET", "HEAD"], name="page")
    return router


def _security() -> dict[str, str]:
    # The style is known by its hash, so nothing that somebody wrote into an entry could add to it.
    style = base64.b64encode(hashlib.sha256(markup.STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
    return {"Content-Security-Policy": f"{policy}; frame-ancestors 'none'", "X-Robots-Tag": "noindex"}


def _matches(asked: str, etag: str) -> bool:
    """Say whether an `If-None-Match` names this page; tags are compared weakly (RFC 9110, section 13.1.2)."""
    tags = [each.strip().removeprefix("W/") for each in asked.split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags
