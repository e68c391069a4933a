"""Sentences: what was seen, in plain words, against the account's own past and its peers; never a cause."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from churnkit.reasons.words.derived import teller_of
from churnkit.reasons.words.language import LANGUAGES, Language
from churnkit.reasons.words.seen import Seen

if TYPE_CHECKING:
    from churnkit.features.expressions import Expression
    from churnkit.reasons.words.tellers import Teller

__all__ = ["LANGUAGES", "Language", "Seen", "sentence", "teller"]


@lru_cache(maxsize=4096)
def teller(feature: Expression, locale: str = "en", currency: str = "") -> Teller:
    """Give the function that tells a feature.

    Parameters
    ----------
    feature
        Any expression.
    locale
        Language and number forms, for example ``"en"`` or ``"en_GB"``.
    currency
        ISO code of the currency that money is in; empty: amounts are bare numbers.

    Raises
    ------
    RequestError
        If there are no words in that language.
    """
    return teller_of(feature, Language.of(locale, currency))


def sentence(feature: Expression, seen: Seen, *, locale: str = "en", currency: str = "") -> str:
    """Tell one feature of one account in one sentence."""
    return teller(feature, locale, currency)(seen)
