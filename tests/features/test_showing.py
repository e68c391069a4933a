"""The facts behind a value, as a reader would pick them out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given

from churnkit import features as f
from churnkit.errors import UnknownAccount, UnknownSignal
from churnkit.features.showing import _facts
from churnkit.timeline import moment
from support import oracle, recorded
from support.measured import every


def test_the_rows_of_a_window(six):
    shown = f.explain_value(six, "bob", "2025-03-01", f.count("login", "30d"))
    assert shown["occurred_at"].dt.strftime("%d.%m. %H:%M").tolist() == ["03.02. 12:00", "10.02. 12:00", "17.02. 12:00"]
    assert shown["aggregate"].unique().tolist() == ["count('login', '30d')"]
    later = f.explain_value(six, "bob", "2025-03-05", f.count("login", "9d"))
    assert later["occurred_at"].dt.strftime("%d.%m.").tolist() == ["24.02.", "03.03."]
    assert later["known_at"].dt.strftime("%d.%m.").tolist() == ["03.03.", "03.03."]


def test_every_aggregate_of_a_compound_shows_its_own(six):
    feature = f.from_book(f.mean("nps") - f.count("ticket_opened", where=f.value >= 3)) / f.tenure()
    shown = f.explain_value(six, "bob", "2025-06-01", feature)
    assert shown["signal"].tolist() == ["nps", "nps", "ticket_opened"]
    assert shown["value"].tolist() == [3, 2, 3]
    assert shown["label"].tolist()[-1] == "outage"


def test_what_reads_no_fact_shows_none(six):
    assert f.explain_value(six, "bob", "2025-06-01", f.tenure()).empty


def test_what_is_not_there_is_refused(six):
    with pytest.raises(UnknownAccount):
        f.explain_value(six, "bobby", "2025-06-01", f.tenure())
    with pytest.raises(UnknownSignal):
        f.explain_value(six, "bob", "2025-06-01", f.count("logn"))


@pytest.mark.parametrize("function", ["count", "latest", "gap_mean"])
@given(history=recorded.histories(), rows=recorded.rows(most=2))
def test_they_are_the_facts_that_the_oracle_takes(function, history, rows):
    """From the rows shown alone, the oracle's own arithmetic gives the oracle's value."""
    for account, cutoff in zip(rows["account"], rows["cutoff"], strict=True):
        for one in every(function)[::4]:
            expected = oracle.value_of(one, history, int(account), int(cutoff))
            end = int(cutoff) - one.ending.micros
            tables = {history.signals.tables[s] for s in one.signals} or {"activity"}
            if any(history.ended_early(t, end) for t in tables):
                continue
            shown = _facts(history, int(account), int(cutoff), one)
            micros = shown["occurred_at"].astype("datetime64[us, UTC]").astype(np.int64)
            facts = [
                oracle.Fact(r.signal, int(at), 0, r.value, r.label, r.actor)
                for at, r in zip(micros, shown.itertuples(), strict=True)
            ]
            found = oracle.FUNCTIONS[function](facts, end, int(cutoff), history)
            assert found == pytest.approx(expected, nan_ok=True)


def test_a_moment_without_a_zone_is_read_in_the_history_s(six):
    midnight = f.explain_value(six, "ada", moment("2025-03-01"), f.total("export"))
    assert midnight["value"].tolist() == [7]
    assert math.isclose(f.explain_value(six, "ada", "2025-03-01T00:01", f.total("export"))["value"].sum(), 12)
