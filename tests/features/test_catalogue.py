"""The catalogue: out of whatever signals there are, nothing constant, nothing twice, nothing from the future."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from churnkit import features as f
from churnkit.errors import CutoffOutOfReach
from churnkit.features.catalogue import CATALOGUE, relationship, usage
from churnkit.features.catalogue.pruning import fingerprint
from churnkit.features.catalogue.scene import survey
from churnkit.history import THEMES, History, Signal
from churnkit.timeline import DAY, moment, monthly_cutoffs
from support import oracle
from support.measured import steps_apart

CUTOFFS = monthly_cutoffs("2025-01", "2025-06")


@pytest.fixture(scope="module")
def features(saas):
    return f.catalogue(saas, cutoffs=CUTOFFS)


@pytest.fixture(scope="module")
def matrix(saas, features):
    at = np.array([moment(c) for c in CUTOFFS])
    rows = [np.flatnonzero(saas.opened < c) for c in at]
    return f.compute(features, saas, np.concatenate(rows), np.repeat(at, [len(r) for r in rows]))


def shop_rows(events=("purchase", "return")) -> pd.DataFrame:
    """Sixty clients who buy now and then for a year, at random moments."""
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "account_id": rng.integers(0, 60, 3000),
            "occurred_at": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.uniform(0, 365, 3000), unit="D"),
            "event": rng.choice(events, 3000),
            "value": rng.gamma(2, 20, 3000),
        }
    )


def shop(events=("purchase", "return"), value=True) -> History:
    rows = shop_rows(events)
    accounts = pd.DataFrame({"account_id": range(60), "opened_at": pd.Timestamp("2024-12-31")})
    accounts["country"] = np.random.default_rng(6).choice(["DE", "FR", "UK"], 60)
    return History(accounts=accounts, activity=rows if value else rows.drop(columns="value"))


def test_every_theme_of_a_rich_history_has_features(features):
    themes = pd.Series([x.theme for x in features]).value_counts()
    assert set(themes.index) == set(THEMES) == set(CATALOGUE)
    assert len(features) >= 150
    assert themes["usage"] >= 50
    assert themes["satisfaction"] >= 30


def test_none_is_constant_and_none_a_copy_where_they_are_used(matrix):
    prints = [fingerprint(matrix.values[:, j]) for j in range(len(matrix.features))]
    distinct = set(prints) - {None}
    assert len(distinct) >= 150
    assert len(distinct) >= 0.97 * len(prints)


def test_it_agrees_with_the_oracle(saas, features):
    plain = [x for x in features if not any(e.op in ("rank_among", "from_book") for e in x.walk())]
    account, at = np.arange(0, 480, 60), moment("2025-06-01")
    ours = f.compute(plain, saas, account, np.full(len(account), at)).values
    theirs = oracle.evaluate(plain, saas, account=account, cutoff=np.full(len(account), at))
    off = (steps_apart(ours, theirs) > 1) & (np.abs(ours - theirs) > 1e-9)
    assert not off.any(), [plain[j].name for j in np.flatnonzero(off.any(axis=0))]


def test_it_says_what_it_left_out(features):
    assert any("constant" in note for note in features.notes)
    assert any("copies of others" in note for note in features.notes)


def test_names_and_words_are_all_there(features):
    assert len(set(features.names)) == len(features)
    frame = features.frame
    assert frame["phrase"].str.len().between(3, 250).all()
    assert frame["name"].str.match(r"^[a-z][a-z0-9_]*$").all()


def test_it_survives_plain_data(features):
    assert f.FeatureSet.from_dict(features.to_dict()) == features


def test_later_facts_choose_no_feature(saas_tables, saas, features):
    """Spoil everything after the last cutoff: new events, new labels, another attribute value."""
    last = pd.Timestamp(CUTOFFS[-1])
    tables = {name: table.copy() for name, table in saas_tables.items()}
    activity = tables["activity"]
    later = (activity["occurred_at"] >= last) | (activity["recorded_at"] >= last)
    activity["event"] = activity["event"].astype(object).where(~later, "brand_new")
    tickets = tables["tickets"]
    tickets["category"] = tickets["category"].astype(object).where(tickets["opened_at"] < last, "strange")
    accounts = tables["accounts"]
    accounts["region"] = accounts["region"].astype(object).where(accounts["opened_at"] < last, "Moon")
    again = f.catalogue(History(**tables), cutoffs=CUTOFFS)
    assert again.names == features.names
    assert again.features == features.features


def test_labels_are_never_looked_at():
    """The room of features does not even load the room of labels."""
    code = "import sys, churnkit.features; print('churnkit.labels' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_activity_alone_gives_a_sensible_set():
    found = f.catalogue(shop())
    assert 50 <= len(found) <= 110
    assert {x.theme for x in found} == {"usage", "profile"}
    assert {"days_since_any", "days_since_any_over_gap_mean_any", "total_purchase_28d", "attribute_country"} <= set(
        found.names
    )


def test_one_event_without_value_gives_a_smaller_one():
    found = f.catalogue(shop(events=("visit",), value=False))
    assert 25 <= len(found) <= 50
    assert "count_any_28d" in found.names
    assert not [n for n in found.names if "visit" in n]


def test_the_company_of_six_has_a_catalogue(six):
    found = f.catalogue(six)
    assert {"count_any_28d", "latest_mrr", "days_until_renewal_due", "tenure", "attribute_region"} <= set(found.names)


@pytest.mark.parametrize("theme", THEMES)
def test_signals_of_ones_own_have_features_whatever_their_theme(theme):
    visits = pd.DataFrame(
        {"account_id": np.arange(600) % 60, "on": pd.date_range("2025-01-01", periods=600, freq="14h")}
    )
    visits["minutes"] = np.arange(600) % 7
    plain = shop()
    history = History(
        accounts=plain.accounts[["account_id", "opened_at"]],
        activity=shop_rows(),
        webinar=visits,
        signals={"webinar": Signal(time="on", value="minutes", theme=theme)},
    )
    found = [x for x in f.catalogue(history) if "webinar" in x.signals_used]
    assert len(found) >= 4
    assert {x.theme for x in found} == {theme}


def test_the_one_who_used_it_most_leaves_and_the_others_go_on():
    days = pd.date_range("2024-01-01", periods=360, freq="D", tz="UTC")
    rows = [("a" if k % 2 else "b", day, "login", f"{k % 2} main") for k, day in enumerate(days[:340])]
    rows += [(account, day, "login", f"{account} other") for account in "ab" for day in days[::4]]
    rows += [("a", day, "login", "1 main") for day in days[340:]]
    activity = pd.DataFrame(rows, columns=["account_id", "occurred_at", "event", "user_id"])
    accounts = pd.DataFrame({"account_id": ["a", "b"], "opened_at": "2023-12-31"})
    history = History(accounts=accounts, activity=activity)
    at = np.full(2, moment("2024-12-25"))  # day 359; the last day with others is day 356
    found = f.compute(list(usage.main_user(survey(history, at))), history, np.arange(2, dtype=np.int32), at)
    # a's main user came every day, b's not since day 338
    assert found.values.tolist() == [[1, 0], [21, 18]]


def test_contacts_say_whether_the_manager_is_still_the_same():
    days = pd.date_range("2024-01-01", "2025-12-31", freq="D", tz="UTC")
    activity = pd.DataFrame({"account_id": ["a", "b"] * len(days), "occurred_at": days.repeat(2), "event": "login"})
    calls = pd.date_range("2025-01-01", periods=6, freq="30D", tz="UTC")
    late = pd.date_range("2025-11-01", periods=2, freq="20D", tz="UTC")
    contacts = pd.DataFrame(
        {
            "account_id": ["a"] * 8 + ["b"] * 8,
            "contacted_at": [*calls, *late, *calls, *late],
            "manager_id": ["mia"] * 8 + ["mia"] * 6 + ["max"] * 2,
        }
    )
    accounts = pd.DataFrame({"account_id": ["a", "b"], "opened_at": "2024-01-01"})
    history = History(accounts=accounts, activity=activity, contacts=contacts, observed_until="2026-01-01")
    at = np.full(2, moment("2025-11-25"))
    features = list(relationship.managers(survey(history, at)))
    found = f.compute(features, history, np.arange(2, dtype=np.int32), at)
    # a: mia on 21 November; b: mia, who came most, last on 31 May, max on 21 November
    assert found.column("managers_in_touch_364d").tolist() == [1, 2]
    assert found.column("days_since_usual_manager").tolist() == [4, 178]
    assert found.column("contact_without_usual_manager").tolist() == [0, 174]


def test_a_short_record_has_no_long_windows():
    history = shop()
    at = int(history.signals.occurred[history.signals.occurred > 0].min()) + 40 * DAY
    found = f.catalogue(history, cutoffs=[at])
    assert "count_any_28d" in found.names
    assert not [n for n in found.names if n.endswith(("84d", "182d"))]


def test_names_are_no_categories():
    history = shop()
    history.accounts["country"] = [f"place {k}" for k in range(60)]
    found = f.catalogue(history)
    assert "attribute_country" not in found.names
    assert any("attributes without a feature" in note and "country" in note for note in found.notes)


def test_a_cutoff_out_of_reach_is_refused(saas):
    with pytest.raises(CutoffOutOfReach):
        f.catalogue(saas, cutoffs=["2031-01-01"])


def test_fingerprints():
    x = np.array([3, 1, np.nan, 2, 1], dtype=np.float32)
    assert fingerprint(x) == fingerprint(np.exp(x)) == fingerprint(-x)
    assert fingerprint(x) != fingerprint(np.nan_to_num(x))
    assert fingerprint(x) != fingerprint(x**2 * np.array([1, 1, 1, 1, -1], dtype=np.float32))
    assert fingerprint(np.full(4, np.nan, dtype=np.float32)) is None
    assert fingerprint(np.array([1, np.nan, 1], dtype=np.float32)) is None
    two = np.array([0, 1, 1], dtype=np.float32)
    assert fingerprint(two) == fingerprint(1 - two)
