"""The shapes of what a hub takes and gives, for its OpenAPI description; the service itself reads and writes JSON."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

Tip = Annotated[
    list[int | str], Field(min_length=2, max_length=2, description="The highest number without a gap, and its hash.")
]

TEXT = "^[^\\u0000]*$"
"""A text without NUL, which not every database can hold."""


class Model(BaseModel):
    """One that holds what it names and nothing else."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """What was wrong (RFC 9457); `code` is a stable word for programs."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    remedy: str | None = None
    epoch: str | None = None


class Limits(Model):
    """The most that one push or pull holds."""

    page_entries: int
    page_bytes: int


class Hello(Model):
    """Who the hub is, who the asker is, and how far the hub has every device."""

    hub: str
    epoch: str
    now: int
    protocol: list[int]
    user: str
    role: str
    device: str
    seq: int
    limits: Limits
    vector: dict[str, Tip]


class Enrolment(BaseModel):
    """A one-time code, and the device that it is for."""

    code: str = Field(min_length=1, max_length=200, pattern=TEXT)
    device: str = Field(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
    name: str = Field(min_length=1, max_length=200, pattern=TEXT)


class Enrolled(Model):
    """The device's token, shown this once."""

    token: str
    user: str
    role: str
    hub: str
    epoch: str


class Result(Model):
    """What became of one entry, and why."""

    id: str
    result: Literal["ok", "dup", "quarantined", "gap", "fork", "bad_hash"]
    why: str | None = None


class Pushed(Model):
    """A result for each entry, in their order, and how far their devices are now."""

    epoch: str
    now: int
    seq: int
    vector: dict[str, Tip]
    results: list[Result]


class Wanted(BaseModel):
    """The ids asked for."""

    ids: list[str] = Field(max_length=500)


class Place(Model):
    """Where an entry is."""

    id: str
    device: str
    dseq: int
    hash: str


class Have(Model):
    """Those that are here."""

    have: list[Place]


class Presence(BaseModel):
    """The incident that is open, null for none."""

    incident: str | None = Field(
        default=None, pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description="Its id."
    )


class Opened(Model):
    """One incident that somebody has open."""

    incident: str
    user: str
    device: str


class Open(Model):
    """What others have open."""

    open: list[Opened]


def named(model: type[BaseModel]) -> dict[str, str]:
    """Return a reference to a model's description."""
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def descriptions() -> dict[str, Any]:
    """Return the description of every model, by its name."""
    given = (Problem, Hello, Enrolled, Pushed, Have, Open)
    taken = (Enrolment, Wanted, Presence)
    modes: Any = [(each, "serialization") for each in given] + [(each, "validation") for each in taken]
    _each, found = models_json_schema(modes, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = found["$defs"]
    return schemas
