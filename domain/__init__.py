"""The rules, pure: no I/O, no clock of its own, the standard library only."""
