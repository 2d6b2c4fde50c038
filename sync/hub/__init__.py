"""The hub: what answers devices."""
