"""The version, as a constant: reading it from the installed distribution would cost more than the rest of a start."""

VERSION = "0.1.0"
"""The same as in pyproject.toml; a test says so."""
