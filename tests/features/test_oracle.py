"""The oracle gives what a reader counts by hand in the company of six."""

from __future__ import annotations

import math

import numpy as np
import pytest

from churnkit import features as f
from churnkit.timeline import moment
from support import oracle

ADA, BOB, CYD, DOT, EVE, FAY = range(6)

BY_HAND = [
    # Mondays at noon: 3, 10, 17 and 24 February lie in the 30 days before 1 March
    (f.count("login", "30d"), ADA, "2025-03-01", 4),
    (f.count("login"), ADA, "2025-03-01", 8),
    (f.days_since("login"), ADA, "2025-03-01", 4.5),
    (f.gap_mean("login", "30d"), ADA, "2025-03-01", 7),
    (f.gap_std("login", "30d"), ADA, "2025-03-01", 0),
    # an export a second before midnight counts, the one at midnight is the future
    (f.count("export"), ADA, "2025-03-01", 1),
    (f.total("export"), ADA, "2025-03-01", 7),
    (f.total("export"), ADA, "2025-03-02", 12),
    (f.std("export"), ADA, "2025-03-02", math.sqrt(2)),
    (f.minimum("export"), ADA, "2025-03-02", 5),
    (f.latest("export"), ADA, "2025-03-02", 5),
    (f.earliest("export"), ADA, "2025-03-02", 7),
    (f.active_days(window="30d"), ADA, "2025-03-01", 5),
    (f.actors(window="30d"), ADA, "2025-03-01", 2),
    # u1 has the most, last on Monday the 24th at noon; u7 came once, a second before midnight of the 28th
    (f.days_since_main_user(window="30d"), ADA, "2025-03-01", 4.5),
    (f.days_since_main_user("export"), ADA, "2025-03-01", 1 / 86_400),
    # one each by then: of several, the one seen last (u1, at midnight of 1 March)
    (f.days_since_main_user("export"), ADA, "2025-03-02", 1),
    (f.days_since_main_user("login", "7d"), DOT, "2025-03-01", math.nan),
    # bob's login of 24 February was recorded on 3 March
    (f.count("login", "30d"), BOB, "2025-03-01", 3),
    (f.days_since("login"), BOB, "2025-03-01", 11.5),
    (f.count("login", "30d"), BOB, "2025-03-15", 4),
    # 5 February 3, 5 May 2: 89 days apart
    (f.latest("nps"), BOB, "2025-06-01", 2),
    (f.mean("nps"), BOB, "2025-06-01", 2.5),
    (f.slope("nps"), BOB, "2025-06-01", -1 / 89),
    (f.share("nps", where=f.value <= 2), BOB, "2025-06-01", 0.5),
    (f.latest("nps", ending="30d"), BOB, "2025-06-01", 3),
    (f.latest("nps"), DOT, "2025-06-01", math.nan),
    (f.count("nps_asked"), DOT, "2025-06-01", 1),
    # opened on 1 and 20 March at noon, the first resolved on 3 March
    (f.count("ticket_opened", "90d", where=f.value >= 3), BOB, "2025-04-01", 1),
    (f.count("ticket_opened", where=f.label == "billing"), BOB, "2025-04-01", 1),
    (f.count("ticket_opened", where=f.label != "billing"), BOB, "2025-04-01", 1),
    (f.count("ticket_opened") - f.count("ticket_resolved"), BOB, "2025-04-01", 1),
    (f.latest("ticket_resolved"), BOB, "2025-04-01", 48),
    (f.latest("mrr"), ADA, "2025-03-01", 100),
    (f.latest("mrr"), CYD, "2025-06-01", 60),
    # a year from 1 June 2024 at noon
    (f.days_until("renewal_due"), ADA, "2025-03-01", 92.5),
    (f.tenure(), ADA, "2025-03-01", 272.5),
    (f.attribute("region", categories=["north", "south"]), CYD, "2025-03-01", 1),
    (f.attribute("region", categories=["north"]), CYD, "2025-03-01", math.nan),
    # silence
    (f.count("login", "30d"), DOT, "2025-03-01", 0),
    (f.days_since("login", "30d"), DOT, "2025-03-01", math.nan),
    (f.mean("nps"), CYD, "2025-03-01", math.nan),
    (f.gap_mean("login"), DOT, "2025-03-01", math.nan),
    # arithmetic
    (f.count("login", "30d") / f.count("export", "30d"), DOT, "2025-03-01", math.nan),
    (f.count("login", "30d") > 3, ADA, "2025-03-01", 1),
    (f.where(f.count("login", "30d") > 3, 7, f.tenure()), DOT, "2025-03-01", 272.5),
    (f.where(f.latest("nps") > 3, 1, 0), CYD, "2025-03-01", math.nan),
    (f.log1p(f.count("login", "30d")), BOB, "2025-03-01", math.log(4)),
    (f.clip(f.count("login", "30d"), 1, 2), ADA, "2025-03-01", 2),
    (abs(f.count("login", "30d") - 10), ADA, "2025-03-01", 6),
]


@pytest.mark.parametrize(("feature", "account", "at", "expected"), BY_HAND)
def test_the_oracle_by_hand(six, feature, account, at, expected):
    assert oracle.value_of(feature, six, account, moment(at)) == pytest.approx(expected, nan_ok=True)


def test_computing_by_hand(six):
    features = f.FeatureSet(list(dict.fromkeys(x for x, *_ in BY_HAND if x.name != "attribute_region")))
    for feature, account, at, expected in BY_HAND:
        if feature in features.features:
            found = f.compute(features, six, [account], [moment(at)])
            assert found.column(feature.name)[0] == pytest.approx(np.float32(expected), nan_ok=True)


def test_a_table_that_ends_early_is_missing_not_silent(six):
    """Tickets stop on 2 June and two silences of theirs later; activity goes on to July."""
    late, early = moment("2026-06-30"), moment("2025-06-15")
    assert six.ended_early("tickets", late)
    assert math.isnan(oracle.value_of(f.count("ticket_opened"), six, BOB, late))
    assert oracle.value_of(f.count("ticket_opened"), six, BOB, early) == 2


def test_ranks_by_hand():
    nan = math.nan
    assert oracle.ranks([1, 2, 3, nan], [1, 2, 2, 4, nan]).tolist()[:3] == [0.125, 0.5, 0.75]
    assert math.isnan(oracle.ranks([nan], [1, 2])[0])
    assert math.isnan(oracle.ranks([1], [nan])[0])
