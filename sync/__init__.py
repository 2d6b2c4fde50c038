"""Everything that crosses the network, or came across it."""
