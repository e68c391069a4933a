"""Which hat fits: the theme that speaks most for leaving decides."""

import pandas as pd

from churnkit.contact.roles import ROLE_OF_THEME, fitting_role, main_theme
from churnkit.history.signals import THEMES
from churnkit.tables import ROLES
from support import plans as book

IDS = pd.Index(["a", "b", "c"])


def themes(rows):
    found = main_theme(book.reasons(rows).frame, IDS)
    return [THEMES[t] if t >= 0 else None for t in found]


def test_the_sum_of_a_theme_counts():
    rows = [("a", 1, "usage", "", 0.5), ("a", 2, "support", "", 0.4), ("a", 3, "support", "", 0.2)]
    assert themes(rows) == ["support", None, None]


def test_what_protects_does_not_count():
    rows = [("b", 1, "usage", "", 0.1), ("b", 2, "billing", "", -0.9), ("c", 1, "billing", "", -0.2)]
    assert themes(rows) == [None, "usage", None]


def test_a_protective_fact_takes_nothing_off_its_theme():
    rows = [("b", 1, "billing", "", 0.3), ("b", 2, "usage", "", 0.2), ("b", 3, "billing", "", -0.3)]
    assert themes(rows) == [None, "billing", None]


def test_strangers_and_unknown_themes_are_left_out():
    assert themes([("z", 1, "usage", "", 0.5), ("a", 1, "weather", "", 0.5)]) == [None, None, None]


def test_every_theme_has_a_hat():
    assert set(ROLE_OF_THEME) == set(THEMES)
    assert set(ROLE_OF_THEME.values()) == set(ROLES)


def test_a_technical_trouble_wants_the_technical_hat():
    theme = main_theme(book.reasons([("a", 1, "support", "", 0.5), ("b", 1, "billing", "", 0.5)]).frame, IDS)
    assert [ROLES[r] for r in fitting_role(theme)] == ["technical", "financial", "service"]
