"""Trouble, by hand: one account at a time, with luck that is told."""

from dataclasses import fields, replace

import numpy as np
import pytest

from churnkit.history.sample import trouble
from churnkit.history.sample.company import found
from churnkit.history.sample.dice import Dice
from churnkit.history.sample.state import Luck
from churnkit.timeline import DAY, moment

NOW = moment("2025-03-03")
SALES, SERVICE, TECHNICAL, FINANCIAL = range(4)
NONE, INCIDENTS, CHAMPION, PRICE, SUPPORT, ADOPTION = range(6)


def luck(**told):
    """One account's luck: nothing befalls it but what is told."""
    calm = {f.name: np.array([0.999]) for f in fields(Luck)}
    return Luck(**{**calm, "mood": np.array([0.5]), **{k: np.array([v]) for k, v in told.items()}})


@pytest.fixture
def account():
    """A settled account with a monthly contract, untroubled, of average temper."""
    _, state = found(3, begin=NOW, weeks=1, dice=Dice(1, "x"))
    one = state.rows(np.array([0]))
    one.begin(np.array([0]))
    plain = {"openness": 1.0, "touchy": 1.0, "prone": 1.0, "offset": 0.0}
    settled = {"annual": False, "auto_renew": True, "stays_if_called": False}
    times = {"opened": NOW - 2_000 * DAY, "anniversary": NOW + 200 * DAY}
    changes = {name: np.array([value]) for name, value in {**plain, **settled, **times}.items()}
    return replace(one, **changes)


def troubled(account, cause, level=1.0):
    account.cause[0], account.depth[0], account.level[0] = cause, level, level
    return account


def call(account, role, **told):
    trouble.touch(account, np.array([0]), np.array([role]), luck(**told))
    return account


@pytest.mark.parametrize(
    ("role", "cause", "cure", "warmth"),
    [(TECHNICAL, INCIDENTS, 0.60, -0.70), (SALES, CHAMPION, 0.50, -0.60), (FINANCIAL, PRICE, 0.60, -0.80)],
)
def test_the_fitting_hat_cures_and_warms(account, role, cause, cure, warmth):
    assert call(troubled(account, cause), role, cure=cure - 0.01).healing[0]
    assert account.warmth[0] == pytest.approx(warmth)


@pytest.mark.parametrize(("role", "cause", "cure"), [(TECHNICAL, INCIDENTS, 0.60), (SALES, CHAMPION, 0.50)])
def test_bad_luck_does_not_cure(account, role, cause, cure):
    assert not call(troubled(account, cause), role, cure=cure + 0.01).healing[0]


def test_selling_to_somebody_whose_product_is_broken_harms(account):
    assert call(troubled(account, INCIDENTS), SALES).warmth[0] == pytest.approx(0.30)


def test_a_talk_moves_an_open_account_more(account):
    account.openness[0] = 1.5
    assert call(troubled(account, SUPPORT), SERVICE).warmth[0] == pytest.approx(-0.90)


def test_a_call_pushes_a_dormant_account_out(account):
    account.dormant[0] = True
    before = trouble.notice_intensity(account, NOW)[0]
    call(account, SALES)
    assert account.warmth[0] == pytest.approx(1.7)
    assert trouble.notice_intensity(account, NOW)[0] == pytest.approx(before * np.exp(1.7))


def test_or_wakes_one_that_is_glad_of_it(account):
    account.dormant[0] = account.stays_if_called[0] = True
    assert call(account, SERVICE, woken=0.46).dormant[0]
    assert not call(account, SERVICE, woken=0.44).dormant[0]
    assert account.warmth[0] == 0


def test_warmth_halves_in_eight_weeks(account):
    account.warmth[0] = -0.8
    for _ in range(8):
        trouble.live(account, luck())
    assert account.warmth[0] == pytest.approx(-0.4)


def test_mood_and_usage_follow_a_trouble_with_delay(account):
    troubled(account, ADOPTION)
    seen = []
    for _ in range(20):
        trouble.live(account, luck())
        seen.append((account.unhappy[0], account.engagement[0]))
    assert seen[0] == pytest.approx((0.12, 1 - 0.34 * 0.78))
    mood, usage = (np.array(v) for v in zip(*seen, strict=True))
    assert np.argmax(usage < 1 - 0.78 / 2) < np.argmax(mood > 0.5)
    assert mood[-1] == pytest.approx(1.0, abs=0.1)


def test_a_passing_trouble_is_gone_in_eleven_weeks(account):
    troubled(account, SUPPORT)
    account.healing[0] = True
    weeks = 0
    while account.cause[0] != NONE:
        trouble.live(account, luck())
        weeks += 1
    assert weeks == 11  # 0.8 ** 10 = .107, 0.8 ** 11 = .086


def test_a_rise_is_announced_once_and_may_be_taken_ill(account):
    account.anniversary[0] = NOW + 75 * DAY
    told = trouble.announce(account, NOW, luck(rise=0.95))
    assert told[0]
    assert account.increase[0] == 0.18
    assert not trouble.announce(account, NOW, luck(rise=0.95))[0]
    trouble.strike(account, NOW, luck(touchy=0.61), hit=np.array([False]), told=told)
    assert account.cause[0] == PRICE


def test_one_trouble_at_a_time(account):
    troubled(account, SUPPORT)
    trouble.strike(account, NOW, luck(champion=0.0), hit=np.array([True]), told=np.array([False]))
    assert account.cause[0] == SUPPORT
    assert not account.champion_gone[0]


def test_the_intensity_of_an_untroubled_monthly_contract(account):
    assert trouble.notice_intensity(account, NOW)[0] == pytest.approx(0.00058, rel=1e-3)
    account.unhappy[0] = 1.0
    assert trouble.notice_intensity(account, NOW)[0] == pytest.approx(0.00058 * np.exp(5.0), rel=1e-3)


@pytest.mark.parametrize(("days", "times"), [(20, 0.03), (60, 4.0), (105, 4.0), (106, 0.22), (300, 0.22)])
def test_a_yearly_contract_is_left_before_its_end(account, days, times):
    account.annual[0] = True
    account.anniversary[0] = NOW + days * DAY
    assert trouble.notice_intensity(account, NOW)[0] == pytest.approx(0.00058 * times, rel=1e-3)


def test_four_weeks_without_payment_end_a_contract(account):
    outcomes = [trouble.dun(account, luck(fails=0.0))]
    outcomes += [trouble.dun(account, luck()) for _ in range(3)]
    assert [bool(fails[0]) for fails, _ in outcomes] == [True, True, True, False]
    assert [bool(ends[0]) for _, ends in outcomes] == [False, False, False, True]


def test_a_financial_contact_helps_with_what_is_owed(account):
    account.unpaid[0] = 3
    assert trouble.unpaid_end(account)[0] == pytest.approx(0.70)
    call(account, FINANCIAL)
    assert trouble.unpaid_end(account)[0] == pytest.approx(0.20)
    trouble.dun(account, luck(recovers=0.79))
    assert account.unpaid[0] == 0
    assert not account.helped[0]


def test_nobody_under_notice_gives_notice_again(account):
    account.notice[0] = True
    assert trouble.notice_intensity(account, NOW)[0] == 0
    assert trouble.leaves_this_week(account, NOW)[0] == 0
