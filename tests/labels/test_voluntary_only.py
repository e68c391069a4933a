"""Voluntary leaves alone: cyd's end is involuntary, bob's and fay's are not."""

from __future__ import annotations

from churnkit.labels import Cancelled, audit, label
from churnkit.timeline import moment

VOLUNTARY = Cancelled(horizon="90d", voluntary_only=True)


def test_an_involuntary_leave_has_no_answer_from_then_on(six):
    found = label(six, VOLUNTARY, [moment("2025-02-01")], VOLUNTARY.horizons())
    y = dict(zip(six.account_ids[found.account], found.y.tolist(), strict=True))
    assert y == {"ada": [0, 0, 0], "bob": [0, 0, 1], "cyd": [0, -1, -1], "dot": [0, 0, 0], "fay": [0, 0, 1]}
    assert {k: v for k, v in found.counts.items() if "otherwise" in k} == {
        "left otherwise 60d": 1,
        "left otherwise 90d": 1,
    }


def test_the_population_is_the_same(six):
    at = moment("2025-04-11")
    assert VOLUNTARY.standing(six, at).why.tolist() == Cancelled().standing(six, at).why.tolist()


def test_inside_the_lead_it_is_dropped_as_any_leaver(six):
    definition = VOLUNTARY.changed(lead="14d", horizon="60d")
    found = label(six, definition, [moment("2025-03-02")], definition.horizons())
    assert found.y[found.account == six.code("cyd")].tolist() == [[-1, -1]]
    assert found.counts["left inside the lead"] == 1


def test_the_audit_names_the_row(six):
    frame = audit(six, VOLUNTARY, ["2025-02-01"]).frame.set_index(["account_id", "horizon"])
    assert frame.loc[("cyd", "60d"), ["why", "row", "source"]].tolist() == [
        "left otherwise",
        3,
        "subscription s3 ended 2025-03-15 12:00 UTC (involuntary)",
    ]
    assert frame.loc[("bob", "90d"), ["label", "row", "source"]].tolist() == [
        1,
        2,
        "subscription s2 notice 2025-04-10 12:00 UTC (voluntary)",
    ]
    assert frame.loc[("ada", "90d"), "source"] == ""


def test_what_the_settings_do_to_the_rate(six):
    # Within 90 days of 2025-02-01 bob and fay leave of ada, bob, dot and fay; with cyd three of five do.
    found = audit(six, VOLUNTARY, ["2025-02-01"]).sensitivity
    rows = found[["setting", "labels", "leaves", "rate"]].to_numpy().tolist()
    assert rows[0] == ["as defined", 4, 2, 0.5]
    assert rows[-1] == ["voluntary_only=False", 5, 3, 0.6]
    assert found["difference"].iloc[-1] == 0.6 - 0.5
    assert found["setting"].tolist() == ["as defined", "rebuy_gap=0d", "rebuy_gap=30d", "voluntary_only=False"]
