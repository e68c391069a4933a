"""What happened: reading, checking and dating the tables of a company."""

from churnkit.history.door import Note
from churnkit.history.history import History
from churnkit.history.options import Signal
from churnkit.history.reading import read_history
from churnkit.history.signals import THEMES, Signals

__all__ = ["THEMES", "History", "Note", "Signal", "Signals", "read_history"]
