"""The book: peers at a cutoff, the same for one account and for many."""

from __future__ import annotations

import numpy as np
import pytest

from churnkit import features as f
from churnkit.errors import BundleError, WrongModel
from churnkit.timeline import moment
from support import oracle

MARCH, APRIL = moment("2025-03-01"), moment("2025-04-01")
LOGINS = f.count("login", "30d")
FEATURES = [
    f.rank_among(LOGINS),
    f.rank_among(LOGINS, within="region"),
    f.from_book(LOGINS),
    f.from_book(f.latest("nps")),
    LOGINS,
    (f.rank_among(LOGINS) - f.rank_among(f.tenure())).named("apart"),
    (f.rank_among(LOGINS) / LOGINS).named("shares"),
    f.where(f.rank_among(f.latest("nps")) > 0.5, f.log1p(LOGINS), -f.clip(f.from_book(LOGINS), 0, 1)).named("chosen"),
]


@pytest.fixture(scope="module")
def matrix(six):
    account = np.repeat([0, 1, 2, 3, 5], 2)
    return f.compute(FEATURES, six, account, np.tile([MARCH, APRIL], 5))


def at_march(matrix, name):
    return matrix.column(name)[matrix.cutoff == MARCH].tolist()


def test_ranks_and_distances_by_hand(matrix):
    """Logins in the 30 days before 1 March: ada 4, bob 3 (one not known yet), cyd 1, dot 0, fay 4."""
    assert at_march(matrix, "count_login_30d") == [4, 3, 1, 0, 4]
    assert at_march(matrix, "rank_of_count_login_30d") == [np.float32(x) for x in (0.8, 0.5, 0.3, 0.1, 0.8)]
    # north: ada and bob; south: cyd, dot and fay
    assert at_march(matrix, "rank_of_count_login_30d_within_region") == [
        np.float32(x) for x in (0.75, 0.25, 0.5, 1 / 6, 5 / 6)
    ]
    assert at_march(matrix, "from_book_count_login_30d") == [
        np.float32(np.float64(x) - np.mean([4, 3, 1, 0, 4])) for x in (4, 3, 1, 0, 4)
    ]
    # NPS: ada 9, bob 3
    assert at_march(matrix, "from_book_latest_nps")[:2] == [3, -3]
    assert np.isnan(at_march(matrix, "from_book_latest_nps")[2:]).all()


def test_compounds_of_the_book_by_hand(matrix):
    # all but eve opened at the same moment: rank 0.5 by tenure
    apart = [np.float32(np.float64(np.float32(x)) - 0.5) for x in (0.8, 0.5, 0.3, 0.1, 0.8)]
    assert at_march(matrix, "apart") == apart
    chosen = at_march(matrix, "chosen")
    assert chosen[:2] == [np.float32(np.log1p(4)), -np.float32(np.clip(np.float64(np.float32(3 - 2.4)), 0, 1))]
    assert np.isnan(chosen[2:]).all()
    shares = at_march(matrix, "shares")
    assert shares[:3] == [np.float32(np.float64(np.float32(x)) / n) for x, n in ((0.8, 4), (0.5, 3), (0.3, 1))]
    assert np.isnan(shares[3])


def test_each_cutoff_has_its_own_peers(matrix):
    april = matrix.cutoff == APRIL
    logins = matrix.column("count_login_30d")[april]
    np.testing.assert_array_equal(matrix.column("rank_of_count_login_30d")[april], oracle.ranks(logins, logins))


def test_one_account_with_the_book_equals_the_batch_to_the_bit(six, matrix):
    for row in range(len(matrix)):
        alone = f.compute(
            FEATURES, six, matrix.account[row : row + 1], matrix.cutoff[row : row + 1], books=matrix.books
        )
        assert alone.values.tobytes() == matrix.values[row].tobytes()
        assert alone.books[int(matrix.cutoff[row])] is matrix.books[int(matrix.cutoff[row])]


def test_a_book_of_another_moment_is_taken_where_it_is_given(six, matrix):
    found = f.compute(FEATURES, six, [0], [APRIL], books={APRIL: matrix.books[MARCH]})
    march = matrix.column("count_login_30d")[matrix.cutoff == MARCH]
    logins = found.column("count_login_30d")
    np.testing.assert_array_equal(found.column("rank_of_count_login_30d"), oracle.ranks(logins, march))


def test_a_value_beyond_all_peers(six, matrix):
    """Eve is not in the book of March, and is new in June."""
    june = moment("2025-06-01")
    found = f.compute([f.rank_among(f.tenure())], six, [4, 0], [june, june], books={june: _tenures(six)})
    assert found.values[:, 0].tolist() == [0, 1]


def _tenures(six):
    return f.compute([f.rank_among(f.tenure())], six, [0, 1], [MARCH, MARCH]).books[MARCH]


def test_names_do_not_matter_to_the_book(six, matrix):
    renamed = f.rank_among(LOGINS.named("visits")).named("visit_rank")
    found = f.compute([renamed], six, [0], [MARCH], books=matrix.books)
    assert found.values[0, 0] == np.float32(0.8)


def test_it_survives_the_disk(six, matrix, tmp_path):
    book = matrix.books[MARCH]
    again = f.Book.read(book.write(tmp_path / "book.npz"))
    assert again.cutoff == MARCH
    one, two = (f.compute(FEATURES, six, [1], [MARCH], books={MARCH: b}).values.tobytes() for b in (book, again))
    assert one == two
    assert book.write(tmp_path / "again.npz").read_bytes() == (tmp_path / "book.npz").read_bytes()


def test_an_empty_book_survives_the_disk(tmp_path):
    assert f.Book.read(f.Book(MARCH).write(tmp_path / "book.npz")).cutoff == MARCH


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[: len(b) // 2], lambda b: b"PK" + b[:40]])
def test_a_damaged_book_is_refused(matrix, tmp_path, damage):
    path = matrix.books[MARCH].write(tmp_path / "book.npz")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BundleError, match="book cannot be read"):
        f.Book.read(path)


def test_a_missing_book_is_refused(tmp_path):
    with pytest.raises(BundleError, match="book cannot be read"):
        f.Book.read(tmp_path / "none.npz")


def test_the_book_of_other_features_is_refused(six, matrix):
    with pytest.raises(WrongModel, match=r"book of 2025-03-01 holds no values of count\('export'\)"):
        f.compute([f.rank_among(f.count("export"))], six, [0], [MARCH], books=matrix.books)
    with pytest.raises(WrongModel, match="within region"):
        f.compute([f.rank_among(f.tenure(), "region")], six, [0], [MARCH], books=matrix.books)


def test_who_has_no_peer_group_has_no_rank(saas):
    at = moment("2025-06-01")
    account = np.flatnonzero(saas.opened < at)
    found = f.compute([f.rank_among(f.tenure(), "acquired_by")], saas, account, np.full(len(account), at))
    none = saas.accounts["acquired_by"].isna().to_numpy()[account]
    assert (np.isnan(found.values[:, 0]) == none).all()
