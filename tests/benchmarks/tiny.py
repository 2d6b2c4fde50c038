"""A program whose every byte is known, written without any library: a list with a gutter mark, and a few verbs.

It stands in for the command under test, so it takes the same arguments.
"""

from __future__ import annotations

import json
import os
import sys
import termios
import tty

ROWS = [f"INC-{n:05d} P3 {'Zookeeper' if n % 4 == 3 else 'checkout'}: disk full" for n in range(20)]


def show(rows: list[str]) -> bytes:
    lines = (f"\x1b[{y};3H{row}" for y, row in enumerate(rows, 1))
    return b"\x1b[2J\x1b[1;1H>" + "".join(lines).encode()


def report_cursor() -> bytes:
    """Ask the terminal where the cursor is, and show what it said."""
    os.write(1, b"\x1b[7;9H\x1b[6n")
    reply = b""
    while not reply.endswith(b"R"):
        reply += os.read(0, 1)
    return b"\x1b[24;1H[" + reply[2:-1] + b"]"


def queue() -> int:
    before = termios.tcgetattr(0)
    tty.setraw(0)
    os.write(1, b"\x1b[?1049h\x1b[?25l" + show(ROWS))
    cursor, typed = 1, ""
    while True:
        keys = os.read(0, 64).decode()
        if keys in ("q", "Q"):
            break
        if keys == "j":
            os.write(1, b"\x1b[%02d;1H \x1b[%02d;1H>" % (cursor, cursor + 1))
            cursor = cursor % 18 + 1
        elif keys == "?":
            os.write(1, report_cursor())
        elif keys.startswith("\x1b"):
            os.write(1, b"\x1b[23;1H" + (b"page" if typed else b"PAGE"))
            typed = "" if typed else "p"
        else:
            typed += keys
            os.write(
                1,
                (show([row for row in ROWS if "Zoo" in row]) if typed == "/zo" else b"")
                + b"\x1b[24;1H"
                + typed.encode(),
            )
    if keys == "q":
        os.write(1, b"\x1b[?25h\x1b[?1049l")
        termios.tcsetattr(0, termios.TCSANOW, before)
        return 0
    return 3


def main(arguments: list[str]) -> int:
    rest = arguments[2:] if arguments[:1] == ["--database"] else arguments
    match rest:
        case []:
            return queue()
        case ["import", export]:
            with open(export, encoding="utf-8") as file, open(arguments[1], "w", encoding="utf-8") as store:
                store.write(str(sum(1 for _ in file)))
        case ["list", *_]:
            print(json.dumps({"incidents": [{"ref": "INC-00000"}], "count": 1}))
        case ["--version"] | ["note", *_]:
            print("tiny")
        case _:
            print("tiny: no such verb", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
