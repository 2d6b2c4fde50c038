"""Hubs that do not do what they should."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hub_that(does: str) -> Iterator[int]:
    """Listen as a hub that hangs, answers half, or refuses; give the port."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    if does == "is gone":
        bound.close()
        yield 9
        return
    bound.listen(16)
    ended = threading.Event()
    held: list[socket.socket] = []

    def serve() -> None:
        while not ended.is_set():
            try:
                peer, _address = bound.accept()
            except OSError:
                return
            held.append(peer)
            if does == "answers half":
                peer.sendall(
                    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"hub": '
                )
            elif does == "refuses":
                peer.recv(65_536)
                body = b'{"status":403,"code":"revoked","detail":"This token was revoked"}'
                head = b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n"
                peer.sendall(head % len(body) + body)
                peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield int(bound.getsockname()[1])
    ended.set()
    bound.close()
    for peer in held:
        peer.close()
