"""The program: command line, settings, paths, the Textual App and the wiring between them."""
