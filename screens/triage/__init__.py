"""The triage card: what an incident is, on one screen and from the home row."""
