"""Particles: hidden states that an account of the made-up company may be in, weighed by what its tables tell.

Used by ``ideal``, which says how. The weeks are lived with the generator's own functions.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from ideal_facts import BEGIN, LAST, SEEN_FROM, STARTS, WEEKS, Facts
from scipy.special import expit, log_ndtr, ndtr, xlog1py, xlogy

from churnkit.history.sample import figures as fig
from churnkit.history.sample import trouble
from churnkit.history.sample.company import WEEK
from churnkit.history.sample.contracts import turn_year
from churnkit.history.sample.dice import Dice
from churnkit.history.sample.state import Luck, State
from churnkit.history.sample.truth import _stay
from churnkit.history.sample.usage import season
from churnkit.tables import ROLES
from churnkit.timeline import DAY, Span

METRICS = {"nps": (8.4, -5.4, 1.0, 0.0, 1.2, 0, 10), "csat": (4.4, -1.3, 0.25, -0.3, 0.75, 1, 5)}
METRICS["ces"] = (5.6, -2.2, 0.4, 0.0, 1.0, 1, 7)
"""By metric: mean when content, fall at mood 1, weight of the own leaning and of a slow solution, spread, range."""
ASKING, NEVER_SO = 0.3, -12.0
"""Share of those told of a rise who write in about it; log of what is as good as impossible."""
BOOST, KERNEL, DRAWS = 8.0, 0.3, 256
"""How much more often troubles are drawn; width of the kernel of the traits; futures lived for each account."""
TRAITS = ("offset", "openness", "touchy", "prone", "bias", "reply", "rhythm")
MOVING = ("increase", "cause", "depth", "level", "healing", "unhappy", "engagement", "dormant", "champion_gone")
MOVING += ("warmth", "helped", "stays_if_called")
UNUSED = ("leaves", "when", "fails", "recovers")
"""Luck whose outcome is in the tables."""
CHANNELS = ("survival", "seats", "usage", "exports", "names", "silence", "scores", "comments", "cases", "worry")


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
        self.w, self.now, self.told = 0, BEGIN, np.zeros((self.n, particles), dtype=bool)
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
        self.w, self.now, self.told = w, now, told.reshape(self.n, self.P)
        self._weigh()
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

    def _weigh(self) -> None:
        ways = {"survival": self._survival, "seats": self._seats, "silence": self._silence}
        ways |= {"scores": self._scores, "comments": self._comments, "worry": self._worry}
        if self.w >= SEEN_FROM:
            ways |= {"usage": self._usage, "exports": self._exports, "cases": self._cases}
        for name, weigh in ways.items():
            if name not in self.without:
                weigh()

    def _at(self, name: str) -> np.ndarray:
        values = getattr(self.state, name, None)
        return (getattr(self, name) if values is None else values).reshape(self.n, self.P)

    def _survival(self) -> None:
        state, leaves = self.state, self.facts.leaves[self.rows, self.w][:, None]
        intensity = trouble.notice_intensity(state, self.now).reshape(self.n, self.P)
        self.logw += np.where(leaves, np.log(-np.expm1(-np.maximum(intensity, 1e-12))), -intensity)
        lapsing = trouble.lapsing(state, self.now)
        if lapsing.any():
            stays = np.where(lapsing, 1.0 - trouble.lapse_probability(state), 1.0).reshape(self.n, self.P)
            self.logw += np.where(leaves, 0.0, np.log(stays))

    def _seats(self) -> None:
        step = self.facts.resized[self.rows, self.w][:, None]
        quiet = self.facts.quiet[self.rows, self.w][:, None]
        grows = fig.SEATS_GROW * np.clip(1.0 - self._at("unhappy"), 0.1, 1.0) * self._at("engagement")
        shrinks = fig.SEATS_SHRINK + fig.SEATS_SHRINK_TROUBLED * np.minimum(self._at("level"), 1.2)
        shrinks = np.where(self.facts.seats[self.rows, self.w][:, None] > 1, shrinks, 0.0)
        chance = np.where(step > 0, grows, np.where(step < 0, shrinks, 1.0 - grows - shrinks))
        self.logw += np.where(quiet, np.log(np.maximum(chance, 1e-9)), 0.0)

    def _usage(self) -> None:
        """Weigh by how much is done, and by whom: the first user's work is missing where the champion is gone."""
        facts, rows = self.facts, self.rows
        count, keen, seats = (x[rows, self.w][:, None] for x in (facts.count, facts.keen, facts.seats))
        gone, first = self._at("champion_gone"), np.minimum(seats ** (-1.0 / fig.USER_SKEW), 1.0)
        mean = fig.EVENTS_PER_WEEK * seats**fig.SEATS_POWER * season(self.now) * np.exp(fig.WEEK_SPREAD**2 / 2)
        mean = mean * self._at("rhythm") * self._at("engagement") * np.where(gone, 1.0 - first, 1.0)
        shape = 1.0 / np.expm1(fig.WEEK_SPREAD**2)  # the week's own factor: a gamma law of the same spread
        found = xlogy(count, np.maximum(mean, 1e-6)) - (count + shape) * np.log(mean + shape)
        whose = xlogy(keen, first) + xlog1py(count - keen, -np.minimum(first, 1 - 1e-9))
        found += np.where(gone, np.where(keen > 0, 3 * NEVER_SO, 0.0), whose)
        self.logw += np.where(facts.whole[rows, self.w][:, None], found, 0.0)

    def _exports(self) -> None:
        count, exports = (x[self.rows, self.w][:, None] for x in (self.facts.count, self.facts.exports))
        weight = fig.EVENT_SHARES[fig.EVENTS.index("export")] * (1.0 + fig.EXPORTS_MORE * self._at("unhappy"))
        rest = sum(fig.EVENT_SHARES) - fig.EVENT_SHARES[fig.EVENTS.index("export")]
        self.logw += exports * np.log(weight) - count * np.log(rest + weight)

    def _cases(self) -> None:
        rows, cases = self.rows, self.tables["cases"].get(self.w)
        level, cause = self._at("level"), self._at("cause")
        mean = fig.TICKETS * np.sqrt(self.facts.seats[rows, self.w])[:, None] * self._at("prone")
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
        found += np.where(self.told, np.log(1.0 - ASKING + ASKING * asking), 0.0)
        self.logw += np.where(self.facts.whole[rows, self.w][:, None], found, 0.0)

    def _silence(self) -> None:
        """Weigh by who answers and who does not."""
        voices = self.tables["voices"].get(self.w)
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

    def _scores(self) -> None:
        voices = self.tables["voices"].get(self.w)
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

    def _comments(self) -> None:
        """Weigh by the grievance that a comment names: the cause, where it goes deep enough."""
        voices = self.tables["voices"].get(self.w)
        if voices is None or not (voices["said"] >= 0).any():
            return
        rows = voices[voices["said"] >= 0]
        i = rows["account"].to_numpy() - self.rows.start
        felt = np.where(self._at("level")[i] > 0.3, self._at("cause")[i], fig.NONE)
        np.add.at(self.logw, i, np.where(felt == rows["said"].to_numpy()[:, None], 0.0, NEVER_SO))

    def _worry(self) -> None:
        """Weigh by who is on the managers' lists: people talk, so that they feel a mood that no table has."""
        listed = self.facts.listed[self.rows, self.w][:, None]
        felt = (self.facts.worry[self.rows, self.w][:, None] + fig.GRAPEVINE * self._at("unhappy")) / fig.WORRY_NOISE
        self.logw += np.where(listed < 0, 0.0, log_ndtr(np.where(listed > 0, felt, -felt)))

    def weights(self) -> np.ndarray:
        """Give P(particle), [n, particles]."""
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
