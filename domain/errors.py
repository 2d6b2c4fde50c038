"""What the rules say no with.

Mistake                 a person's input cannot be followed; carries message and remedy
├── Refused             a rule or a setting forbids it (exit code 4)
│   └── NoRight         the person has no right to it; says who has (exit code 4)
├── BadValue            a field or value that does not exist (exit code 2)
└── BadTime             a time that cannot be read (exit code 2)
"""

from __future__ import annotations


class Mistake(Exception):
    """Something a person asked for that cannot be done; `str()` is the message.

    Attributes:
        message: What was wrong, naming the thing itself.
        remedy: What to do instead, or an empty string.
        code: A stable word for scripts, e.g. `needs_note`.
    """

    def __init__(self, message: str, remedy: str = "", code: str = "mistake") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code


class Refused(Mistake):
    """A lifecycle rule, a right or a setting forbids the action."""


class NoRight(Refused):
    """The person has no right to it on this store; the message says what is needed, the remedy who may."""


class BadValue(Mistake):
    """A field that does not exist, or a value it cannot hold."""


class BadTime(BadValue):
    """A moment that cannot be read."""
