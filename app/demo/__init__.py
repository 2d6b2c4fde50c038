"""A sample store to try everything on: forty incidents of a mid-sized company's last quarter."""

from __future__ import annotations

from app.demo.maker import make

__all__ = ["make"]
