"""What a responder sees: one screen a file or a package."""
