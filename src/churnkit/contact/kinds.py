"""Kinds: what an account can be told to be."""

from churnkit.history.signals import THEMES

UNKNOWN, ASLEEP, UNTROUBLED = -1, len(THEMES), len(THEMES) + 1
"""Codes beside those of the themes; -1: the history has no signs."""
KINDS = (*THEMES, "asleep", "untroubled", "no sign")
"""All kinds; the last one is code -1."""
