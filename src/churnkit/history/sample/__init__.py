"""A made-up B2B SaaS company whose story is known: sample data, and the truth behind them.

Five causes of trouble (product incidents, a lost champion, a price rise at renewal, poor support, slow
adoption) come to accounts, show in usage, cases and scores with noise and delay, and some of the accounts
leave. Managers call those that worry them; for a while contacts are drawn by lot. Every constant stands
with its source or reason in ``figures``.
"""

from churnkit.history.sample.generate import Sample, generate
from churnkit.history.sample.truth import Truth
from churnkit.history.sample.writing import write_tables

__all__ = ["Sample", "Truth", "generate", "write_tables"]
