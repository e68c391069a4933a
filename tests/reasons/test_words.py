"""Sentences as a manager reads them: every expected text is written by hand."""

from math import log1p, nan

import pytest

from churnkit import features as f
from churnkit.errors import RequestError
from churnkit.reasons.words import Seen, sentence
from churnkit.timeline import moment

JUNE, MAY = moment("2026-06-01"), moment("2026-05-02")  # 30 days apart


def seen(value, earlier=nan, peers=nan, **more):
    return Seen(value, earlier, peers, now=JUNE, before=MAY, **more)


WHERE = f.count("ticket_opened", "90d", where=f.label == "billing")
CASES = [
    # counts
    (f.count("login", "30d"), seen(12, 41, 38), "Logins fell from 41 to 12 in the last 30 days (peers: 38)."),
    (f.count("login", "30d"), seen(41, 12, 38), "Logins rose from 12 to 41 in the last 30 days (peers: 38)."),
    (
        f.count("login", "90d"),
        seen(95, 120, 110),
        "95 logins in the last 90 days, down from 120 on 2 May 2026 (peers: 110).",
    ),
    (f.count("login", "30d"), seen(12, 12, 38), "Logins in the last 30 days stayed at 12 (peers: 38)."),
    (f.count("login", "30d"), seen(0, 41, 38), "No logins in the last 30 days, down from 41 before (peers: 38)."),
    (
        f.count("login", "90d"),
        seen(0, 41, 38),
        "No logins in the last 90 days, down from 41 on 2 May 2026 (peers: 38).",
    ),
    (f.count("login", "30d"), seen(0, 0, 38), "No logins in the last 30 days (peers: 38)."),
    (f.count("login", "30d"), seen(1, peers=38), "1 login in the last 30 days (peers: 38)."),
    (f.count("login", "30d"), seen(1234), "1,234 logins in the last 30 days."),
    (f.count("login", "30d"), seen(nan, 41, 38), "Logins in the last 30 days: not known."),
    (f.count("login"), seen(341, 300, 400), "341 logins so far, up from 300 on 2 May 2026 (peers: 400)."),
    (f.count("login", "30d", ending="30d"), seen(5), "5 logins between 60 and 30 days ago."),
    (f.count("login", "24h"), seen(5), "5 logins in the last 24 hours."),
    (f.count("ticket_opened", "30d"), seen(4, 1, 1), "Tickets opened rose from 1 to 4 in the last 30 days (peers: 1)."),
    (
        f.count("payment_failed", "30d"),
        seen(2, 0, 0),
        "Failed payments rose from 0 to 2 in the last 30 days (peers: 0).",
    ),
    (f.count("nps_asked", "180d"), seen(1), "1 NPS survey sent in the last 180 days."),
    (f.count("report_viewed", "30d"), seen(3), "3 reports viewed in the last 30 days."),
    (
        f.count("contacted", "90d"),
        seen(0, 2, 1),
        "No contacts from us in the last 90 days, down from 2 on 2 May 2026 (peers: 1).",
    ),
    (f.count(["login", "report_viewed"], "30d"), seen(7), "7 logins and reports viewed in the last 30 days."),
    (f.count(["login", "report_viewed"], "30d"), seen(1), "1 login or report viewed in the last 30 days."),
    (f.count(["a", "b", "c", "d"], "30d"), seen(7), "7 activities in the last 30 days."),
    (f.count(None, "30d"), seen(12, 41), "Activities fell from 41 to 12 in the last 30 days."),
    (f.active_days(None, "30d"), seen(3, 12), "Active days fell from 12 to 3 in the last 30 days."),
    (f.actors(None, "30d"), seen(3, 12), "Active users fell from 12 to 3 in the last 30 days."),
    (f.days_since(), seen(23.4, peers=4), "No activity for 23 days (peers: 4 days)."),
    (
        WHERE,
        seen(3, 1, 0),
        "3 “billing” tickets opened in the last 90 days, up from 1 on 2 May 2026 (peers: 0).",
    ),
    (
        f.count("ticket_opened", "90d", where=f.value >= 3),
        seen(2),
        "2 tickets opened (severity 3 or more) in the last 90 days.",
    ),
    # values
    (
        f.mean("nps", "180d"),
        seen(5.12, 8.2, 7.9),
        "Average NPS in the last 180 days: 5.12, down from 8.2 on 2 May 2026 (peers: 7.9).",
    ),
    (f.mean("nps", "180d"), seen(nan, 8, 8), "No NPS answer on record in the last 180 days."),
    (f.mean("csat"), seen(4.5), "Average CSAT so far: 4.5."),
    (
        f.minimum("nps", "180d"),
        seen(2, 6, 7),
        "Lowest NPS in the last 180 days: 2, down from 6 on 2 May 2026 (peers: 7).",
    ),
    (
        f.total("purchase", "30d"),
        seen(120, 410, 380),
        "Purchases in the last 30 days add up to 120, down from 410 on 2 May 2026 (peers: 380).",
    ),
    (f.mean("purchase", "30d"), seen(12.5), "Average value per purchase in the last 30 days: 12.5."),
    (
        f.mean("ticket_resolved", "90d"),
        seen(30, peers=9),
        "Average time to resolve a ticket in the last 90 days: 30 hours (peers: 9 hours).",
    ),
    (
        f.std("nps", "365d"),
        seen(2.1, peers=1.2),
        "NPS in the last 365 days varied by 2.1 around the average (peers: 1.2).",
    ),
    (f.std("nps", "365d"), seen(nan), "Too few NPS answers in the last 365 days to tell how much they vary."),
    (f.slope("nps", "180d"), seen(-0.05, peers=0.01), "NPS fell by 1.52 a month in the last 180 days (peers: +0.3)."),
    (f.slope("nps", "180d"), seen(0.0), "NPS held level in the last 180 days."),
    (f.slope("nps", "180d"), seen(nan), "Too few NPS answers in the last 180 days for a trend."),
    # the last value
    (f.latest("nps"), seen(3, 3, 8, age=41.7), "Last NPS was 3, 41 days ago (peers: 8)."),
    (f.latest("nps"), seen(3, 9, 8, age=1.2), "Last NPS was 3, 1 day ago (before: 9; peers: 8)."),
    (f.latest("csat"), seen(3), "Last CSAT was 3."),
    (f.latest("nps"), seen(nan, peers=8), "No NPS answer on record."),
    (f.earliest("nps"), seen(9, peers=8), "First NPS was 9 (peers: 8)."),
    (f.latest("mrr"), seen(1000, 1200, 900), "Monthly revenue fell from 1,200 to 1,000 since 2 May 2026 (peers: 900)."),
    (f.latest("seats"), seen(12, 12, 9), "Number of seats is 12 (peers: 9)."),
    (f.latest("auto_renew"), seen(0, 1, 1), "Automatic renewal is off, and was on on 2 May 2026 (peers: on)."),
    (f.latest("auto_renew"), seen(1, 1, 1), "Automatic renewal is on (peers: on)."),
    # silence and rhythm
    (f.days_since("login"), seen(23.4, peers=3.9, gap=3.0), "No login for 23 days (usual gap: 3 days; peers: 3 days)."),
    (f.days_since("login"), seen(23.4, peers=4), "No login for 23 days (peers: 4 days)."),
    (f.days_since("login"), seen(2.2, peers=4, gap=3), "Last login 2 days ago (usual gap: 3 days; peers: 4 days)."),
    (f.days_since("login"), seen(0.4, peers=0.5), "Last login less than a day ago (peers: 12 hours)."),
    (f.days_since("login", "90d"), seen(nan, peers=4), "No login on record in the last 90 days."),
    (
        f.gap_mean("login", "90d"),
        seen(5, 2, 2.5),
        "Average time between logins in the last 90 days: 5 days, up from 2 days on 2 May 2026 (peers: 2.5 days).",
    ),
    (f.gap_mean("login", "90d"), seen(nan), "Too few logins in the last 90 days for a usual rhythm."),
    (
        f.gap_std("login", "90d"),
        seen(4.25, 1, 2),
        (
            "The time between logins in the last 90 days varied by 4.2 days around the average "
            "(before: 1 day; peers: 2 days)."
        ),
    ),
    (
        f.active_days("login", "30d"),
        seen(3, 12, 10),
        "Days with logins fell from 12 to 3 in the last 30 days (peers: 10).",
    ),
    (f.actors("login", "30d"), seen(2, 5, 4), "Users with logins fell from 5 to 2 in the last 30 days (peers: 4)."),
    (
        f.days_since_main_user("login", "182d"),
        seen(9.5, 4.4, 2.7),
        "Most active user in the last 182 days: last login 9 days ago (before: 4 days; peers: 2 days).",
    ),
    (
        f.days_since_main_user("login", "182d"),
        seen(0.2, peers=0.5),
        "Most active user in the last 182 days: last login less than a day ago (peers: 12 hours).",
    ),
    (
        f.days_since_main_user("login", "182d"),
        seen(nan),
        "Days since the last login of the most active user in the last 182 days: not known.",
    ),
    # dates ahead
    (f.days_until("renewal_due"), seen(24.3), "The contract renews in 24 days."),
    (f.days_until("renewal_due"), seen(0.3), "The contract renews within a day."),
    (f.days_until("renewal_due"), seen(-5.5), "The contract was due for renewal 5 days ago."),
    # shares, ratios, changes
    (
        f.share("ticket_opened", "90d", where=f.label == "billing"),
        seen(0.4, 0.1, 0.12),
        "40% of tickets opened in the last 90 days were marked “billing” (before: 10%; peers: 12%).",
    ),
    (
        f.count("login", "30d") / f.count("login", "90d"),
        seen(0.15, 1 / 3, 0.33),
        "Logins in the last 30 days are 55% below their 90-day average (before: level; peers: 1% below).",
    ),
    (f.count("login", "30d") / f.count("login", "90d"), seen(nan), "No logins in the last 90 days to compare with."),
    (
        f.count("login", "30d") / f.count("login", "30d", ending="30d"),
        seen(0.45, peers=0.98),
        "Logins in the last 30 days are 55% below those in the 30 days before (peers: 2% below).",
    ),
    (
        f.total("purchase", "30d") / f.total("purchase", "90d"),
        seen(1 / 6),
        "Total value of purchases in the last 30 days is 50% below its 90-day average.",
    ),
    (
        f.count("ticket_opened", "90d") / f.count("login", "90d"),
        seen(0.4, 0.2, 0.1),
        "Tickets opened per login in the last 90 days: 0.4, up from 0.2 on 2 May 2026 (peers: 0.1).",
    ),
    (
        (f.count("login", "30d") - f.count("login", "30d", ending="30d")).named("login_change_30d"),
        seen(-29, 3, 1),
        "Logins in the last 30 days fell by 29 against the 30 days before (peers: +1).",
    ),
    (
        f.count("login", "30d") - f.count("login", "30d", ending="30d"),
        seen(0),
        "Logins in the last 30 days: as in the 30 days before.",
    ),
    (
        f.latest("mrr") - f.latest("mrr", ending="90d"),
        seen(-200),
        "Monthly revenue fell by 200 within 90 days.",
    ),
    (
        f.count("login", "84d") - f.count("login", "84d", ending="280d"),
        seen(8, peers=3),
        "Logins in the last 84 days rose by 8 against 280 days earlier (peers: +3).",
    ),
    (
        f.count("login", "84d") - f.count("login", "84d", ending="280d"),
        seen(0),
        "Logins in the last 84 days: as 280 days earlier.",
    ),
    (
        f.latest("nps") - f.latest("nps", ending="90d"),
        seen(2, peers=0),
        "Last NPS rose by 2 within 90 days (peers: 0).",
    ),
    (
        f.log1p(f.count("login", "30d")),
        seen(log1p(12), log1p(41), log1p(38)),
        "Logins fell from 41 to 12 in the last 30 days (peers: 38).",
    ),
    (
        f.log1p(f.count("login", "28d")) - f.log1p(f.count("login", "28d", ending="28d")),
        seen(-0.6931, peers=0.0),
        "Logins in the last 28 days fell by 50% against the 28 days before (peers: 0%).",
    ),
    (
        f.from_book(f.log1p(f.count("login", "28d"))),
        seen(-0.6931),
        "Logins in the last 28 days: 50% below what is usual for all accounts.",
    ),
    (
        f.from_book(f.count("login", "7d") / f.count("login", "28d")),
        seen(-0.104),
        (
            "Logins in the last 7 days against those in the last 28 days: "
            "10.4 percentage points below the average of all accounts."
        ),
    ),
    (
        f.latest("nps") - f.mean("nps"),
        seen(-2, -1, 0),
        "Last NPS is 2 below the average NPS so far (before: −1; peers: 0).",
    ),
    (
        f.gap_mean("login", "84d") / f.gap_mean("login", "182d"),
        seen(3.09, 2.45, 0.97),
        (
            "Average time between logins in the last 84 days is 3.1 times that in the last 182 days "
            "(before: 2.5 times; peers: 3% below)."
        ),
    ),
    (
        f.mean("ticket_resolved", "84d") / f.mean("ticket_resolved"),
        seen(1.06, peers=1.0),
        "Average time to resolve a ticket in the last 84 days is 6% above that over all time (peers: level).",
    ),
    (
        f.count("login", "7d") / f.count("login", "28d"),
        seen(0.0, 0.25),
        "No logins in the last 7 days, below their 28-day average (before: level).",
    ),
    (
        f.count("login", "7d") / f.count("login", "28d"),
        seen(0.25, 0.0),
        "Logins in the last 7 days are level with their 28-day average (before: none).",
    ),
    (
        f.count("plan"),
        seen(1, 1, 1),
        "1 change of plan so far (peers: 1).",
    ),
    (f.mean("nps"), seen(8, 8, 8), "Average NPS so far: still 8 (peers: 8)."),
    (
        f.days_since("contacted", where=f.label == "service"),
        seen(367, peers=183),
        "No “service” contact from us for 367 days (peers: 183 days).",
    ),
    (
        f.count("ticket_opened", "90d", where=f.label != "billing"),
        seen(2),
        "2 tickets opened not marked “billing” in the last 90 days.",
    ),
    (
        f.share("ticket_opened", "182d", where=f.value >= 3),
        seen(0.25, 0.25, 0),
        "25% of tickets opened in the last 182 days had severity 3 or more (peers: 0%).",
    ),
    (
        (
            (f.latest("mrr") / f.latest("seats")) / (f.latest("mrr", ending="182d") / f.latest("seats", ending="182d"))
        ).named("price_against", phrase="price per seat against 182 days ago"),
        seen(1.1, 1.0, 1.0),
        "Monthly revenue per seat is 10% above what it was 182 days ago (before: level; peers: level).",
    ),
    (
        f.count("login", "28d").named("a", phrase="kinds of activity in the last 28 days")
        - f.count("login", "84d").named("b", phrase="kinds of activity in the last 84 days"),
        seen(-1, -2),
        "Kinds of activity in the last 28 days are 1 fewer than in the last 84 days (before: −2).",
    ),
    (
        f.rank_among(f.days_since("login")),
        seen(0.35, 0.47),
        "The last login is longer ago than for 35% of all accounts (before: 47%).",
    ),
    (
        f.latest("seats") / f.maximum("seats"),
        seen(0.5, peers=1),
        "Number of seats is 50% of the highest number of seats so far (peers: 100%).",
    ),
    (
        f.latest("mrr") / f.latest("mrr", ending="364d"),
        seen(0.83, peers=1.05),
        "Monthly revenue is 17% below what it was 364 days ago (peers: 5% above).",
    ),
    (f.latest("mrr") / f.earliest("mrr"), seen(1.06), "Monthly revenue is 6% above the first monthly revenue."),
    (f.latest("mrr") / f.latest("seats"), seen(35.8), "Monthly revenue per seat: 35.8."),
    (
        f.count("nps", "182d") / f.count("nps_asked", "182d"),
        seen(0.25, 0.5),
        "25% of NPS surveys sent in the last 182 days were answered (before: 50%).",
    ),
    (
        f.count("login", "84d") / f.count(["login", "export"], "84d"),
        seen(0.5),
        "Logins made up 50% of exports and logins in the last 84 days.",
    ),
    (
        f.count("login", "84d") / f.count(None, "84d"),
        seen(0.5),
        "Logins made up 50% of all activity in the last 84 days.",
    ),
    (
        f.days_since("login") / f.gap_mean("login"),
        seen(2.9, 0.47, 1.5),
        "The silence since the last login is 2.9 times the average time between logins (before: 0.47; peers: 1.5).",
    ),
    (
        (f.days_since("login") - f.gap_mean("login")) / f.gap_std("login"),
        seen(3.5, age=23.4),
        "No login for 23 days, far longer than usual for this account.",
    ),
    (
        (f.days_since("login") - f.gap_mean("login")) / f.gap_std("login"),
        seen(-1.5),
        "The last login came sooner than usual for this account.",
    ),
    (
        f.actors(None, "7d") / f.actors(None, "28d"),
        seen(0.5, 0.62),
        "Active users in the last 7 days are 50% of those in the last 28 days (before: 62%).",
    ),
    (
        f.count("login", "28d") / f.count("login", "84d", ending="28d"),
        seen(0.15),
        "Logins in the last 28 days are 55% below their average between 112 and 28 days ago.",
    ),
    (
        f.latest("contacted"),
        seen(33, peers=35, age=281),
        "Length of the last contact was 33 minutes, 281 days ago (peers: 35 minutes).",
    ),
    (f.latest("ticket_resolved"), seen(60), "Time to resolve the last ticket was 2.5 days."),
    (f.latest("incident"), seen(449), "Value of the last incident was 449."),
    (f.days_since("mrr"), seen(292, peers=4), "Last change of monthly revenue 292 days ago (peers: 4 days)."),
    (
        f.count("ticket_opened", "90d", where=(f.value >= 3) & (f.label == "bug")),
        seen(2),
        "2 tickets opened (severity 3 or more and marked “bug”) in the last 90 days.",
    ),
    (
        f.share("nps", where=f.value <= 6),
        seen(0.5),
        "50% of NPS answers so far had NPS 6 or less.",
    ),
    (
        f.where(f.count("nps") > 0, f.days_since("nps_asked") < f.days_since("nps"), f.count("nps_asked") > 0).named(
            "unanswered", phrase="no answer to the last survey"
        ),
        seen(1, 0, 0),
        "No answer to the last survey: yes (before: no).",
    ),
    (f.count("login", "30d") < 5, seen(1), "Logins in the last 30 days below 5: yes."),
    (f.count("login", "30d") < 5, seen(0), "Logins in the last 30 days below 5: no."),
    # beside the book
    (
        f.rank_among(f.count("login", "30d")),
        seen(0.12, 0.4),
        "Logins in the last 30 days: higher than for 12% of all accounts (before: 40%).",
    ),
    (
        f.rank_among(f.count("login", "30d"), within="industry"),
        seen(0.12),
        "Logins in the last 30 days: higher than for 12% of accounts with the same industry.",
    ),
    (
        f.from_book(f.mean("nps", "180d")),
        seen(-2.5),
        "Average NPS in the last 180 days: 2.5 below the average of all accounts.",
    ),
    # the account
    (f.attribute("employees"), seen(250), "Employees: 250."),
    (f.attribute("employees"), seen(nan), "Employees of this account: not on record."),
    (f.tenure(), seen(412, peers=30), "Customer for 14 months (peers: 30 days)."),
    (f.tenure(), seen(1000), "Customer for 2.7 years."),
]


@pytest.mark.parametrize(("feature", "facts", "text"), CASES, ids=[text[:40] for *_, text in CASES])
def test_sentences(feature, facts, text):
    assert sentence(feature, facts) == text


def test_categories_by_name():
    industry = f.attribute("industry", categories=("health", "retail"))
    assert sentence(industry, seen(1.0)) == "Industry: retail."
    assert sentence(industry, seen(nan)) == "Industry of this account: a rare one, or not on record."


def test_a_phrase_of_ones_own():
    feature = f.count("login", "30d").named("visits", phrase="visits of the last month")
    assert sentence(feature, seen(3, 5, 4)) == "Visits of the last month fell from 5 to 3 since 2 May 2026 (peers: 4)."


MONEY = [
    (
        f.latest("mrr"),
        seen(1234.5, 1300, 900),
        "Monthly revenue fell from €1,300 to €1,234 since 2 May 2026 (peers: €900).",
    ),
    (f.latest("mrr") / f.latest("seats"), seen(35.8, peers=7), "Monthly revenue per seat: €35.80 (peers: €7)."),
    (
        f.total("invoice_overdue", "84d"),
        seen(156, 0, 0),
        "Total amount of overdue invoices in the last 84 days: €156, up from €0 on 2 May 2026 (peers: €0).",
    ),
    (f.latest("mrr") - f.latest("mrr", ending="90d"), seen(-200), "Monthly revenue fell by €200 within 90 days."),
    (
        f.total("incident", "84d"),
        seen(243, 243, 0),
        "Incidents in the last 84 days add up to 243, as on 2 May 2026 (peers: 0).",
    ),
    (
        f.total("incident", "84d"),
        seen(243, 100),
        "Incidents in the last 84 days add up to 243, up from 100 on 2 May 2026.",
    ),
    (f.total("payment_failed", "84d"), seen(40), "Total amount of failed payments in the last 84 days: €40."),
    (f.total("purchase", "30d"), seen(120), "Purchases in the last 30 days add up to 120."),  # not known as money
]


NONE = [
    (f.count("login", "28d") / f.count("login", "84d", ending="28d"), seen(0, peers=0.33),
     "No logins in the last 28 days, below their average between 112 and 28 days ago (peers: 1% below)."),
    (f.count("login", "30d") / f.count("login", "30d", ending="30d"), seen(0, 0.5, 1),
     "No logins in the last 30 days, fewer than in the 30 days before (before: 50% below; peers: level)."),
    (f.count("login", "28d") / f.count("login", "28d", ending="336d"), seen(0),
     "No logins in the last 28 days, fewer than those between 364 and 336 days ago."),
    (f.total("purchase", "30d") / f.total("purchase", "90d"), seen(0, 1 / 3),
     "Total value of purchases in the last 30 days is zero, below its 90-day average (before: level)."),
    (f.latest("mrr") / f.latest("mrr", ending="364d"), seen(0),
     "Monthly revenue is zero, below what it was 364 days ago."),
    (f.actors(None, "7d") / f.actors(None, "28d"), seen(0, 0.62),
     "No active users in the last 7 days, out of those in the last 28 days (before: 62%)."),
    (f.share("ticket_opened", "90d", where=f.label == "billing"), seen(0, peers=0.12),
     "No tickets opened in the last 90 days were marked “billing” (peers: 12%)."),
    (f.share("nps", where=f.value <= 6), seen(0), "No NPS answers so far had NPS 6 or less."),
    (f.count("nps", "182d") / f.count("nps_asked", "182d"), seen(0, 0.5),
     "No NPS surveys sent in the last 182 days were answered (before: 50%)."),
    (f.count("login", "84d") / f.count(["login", "export"], "84d"), seen(0),
     "No logins among exports and logins in the last 84 days."),
    (f.count("login", "84d") / f.count(None, "84d"), seen(0), "No logins in all activity in the last 84 days."),
]  # fmt: skip


@pytest.mark.parametrize(("feature", "facts", "text"), NONE, ids=[text[:40] for *_, text in NONE])
def test_none_at_all_is_said_in_words(feature, facts, text):
    assert sentence(feature, facts) == text


@pytest.mark.parametrize(("feature", "facts", "text"), MONEY, ids=[text[:40] for *_, text in MONEY])
def test_money_in_the_currency_of_the_contracts(feature, facts, text):
    assert sentence(feature, facts, currency="EUR") == text


def test_money_in_the_forms_of_a_locale():
    assert sentence(f.latest("mrr"), seen(1234.5), currency="USD", locale="en_AU") == "Monthly revenue is USD1,234."
    assert sentence(f.latest("mrr"), seen(1234.5), currency="CHF") == "Monthly revenue is CHF1,234."


def test_british_dates():
    assert sentence(f.count("login", "90d"), seen(95, 120), locale="en_GB") == (
        "95 logins in the last 90 days, down from 120 on 2 May 2026."
    )


def test_a_language_without_words():
    with pytest.raises(RequestError, match="no words in 'fr' yet, only in en"):
        sentence(f.tenure(), seen(3), locale="fr")
    with pytest.raises(RequestError, match="'nowhere' is no locale"):
        sentence(f.tenure(), seen(3), locale="nowhere")


@pytest.mark.parametrize(
    ("noun", "several"),
    [
        ("login", "logins"),
        ("purchase", "purchases"),
        ("ticket opened", "tickets opened"),
        ("survey sent", "surveys sent"),
        ("failed payment", "failed payments"),
        ("change of plan", "changes of plan"),
        ("query", "queries"),
        ("day", "days"),
        ("crash", "crashes"),
        ("seed", "seeds"),
        ("API call", "API calls"),
        ("departure of a champion", "departures of a champion"),
    ],
)
def test_plurals(noun, several):
    from churnkit.reasons.words import Language

    assert Language.of("en").plural(noun) == several
