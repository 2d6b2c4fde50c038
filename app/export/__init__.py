"""Documents as files: what `domain` has put together, rendered for people and for programs."""
