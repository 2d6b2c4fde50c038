"""The version of the fold, apart from the fold itself, so that it can be asked without loading the rules."""

FOLD_VERSION = 3
"""Changes when `domain.replay` gives another incident for some entries: every store then rebuilds its projections."""
