"""Every constant of the made-up company, each with its source or its reason.

They were fixed before any planner was measured on them. Changing one is a dated decision in the
README, with the figures before and after. What names no source is a judgement, with its reason, or only
gives the tables their variety. Rates are per account and week unless said otherwise; a "log hazard" is
added to the logarithm of the weekly intensity of giving notice.

What they come to, on books of 2,400 accounts and for leaving within 90 days: a boosted model on the usual
counts, changes and last values ranks with an AUC of .77 to .80, days since the last login with .60, and
who knows the hidden state with .84. A randomised call takes 1.2 of 8.5 percentage points off the risk, the
one in the best role 3.2.

Sources, by their short names below
-----------------------------------
Recurly        Churn rate benchmarks, recurly.com/research: B2B 4.9 % of subscribers a month, of all
               sectors 3.95 % voluntary and 1.38 % involuntary; SaaS below the rest.
Ascarza 2018   Retention Futility, Journal of Marketing Research 55(1): two field experiments; the
               effect of a contact differs between customers and hardly follows their risk.
Ascarza 2016   Ascarza, Iyengar and Schleicher, The Perils of Proactive Churn Prevention Using Plan
               Recommendations, Journal of Marketing Research 53(1): of 65,000 customers 10.0 % of those
               contacted left within three months, 6.4 % of those not contacted; a call ends inertia.
CustomerGauge  Account experience research 2026, 5 million survey mails of 50 B2B programmes: response
               rates from 3 % to 26 %, higher in small programmes.
86saas         86saas.com, January 2026, after the Vertice index: SaaS prices rose by 11.4 % in 2025.
Venduris       venduris.com: renewal uplifts are often between 5 and 10 %.
Banyan         Banyan AI, memo on SaaS churn, after Recurly: dunning recovers 49 % of failed payments.
"""

from __future__ import annotations

import numpy as np

CAUSES = ("none", "incidents", "champion", "price", "support", "adoption")
"""What may trouble an account: product incidents, a lost champion, a price rise at renewal, poor
support, slow adoption. One at a time: who has one grievance blames it for the next."""
NONE, INCIDENTS, CHAMPION, PRICE, SUPPORT, ADOPTION = range(6)

# --- The book -------------------------------------------------------------------------------------

WARM_UP_WEEKS = 26  # half a year before the record begins, so that troubles, moods and calls are in full swing
OPENINGS = 0.0062  # new accounts a week for each account of the book: 2.7 % a month, as leave; the book stays
MEAN_TENURE_DAYS = 720.0  # of the accounts there at the beginning; about 1 / 3 % a month, the oldest cut at:
OLDEST_DAYS = 1_500.0  # the company sold its first contract about four years before

SIZE_BANDS = ("1-10", "11-50", "51-200", "201-1000")
SIZE_SHARES = (0.30, 0.38, 0.22, 0.10)  # staff of the client; a vendor to small and middle firms
SEATS_MEDIAN = np.array([3.0, 5.0, 9.0, 18.0])  # a tool for one department: a few seats, however large the firm
SEATS_SPREAD = 0.45  # standard deviation of log seats: from half to double within a band
SEATS_MOST = 60  # keeps single accounts from filling the tables
SIZE_LOG_HAZARD = np.array([0.30, 0.05, -0.20, -0.45])  # 3-5 % a month for small, below 1 % for large (Recurly; usual)
FRAILTY = 0.35  # standard deviation of an account's own log hazard: what no table shows; keeps the AUC honest
YOUTH_LOG_HAZARD, YOUTH_DAYS = 0.4, 120.0  # the first months are the riskiest; fades with this time constant

PLANS = ("starter", "team", "business")
PLAN_FROM_SEATS = (0, 5, 14)  # the plan that this many seats need
PRICE_PER_SEAT = np.array([29.0, 39.0, 55.0])  # EUR a month; list prices of middle-market SaaS seats
ANNUAL_DISCOUNT = 0.15  # "two months free" is 16.7 %; 15 % is as usual
ANNUAL_SHARE = np.array([0.30, 0.50, 0.75, 0.90])  # by size band: the larger, the more often a yearly contract
AUTO_RENEW_SHARE = 0.80  # of yearly contracts; the rest lapse unless signed again
MARGIN = 0.78  # gross margin of SaaS vendors lies between 75 and 80 %

INDUSTRIES = ("logistics", "manufacturing", "retail", "health", "education", "construction", "finance", "agency")
# industries, regions: groups of unequal size, without influence on who leaves, so that a model can be fooled
INDUSTRY_SHARES = (0.16, 0.18, 0.14, 0.11, 0.09, 0.12, 0.08, 0.12)
REGIONS = ("DACH", "UK & Ireland", "Nordics", "Benelux", "North America")
REGION_SHARES = (0.30, 0.25, 0.14, 0.13, 0.18)
REGION_HOURS = np.array([1, 0, 1, 1, -5])  # office hours against UTC; summer time left out, it moves nothing
CHANNELS = ("inbound", "partner", "outbound")
CHANNEL_SHARES = (0.5, 0.2, 0.3)
CHANNEL_LOG_HAZARD = np.array([-0.10, -0.05, 0.20])  # a sold client stays less than one that came; small

PARENT_SHARE, PARENT_MOST = 0.07, 4  # accounts that belong to a group of two to four
DO_NOT_CONTACT_SHARE = 0.025  # opted out of calls

# --- Trouble --------------------------------------------------------------------------------------

INCIDENT_WEEKS = 0.09  # company-wide incidents a week: 4.7 a year, what a public status page of a SaaS vendor shows
INCIDENT_REACH = 0.12  # accounts that use the module concerned
INCIDENT_GRUDGE = 0.42  # of those hit, who hold it against the vendor
INCIDENT_MINUTES = (45.0, 480.0)  # length of an incident that clients notice: up to a working day
CHAMPION_LEAVES = 0.0042  # a fifth of a year's champions: about the share of employees who change job in a year
CHAMPION_MISSED = 0.65  # of those that leave, whose successor does not carry on
INCREASES = (0.0, 0.06, 0.10, 0.18)  # price rise at the yearly renewal (Venduris 5-10 %; 86saas 11.4 %)
INCREASE_SHARES = (0.30, 0.35, 0.22, 0.13)  # mean 6.6 %: some are spared, a few pay for all
PRICE_GRUDGE = np.array([0.0, 0.13, 0.33, 0.62])  # who takes it ill, by rise, for an average price sensitivity
ANNOUNCED_DAYS = 75.0  # a rise is announced so long before the renewal: in time for notice
SUPPORT_FAILS = 0.0031  # a case goes badly wrong, times how many cases the account has
ADOPTION_FAILS = 0.22  # of new accounts, who never get going: a fifth, a judgement
ADOPTION_FADES = 0.0007  # a reorganisation ends an old habit: 4 % a year

DEPTH = (0.65, 1.25)  # how deep a trouble goes; 1 is a plain one
RAMP = np.array([0.0, 0.60, 0.35, 0.40, 0.30, 0.30])  # by cause: share of the way to its depth in a week
HEALS = np.array([0.0, 0.050, 0.025, 0.032, 0.022, 0.016])  # by cause: starts to pass by itself in a week
HEALING = 0.80  # what is left of a passing trouble after a week: gone (below .1) in ten weeks
GONE = 0.10
MOOD_LAG = 0.12  # share of the way that the mood follows the trouble in a week: about eight weeks behind
USAGE_LAG = 0.34  # usage follows in three: what shows comes a month before who acts
USAGE_LOST = np.array([0.0, 0.55, 0.62, 0.45, 0.55, 0.78])  # by cause: what a trouble of depth 1 takes from usage
MOOD_NOISE = 0.05  # weekly jitter of the mood, so that it is never read off exactly

DOZES_OFF = 0.0030  # yearly, renewing contracts whose users drift away while nobody minds the bill
WAKES = 0.012  # and come back by themselves: dormant for a year and a half on average
DORMANT_USAGE = 0.07  # a scheduled report still runs
DORMANT_LOG_HAZARD = -0.6  # who has forgotten the contract does not cancel it: inertia (Ascarza 2016)

# --- Leaving --------------------------------------------------------------------------------------

BASE = 0.00058  # of an untroubled monthly contract: 0.25 % a month; with the troubles 2 to 4 % of all leave a month
UNHAPPY_LOG_HAZARD = 5.0  # at mood 1 a tenth a week: who is that unhappy is gone, or comes round, within the quarter
DISUSE_LOG_HAZARD = 0.8  # without any usage (other than dormant ones): what is not used is cut
NOTICE_DAYS = 30.0  # of a yearly contract, before its term ends
WINDOW_DAYS = 105.0  # a yearly contract is looked at in this time before its end
IN_WINDOW, OFF_WINDOW, TOO_LATE = 4.0, 0.22, 0.03  # times the intensity; the mean over a year is 1
LAPSE = 0.020  # without automatic renewal: base of not being signed again, raised by the same log hazard
LAPSE_SHARE_OF_MOOD = 0.75  # inertia works the other way round here, so mood weighs less
NOTICE_USAGE = 0.45  # usage during notice: data are taken out, habits end
PAYMENT_FAILS = np.array([0.0026, 0.0012])  # monthly (card), yearly (invoice) contracts: one in eight a year, one in 16
PAYMENT_RECOVERS = 0.30  # each week of dunning; two thirds in the end, where of cards alone half do (Banyan)
PAYMENT_WEEKS = 4  # then the contract ends, involuntarily: a twelfth of all leaves (Recurly: a quarter, cards alone)
WIN_BACK = 0.0006  # accounts that left at least ten weeks ago return: 3 % a year
WIN_BACK_AFTER_WEEKS = 10  # another vendor has been tried by then
SEATS_GROW = 0.011  # a content account adds a seat or two: once in two years
SEATS_SHRINK, SEATS_SHRINK_TROUBLED = 0.0012, 0.030  # and a troubled one gives seats back before it leaves
LATE_NOTICE_SHARE = 0.004  # notices typed in days later; a month-end pile would delay every label

# --- What a contact does --------------------------------------------------------------------------
# Rows: sales, service, technical, financial. Columns: CAUSES. Judgement, in the shape that experiments
# give: the mean is small, the spread wide, and some are harmed (Ascarza 2018, 2016). The hat that fits
# the cause helps; selling to somebody whose product is broken, or asking a content client about
# money, does not. On average over the book and the roles a call takes about a percentage point off the
# eight that leave within 90 days: a trial of 4,000 contacts shows the mean, and hardly the cells.

CURE = np.array(  # probability that the trouble starts to pass
    [
        [0.0, 0.05, 0.50, 0.30, 0.05, 0.10],
        [0.0, 0.20, 0.30, 0.12, 0.40, 0.55],
        [0.0, 0.60, 0.05, 0.00, 0.55, 0.30],
        [0.0, 0.00, 0.05, 0.60, 0.05, 0.00],
    ]
)
WARMTH = np.array(  # change of the log hazard at once; halves every WARMTH_WEEKS
    [
        [0.15, 0.30, -0.60, -0.25, 0.25, 0.05],
        [-0.15, -0.25, -0.35, -0.10, -0.60, -0.60],
        [0.00, -0.70, 0.05, 0.05, -0.65, -0.25],
        [0.25, 0.15, 0.05, -0.80, 0.15, 0.05],
    ]
)
WARMTH_WEEKS = 8.0  # half-life: a good talk is remembered for a quarter
OPENNESS = (0.3, 1.7)  # an account's own multiple of WARMTH: the same call does not work on everybody
PUSHED = np.array([1.7, 1.1, 0.9, 1.5])  # by role: log hazard of a dormant account that a call reminds of its contract;
#                                          10.0 / 6.4 % was the mean over all called (Ascarza 2016), few of them asleep
PUSHED_SHARE = 0.70  # of dormant accounts; the others are glad to be reminded and may wake:
WOKEN = np.array([0.10, 0.45, 0.20, 0.05])  # by role: training wakes more than an offer
FINANCIAL_RECOVERS = 0.80  # weekly recovery of a failed payment after a financial contact

# --- Calls ----------------------------------------------------------------------------------------

ACCOUNTS_PER_MANAGER = 65  # a customer success manager of middle-market SaaS looks after 50 to 100
CALLS_PER_MANAGER = 2  # by judgement, a week; the rest of the hours is reviews, renewals, mail
COOL_DOWN_DAYS = 28  # nobody is called twice within four weeks
ONBOARDING_DAYS = 30  # the onboarding team looks after new accounts
NOT_MADE = 0.08  # planned calls that are not carried out
NOT_REACHED = 0.15  # calls that end on a voice box, without effect
CALL_MINUTES = np.array([45, 35, 55, 30])  # by role
CALL_DAYS = 5  # a call decided on Monday is made within the working week
GRAPEVINE = 0.7  # weight of the true mood in a manager's worry: people talk; no table has it
WORRY_NOISE = 0.8

TRIAL_FROM, TRIAL_TO = 1 / 3, 0.75  # share of the record: months 9 to 18 of 24
TRIAL_WEEKS = 2  # one draw every two weeks
STRATA = ("small", "middle", "large")
STRATUM_MRR = (120.0, 400.0)  # EUR a month
TRIAL_PROPENSITY = np.array([[0.08, 0.12], [0.12, 0.16], [0.16, 0.22]])  # by stratum, and with a renewal within:
TRIAL_RENEWAL_DAYS = 90  # larger accounts and near renewals are called more often, by design and by lot
TRIAL_ROLES = (0.22, 0.38, 0.25, 0.15)  # sales, service, technical, financial: as the team is staffed

# --- Usage ----------------------------------------------------------------------------------------

EVENTS = ("login", "report_run", "record_created", "export", "integration_sync", "user_invited")
EVENT_SHARES = (0.48, 0.20, 0.20, 0.05, 0.05, 0.02)
EXPORTS_MORE = 6.0  # times the mood: who thinks of leaving takes the data out
EVENTS_PER_WEEK = 2.0  # times seats to the power below: a weekly tool, not an hourly one; keeps the sample small
SEATS_POWER = 0.75  # the larger the team, the more seats lie idle
RHYTHM_SPREAD = 0.25  # standard deviation of an account's own log activity
WEEK_SPREAD = 0.15  # of one week against the next
USER_SKEW = 1.7  # activity by user: the first of ten does a quarter
WEEKDAYS = (0.21, 0.22, 0.21, 0.19, 0.13, 0.02, 0.02)
OFFICE_HOURS = (7.0, 19.0)  # people work around one o'clock, local time
LATE_EVENTS, LATE_DAYS = 0.015, 5.0  # the mobile app sends its events when it is online again
CHRISTMAS, AUGUST = 0.60, 0.85  # usage in the last two weeks of the year, and in August

# --- Voice ----------------------------------------------------------------------------------------

NPS_EVERY_WEEKS = 13  # a relationship survey each quarter
NPS_ANSWERS = -0.75  # log-odds of a content, active user: 32 %, the upper end of CustomerGauge (a small programme)
ANSWER_UNHAPPY = -1.3  # at mood 1: 11 %. The unhappy answer less
ANSWER_DISUSE = -1.4  # who does not log in does not answer
ANSWER_SPREAD = 0.6  # some always answer, some never
NPS_CONTENT, NPS_UNHAPPY = 8.4, -5.4  # mean score at mood 0 (B2B software: NPS about 30), and its fall at mood 1
NPS_SPREAD, NPS_OWN = 1.2, 0.7  # of one answer, and of an account's own leaning
NPS_AT_RANDOM = 0.06  # answers with little thought
REPLY_DAYS = 2.5
CSAT_ASKED, CSAT_ANSWERS = 0.75, -0.7  # after a ticket: a third answers, sooner than a mail out of the blue
CES_DAYS = 42  # effort score, once, when the onboarding is over
COMMENT_SHARE = 0.35
LATE_SCORES = 0.02  # paper and telephone, typed in within ten days

# --- Tickets --------------------------------------------------------------------------------------

TICKETS = 0.045  # times the square root of seats: 5 cases a year of a team of five; usual for B2B tools
TICKETS_SPREAD = 0.4  # some ask, some do not
TICKETS_MORE = np.array([0.0, 4.0, 1.5, 2.0, 3.5, 2.0])  # by cause, times its level: how many more
CATEGORIES = ("how-to", "bug", "access", "billing", "integration")
CATEGORY_SHARES = np.array(  # by cause
    [
        [0.42, 0.22, 0.14, 0.12, 0.10],
        [0.14, 0.58, 0.06, 0.05, 0.17],
        [0.40, 0.12, 0.32, 0.08, 0.08],
        [0.22, 0.13, 0.07, 0.50, 0.08],
        [0.22, 0.40, 0.10, 0.10, 0.18],
        [0.62, 0.12, 0.12, 0.04, 0.10],
    ]
)
SEVERITIES = ("low", "normal", "high", "urgent")
SEVERITY_SHARES = (0.30, 0.48, 0.17, 0.05)
RESOLVE_HOURS, RESOLVE_SPREAD = 18.0, 1.0  # median and log spread: within a working day, the worst a week
RESOLVE_POOR = 2.2  # times 1 + this x level where support is the cause
REOPENED, REOPENED_POOR = 0.05, 0.28
SUBJECT_SHARE = 0.4  # cases with a subject; the others came by telephone
LATE_CASES = 0.02  # cases typed in within two days
