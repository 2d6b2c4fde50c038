"""What a hub says no with: one class, told to the client as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any


class HubProblem(Exception):
    """A request that cannot be done.

    Attributes:
        status: The HTTP status.
        code: A stable word for programs, e.g. `token`.
        detail: What was wrong, for people.
        remedy: What to do instead, or an empty string.
        extra: More members of the answer.
        wait: Seconds for `Retry-After`; 0 for none.
        whose: Whose request it was, for the log, as far as that is known.
    """

    def __init__(self, status: int, code: str, detail: str, remedy: str = "", *, wait: int = 0, **extra: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.remedy = status, code, detail, remedy
        self.wait = wait
        self.whose: Mapping[str, object] = {}
        self.extra: Mapping[str, Any] = extra

    def body(self) -> dict[str, Any]:
        """Return the answer's body."""
        remedy = {"remedy": self.remedy} if self.remedy else {}
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **remedy,
            **self.extra,
        }


def other_epoch(epoch: str) -> HubProblem:
    """Return what is said to whoever means another history of the hub than the present one."""
    return HubProblem(409, "epoch", "The hub was restored since", "Begin again from the start.", epoch=epoch)


def of_code(why: str) -> HubProblem:
    """Return what is said of a one-time code that is `used` or `unknown`."""
    remedy = "Ask for a new one: tocsin hub code --user NAME --role ROLE."
    if why == "used":
        return HubProblem(410, "code_used", "This code was used already, or is too old", remedy)
    return HubProblem(404, "code", "This code is not known here", remedy)
