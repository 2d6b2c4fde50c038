"""The themes of our own: one that uses the terminal's sixteen colours, and one for eyes that confuse red and green."""

from __future__ import annotations

from textual.theme import Theme

# The terminal's own colours: short on the wire, right on light and dark grounds, the user's to choose.
TOCSIN = Theme(
    name="tocsin",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_blue",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "border": "ansi_bright_black",
        "border-blurred": "ansi_bright_black",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_cyan",
        "block-cursor-text-style": "none",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "ansi_blue",
        "input-selection-foreground": "ansi_white",
        "screen-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_white",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_cyan",
        "scrollbar-active": "ansi_cyan",
        "scrollbar-background": "ansi_default",
    },
)
# Okabe and Ito's colours, which people with any common colour blindness tell apart.
COLOUR_SAFE = Theme(
    name="colour-safe",
    primary="#56B4E9",
    secondary="#0072B2",
    warning="#E69F00",
    error="#D55E00",
    success="#009E73",
    accent="#56B4E9",
    background="#101418",
    surface="#101418",
    panel="#1B2128",
    dark=True,
)
OWN = (TOCSIN, COLOUR_SAFE)
