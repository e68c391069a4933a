"""The sample as tables and files: the data contract, and the same bytes again."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from churnkit.errors import RequestError
from churnkit.history import read_history
from churnkit.history.sample import generate
from churnkit.history.sample.dice import Dice
from churnkit.history.sample.writing import VERSIONS, versions
from churnkit.labels import Cancelled
from churnkit.tables import CONTRACT
from churnkit.timeline import DAY, monthly_cutoffs
from support.made_up import shipped

SAAS = Path(__file__).resolve().parents[2] / "data" / "samples" / "saas"


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saas")
    shipped().write(folder)
    return folder


@pytest.mark.parametrize("name", CONTRACT)
def test_every_column_of_the_contract_is_there(name):
    expected = {c.name for c in CONTRACT[name].columns} - {"term"}  # the other spelling of term_months
    assert expected <= set(shipped().tables[name].columns)
    assert len(shipped().tables[name]) > 0


def test_the_library_reads_it_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = read_history(SAAS)
    assert len(history.rejected) == 0
    assert history.notes == ()
    assert history.attributes == ("industry", "region", "size_band", "acquired_by")


def test_the_record_is_of_24_months_known_before_its_end():
    start, end = pd.Timestamp("2024-06-01", tz="UTC"), pd.Timestamp("2026-06-01", tz="UTC")
    for name, table in shipped().tables.items():
        for column in table.columns[table.columns.str.endswith("_at")]:
            if column in ("ended_at", "renews_at"):
                continue  # booked ahead
            assert table[column].max() < end, (name, column)
            if name not in ("accounts", "subscriptions"):
                assert table[column].min() >= start, (name, column)
            assert (table[column].dropna().dt.second == 0).all(), (name, column)
    assert shipped().tables["activity"]["occurred_at"].is_monotonic_increasing


def test_labels_of_the_last_cutoff_are_mature():
    history = read_history(SAAS)
    churn = Cancelled(horizon="90d")
    last = monthly_cutoffs("2026-03", "2026-03")[0]
    end = history.observed_until["subscriptions"] - churn.delay(history)
    assert pd.Timestamp(last) + pd.Timedelta("90D") <= pd.Timestamp(end, unit="us", tz="UTC")
    assert churn.delay(history) < DAY


def test_a_few_rows_are_recorded_late():
    tables = shipped().tables
    activity = tables["activity"]
    late = activity["recorded_at"].notna()
    assert 0.01 < late.mean() < 0.02
    assert (activity.loc[late, "recorded_at"] > activity.loc[late, "occurred_at"]).all()
    scores = tables["satisfaction"]["recorded_at"].dropna()
    assert len(scores) > 50


def test_below_five_megabytes():
    assert sum(p.stat().st_size for p in SAAS.iterdir()) < 5_000_000


@pytest.mark.parametrize("name", CONTRACT)
def test_the_same_values_again(again, name):
    path = next(SAAS.glob(f"{name}.*"))
    if path.suffix == ".csv":
        assert (again / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8")
        return
    old, new = pq.read_table(path), pq.read_table(again / path.name)
    assert old.schema == new.schema
    for column in old.column_names:
        if old[column].type == "double":
            np.testing.assert_allclose(old[column].to_numpy(), new[column].to_numpy(), rtol=0, atol=1e-9)
        else:
            assert old[column].equals(new[column]), column


def test_the_same_bytes_again(again):
    made = json.loads((SAAS / VERSIONS).read_text(encoding="utf-8"))
    if made != versions():
        pytest.skip(f"the bytes depend on the versions: the sample was made with {made}, here are {versions()}")
    for path in SAAS.iterdir():
        if path.name != "README.md":
            assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_seed_decides():
    first, second, other = (generate(30, months=3, seed=s).tables for s in (4, 4, 5))
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, second[name])
    assert not first["activity"].equals(other["activity"])


def test_any_month_may_be_the_first():
    tables = generate(40, months=5, seed=1, start="2023-02-15").tables
    assert tables["activity"]["occurred_at"].min() >= pd.Timestamp("2023-02-15", tz="UTC")
    assert tables["activity"]["occurred_at"].max() < pd.Timestamp("2023-07-15", tz="UTC")


@pytest.mark.parametrize(
    ("arguments", "name"), [({"accounts": 0}, "accounts"), ({"months": 0}, "months"), ({"seed": -1}, "seed")]
)
def test_too_small_is_refused(arguments, name):
    with pytest.raises(RequestError, match=f"generate: {name} is too small; give a whole number from"):
        generate(**arguments)


@pytest.mark.parametrize("accounts", [1, 2, 5])
def test_a_tiny_company_lives_too(accounts):
    assert len(generate(accounts, months=2, seed=8).tables["accounts"]) >= accounts - 1


def test_dice_are_the_bits_of_pcg64():
    """numpy promises the bits; 52 of 64 make the number, half a step above the lattice."""
    import zlib

    bits = np.random.PCG64(np.random.SeedSequence([7, zlib.crc32(b"x")])).random_raw(3)
    expected = [((int(b) >> 12) + 0.5) / 2**52 for b in bits]
    assert Dice(7, "x").uniform(3).tolist() == expected
    assert Dice(7, "x").uniform(3).tolist() != Dice(7, "y").uniform(3).tolist()


@pytest.mark.parametrize("mean", [0.3, 4.0, 59.0, 200.0])
def test_counts_have_the_mean_and_variance_of_poisson(mean):
    counts = Dice(3, "poisson").poisson(np.full(40_000, mean))
    assert counts.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / 40_000))
    assert counts.var() == pytest.approx(mean, rel=0.05)


def test_normal_and_exponential_numbers():
    dice = Dice(3, "shapes")
    z, t = dice.normal(40_000), dice.exponential(2.0, 40_000)
    assert abs(z.mean()) < 0.02
    assert z.std() == pytest.approx(1.0, abs=0.02)
    assert np.mean(z < 1.6449) == pytest.approx(0.95, abs=0.005)
    assert t.mean() == pytest.approx(2.0, abs=0.05)
    assert np.mean(t > 2.0) == pytest.approx(np.exp(-1), abs=0.01)


def test_picks_follow_their_weights():
    picked = np.bincount(Dice(3, "pick").pick((1.0, 3.0, 0.0, 6.0), 40_000), minlength=4) / 40_000
    assert picked == pytest.approx([0.1, 0.3, 0.0, 0.6], abs=0.01)
