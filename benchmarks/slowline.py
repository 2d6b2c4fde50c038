"""A slow line: `python -m benchmarks.slowline PORT MS KBIT` relays to a port of this machine and prints its own.

Each way takes half of MS milliseconds, and carries KBIT thousand bits a second.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import Queue, StreamReader, StreamWriter

_PIECE = 1024  # bytes


async def _carry(reader: StreamReader, writer: StreamWriter, delay: float, rate: float) -> None:
    """Hand on what comes, each piece once the line is free for it and as late as the line is long."""
    loop, free = asyncio.get_running_loop(), 0.0
    pieces: Queue[tuple[float, bytes]] = Queue(64)  # what is under way; more waits at the sender

    async def arrive() -> None:
        while True:
            at, piece = await pieces.get()
            await asyncio.sleep(at - loop.time())
            if not piece:
                writer.close()
                return
            writer.write(piece)
            await writer.drain()

    arriving = asyncio.create_task(arrive())
    while True:
        piece = await reader.read(_PIECE)
        free = max(free, loop.time()) + len(piece) / rate
        await pieces.put((free + delay, piece))
        if not piece:
            break
    await arriving


async def relay(port: int, delay: float, rate: float) -> None:
    """Relay connections until the process is ended.

    Args:
        port: Where to, on this machine.
        delay: Of each way, seconds.
        rate: Of each way, bytes a second.
    """

    async def met(reader: StreamReader, writer: StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        there, back = _carry(reader, far_writer, delay, rate), _carry(far_reader, writer, delay, rate)
        await asyncio.gather(there, back, return_exceptions=True)  # a broken line ends it, whichever way

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(relay(int(sys.argv[1]), float(sys.argv[2]) / 2000, float(sys.argv[3]) * 125))
