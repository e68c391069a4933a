"""All that churnkit refuses, and all that it warns of.

::

    ChurnkitError                 catch this one to catch them all
    ├── DataError                 the tables are at fault
    │   ├── MissingTable          a table that is needed is not there
    │   ├── MissingColumn         a column that is needed is not there
    │   ├── EmptyTable            a table has no row that can be used
    │   ├── UnreadableFile        a file cannot be read at all
    │   └── BadRows               rows that no default can mend (all problems in one message)
    ├── RequestError              the data are fine, the question is not
    │   ├── CutoffOutOfReach      a moment before the first fact or after the last one
    │   ├── HorizonError          a horizon that the definition cannot answer
    │   ├── OverlappingRanges     evaluated on what the model has learnt from
    │   ├── UnknownAccount        no such account, or it is not in the population
    │   ├── UnknownSignal         a feature asks for a signal that the history has not
    │   ├── UnknownAttribute      a feature asks for an attribute that accounts have not
    │   ├── BadExpression         a feature, a window or a condition that has no meaning
    │   ├── NameClash             two features of one name
    │   ├── BadRecipe             a recipe that cannot be read or followed
    │   ├── TooLarge              facts that lie on disk were asked for all at once
    │   ├── WrongModel            scores, reasons or bundle of another model
    │   └── BadPlan               capacity, rules or policy that cannot be met
    └── BundleError               a saved model that is damaged, altered or of another schema

    ChurnkitWarning               said once, never an error
    ├── FewChurnEvents            too few events for more than a lower rung of evidence
    ├── RowsSetAside              the door has set rows aside
    ├── SignalEndsEarly           a table stops before the cutoff: its windows are missing, not zero
    └── PossibleLeak              a column that knows too much
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class ChurnkitError(Exception):
    """Anything that churnkit refuses; the message says what, where, how much, and the cure."""


class DataError(ChurnkitError):
    """The tables are at fault."""


class MissingTable(DataError):
    """A table that is needed is not there."""

    @classmethod
    def needed(cls, table: str, *, why: str, where: str = "") -> MissingTable:
        """Name the table, what needs it, and where it was looked for."""
        place = f" (looked in {where})" if where else ""
        return cls(f"{table}: the table is missing{place}; {why}")


class MissingColumn(DataError):
    """A column that is needed is not there."""

    @classmethod
    def needed(cls, table: str, columns: Iterable[str], present: Iterable[str]) -> MissingColumn:
        """Name every missing column of a table, with near misses among those present."""
        present = list(present)
        names = [f"{c}{did_you_mean(c, present)}" for c in columns]
        return cls(
            f"{table}: missing column{'s' if len(names) > 1 else ''} {', '.join(names)}; "
            f"the table has {', '.join(present) or 'no column'}. Rename the column, or add it."
        )


class EmptyTable(DataError):
    """A table has no row that can be used."""


class UnreadableFile(DataError):
    """A file cannot be read at all."""


class BadRows(DataError):
    """Rows that no default can mend; the message lists every problem."""


class RequestError(ChurnkitError):
    """The data are fine, the question is not."""


class CutoffOutOfReach(RequestError):
    """A moment before the first fact or after the last one."""


class HorizonError(RequestError):
    """A horizon that the churn definition, or the length of the history, cannot answer."""


class OverlappingRanges(RequestError):
    """Evaluation cutoffs whose features or labels overlap what the model has learnt from."""


class UnknownAccount(RequestError):
    """No such account, or it is not in the population at that moment."""

    @classmethod
    def named(cls, account: object, known: Iterable[object]) -> UnknownAccount:
        """Name the account and the nearest ids."""
        near = did_you_mean(str(account), [str(k) for k in known])
        return cls(f"accounts: no account {account!r}{near}. Give an account_id of the accounts table.")


class UnknownSignal(RequestError):
    """A feature asks for a signal that the history has not."""

    @classmethod
    def named(cls, signal: str, known: Iterable[str]) -> UnknownSignal:
        """Name the signal, the nearest ones and all that there are."""
        known = sorted(known)
        return cls(f"signal {signal!r} is not in this history{did_you_mean(signal, known)}. It has {', '.join(known)}.")


class UnknownAttribute(RequestError):
    """A feature asks for an attribute that accounts have not."""

    @classmethod
    def named(cls, attribute: str, known: Iterable[str]) -> UnknownAttribute:
        """Name the attribute, the nearest ones and all that there are."""
        known = sorted(known)
        return cls(
            f"accounts: no attribute {attribute!r}{did_you_mean(attribute, known)}. "
            f"The accounts table has {', '.join(known) or 'none'}."
        )


class BadExpression(RequestError):
    """A feature, a window or a condition that has no meaning."""


class NameClash(RequestError):
    """Two features of one name."""


class BadRecipe(RequestError):
    """A recipe that cannot be read or followed."""


class WrongModel(RequestError):
    """Scores, reasons or a book of another model."""


class TooLarge(RequestError):
    """Facts that lie on disk were asked for all at once."""

    @classmethod
    def at_once(cls, what: str = "this") -> TooLarge:
        """Name what wants them, and the ways out."""
        return cls(
            f"activity: {what} needs all facts in memory, and they were left on disk (memory=). Read the tables "
            "without memory= on a larger machine, or give some of the accounts only."
        )


class BadPlan(RequestError):
    """Capacity, rules or a policy that cannot be met."""


class BundleError(ChurnkitError):
    """A saved model that is damaged, altered or of another schema."""


class ChurnkitWarning(UserWarning):
    """Said once, never an error."""


class FewChurnEvents(ChurnkitWarning):
    """Too few churn events for more than a lower rung of evidence."""


class RowsSetAside(ChurnkitWarning):
    """The door has set rows aside; see ``history.rejected``."""


class SignalEndsEarly(ChurnkitWarning):
    """A table stops before the cutoff: its windows there are missing, not zero."""


class PossibleLeak(ChurnkitWarning):
    """A column that knows too much."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the nearest known word, or nothing."""
    near = get_close_matches(word, [str(k) for k in known], n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""
