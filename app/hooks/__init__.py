"""Programs of the user's own that see what is recorded: which they are, what they are given, how they are run."""
