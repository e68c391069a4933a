"""How much of what a contact list could keep an ideal observer keeps: the ceiling that the tables themselves set.

    python benchmarks/ideal.py [--quick] [--books 500] [--seeds 5] [--first 8001] [--particles 1000]
                               [--without usage cases ...]

The observer knows every law and constant of the made-up company (``history/sample``), and of its accounts no more than
the exported tables tell. For each account a particle filter lives the company's weeks from their first on, with the
generator's own functions: a particle is a whole hidden state (cause, level, mood, usage, dormant, champion gone,
warmth, ...) and the account's traits (frailty, leaning of its scores, rhythm, ...); each week particles are weighted by
how likely they make what the tables hold of it (``CHANNELS``) and redrawn where few of them carry the weight (Gordon,
Salmond and Smith 1993; systematic, traits kept apart as in Liu and West 2001). Troubles are drawn more often than they
come and weighted down. What is seen later of the keenest user and of price rises steers earlier draws. From the
particles at the end the future is lived on as the truth lives it, without a call and with one of each role.

The list made of these effects is valued as ``benchmarks/contact.py`` values the library's: ``share_of_informed_ideal``
is the most that any library could be expected to keep, and no library could have it, since none knows these laws.
``--without`` leaves channels out, to tell what each is worth. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from dataclasses import fields
from types import SimpleNamespace

import contact
import numpy as np
import pandas as pd
from scipy.special import expit, log_ndtr, ndtr, xlog1py, xlogy

import churnkit as ck
from churnkit.history.contracts import add_months
from churnkit.history.sample import figures as fig
from churnkit.history.sample import generate, trouble
from churnkit.history.sample.company import MINUTE, WEEK
from churnkit.history.sample.contracts import turn_year
from churnkit.history.sample.dice import Dice
from churnkit.history.sample.names import COMMENTS
from churnkit.history.sample.state import Luck, State
from churnkit.history.sample.truth import _stay
from churnkit.history.sample.usage import season
from churnkit.tables import ROLES
from churnkit.timeline import DAY, HOUR, NEVER, Span, moment

LAST, FIRST = moment(contact.AT), moment("2024-06-01")
WEEKS = fig.WARM_UP_WEEKS - (FIRST - LAST) // WEEK
BEGIN = LAST - WEEKS * WEEK
STARTS = BEGIN + WEEK * np.arange(WEEKS)
SEEN_FROM = fig.WARM_UP_WEEKS + 1
"""The first week that lies wholly in the record."""
METRICS = {"nps": (8.4, -5.4, 1.0, 0.0, 1.2, 0, 10), "csat": (4.4, -1.3, 0.25, -0.3, 0.75, 1, 5)}
METRICS["ces"] = (5.6, -2.2, 0.4, 0.0, 1.0, 1, 7)
"""By metric: mean when content, fall at mood 1, weight of the own leaning and of a slow solution, spread, range."""
GRIEVANCE = {text: fig.CAUSES.index(cause) for cause, texts in COMMENTS.items() for text in texts}
ASKING, NEVER_SO = 0.3, -12.0
"""Share of those told of a rise who write in about it; log of what is as good as impossible."""
TYPICAL = fig.GRAPEVINE * 0.15
BOOST, KERNEL, DRAWS = 4.0, 0.12, 256
"""How much more often troubles are drawn; width of the kernel of the traits; futures lived for each account."""
TRAITS = ("offset", "openness", "touchy", "prone", "bias", "reply", "rhythm")
MOVING = ("increase", "cause", "depth", "level", "healing", "unhappy", "engagement", "dormant", "champion_gone")
MOVING += ("warmth", "helped", "stays_if_called")
UNUSED = ("leaves", "when", "fails", "recovers")
"""Luck whose outcome is in the tables."""
CHANNELS = ("survival", "seats", "usage", "exports", "names", "silence", "scores", "comments", "cases", "worry")


def micros(column: pd.Series) -> np.ndarray:
    """Give moments as whole microseconds UTC; empty ones as NEVER."""
    at = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    return np.where(np.isnat(at), NEVER, at.astype(np.int64))


def week_of(at: np.ndarray) -> np.ndarray:
    return (at - BEGIN) // WEEK


def counted(account: np.ndarray, week: np.ndarray, n: int) -> np.ndarray:
    """Count facts, [n, WEEKS]."""
    return np.bincount(account * WEEKS + week, minlength=n * WEEKS).reshape(n, WEEKS)


class Facts:
    """What the tables tell of some accounts, week by week: arrays [n, WEEKS], and rows of cases, scores and calls."""

    def __init__(self, tables: dict[str, pd.DataFrame], ids: np.ndarray) -> None:
        self.ids, self.n = pd.Index(ids), len(ids)
        accounts = tables["accounts"].set_index("account_id").loc[ids]
        self.opened = micros(accounts["opened_at"])
        size = pd.Index(fig.SIZE_BANDS).get_indexer(accounts["size_band"])
        came = pd.Index(fig.CHANNELS).get_indexer(accounts["acquired_by"])
        self.offset = fig.SIZE_LOG_HAZARD[size] + fig.CHANNEL_LOG_HAZARD[came]
        self._contracts(self._of(tables["subscriptions"]))
        self._activity(self._of(tables["activity"]))
        self._cases(self._of(tables["tickets"]))
        self._voices(self._of(tables["satisfaction"]))
        self._keenest()
        calls = self._of(tables["contacts"])
        calls = calls[(calls["outcome"] == "reached").to_numpy()]
        role = pd.Index(ROLES).get_indexer(calls["role"])
        self.calls = self._sorted(account=calls["n"], week=week_of(micros(calls["contacted_at"])), role=role)
        self._worries(self._of(tables["decisions"]), accounts["manager_id"])

    def _of(self, table: pd.DataFrame) -> pd.DataFrame:
        n = self.ids.get_indexer(table["account_id"].astype(object))
        return table.assign(n=n)[n >= 0]

    @staticmethod
    def _sorted(**columns: np.ndarray) -> pd.DataFrame:
        rows = pd.DataFrame({name: np.asarray(values) for name, values in columns.items()})
        return rows[rows["week"].between(0, WEEKS - 1)].sort_values("week", kind="stable")

    def _contracts(self, rows: pd.DataFrame) -> None:
        rows = rows.assign(at=micros(rows["recorded_at"]), rate=rows["mrr"] / rows["seats"])
        rows = rows.sort_values(["n", "at"], kind="stable")
        n, shape = rows["n"].to_numpy(), (self.n, WEEKS)
        self.alive, self.notice, self.begins, self.leaves = (np.zeros(shape, dtype=bool) for _ in range(4))
        last = rows.drop_duplicates("subscription_id", keep="last")
        began, returns = np.full(shape, NEVER), np.zeros(shape, dtype=np.int64)
        contracts = zip(*(micros(last[c]) for c in ("started_at", "ended_at", "cancelled_at")), strict=True)
        for i, (start, end, cancelled) in zip(last["n"], contracts, strict=True):
            runs = (start < STARTS + WEEK) & (end >= STARTS)
            self.alive[i] |= runs
            self.notice[i] |= runs & (cancelled < STARTS)
            self.leaves[i] |= runs & (cancelled >= STARTS) & (cancelled < STARTS + WEEK)
            first = max(0, int(week_of(start)))
            self.begins[i, first] = True
            began[i, first:] = start
            returns[i, first] = start if start != self.opened[i] else 0
        one = rows.drop_duplicates("n").set_index("n").loc[range(self.n)]
        self.annual, self.auto_renew = one["term_months"].to_numpy() == 12, one["auto_renew"].to_numpy(dtype=bool)
        self._anniversaries(returns)
        same = np.append(False, (n[1:] == n[:-1])) & (rows["subscription_id"] == rows["subscription_id"].shift())
        before, seats, week = rows["seats"].shift().to_numpy(), rows["seats"].to_numpy(), week_of(rows["at"].to_numpy())
        self.seats = np.repeat(one["seats"].to_numpy()[:, None], WEEKS, axis=1).astype(float)
        self.resized, self.mrr = np.zeros(shape, dtype=np.int64), np.zeros(shape)
        for i, at, now, was, goes_on, mrr in zip(n, rows["at"], seats, before, same, rows["mrr"], strict=True):
            week_ = max(0, -int(-(at - BEGIN) // WEEK))
            self.seats[i, week_:], self.mrr[i, week_:] = now, mrr
            if goes_on and now != was and at >= BEGIN:
                self.resized[i, int(week_of(at))] = np.sign(now - was)
        self.quiet = self.alive & ~self.notice & (began < STARTS) & (self.anniversary >= STARTS + WEEK)
        self.whole = self.alive & (began < STARTS) & (np.arange(WEEKS) >= SEEN_FROM)
        ratio = (rows["rate"] / rows["rate"].shift()).to_numpy()
        risen = pd.Series(np.abs(np.subtract.outer(ratio, 1 + np.array(fig.INCREASES))).argmin(axis=1), [n, rows["at"]])
        risen = risen[same.to_numpy() & (week >= 0)]
        keys = pd.MultiIndex.from_arrays([np.repeat(np.arange(self.n), WEEKS), self.anniversary.ravel()])
        known = risen[~risen.index.duplicated()].reindex(keys).fillna(0).to_numpy().reshape(shape)
        middle = np.cumsum(fig.INCREASE_SHARES) - np.array(fig.INCREASE_SHARES) / 2
        self.rise = np.where(self.anniversary < LAST, middle[known.astype(np.int64)], np.nan)

    def _anniversaries(self, returns: np.ndarray) -> None:
        """Follow the yearly renewals as ``company`` sets and ``turn_year`` turns them."""
        years = np.maximum(0, (BEGIN - self.opened) // (365 * DAY))
        at = add_months(self.opened // DAY * DAY, 12 * (years + 1))
        at = np.where(at < BEGIN, add_months(at, np.full(self.n, 12)), at)
        self.anniversary = np.empty((self.n, WEEKS), dtype=np.int64)
        for w, start in enumerate(STARTS):
            back = returns[:, w] > 0
            at[back] = add_months(returns[back, w] // DAY * DAY, np.full(int(back.sum()), 12))
            self.anniversary[:, w] = at
            turns = self.alive[:, w] & (at >= start) & (at < start + WEEK)
            at = np.where(turns, add_months(at, np.full(self.n, 12)), at)

    def _activity(self, rows: pd.DataFrame) -> None:
        n, week, event = (
            rows["n"].to_numpy(),
            week_of(micros(rows["occurred_at"])),
            rows["event"].astype(str).to_numpy(),
        )
        names = rows["user_id"].cat
        number = np.array([int(u.rsplit("-", 1)[1]) for u in names.categories])
        user = np.where(names.codes < 0, 0, number[names.codes])
        used = np.isin(event, fig.EVENTS)
        keen = used & ((user == 1) | (user > fig.SEATS_MOST))
        wanted = {"count": used, "keen": keen, "exports": event == "export"}
        wanted |= {"hit": event == "incident", "failed": event == "payment_failed"}
        for name, rows_ in wanted.items():
            setattr(self, name, counted(n[rows_], week[rows_], self.n))
        self.sightings = [(n[keen], week[keen], user[keen])]

    def _cases(self, rows: pd.DataFrame) -> None:
        opened, resolved = micros(rows["opened_at"]), micros(rows["resolved_at"])
        solved = resolved != NEVER
        hours = (np.where(solved, resolved, LAST) - opened - MINUTE) / HOUR
        self.cases = self._sorted(
            account=rows["n"],
            week=week_of(opened),
            category=pd.Index(fig.CATEGORIES).get_indexer(rows["category"]),
            severity=pd.Index(fig.SEVERITIES).get_indexer(rows["severity"]),
            slow=np.log(np.maximum(hours, 0.02) / fig.RESOLVE_HOURS),
            solved=solved,
            reopened=rows["reopened"].to_numpy(dtype=bool),
            sent=resolved + HOUR,
        )

    def _voices(self, rows: pd.DataFrame) -> None:
        """Put every survey into the week whose mood it tells; after a case: of the case's beginning."""
        sent, metric = micros(rows["sent_at"]), rows["metric"].to_numpy()
        cases = self.cases.drop_duplicates(["account", "sent"]).set_index(["account", "sent"])
        case = cases.reindex(pd.MultiIndex.from_arrays([rows["n"], sent]))
        after = metric == "csat"
        user = rows["user_id"].str.rsplit("-", n=1).str[1].astype(int).to_numpy()
        keen = ~after & ((user == 1) | (user > fig.SEATS_MOST))
        self.sightings.append((rows["n"].to_numpy()[keen], week_of(sent[keen]), user[keen]))
        said = rows["comment"].map(GRIEVANCE).to_numpy(dtype=float)
        self.voices = self._sorted(
            account=rows["n"],
            week=np.where(after, case["week"].fillna(-1), week_of(sent)).astype(np.int64),
            metric=metric,
            score=rows["score"].to_numpy(dtype=float),
            slow=np.where(after, case["slow"].fillna(0), 0.0),
            keen=keen,
            said=np.where(np.isnan(said), -1, said).astype(np.int64),
            heard=1.0 - np.exp(-np.maximum(LAST - sent, 0) / (fig.REPLY_DAYS * DAY)),
        )

    def _keenest(self) -> None:
        """Tell when the keenest user may have left: a successor has a new number, one higher for each.

        ``left``: -1 nothing is known; 0 nobody left; else weeks to the one in which the next number shows;
        ``due``: how many left in the weeks that begin here.
        """
        self.left, self.due = np.full((self.n, WEEKS), -1), np.zeros((self.n, WEEKS), dtype=np.int64)
        n, week, user = (np.concatenate(parts) for parts in zip(*self.sightings, strict=True))
        seen = pd.DataFrame({"n": n, "week": week, "number": np.maximum(user - fig.SEATS_MOST - 1, 0)})
        for i, rows in seen.drop_duplicates().sort_values(["n", "week", "number"]).groupby("n"):
            at = number = 0
            for w, m in zip(rows["week"], rows["number"], strict=True):
                self.left[i, at : w + 1] = w + 1 - np.arange(at, w + 1) if m > number else 0
                if m > number and at <= w:
                    self.due[i, at] = m - number
                at, number = w + 1, m

    def _worries(self, rows: pd.DataFrame, manager: pd.Series) -> None:
        """Tell whom managers had on their lists, and how much there was to be seen of it, as ``Desk`` sees it.

        ``listed``: 1 on the list, 0 not, -1 unknown; ``worry``: what is visible, less the worry that it took, which is
        set so that as many are expected on each list as were called.
        """
        fallen, usual, load = np.zeros((self.n, WEEKS)), np.zeros(self.n), np.zeros(self.n)
        recent, loads, last = np.zeros(self.n), np.zeros((self.n, WEEKS)), np.full((self.n, WEEKS), 7.0)
        cases = counted(self.cases["account"].to_numpy(), self.cases["week"].to_numpy(), self.n)
        nps = self.voices[(self.voices["metric"] == "nps") & self.voices["score"].notna()]
        for i, w, score in zip(nps["account"], nps["week"], nps["score"], strict=True):
            last[i, w + 1 :] = score
        for w in range(SEEN_FROM, WEEKS - 1):
            recent = np.where(usual == 0, self.count[:, w], recent + 0.40 * (self.count[:, w] - recent))
            usual = usual + np.where(usual == 0, 1.0, 0.06) * (self.count[:, w] - usual)
            load = 0.6 * load + cases[:, w]
            fallen[:, w + 1], loads[:, w + 1] = np.clip(1.0 - recent / np.maximum(usual, 0.5), 0.0, 1.0), load
        unpaid = np.roll(self.failed > 0, 1, axis=1)
        seen = 1.2 * fallen + 0.9 * np.clip(7.0 - last, 0.0, 7.0) / 7.0 + 0.3 * np.minimum(loads, 4.0) + 0.5 * unpaid
        seen += 0.15 * np.log1p(self.mrr / 100.0)
        self.worry, self.listed = np.zeros((self.n, WEEKS)), np.full((self.n, WEEKS), -1)
        n, week = rows["n"].to_numpy(), week_of(micros(rows["decided_at"]))
        group = np.unique(pd.factorize(manager)[0][n] * WEEKS + week, return_inverse=True)[1]
        low, high = np.full(group.max() + 1, -5.0), np.full(group.max() + 1, 10.0)
        for _ in range(30):
            took = (low + high) / 2
            many = np.bincount(group, ndtr((seen[n, week] + TYPICAL - took[group]) / fig.WORRY_NOISE))
            low, high = np.where(many > fig.CALLS_PER_MANAGER, took, low), np.where(many > 2, high, took)
        self.worry[n, week], self.listed[n, week] = seen[n, week] - took[group], rows["on_list"]


class Cloud:
    """Particles of some accounts, as rows of one ``State``: account by account, [n, particles]."""

    def __init__(self, facts: Facts, rows: slice, particles: int, seed: int, without: set[str]) -> None:
        self.facts, self.rows, self.P, self.without = facts, rows, particles, without
        self.n = len(facts.opened[rows])
        self.random = np.random.default_rng([seed, rows.start])
        self.z = {name: self.random.standard_normal((self.n, particles)) for name in TRAITS}
        size = self.n * particles
        flags = ("alive", "notice", "announced", "healing", "dormant", "champion_gone", "helped")
        floats = ("increase", "depth", "level", "unhappy", "warmth", "offset", "openness", "touchy", "prone")
        values = {name: np.zeros(size, dtype=bool) for name in flags} | {name: np.zeros(size) for name in floats}
        values |= {name: np.zeros(size, dtype=np.int64) for name in ("cause", "unpaid")}
        values |= {name: self._each(getattr(facts, name)[rows]) for name in ("opened", "annual", "auto_renew")}
        self.state = State(
            **values,
            stays_if_called=self._pushed(size),
            anniversary=self._each(facts.anniversary[rows, 0]),
            engagement=np.ones(size),
        )
        self.bias = self.reply = self.rhythm = np.zeros(size)
        self._traits()
        self.due = np.zeros((self.n, particles), dtype=np.int64)
        self.logw = np.zeros((self.n, particles))
        inside = {name: getattr(facts, name) for name in ("cases", "voices", "calls")}
        inside = {name: t[t["account"].between(rows.start, rows.stop - 1)] for name, t in inside.items()}
        self.tables = {name: dict(list(t.groupby("week"))) for name, t in inside.items()}

    def _each(self, values: np.ndarray) -> np.ndarray:
        return np.repeat(values, self.P)

    def _pushed(self, size: int) -> np.ndarray:
        return self.random.random(size) >= fig.PUSHED_SHARE

    def _traits(self) -> None:
        """Make traits of their normal scores."""
        z, state = {name: values.ravel() for name, values in self.z.items()}, self.state
        state.offset = self._each(self.facts.offset[self.rows]) + fig.FRAILTY * z["offset"]
        state.openness = fig.OPENNESS[0] + (fig.OPENNESS[1] - fig.OPENNESS[0]) * ndtr(z["openness"])
        state.touchy = 0.4 + 1.2 * ndtr(z["touchy"])
        state.prone = np.exp(fig.TICKETS_SPREAD * z["prone"])
        self.bias, self.reply = fig.NPS_OWN * z["bias"], fig.ANSWER_SPREAD * z["reply"]
        self.rhythm = np.exp(fig.RHYTHM_SPREAD * z["rhythm"])

    def live(self) -> None:
        """Live from the company's first week to the last of the record."""
        for w in range(WEEKS):
            self._week(w)
            self._redraw()

    def _week(self, w: int) -> None:
        facts, state, rows, now = self.facts, self.state, self.rows, int(STARTS[w])
        state.alive, state.notice = self._each(facts.alive[rows, w]), self._each(facts.notice[rows, w])
        state.anniversary = self._each(facts.anniversary[rows, w])
        if facts.begins[rows, w].any():
            state.begin(np.flatnonzero(self._each(facts.begins[rows, w])))
        luck = self._luck(w)
        told = trouble.announce(state, now, luck)
        hit = self._each(facts.hit[rows, w] > 0)
        if w < SEEN_FROM:
            hit = luck.incident < fig.INCIDENT_WEEKS * fig.INCIDENT_REACH
        trouble.strike(state, now, luck, hit=hit, told=told)
        trouble.live(state, luck)
        self._weigh(w, now, told.reshape(self.n, self.P))
        fails = self._each(facts.failed[rows, w] > 0)
        state.unpaid = np.where(fails, state.unpaid + 1, 0)
        state.helped &= fails
        turn_year(state, now)
        calls = self.tables["calls"].get(w)
        if calls is not None:
            at = ((calls["account"].to_numpy() - rows.start)[:, None] * self.P + np.arange(self.P)).ravel()
            trouble.touch(state, at, self._each(calls["role"].to_numpy()), luck)

    def _luck(self, w: int) -> Luck:
        """Draw luck, the rare troubles of the untroubled more often than they come."""
        state, size, facts = self.state, len(self.state), self.facts
        unused = np.ones(size)
        luck = {f.name: unused if f.name in UNUSED else self.random.random(size) for f in fields(Luck)}
        free = state.alive & ~state.notice & (state.cause == fig.NONE)
        fresh = (STARTS[w] >= state.opened) & (STARTS[w] < state.opened + 7 * DAY)
        luck["support"] = self._rare(luck["support"], fig.SUPPORT_FAILS * state.prone, free)
        luck["adoption"] = self._rare(luck["adoption"], fig.ADOPTION_FADES, free & ~fresh)
        luck["doze"] = self._rare(luck["doze"], fig.DOZES_OFF, free & state.annual & ~state.dormant)
        known = self._each(facts.rise[self.rows, w])
        luck["rise"] = np.where(np.isnan(known), luck["rise"], known)
        left = self._each(facts.left[self.rows, w])
        if "names" in self.without:
            left[:] = -1
        champion = self._rare(luck["champion"], fig.CHAMPION_LEAVES, free & (left < 0))
        self.due += facts.due[self.rows, w][:, None]
        due = self.due.ravel()
        chance = np.minimum(due / np.maximum(left, 1), 1.0)
        goes = (left > 0) & (luck["champion"] < chance)
        drawn = np.where(goes, fig.CHAMPION_LEAVES * luck["champion"] / np.maximum(chance, 1e-9), 1.0)
        luck["champion"] = np.where(left < 0, champion, drawn)
        self.due -= (goes & (left > 0)).reshape(self.due.shape)
        return Luck(**luck)

    def _rare(self, u: np.ndarray, chance: np.ndarray | float, where: np.ndarray) -> np.ndarray:
        """Bend uniform luck so that what has this chance comes more often, and weigh it down for that."""
        raised = BOOST * chance
        comes = where & (u < raised)
        heavier = np.log1p(-chance) - np.log1p(-raised)
        self.logw += np.where(where, np.where(comes, -np.log(BOOST), heavier), 0.0).reshape(self.n, self.P)
        bent = np.where(comes, u / BOOST, chance + (u - raised) * ((1.0 - chance) / (1.0 - raised)))
        return np.where(where, bent, u)

    def _weigh(self, w: int, now: int, told: np.ndarray) -> None:
        ways = {"survival": self._survival, "seats": self._seats, "silence": self._silence}
        ways |= {"scores": self._scores, "comments": self._comments, "worry": self._worry}
        if w >= SEEN_FROM:
            ways |= {"usage": self._usage, "exports": self._exports, "cases": self._cases}
        for name, weigh in ways.items():
            if name not in self.without:
                weigh(w, now, told)

    def _at(self, name: str) -> np.ndarray:
        values = getattr(self.state, name, None)
        return (getattr(self, name) if values is None else values).reshape(self.n, self.P)

    def _survival(self, w: int, now: int, told: np.ndarray) -> None:
        state, leaves = self.state, self.facts.leaves[self.rows, w][:, None]
        intensity = trouble.notice_intensity(state, now).reshape(self.n, self.P)
        self.logw += np.where(leaves, np.log(-np.expm1(-np.maximum(intensity, 1e-12))), -intensity)
        lapsing = trouble.lapsing(state, now)
        if lapsing.any():
            stays = np.where(lapsing, 1.0 - trouble.lapse_probability(state), 1.0).reshape(self.n, self.P)
            self.logw += np.where(leaves, 0.0, np.log(stays))

    def _seats(self, w: int, now: int, told: np.ndarray) -> None:
        step = self.facts.resized[self.rows, w][:, None]
        quiet = self.facts.quiet[self.rows, w][:, None]
        grows = fig.SEATS_GROW * np.clip(1.0 - self._at("unhappy"), 0.1, 1.0) * self._at("engagement")
        shrinks = fig.SEATS_SHRINK + fig.SEATS_SHRINK_TROUBLED * np.minimum(self._at("level"), 1.2)
        shrinks = np.where(self.facts.seats[self.rows, w][:, None] > 1, shrinks, 0.0)
        chance = np.where(step > 0, grows, np.where(step < 0, shrinks, 1.0 - grows - shrinks))
        self.logw += np.where(quiet, np.log(np.maximum(chance, 1e-9)), 0.0)

    def _usage(self, w: int, now: int, told: np.ndarray) -> None:
        """Weigh by how much is done, and by whom: the first user's work is missing where the champion is gone."""
        facts, rows = self.facts, self.rows
        count, keen, seats = (x[rows, w][:, None] for x in (facts.count, facts.keen, facts.seats))
        gone, first = self._at("champion_gone"), np.minimum(seats ** (-1.0 / fig.USER_SKEW), 1.0)
        mean = fig.EVENTS_PER_WEEK * seats**fig.SEATS_POWER * season(now) * np.exp(fig.WEEK_SPREAD**2 / 2)
        mean = mean * self._at("rhythm") * self._at("engagement") * np.where(gone, 1.0 - first, 1.0)
        shape = 1.0 / np.expm1(fig.WEEK_SPREAD**2)  # the week's own factor: a gamma law of the same spread
        found = xlogy(count, np.maximum(mean, 1e-6)) - (count + shape) * np.log(mean + shape)
        whose = xlogy(keen, first) + xlog1py(count - keen, -np.minimum(first, 1 - 1e-9))
        found += np.where(gone, np.where(keen > 0, 3 * NEVER_SO, 0.0), whose)
        self.logw += np.where(facts.whole[rows, w][:, None], found, 0.0)

    def _exports(self, w: int, now: int, told: np.ndarray) -> None:
        count, exports = (x[self.rows, w][:, None] for x in (self.facts.count, self.facts.exports))
        weight = fig.EVENT_SHARES[fig.EVENTS.index("export")] * (1.0 + fig.EXPORTS_MORE * self._at("unhappy"))
        rest = sum(fig.EVENT_SHARES) - fig.EVENT_SHARES[fig.EVENTS.index("export")]
        self.logw += exports * np.log(weight) - count * np.log(rest + weight)

    def _cases(self, w: int, now: int, told: np.ndarray) -> None:
        rows, cases = self.rows, self.tables["cases"].get(w)
        level, cause = self._at("level"), self._at("cause")
        mean = fig.TICKETS * np.sqrt(self.facts.seats[rows, w])[:, None] * self._at("prone")
        mean = mean * (1.0 + fig.TICKETS_MORE[cause] * level) * (0.35 + 0.65 * self._at("engagement"))
        found = -mean
        asking = np.zeros_like(mean)
        if cases is not None:
            i = cases["account"].to_numpy() - rows.start
            category, severity, slow, solved, again = (
                cases[c].to_numpy()[:, None] for c in ("category", "severity", "slow", "solved", "reopened")
            )
            blamed, kind = np.minimum(level[i], 1.0), cause[i]
            about = (1 - blamed) * fig.CATEGORY_SHARES[0, category] + blamed * fig.CATEGORY_SHARES[kind, category]
            worse, share = 0.45 * blamed, np.array(fig.SEVERITY_SHARES)
            grave = (1 - worse) * share[severity] + worse * np.where(severity > 0, share[severity - 1], 0.0)
            grave = grave + worse * np.where(severity == len(share) - 1, share[-1], 0.0)
            poor = np.where(kind == fig.SUPPORT, level[i], 0.0)
            off = slow - np.log1p(fig.RESOLVE_POOR * poor) - np.where(again, np.log(2.2), 0.0)
            reopens = fig.REOPENED + fig.REOPENED_POOR * np.minimum(poor, 1.2)
            closing = -0.5 * (off / fig.RESOLVE_SPREAD) ** 2 + np.log(np.where(again, reopens, 1.0 - reopens))
            each = np.log(about * grave * mean[i]) + np.where(solved, closing, np.log(np.maximum(ndtr(-off), 1e-9)))
            np.add.at(found, i, each)
            np.add.at(asking, i, np.where(category == fig.CATEGORIES.index("billing"), 1.0 / (mean[i] * about), 0.0))
        found += np.where(told, np.log(1.0 - ASKING + ASKING * asking), 0.0)
        self.logw += np.where(self.facts.whole[rows, w][:, None], found, 0.0)

    def _silence(self, w: int, now: int, told: np.ndarray) -> None:
        """Weigh by who answers and who does not."""
        voices = self.tables["voices"].get(w)
        if voices is None:
            return
        i = voices["account"].to_numpy() - self.rows.start
        base = np.where(voices["metric"] == "csat", fig.CSAT_ANSWERS, fig.NPS_ANSWERS)[:, None]
        odds = base + self._at("reply")[i] + fig.ANSWER_UNHAPPY * self._at("unhappy")[i]
        chance = expit(odds + fig.ANSWER_DISUSE * (1.0 - self._at("engagement")[i]))
        nobody = (voices["keen"] & (voices["metric"] == "nps")).to_numpy()[:, None] & self._at("champion_gone")[i]
        chance = np.where(nobody, 1e-9, chance) * voices["heard"].to_numpy()[:, None]
        answered = voices["score"].notna().to_numpy()[:, None]
        np.add.at(self.logw, i, np.log(np.where(answered, chance, 1.0 - chance)))

    def _scores(self, w: int, now: int, told: np.ndarray) -> None:
        voices = self.tables["voices"].get(w)
        if voices is None:
            return
        for name, rows in voices[voices["score"].notna()].groupby("metric"):
            mean, fall, own, slowly, spread, low, high = METRICS[str(name)]
            i, score = rows["account"].to_numpy() - self.rows.start, rows["score"].to_numpy()[:, None]
            mood = (self._at("unhappy")[i] + self._at("level")[i]) / 2.0
            felt = mean + fall * mood + own * self._at("bias")[i] + slowly * rows["slow"].to_numpy()[:, None]
            above = np.where(score == high, 1.0, ndtr((score + 0.5 - felt) / spread))
            below = np.where(score == low, 0.0, ndtr((score - 0.5 - felt) / spread))
            chance = (1 - fig.NPS_AT_RANDOM) * (above - below) + fig.NPS_AT_RANDOM / (high + 1 - low)
            np.add.at(self.logw, i, np.log(chance))

    def _comments(self, w: int, now: int, told: np.ndarray) -> None:
        """Weigh by the grievance that a comment names: the cause, where it goes deep enough."""
        voices = self.tables["voices"].get(w)
        if voices is None or not (voices["said"] >= 0).any():
            return
        rows = voices[voices["said"] >= 0]
        i = rows["account"].to_numpy() - self.rows.start
        felt = np.where(self._at("level")[i] > 0.3, self._at("cause")[i], fig.NONE)
        np.add.at(self.logw, i, np.where(felt == rows["said"].to_numpy()[:, None], 0.0, NEVER_SO))

    def _worry(self, w: int, now: int, told: np.ndarray) -> None:
        """Weigh by who is on the managers' lists: people talk, so that they feel a mood that no table has."""
        listed = self.facts.listed[self.rows, w][:, None]
        felt = (self.facts.worry[self.rows, w][:, None] + fig.GRAPEVINE * self._at("unhappy")) / fig.WORRY_NOISE
        self.logw += np.where(listed < 0, 0.0, log_ndtr(np.where(listed > 0, felt, -felt)))

    def weights(self) -> np.ndarray:
        w = np.exp(self.logw - self.logw.max(axis=1, keepdims=True))
        return w / w.sum(axis=1, keepdims=True)

    def _redraw(self) -> None:
        """Redraw the particles of accounts where few carry the weight; traits move a little, their spread stays."""
        weights = self.weights()
        at = np.flatnonzero(1.0 / (weights**2).sum(axis=1) < self.P / 2)
        if not len(at):
            return
        index = picked(weights[at], self.P, self.random)
        for name in TRAITS:
            z = self.z[name]
            mean = (weights[at] * z[at]).sum(axis=1, keepdims=True)
            spread = np.sqrt((weights[at] * (z[at] - mean) ** 2).sum(axis=1, keepdims=True))
            drawn = mean + np.sqrt(1 - KERNEL**2) * (np.take_along_axis(z[at], index, axis=1) - mean)
            z[at] = drawn + KERNEL * spread * self.random.standard_normal(drawn.shape)
        for name in MOVING:
            values = self._at(name)
            values[at] = np.take_along_axis(values[at], index, axis=1)
        self.due[at] = np.take_along_axis(self.due[at], index, axis=1)
        self.logw[at] = 0.0
        self._traits()

    def ahead(self, seed: int) -> dict[str, np.ndarray]:
        """Live the horizon from the end of the record on, as the truth does; give what is to be expected."""
        weights, horizon = self.weights(), Span.of("90d")
        index = picked(weights, DRAWS, self.random) + np.arange(self.n)[:, None] * self.P
        state = self.state.rows(index.ravel())
        dice = Dice(seed, f"ideal {self.rows.start}")
        lucks = [Luck.draw(dice, len(state)) for _ in range(-(-horizon.micros // WEEK))]
        leaves = [
            1.0 - _stay(state.copy(), LAST, horizon, lucks, role).reshape(self.n, DRAWS).mean(axis=1)
            for role in (None, *range(len(ROLES)))
        ]
        cause = [(weights * (self._at("cause") == c)).sum(axis=1) for c in range(len(fig.CAUSES))]
        found = {"p0": leaves[0]} | {role: leaves[0] - leaves[1 + r] for r, role in enumerate(ROLES)}
        return found | {f"cause_{name}": p for name, p in zip(fig.CAUSES, cause, strict=True)}


def picked(weights: np.ndarray, draws: int, random: np.random.Generator) -> np.ndarray:
    """Draw positions systematically, [n, draws]."""
    places = (np.arange(draws) + random.random((len(weights), 1))) / draws
    edges = np.cumsum(weights, axis=1)
    edges /= edges[:, -1:]
    return np.stack([np.searchsorted(e, p, side="left") for e, p in zip(edges, places, strict=True)])


def observe(
    tables: dict[str, pd.DataFrame], ids: np.ndarray, *, particles: int, seed: int = 0, without: set[str] = frozenset()
) -> pd.DataFrame:
    """Tell what is to be expected of accounts under contract: p0, the effect of every role, P(cause); by account."""
    others = tables["accounts"]["account_id"].astype(str)
    facts = Facts(tables, np.concatenate([ids, others[~others.isin(ids)]]))
    step = max(1, 32_000 // particles)
    parts = []
    for low in range(0, len(ids), step):
        cloud = Cloud(facts, slice(low, min(low + step, len(ids))), particles, seed, without)
        cloud.live()
        parts.append(pd.DataFrame(cloud.ahead(seed)))
    return pd.concat(parts, ignore_index=True).set_index(pd.Index(ids))


def one_book(seed: int, accounts: int, given: argparse.Namespace) -> dict[str, float]:
    """Value the ideal observer's lists of one book, by the tenth and by the managers' hours."""
    made = generate(accounts, seed=seed)
    history = ck.History(**made.tables)
    cutoffs = ck.monthly_cutoffs("2025-10" if given.quick else "2024-09", "2026-02")
    model = ck.ChurnModel.fit(ck.Recipe(churn=ck.Cancelled(horizon="90d")), history, cutoffs)
    scores = model.score(history, contact.AT)
    started = time.perf_counter()
    ids = scores.frame["account_id"].astype(str).to_numpy(dtype=object)
    ideal = observe(made.tables, ids, particles=given.particles, seed=seed, without=set(given.without))
    found: dict[str, float] = {"seconds": time.perf_counter() - started}
    outlook = made.truth.outlook(contact.AT, paths=16 if given.quick else 64)
    rival = contact.rival_risk(model, history, cutoffs, scores)
    for limit, capacity in (("tenth", len(scores) // 10), ("hours", None)):
        plan = ck.plan_contacts(scores, None, history, policy=ck.ByNetSaving(value=contact.VALUE), capacity=capacity)
        plans = {"ours": Listed(plan, best(plan, ideal, capacity)), "plain": plan}
        kept = contact.valued(plans, outlook, rival, history, capacity=capacity)
        names = {"regret_ratio": "ideal", "informed": "informed", "dogs": "dogs", "dogs_of_risk": "dogs_of_risk"}
        found |= {f"{name}_{limit}": kept[label] for label, name in names.items()}
    truth = outlook.set_index(outlook["account_id"].astype(str))
    truth = truth.loc[truth.index.intersection(ideal.index)]
    told = ideal.loc[truth.index]
    found["r2_p0"] = 1.0 - float(((told["p0"] - truth["p0"]) ** 2).sum() / truth["p0"].var(ddof=0) / len(truth))
    cause = told[[f"cause_{c}" for c in fig.CAUSES]].to_numpy()
    at = pd.Index(fig.CAUSES).get_indexer(truth["cause"])
    found["cause_log_loss"] = -float(np.log(np.maximum(cause[np.arange(len(at)), at], 1e-4)).mean())
    return found


class Listed:
    """A plan with another list."""

    def __init__(self, plan: ck.ContactPlan, contacts: pd.DataFrame) -> None:
        self._plan, self.contacts = plan, contacts

    def __getattr__(self, name: str) -> object:
        return getattr(self._plan, name)

    def __len__(self) -> int:
        return len(self._plan)


def best(plan: ck.ContactPlan, ideal: pd.DataFrame, capacity: int | None) -> pd.DataFrame:
    """List those eligible by what a call is expected to save, by the minute where hours count, while it saves."""
    shown = plan.frame.set_index(plan.frame["account_id"].astype(str))
    shown = shown.loc[shown.index.intersection(plan.decisions["account_id"].astype(str))]
    value = np.nan_to_num(shown["value_at_stake"].to_numpy(dtype=float))[:, None]
    size = np.where(shown["size"] == "large", plan.rules.size_factors.large, 1.0)[:, None]
    minutes = np.array([getattr(plan.rules.minutes, r) for r in ROLES]) * size
    effect = ideal.reindex(shown.index)[list(ROLES)].fillna(0).to_numpy()
    worth = contact.REACHED * effect * value - minutes / 60 * plan.rules.hourly_cost
    hat = (worth / minutes if capacity is None else worth).argmax(axis=1)
    worth, minutes = (np.take_along_axis(x, hat[:, None], axis=1)[:, 0] for x in (worth, minutes))
    case = SimpleNamespace(k=capacity, hours=float(plan.managers["hours"].sum()))
    at = contact.cut(case, worth, minutes if capacity is None else None, dense=True)
    at = at[worth[at] > 0]
    return pd.DataFrame({"account_id": shown.index[at], "role": [ROLES[r] for r in hat[at]]})


def summary(rows: pd.DataFrame) -> dict[str, float]:
    mean = rows.mean()
    found = {}
    for limit in ("tenth", "hours"):
        found[f"ideal_{limit}"], found[f"informed_{limit}"] = mean[f"ideal_{limit}"], mean[f"informed_{limit}"]
        found[f"share_of_informed_ideal_{limit}"] = mean[f"ideal_{limit}"] / mean[f"informed_{limit}"]
        found[f"dogs_over_risk_ideal_{limit}"] = mean[f"dogs_{limit}"] / mean[f"dogs_of_risk_{limit}"]
    found |= {name: mean[name] for name in ("r2_p0", "cause_log_loss", "seconds")}
    return {name: round(float(value), 3) for name, value in found.items()} | {"books": len(rows)}


def read_arguments() -> argparse.Namespace:
    asked = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    asked.add_argument("--quick", action="store_true", help="two seeds, a fifth of the particles, fewer snapshots")
    asked.add_argument("--books", type=int, nargs="*", default=[500], help="sizes of the books")
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--first", type=int, default=8001)
    asked.add_argument("--particles", type=int, default=1000)
    asked.add_argument("--without", nargs="*", choices=CHANNELS, default=[], help="channels that are not looked at")
    given = asked.parse_args()
    if given.quick:
        given.seeds, given.particles = min(given.seeds, 2), given.particles // 5
    return given


def main() -> None:
    given = read_arguments()
    warnings.simplefilter("ignore")
    found = {}
    for accounts in given.books:
        rows = []
        for seed in range(given.first, given.first + given.seeds):
            rows.append(one_book(seed, accounts, given))
            print(f"{accounts} accounts, seed {seed}", file=sys.stderr, flush=True)
        table = pd.DataFrame(rows, index=range(given.first, given.first + given.seeds))
        print(table.round(3).to_string())
        found[f"{accounts} accounts"] = summary(table)
    for name, figures in found.items():
        print(name)
        for key, figure in figures.items():
            print(f"  {key:32s} {figure}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
