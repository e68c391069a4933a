"""Sightings, worked by hand: how likely what was seen is in each state."""

import numpy as np
import pytest

from churnkit.contact.signs import ASLEEP, KINDS, UNKNOWN, UNTROUBLED, Signs
from churnkit.contact.signs import states as st
from churnkit.contact.signs.sightings import Usual, likelihood, main_user, usual
from churnkit.contact.signs.states import STAGES, STATES, TROUBLES, state, table, to_kinds
from churnkit.contact.signs.weeks import WEEKS, Weeks
from churnkit.history.signals import THEMES

FULL, BEGUN = STAGES.index("full"), STAGES.index("begun")
LAST = WEEKS - 1


def weeks(n=1, said=None, **seen):
    """Weeks of n accounts in which nothing was seen but what is given, by name with _ for a blank."""
    blank = {name.replace("_", " "): np.broadcast_to(np.asarray(v, float), (n, WEEKS)) for name, v in seen.items()}
    every, age = np.ones((n, WEEKS), dtype=bool), np.broadcast_to(100.0 + 7 * np.arange(WEEKS), (n, WEEKS))
    complaints = np.zeros((n, WEEKS, len(THEMES))) if said is None else said
    nobody = np.zeros(n, dtype=bool)
    return Weeks({"age": age, **blank}, every, np.zeros_like(every), ~nobody, ~nobody, complaints)


def last(value):
    """A value in the last week, none before."""
    out = np.zeros((1, WEEKS))
    out[0, LAST] = value
    return out


def over(told, trouble, stage=FULL):
    """What the last week says for a stage of a trouble against none."""
    return told[0, LAST, state(trouble, stage)] - told[0, LAST, st.UNTROUBLED]


def test_cases_weigh_the_log_of_how_much_oftener_they_come():
    """Two cases about bills of an account of nine seats, .01 a week being usual for one: 3 times that."""
    told = likelihood(weeks(case_billing=last(2), seats=9), Usual(rate={"case billing": 0.01}))
    assert over(told, "billing") == pytest.approx(2 * np.log(4.0) - 0.03 * 3.0)
    assert over(told, "billing", BEGUN) == pytest.approx(2 * np.log(2.2) - 0.03 * 1.2)
    assert over(told, "support") == pytest.approx(2 * np.log(1.3) - 0.03 * 0.3)
    many = likelihood(weeks(case_billing=last(9), seats=9), Usual(rate={"case billing": 0.01}))
    assert over(many, "billing") == pytest.approx(3 * np.log(4.0) - 0.03 * 3.0)


def test_what_is_usual_is_counted_among_those_whom_nothing_troubles():
    """Half of the weeks count; in them one case for every two accounts of four seats, so 1/2 / sqrt(4) each."""
    seen = weeks(2, case_support=np.array([[1.0], [0.0]]), seats=4.0)
    calm = np.where(np.arange(WEEKS) % 2, 1.0, 0.0) * np.ones((2, 1))
    assert usual(seen, calm).rate["case support"] == pytest.approx(0.25)
    only = usual(seen, np.array([[0.0], [1.0]]) * calm)
    assert only.rate["case support"] == 0.0


def test_scores_stand_lower_in_a_trouble():
    """Three points down of a spread of two: z = -1.5 against means of 0 and of -1.5 x (1 + .8) / 2."""
    score = np.full((1, WEEKS), np.nan)
    score[0, LAST] = 5.0
    told = likelihood(weeks(score_nps=score), Usual(middle={"score nps": 8.0}, spread={"score nps": 2.0}))

    def density(mean):
        return np.log(np.exp(-0.5 * ((-1.5 - mean) / 0.8) ** 2) / 0.8 + 0.03)

    assert over(told, "usage") == pytest.approx(density(-1.35) - density(0.0))
    assert (told[0, :LAST] == 0).all()


def test_data_taken_out_seats_given_back_and_surveys_left_unanswered():
    told = likelihood(weeks(out=last(3), use=last(10)), Usual(rate={"out": 0.05}))
    assert over(told, "support") == pytest.approx(3 * np.log(3.0) - 0.5 * 2.0)  # 1 + 2.5 x .8
    seats = np.full((1, WEEKS), 5.0)
    seats[0, LAST] = 4.0
    told = likelihood(weeks(seats=seats), Usual(rate={"fewer": 0.01, "more": 0.02}))
    assert over(told, "support") == pytest.approx(np.log(5.0) - 0.01 * 4.0 + 0.02 * 0.56)
    told = likelihood(weeks(asked_nps=last(2), answers_nps=0), Usual(rate={"answers nps": 0.3}))
    assert over(told, "support") == pytest.approx(0.6 * 0.36)  # .9 of the trouble, two fifths fewer replies


def test_a_complaint_names_its_trouble():
    said = np.zeros((1, WEEKS, len(THEMES)))
    said[0, LAST, THEMES.index("billing")] = 1
    told = likelihood(weeks(said=said), Usual())
    assert over(told, "billing") == pytest.approx(np.log(42.0))
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
    assert told[0, year, state("billing", FULL)] == pytest.approx(np.log(0.3))
    assert np.count_nonzero(told[0, :LAST, state("billing", FULL)]) == 1


def test_the_most_active_user_is_silent_where_gone():
    """Seen in 40 of 51 weeks: (40 + 4 x .5) / 55, as if four weeks of the book had been seen as well."""
    days = np.full((1, WEEKS), 2.0)
    days[0, 0], days[0, 1:11], days[0, LAST] = np.nan, 9.0, 9.0
    there, gone = main_user(weeks(main=days, use=5.0), Usual(seen=0.5))
    often = (40 + 4 * 0.5) / 55
    assert there[0, LAST] == pytest.approx(np.log(1 - often))
    assert gone[0, LAST] == pytest.approx(np.log(1 - 0.1 * often))
    assert there[0, 15] == pytest.approx(np.log(often))
    assert (there[0, 0] == 0).all()


def test_the_most_active_user_is_missed_only_where_much_is_done():
    """Half of all events are his: of 24 weeks of one event he is to be seen in 12, of 28 weeks of two in 21."""
    use, days = np.r_[np.ones(24), np.full(28, 2.0)][None], np.full((1, WEEKS), 9.0)
    days[0, :12], days[0, 24:45] = 2.0, 2.0
    there, gone = main_user(weeks(main=days, use=use), Usual(seen=1 - 0.5 ** (80 / 52)))
    assert there[0, [0, 23, 24, LAST]] == pytest.approx(np.log([0.5, 0.5, 0.75, 0.25]), abs=1e-6)
    assert gone[0, [0, LAST]] == pytest.approx(np.log([0.05, 1 - 0.075]), abs=1e-6)


def test_kinds_are_those_of_the_leavers():
    """Half untroubled, a quarter asleep, a quarter in a full trouble of usage: .5 to .125 to 2 of 2.625."""
    found = np.zeros((1, STATES))
    found[0, [st.UNTROUBLED, st.ASLEEP, state("usage", FULL)]] = 0.5, 0.25, 0.25
    nobody = np.zeros(1, dtype=bool)
    kinds = to_kinds(found, nobody)[0]
    assert kinds[[UNTROUBLED, ASLEEP, THEMES.index("usage")]] == pytest.approx(np.array([0.5, 0.125, 2.0]) / 2.625)
    assert len(kinds) == len(KINDS)
    owing = to_kinds(found, ~nobody)[0]
    assert owing[[UNTROUBLED, THEMES.index("billing")]] == pytest.approx(np.array([0.5, 20.0]) / 22.625)


def test_signs_of_some_accounts_are_those_of_these_accounts():
    """The first is untroubled and owes: 1 to 20. Of the second nothing is told; the third has a trouble of usage."""
    states = np.zeros((3, STATES))
    states[0, st.UNTROUBLED], states[1], states[2, state("usage", FULL)] = 1.0, np.nan, 1.0
    signs = Signs(states, np.array([True, False, False]))
    assert signs.told.tolist() == [True, False, True]
    assert signs.present[0, [UNTROUBLED, THEMES.index("billing")]] == pytest.approx(np.array([1, 20]) / 21)
    assert signs.present[[1, 2], [UNKNOWN, THEMES.index("usage")]].tolist() == [1.0, 1.0]
    some = signs.of(np.array([2, 0]))
    np.testing.assert_array_equal(some.states, states[[2, 0]])
    assert some.owes.tolist() == [False, True]


def test_at_present_kinds_are_those_of_all():
    """Half untroubled, a quarter asleep or falling, a quarter in a trouble: as they are; of leavers .5, .125 and 2."""
    states = np.zeros((1, STATES))
    states[0, [st.UNTROUBLED, st.ASLEEP, st.FALLING, state("usage", FULL)]] = 0.5, 0.15, 0.1, 0.25
    signs, asked = Signs(states, np.zeros(1, dtype=bool)), [UNTROUBLED, ASLEEP, THEMES.index("usage")]
    assert signs.present[0, asked] == pytest.approx([0.5, 0.25, 0.25])
    assert signs.kinds[0, asked] == pytest.approx(np.array([0.5, 0.125, 2.0]) / 2.625)


def test_a_bill_is_owed_where_it_was_asked_for_this_week():
    unpaid = np.zeros((2, WEEKS))
    unpaid[0, LAST], unpaid[1, LAST - 1] = 1.0, 1.0
    assert weeks(2, unpaid=unpaid).owes.tolist() == [True, False]
    assert weeks(2).owes.tolist() == [False, False]


def test_every_state_has_its_place():
    seen = {state(t, s) for t in TROUBLES for s in range(len(STAGES))} | {st.UNTROUBLED, st.ASLEEP, st.FALLING}
    assert seen == set(range(STATES))
    marks = table(lambda t, s: TROUBLES.index(t) * 10 + s, untroubled=-1, asleep=-2, falling=-3)
    assert marks[[st.UNTROUBLED, st.ASLEEP, st.FALLING, state("billing", 2)]].tolist() == [-1, -2, -3, 12]
