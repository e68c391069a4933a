"""Signs: what troubles an account, told by how weeks of use, cases, scores and prices went.

``weeks`` lays side by side what was seen each week, ``states`` says what an account can be in, ``sightings`` how likely
what was seen is in each state, ``course`` follows the states from week to week, ``naming`` tells the kinds.
"""

from churnkit.contact.kinds import ASLEEP, KINDS, UNKNOWN, UNTROUBLED
from churnkit.contact.signs.naming import Signs, likeliest, likely, read_signs, trouble

__all__ = ["ASLEEP", "KINDS", "UNKNOWN", "UNTROUBLED", "Signs", "likeliest", "likely", "read_signs", "trouble"]
