"""Sightings, worked by hand: how likely what was seen is at each point."""

import numpy as np
import pytest

from churnkit.contact.signs import ASLEEP, KINDS, UNKNOWN, UNTROUBLED, Signs
from churnkit.contact.signs import states as st
from churnkit.contact.signs.keenest import Keenest
from churnkit.contact.signs.sightings import Usual, likelihood, missed, usual
from churnkit.contact.signs.states import (
    DEPTHS,
    LEAVING,
    LEVEL,
    MOOD,
    POINTS,
    STAGES,
    STATES,
    THERE,
    TROUBLES,
    point,
    state,
    table,
    to_felt,
    to_leavers,
    to_states,
)
from churnkit.contact.signs.weeks import WEEKS, Weeks
from churnkit.history.signals import THEMES

OLD, NEW = THERE - 1, 0
LAST = WEEKS - 1
"""Of the deeper of two troubles: what is felt and thought after the last of its weeks and after its first."""
FELT, THOUGHT = LEVEL[point("support", 1, OLD)], MOOD[point("support", 1, OLD)]


def weeks(n=1, said=None, whose=None, **seen):
    """Weeks of n accounts in which nothing was seen but what is given, by name with _ for a blank."""
    blank = {name.replace("_", " "): np.broadcast_to(np.asarray(v, float), (n, WEEKS)) for name, v in seen.items()}
    every, age = np.ones((n, WEEKS), dtype=bool), np.broadcast_to(100.0 + 7 * np.arange(WEEKS), (n, WEEKS))
    complaints = np.zeros((n, WEEKS, len(THEMES))) if said is None else said
    nobody = np.zeros(n, dtype=bool)
    flags = (every, np.zeros_like(every), ~nobody, ~nobody)
    return Weeks({"age": age, **blank}, *flags, complaints, np.zeros((n, WEEKS, len(TROUBLES))), whose)


def last(value):
    """A value in the last week, none before."""
    out = np.zeros((1, WEEKS))
    out[0, LAST] = value
    return out


def over(told, trouble, week=OLD):
    """What the last week says for the deeper of two troubles, some weeks old, against none."""
    return told[0, LAST, point(trouble, 1, week)] - told[0, LAST, st.UNTROUBLED]


def test_the_course_of_a_trouble_by_hand():
    """The plainer one of .75: after a week .3 is felt, after two .48; thought follows by .12, use by .34 a week."""
    first, second = point("billing", 0, 0), point("billing", 0, 1)
    assert LEVEL[[first, second]] == pytest.approx([0.3, 0.48])
    assert MOOD[[first, second]] == pytest.approx([0.036, 0.036 + 0.12 * 0.444])
    use = 1 - 0.34 * 0.15
    assert st.POINT.use[[first, second]] == pytest.approx([use, use + 0.34 * (1 - 0.24 - use)])
    passing = point("billing", 0, 0, 1)  # begun to pass in the sixth to eleventh week: goes on from the eighth
    eighth = point("billing", 0, 7)
    assert LEVEL[passing] == pytest.approx(0.8 * 0.75 * (1 - 0.6**8))
    assert LEVEL[eighth] == pytest.approx(0.75 * (1 - 0.6**8))
    assert MOOD[passing] == pytest.approx(MOOD[eighth] + 0.12 * (LEVEL[passing] - MOOD[eighth]))
    assert [st.onward(week) for week in (0, 4, 5, 10, 11)] == [0, 0, 1, 1, 2]
    assert [st.point("usage", 1, THERE - 1), POINTS - 1] == [point("usage", 1, 0) + 11, point("usage", 1, 5, 2)]
    stages = [STAGES[(st.POINT.state[point("usage", 1, week)] - st.FIRST) % 3] for week in range(THERE)]
    assert stages == ["begun" if MOOD[point("usage", 1, week)] < 0.3 else "full" for week in range(THERE)]
    assert stages[0] == "begun" and stages[-1] == "full"  # noqa: PT018 - one claim


def test_cases_weigh_the_log_of_how_much_oftener_they_come():
    """Two cases about bills of an account of nine seats, .01 a week being usual for one: 3 times that."""
    told = likelihood(weeks(case_billing=last(2), seats=9), Usual(rate={"case billing": 0.01}))
    assert over(told, "billing") == pytest.approx(2 * np.log(1 + 3 * FELT) - 0.03 * 3 * FELT)
    assert over(told, "billing", NEW) == pytest.approx(2 * np.log(1 + 3 * 0.46) - 0.03 * 3 * 0.46)
    assert over(told, "support") == pytest.approx(2 * np.log(1 + 0.3 * FELT) - 0.03 * 0.3 * FELT)
    many = likelihood(weeks(case_billing=last(9), seats=9), Usual(rate={"case billing": 0.01}))
    assert over(many, "billing") == pytest.approx(3 * np.log(1 + 3 * FELT) - 0.03 * 3 * FELT)


def test_what_is_usual_is_counted_among_those_whom_nothing_troubles():
    """Half of the weeks count; in them one case for every two accounts of four seats, so 1/2 / sqrt(4) each."""
    seen = weeks(2, case_support=np.array([[1.0], [0.0]]), seats=4.0)
    calm = np.where(np.arange(WEEKS) % 2, 1.0, 0.0) * np.ones((2, 1))
    assert usual(seen, calm).rate["case support"] == pytest.approx(0.25)
    only = usual(seen, np.array([[0.0], [1.0]]) * calm)
    assert only.rate["case support"] == 0.0


def test_scores_stand_lower_in_a_trouble():
    """Three points down of a spread of two: z = -1.5 against means of 0 and of -1.5 x (felt + thought) / 2."""
    score = np.full((1, WEEKS), np.nan)
    score[0, LAST] = 5.0
    told = likelihood(weeks(score_nps=score), Usual(middle={"score nps": 8.0}, spread={"score nps": 2.0}))

    def density(mean):
        return np.log(np.exp(-0.5 * ((-1.5 - mean) / 0.8) ** 2) / 0.8 + 0.03)

    assert over(told, "usage") == pytest.approx(density(-1.5 * (FELT + THOUGHT) / 2) - density(0.0))
    assert (told[0, :LAST] == 0).all()


def test_data_taken_out_seats_given_back_and_surveys_left_unanswered():
    told = likelihood(weeks(out=last(3), use=last(10)), Usual(rate={"out": 0.05}))
    assert over(told, "support") == pytest.approx(3 * np.log(1 + 2.5 * THOUGHT) - 0.5 * 2.5 * THOUGHT)
    seats = np.full((1, WEEKS), 5.0)
    seats[0, LAST] = 4.0
    told = likelihood(weeks(seats=seats), Usual(rate={"fewer": 0.01, "more": 0.02}))
    assert over(told, "support") == pytest.approx(np.log(1 + 5 * THOUGHT) + (-0.01 * 5 + 0.02 * 0.7) * THOUGHT)
    told = likelihood(weeks(asked_nps=last(2), answers_nps=0), Usual(rate={"answers nps": 0.3}))
    assert over(told, "support") == pytest.approx(0.6 * 0.4 * (FELT + THOUGHT) / 2)


def test_a_complaint_names_its_trouble():
    said = np.zeros((1, WEEKS, len(THEMES)))
    said[0, LAST, THEMES.index("billing")] = 1
    told = likelihood(weeks(said=said), Usual())
    assert over(told, "billing") == pytest.approx(np.log(1 + 41 * FELT))
    assert over(told, "support") == 0.0


def test_a_price_that_rises_more_is_taken_ill_sooner_and_one_that_stays_hardly():
    mrr = np.full((1, WEEKS), 100.0)
    mrr[0, LAST] = 110.0
    told = likelihood(weeks(mrr=mrr, seats=1.0), Usual(rise=1.05))
    assert over(told, "billing") == pytest.approx(np.log(2.0))
    assert over(told, "usage") == pytest.approx(0.0)
    turned = weeks(mrr=mrr, seats=1.0)
    year = np.flatnonzero((turned.seen["age"][0] >= 365.25 + 7) & (turned.seen["age"][0] < 365.25 + 14))
    told = likelihood(turned, Usual(rise=1.05))
    assert told[0, year, point("billing", 0, 3)] == pytest.approx(np.log(0.3))
    assert np.count_nonzero(told[0, :LAST, point("billing", 0, 3)]) == 1


def test_the_most_active_user_is_missed_the_more_is_done_without_him():
    """Two fifths are his: of ten events three and none, of one and of two none; where gone, a fiftieth still is."""
    his, named = np.zeros((1, WEEKS)), np.full((1, WEEKS), 10.0)
    his[0, 1], named[0, 2], named[0, 3] = 3.0, 1.0, 2.0
    known = np.ones((1, WEEKS), dtype=bool)
    known[0, 0] = False
    told = missed(weeks(whose=Keenest(his, named, np.full(1, 0.4), known)))[0]
    assert told[0] == 0.0  # not seen yet
    assert told[1] == pytest.approx(3 * np.log(0.02 / 0.4) + 7 * np.log(0.98 / 0.6))
    assert told[2] == pytest.approx(np.log(0.98 / 0.6))
    assert told[3] == pytest.approx(2 * np.log(0.98 / 0.6))
    assert told[4] == pytest.approx(3.0)  # 4.9 told, no more than 3 believed
    assert missed(weeks(whose=Keenest(10 * his, named * 4, np.full(1, 0.4), known)))[0, 1] == -8.0
    assert not missed(weeks()).any()


def signs_of(*points_):
    """Signs of accounts that are at points with these shares."""
    signs, found = Signs.blank(len(points_)), np.zeros((len(points_), POINTS))
    for i, shares in enumerate(points_):
        for at, share in shares.items():
            found[i, at] = share
    signs.put(np.arange(len(points_)), found, np.zeros(len(points_), dtype=bool))
    return signs


def test_how_many_leave_in_the_weeks_ahead_is_the_mean_over_all_that_may_come():
    """Of 4,000 lives of thirteen weeks, by dice: the mean of e^(3 x thought); of those asleep and untroubled 1."""
    random = np.random.default_rng(1)
    assert LEAVING[[st.UNTROUBLED, st.ASLEEP, st.FALLING]] == pytest.approx(1.0)
    for depth in range(len(DEPTHS)):
        total = 0.0
        for _ in range(4000):
            age, way, gone = 2, None, False
            for _ in range(13):
                if gone:
                    total += 1.0
                    continue
                if way is None and random.random() < 0.03:
                    way, age = (0 if age < 5 else 1 if age < 11 else 2), 0
                elif way is None:
                    age = min(age + 1, THERE - 1)
                elif age < st.PASSING - 1:
                    age += 1
                elif random.random() < 0.2:
                    gone = True
                total += 1.0 if gone else np.exp(3.0 * MOOD[point("usage", depth, age, way)])
        assert LEAVING[point("usage", depth, 2)] == pytest.approx(total / 4000 / 13, rel=0.03)


def test_kinds_are_those_of_the_leavers():
    """Half untroubled, a quarter asleep, a quarter in an old trouble of usage, which makes x times as many leave."""
    old = point("usage", 1, OLD)
    signs = signs_of({st.UNTROUBLED: 0.5, st.ASLEEP: 0.25, old: 0.25})
    pull = 0.25 * LEAVING[old]
    asked = [UNTROUBLED, ASLEEP, THEMES.index("usage")]
    assert signs.kinds[0, asked] == pytest.approx(np.array([0.5, 0.25, pull]) / (0.75 + pull))
    assert signs.risk == pytest.approx(0.75 + pull)
    assert signs.kinds.shape == (1, len(KINDS))
    signs.owed[0] = 1
    assert signs.kinds[0, THEMES.index("billing")] == pytest.approx(20.0 / (20.75 + pull))


def test_signs_of_some_accounts_are_those_of_these_accounts():
    """The first is untroubled and owes: 1 to 20. Of the second nothing is told; the third has a trouble of usage."""
    signs = signs_of({st.UNTROUBLED: 1.0}, {st.UNTROUBLED: np.nan}, {point("usage", 0, 5): 1.0})
    signs.owed[0] = 1
    assert signs.told.tolist() == [True, False, True]
    assert signs.present[0, [UNTROUBLED, THEMES.index("billing")]] == pytest.approx(np.array([1, 20]) / 21)
    assert signs.present[[1, 2], [UNKNOWN, THEMES.index("usage")]].tolist() == [1.0, 1.0]
    some = signs.of(np.array([2, 0]))
    for name in ("states", "leavers", "felt"):
        np.testing.assert_array_equal(getattr(some, name), getattr(signs, name)[[2, 0]])
    assert some.owes.tolist() == [False, True]


def test_at_present_kinds_are_those_of_all():
    """Half untroubled, a quarter asleep or falling, a quarter in a trouble: as they are, however many of them leave."""
    shares = {st.UNTROUBLED: 0.5, st.ASLEEP: 0.15, st.FALLING: 0.1, point("usage", 1, OLD): 0.25}
    asked = [UNTROUBLED, ASLEEP, THEMES.index("usage")]
    assert signs_of(shares).present[0, asked] == pytest.approx([0.5, 0.25, 0.25])


def test_what_lasts_is_a_trouble_that_is_not_passing():
    """A trouble of usage is there with .3, passing with .2; half is untroubled. With a bill beside it twenty to one."""
    signs = signs_of({st.UNTROUBLED: 0.5, point("usage", 1, 4): 0.3, point("usage", 1, 4, 1): 0.2})
    asked = [UNTROUBLED, THEMES.index("usage")]
    assert signs.present[0, asked] == pytest.approx([0.5, 0.5])
    assert signs.lasting[0, asked] == pytest.approx([0.7, 0.3])
    signs.owed[0] = 2
    assert signs.lasting[0, [*asked, THEMES.index("billing")]] == pytest.approx(np.array([0.7, 0.3, 20.0]) / 21)


def test_points_are_told_in_states():
    """Of a trouble three weeks old and one that passes: a share each of begun and passing; felt, thought, lost."""
    new, passing = point("billing", 0, 2), point("support", 1, 4, 2)
    found = np.zeros((1, POINTS))
    found[0, [new, passing, st.UNTROUBLED]] = 0.3, 0.2, 0.5
    states = to_states(found)
    assert states[0, [state("billing", 0), state("support", 2), st.UNTROUBLED]].tolist() == [0.3, 0.2, 0.5]
    assert states.sum() == pytest.approx(1.0)
    felt = sum(p * np.array([LEVEL[at], MOOD[at], 1 - st.POINT.use[at]]) for p, at in ((0.3, new), (0.2, passing)))
    assert to_felt(found)[0] == pytest.approx(felt)
    assert to_leavers(found)[0, THEMES.index("billing")] == pytest.approx(0.3 * LEAVING[new])


def test_a_bill_is_owed_where_it_was_asked_for_this_week():
    """The third was asked three weeks running, twice in one of them, after a bill that has been paid."""
    unpaid = np.zeros((3, WEEKS))
    unpaid[0, LAST], unpaid[1, LAST - 1] = 1.0, 1.0
    unpaid[2, [LAST - 4, LAST - 2, LAST - 1, LAST]] = 1, 1, 2, 1
    assert weeks(3, unpaid=unpaid).owed.tolist() == [1, 0, 3]
    assert weeks(2).owed.tolist() == [0, 0]


def test_every_state_and_point_has_its_place():
    seen = {state(t, s) for t in TROUBLES for s in range(len(STAGES))} | {st.UNTROUBLED, st.ASLEEP, st.FALLING}
    assert seen == set(range(STATES))
    places = [point(t, d, w) for t in TROUBLES for d in range(len(DEPTHS)) for w in range(THERE)]
    places += [
        point(t, d, w, began) for t in TROUBLES for d in range(len(DEPTHS)) for began in range(3) for w in range(6)
    ]
    assert sorted(places) == list(range(st.FIRST, POINTS))
    marks = table(lambda t, level, mood: TROUBLES.index(t) + level - mood, untroubled=-1, asleep=-2, falling=-3)
    assert marks[[st.UNTROUBLED, st.ASLEEP, st.FALLING]].tolist() == [-1, -2, -3]
    at = point("billing", 1, 3)
    assert marks[at] == pytest.approx(1 + LEVEL[at] - MOOD[at])
