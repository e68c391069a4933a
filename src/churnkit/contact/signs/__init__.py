"""Signs: what troubles an account, told by how weeks of use, cases, scores and prices went.

``weeks`` lays side by side what was seen each week, ``complaints``, ``calls`` and ``keenest`` (the most active user)
among it. ``states`` says what an account can be in and what is felt at each point of a trouble, ``sightings`` how
likely what was seen is there. ``course`` follows accounts from week to week (``kernel`` does the sums), ``naming``
tells the kinds.
"""

from churnkit.contact.kinds import ASLEEP, KINDS, UNKNOWN, UNTROUBLED
from churnkit.contact.signs.naming import Signs, likeliest, likely, read_signs, trouble

__all__ = ["ASLEEP", "KINDS", "UNKNOWN", "UNTROUBLED", "Signs", "likeliest", "likely", "read_signs", "trouble"]
