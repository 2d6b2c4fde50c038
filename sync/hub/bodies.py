"""Request bodies, held to their limit before anything reads them: what is too large is not even received."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.hub.answers import problem_answer
from sync.hub.problems import HubProblem


class BodyLimit:
    """Lets no more than so many bytes of a body through, and ends the connection of whoever sends more.

    Args:
        app: What the request is for.
        most: Bytes, as they come.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, send, self._most)
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length) > self._most:
            await body.refuse()
            return
        try:
            await self._app(scope, body.receive, body.send)
        except _TooLarge:
            await body.refuse()


class _TooLarge(Exception):
    """More came than is let through."""


class _Body:
    """One request's body on its way, and the answer."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive, self._send, self._left = receive, send, most
        self._whole = self._answered = False

    async def receive(self) -> Message:
        """Return the next part."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._left < 0:
                raise _TooLarge
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on; the connection ends with it when nobody has read the body, which may be endless."""
        if message["type"] == "http.response.start":
            self._answered = True
            if not self._whole:
                MutableHeaders(scope=message)["Connection"] = "close"
        await self._send(message)

    async def refuse(self) -> None:
        """Answer that it is too large, unless an answer is under way."""
        if self._answered:
            return
        problem = HubProblem(413, "too_large", "The body is too large", "Send less at once.")
        answer = problem_answer(problem)
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
        await self.send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": answer.body})
