"""The OpenAPI description of a hub, from its routes and from the models of what it takes and gives."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from sync.hub import models

TOKEN = "token"  # noqa: S105 - the scheme's name
_SCHEME = {"type": "http", "scheme": "bearer", "description": "What a device was given when it enrolled."}


def describe(app: FastAPI) -> None:
    """Let an application give its description with the models' parts, which its routes refer to by name."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            found["components"] = {"schemas": models.descriptions(), "securitySchemes": {TOKEN: _SCHEME}}
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
