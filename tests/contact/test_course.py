"""The course of troubles, held against a plain one that lists every point, flag and step of the grid."""

import numpy as np
import pytest

from churnkit.contact.signs import course
from churnkit.contact.signs import states as st
from churnkit.contact.signs.course import Book, book_of, follow
from churnkit.contact.signs.keenest import Keenest
from churnkit.contact.signs.sightings import Usual, likelihood, missed
from churnkit.contact.signs.states import DEPTHS, ONWARD, PASSING, POINTS, THERE, TROUBLES, point, state, to_states
from churnkit.contact.signs.weeks import WEEKS, Weeks
from churnkit.history.signals import THEMES


def company(n=6, seed=4, **more):
    """Accounts that use a product of their own accord; the last one stops half-way, the first is away for a while."""
    random = np.random.default_rng(seed)
    use = random.poisson(8.0, (n, WEEKS)).astype(float)
    use[-1, WEEKS // 2 :] = 0.0
    seen = {
        "age": np.broadcast_to(200.0 + 7 * np.arange(WEEKS), (n, WEEKS)),
        "use": use,
        "out": random.binomial(use.astype(int), 0.1).astype(float),
        "failures": (random.random((n, WEEKS)) < 0.02).astype(float),
        "case support": random.poisson(0.1, (n, WEEKS)).astype(float),
        "case billing": random.poisson(0.05, (n, WEEKS)).astype(float),
        "seats": np.full((n, WEEKS), 4.0),
        "mrr": np.full((n, WEEKS), 100.0),
    }
    there, opened = np.ones((n, WEEKS), dtype=bool), np.zeros((n, WEEKS), dtype=bool)
    there[0, 20:25], there[1, :10] = False, False
    opened[0, 25], opened[1, 10] = True, True
    old, forgets = np.ones(n, dtype=bool), np.arange(n) % 2 == 1
    old[1] = False
    seen |= more
    his = random.binomial(seen["use"].astype(int), 0.4).astype(float)
    his[2, -8:] = 0.0
    whose = Keenest(his, seen["use"], np.full(n, 0.4), np.arange(WEEKS)[None] >= np.arange(n)[:, None])
    cured = np.where(random.random((n, WEEKS, len(TROUBLES))) < 0.03, 0.3, 0.0)
    return Weeks(seen, there, opened, old, forgets, np.zeros((n, WEEKS, len(THEMES))), cured, whose)


USUAL = Usual(rate={"case support": 0.03, "case billing": 0.02, "out": 0.08})
SEASON = 2.5 + np.sin(np.arange(WEEKS) / 8)


def moves(weeks, i, week):  # noqa: C901, PLR0912 - one law, written down
    """The law of one week of one account, as one matrix over flag x point, written down from the declared figures."""
    one = np.zeros((2, POINTS, 2, POINTS))
    begins = {t: course.ONSET[t] for t in TROUBLES}
    begins["support"] += course.FAILED * weeks.seen["failures"][i, week]
    left = 365.25 - weeks.seen["age"][i, week] % 365.25
    begins["billing"] += course.DUE * (left < course.AHEAD)
    begins["usage"] += course.OPENING * weeks.opened[i, week]
    doze = st.DOZES * weeks.forgets[i]
    for flag in range(2):
        go = {0: 1 - course.LEAVES, 1: course.LEAVES} if flag == 0 else {0: course.REPLACED, 1: 1 - course.REPLACED}
        for then, share in go.items():
            law = one[flag, :, then]
            law[st.UNTROUBLED, st.UNTROUBLED] = share * (1 - sum(begins.values()) - doze)
            law[st.UNTROUBLED, st.FALLING] = share * doze
            law[st.FALLING, [st.FALLING, st.ASLEEP]] = share * (1 - st.DROPS), share * st.DROPS
            law[st.ASLEEP, [st.ASLEEP, st.UNTROUBLED]] = share * (1 - st.WAKES), share * st.WAKES
            for k, t in enumerate(TROUBLES):
                heals = 1 - (1 - st.HEALS) * (1 - weeks.cured[i, week, k])
                for depth in range(len(DEPTHS)):
                    for age in range(THERE):
                        way = 0 if age < 5 else 1 if age < 11 else 2
                        law[point(t, depth, age), point(t, depth, min(age + 1, THERE - 1))] += share * (1 - heals)
                        law[point(t, depth, age), point(t, depth, 0, way)] += share * heals
                    for way in range(len(ONWARD)):
                        for age in range(PASSING - 1):
                            law[point(t, depth, age, way), point(t, depth, age + 1, way)] = share
                        last = point(t, depth, PASSING - 1, way)
                        law[last, last] = share * (1 - st.OVER)
                        if t != "relationship":
                            law[last, st.UNTROUBLED] = share * st.OVER
        for t in TROUBLES:
            for depth in range(len(DEPTHS)):
                if t == "relationship":
                    gone = np.array([1 - course.LEAVES_TROUBLED, course.LEAVES_TROUBLED])
                    one[flag, st.UNTROUBLED, :, point(t, depth, 0)] = begins[t] * gone / len(DEPTHS)
                    for way in range(len(ONWARD)):  # it is over when somebody has taken over, and he stays as a rule
                        over = st.OVER * np.array([1 - course.LEAVES, course.LEAVES])
                        one[flag, point(t, depth, PASSING - 1, way), :, st.UNTROUBLED] = over
                else:
                    one[flag, st.UNTROUBLED, flag, point(t, depth, 0)] = begins[t] / len(DEPTHS)
    assert one.sum(axis=(2, 3)) == pytest.approx(1.0)
    return one.reshape(2 * POINTS, 2 * POINTS)


def plainly(weeks, book, i):
    """P(point) at the end, by the sum over all pasts."""
    half = course.STEP / 2
    uses = np.exp(-half * np.round(-np.log(st.POINT.use) / half))
    told, odds = likelihood(weeks, book.usual), missed(weeks)
    power = weeks.seats**course.POWER * book.season
    use, known = weeks.counts("use"), weeks.there
    own = (use[i].sum() + 1) / ((power * known)[i].sum() + 1)
    grid = np.log(own) - course.BELOW + course.STEP * np.arange(course.GRID)
    prior = np.exp(-0.5 * ((grid - book.middle) / book.spread) ** 2)
    now = np.zeros((2, POINTS))
    now[0, st.FIRST :] = course.OLD_TROUBLE * 12 / (POINTS - 3) if weeks.old[i] else 0.0
    now[0, st.ASLEEP] = course.OLD_ASLEEP if weeks.old[i] and weeks.forgets[i] else 0.0
    now[0, st.UNTROUBLED] = 1 - now.sum()
    now = now.reshape(-1, 1) * prior
    for week in range(WEEKS):
        if not weeks.there[i, week]:
            if week and weeks.there[i, week - 1]:
                rest = np.zeros_like(now)
                rest[st.UNTROUBLED] = now.sum(axis=0)
                now = rest
            continue
        now = moves(weeks, i, week).T @ now
        size = course.SCATTER
        for flag in range(2):
            mean = power[i, week] * np.exp(grid)[None, :] * uses[:, None] * (1 - flag * weeks.keenest.share[i])
            law = use[i, week] * np.log(mean) - (use[i, week] + size) * np.log(mean + size)
            law -= use[i, week] * np.log(use[i, week] + 1) - (use[i, week] + size) * np.log(use[i, week] + 1 + size)
            seen = told[i, week] - told[i, week].max() + flag * odds[i, week]
            now[flag * POINTS : (flag + 1) * POINTS] *= np.exp(seen[:, None] + law)
        now /= now.sum()
    return now.reshape(2, POINTS, -1).sum(axis=(0, 2))


def test_the_course_is_the_sum_over_all_pasts():
    weeks, book = company(), Book(USUAL, SEASON, 0.2, 0.4)
    found, calm = follow(weeks, book)
    assert found.sum(axis=1) == pytest.approx(1.0)
    for i in range(len(weeks)):
        assert found[i] == pytest.approx(plainly(weeks, book, i), abs=1e-7), i
    assert calm[:, -1] == pytest.approx(found[:, st.UNTROUBLED])


def test_it_is_the_same_however_many_accounts_are_followed_at_once(monkeypatch):
    weeks, book = company(), Book(USUAL, SEASON, 0.2, 0.4)
    whole = follow(weeks, book)
    monkeypatch.setattr(course, "AT_ONCE", 4)
    for one, other in zip(whole, follow(weeks, book), strict=True):
        np.testing.assert_array_equal(one, other)


def test_who_stops_using_is_not_untroubled_and_who_goes_on_is():
    weeks = company()
    found, calm = follow(weeks, book_of(weeks))
    assert found[2:5, st.UNTROUBLED].min() > 0.5
    assert found[-1, st.UNTROUBLED] < 0.05
    assert calm[-1, WEEKS // 2 - 2] > 0.5


def test_what_is_usual_leaves_out_who_is_in_trouble():
    """The one that stops using the product has a case in each week from then on, the others one in two years."""
    cases = np.zeros((6, WEEKS))
    cases[:5, 10], cases[5, WEEKS // 2 :] = 1.0, 1.0
    weeks = company(**{"case support": cases})
    every = cases[weeks.there].sum() / (2.0 * weeks.there.sum())
    assert book_of(weeks).usual.rate["case support"] < 0.5 * every


def test_the_season_of_a_book_by_hand():
    """Two of one seat do 3 a week, one of sixteen 24, which is 3 x 16^.75; in the last week all do twice that."""
    use = np.array([[3.0], [3.0], [24.0]]) * np.where(np.arange(WEEKS) < WEEKS - 1, 1.0, 2.0)
    weeks = company(3, use=use, seats=np.array([[1.0], [1.0], [16.0]]) * np.ones(WEEKS))
    weeks.there[:] = True
    season, middle, spread = course.season_of(weeks)
    assert season[:-1] == pytest.approx(3.0)
    assert season[-1] == pytest.approx(6.0)
    assert (middle, spread) == (pytest.approx(0.1), 0.25)  # all alike: the least spread there is


def test_a_failure_calls_trouble_forth_where_use_falls_after_it():
    failed, spared = (np.zeros((6, WEEKS)) for _ in range(2))
    failed[:, WEEKS - 12] = 1.0
    use = np.full((6, WEEKS), 8.0)
    use[:, WEEKS - 11 :] = 4.0
    support = slice(state("support", 0), state("support", 2) + 1)
    told = [
        to_states(follow(company(use=use, failures=x), Book(USUAL, SEASON, 0.2, 0.4))[0])[2, support].sum()
        for x in (failed, spared)
    ]
    assert told[0] > 1.5 * told[1]


def test_no_week_depends_on_later_ones():
    """What was said of a week's end does not change with what came after."""
    weeks, later = company(), company()
    later.seen["use"][:, WEEKS // 2 :] = 0.0
    book = Book(USUAL, SEASON, 0.2, 0.4)
    uses = [follow(w, book)[1][:, : WEEKS // 2] for w in (weeks, later)]
    quiet = [company(use=np.zeros((6, WEEKS))), company(use=np.zeros((6, WEEKS)))]
    quiet[1].seen["case billing"][:, WEEKS // 2 :] = 1.0
    calm = [follow(w, book)[1][:, : WEEKS // 2] for w in quiet]
    assert calm[0].tolist() == calm[1].tolist()
    assert np.abs(uses[0] - uses[1]).max() < 0.5  # only the grid of own normal use moves, which rests on all weeks
