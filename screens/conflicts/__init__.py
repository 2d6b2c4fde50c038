"""What two people wrote without seeing each other: the choices, texts side by side, and what is written instead."""
