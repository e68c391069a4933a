"""Computing: shapes, order, refusals, and what another history lacks."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from churnkit import features as f
from churnkit.errors import BadExpression, CutoffOutOfReach, NameClash, RequestError, UnknownAttribute, UnknownSignal
from churnkit.history import History
from churnkit.timeline import moment
from support import company

MARCH, MAY = moment("2025-03-01"), moment("2025-05-01")


def test_rows_keep_the_order_given(six):
    features = [f.count("login", "30d"), f.latest("mrr")]
    account, cutoff = np.array([3, 0, 1, 0]), np.array([MAY, MAY, MARCH, MARCH])
    matrix = f.compute(features, six, account, cutoff)
    # 7, 14, 21 and 28 April for ada
    assert matrix.values.tolist() == [[0, 300], [4, 100], [3, 200], [4, 100]]
    assert matrix.values.dtype == np.float32
    assert matrix.values.flags.c_contiguous
    assert matrix.names == ("count_login_30d", "latest_mrr")
    assert matrix.account.tolist() == [3, 0, 1, 0]
    assert matrix.frame.columns.tolist() == ["count_login_30d", "latest_mrr"]
    assert set(matrix.books) == {MARCH, MAY}
    assert len(matrix) == 4


def test_no_rows_are_no_problem(six):
    matrix = f.compute([f.rank_among(f.tenure())], six, [], [])
    assert matrix.values.shape == (0, 1)
    assert matrix.books == {}


def test_categories_are_fixed_when_bound(six):
    matrix = f.compute([f.tenure(), f.attribute("region")], six, [0, 2], [MARCH, MARCH])
    assert matrix.features[1].categories == ("north", "south")
    assert matrix.categorical == (1,)
    assert matrix.values[:, 1].tolist() == [0, 1]


def test_categories_come_from_accounts_that_had_opened():
    tables = company.tables()
    tables["accounts"].loc[4, "region"] = "east"
    history = History(**tables)
    assert f.compute([f.attribute("region")], history, [0], [MARCH]).features[0].categories == ("north", "south")
    assert f.compute([f.attribute("region")], history, [0], [moment("2025-06-01")]).features[0].categories == (
        "east",
        "north",
        "south",
    )


def test_themes_come_from_the_history():
    tables = company.tables()
    tables["satisfaction"]["metric"] = "smile"
    history = History(**tables)
    assert f.latest("smile").theme == "usage"
    assert f.compute([f.latest("smile")], history, [0], [MARCH]).features[0].theme == "satisfaction"


def test_all_that_does_not_fit_is_told_at_once(six):
    features = [
        f.count("logins"),
        f.latest("npss") / f.tenure(),
        f.attribute("regions"),
        f.rank_among(f.tenure(), "size"),
    ]
    with pytest.raises(UnknownSignal) as caught:
        f.compute(features, six, [0], [MARCH])
    told = str(caught.value)
    assert told.startswith("4 features or parts of them do not fit")
    for part in ("'logins'", "did you mean 'login'", "'npss'", "did you mean 'nps'", "did you mean 'region'", "'size'"):
        assert part in told


def test_one_that_does_not_fit_is_told_as_it_is(six):
    with pytest.raises(UnknownAttribute, match=r"no attribute 'regio' \(did you mean 'region'\?\)"):
        f.compute([f.attribute("regio")], six, [0], [MARCH])


def test_two_of_one_name_are_refused(six):
    with pytest.raises(NameClash, match=r"1 of 2 names are there twice \(first: 'a', for tenure\(\) and count"):
        f.compute([f.tenure().named("a"), f.count("login").named("a")], six, [0], [MARCH])


@pytest.mark.parametrize("features", [f.tenure(), ["tenure"], "tenure"])
def test_what_is_no_feature_is_refused(six, features):
    with pytest.raises(BadExpression):
        f.compute(features, six, [0], [MARCH])


def test_a_cutoff_beyond_the_record_is_refused(six):
    with pytest.raises(CutoffOutOfReach, match="2031-01-01 is beyond the record"):
        f.compute([f.tenure()], six, [0], [moment("2031-01-01")])


def test_accounts_out_of_range_are_refused(six):
    with pytest.raises(RequestError, match="out of range"):
        f.compute([f.tenure()], six, [6], [MARCH])


@pytest.fixture
def quiet() -> History:
    """Another export of the same company: no logins of this account, no satisfaction table."""
    tables = company.tables()
    tables["activity"] = tables["activity"].query("event == 'export'")
    del tables["satisfaction"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return History(**tables, observed_until=company.OBSERVED)


def test_signals_known_before_and_absent_now_are_silent_not_refused(six, quiet):
    bound = f.bind([f.count("login", "30d"), f.days_since("login"), f.count(("export", "login")), f.latest("nps")], six)
    values = f.compute(bound, quiet, [0], [moment("2025-03-02")]).values[0]
    assert values[:3].tolist() == [0, pytest.approx(np.nan, nan_ok=True), 2]
    assert np.isnan(values[3])


def test_a_table_that_is_absent_is_missing_not_silent(six, quiet):
    bound = f.bind([f.count("nps"), f.count("nps_asked") + 1], six)
    assert np.isnan(f.compute(bound, quiet, [0], [MARCH]).values).all()
    with pytest.raises(UnknownSignal, match="nps"):
        f.compute(list(bound), quiet, [0], [MARCH])


def test_an_absent_signal_is_missing_where_its_table_ends_early(six):
    tables = company.tables()
    tables["activity"] = tables["activity"].query("event == 'export'")
    history = History(**tables, observed_until={"activity": "2025-03-10", "subscriptions": company.OBSERVED})
    bound = f.bind([f.count("login", "30d"), f.count("login", "30d", ending="60d")], six)
    found = f.compute(bound, history, [0, 0], [moment("2025-03-05"), MAY]).values
    assert found[0].tolist() == [0, 0]
    assert np.isnan(found[1, 0])
    assert found[1, 1] == 0


def test_an_attribute_that_is_empty_now_is_missing(six):
    tables = company.tables()
    tables["accounts"]["region"] = pd.Series([None] * 6, dtype=object)
    history = History(**tables)
    bound = f.bind([f.attribute("region")], six)
    assert np.isnan(f.compute(bound, history, [0], [MARCH]).values).all()


def test_a_number_that_turns_into_texts_is_refused():
    tables = company.tables()
    tables["accounts"]["region"] = [1, 2, 3, 4, 5, 6]
    bound = f.bind([f.attribute("region")], History(**tables))
    assert bound[0].categories is None
    with pytest.raises(BadExpression, match="was a number when the feature was made"):
        f.compute(bound, History(**company.tables()), [0], [MARCH])


def test_threads_change_no_byte(saas):
    features = [f.count("login", "30d"), f.std("login"), f.rank_among(f.count("login", "90d"))]
    at = moment("2025-06-01")
    account = np.flatnonzero(saas.opened < at)
    one, two = (f.compute(features, saas, account, np.full(len(account), at), threads=t) for t in (1, 2))
    assert one.values.tobytes() == two.values.tobytes()
