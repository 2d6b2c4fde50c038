"""Tools for whoever works on tocsin; none of them is shipped. Run them from the checkout: `python -m scripts.NAME`."""
