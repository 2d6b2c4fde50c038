"""Small questions over a screen; each returns a typed value, and its button and its key call one action."""
