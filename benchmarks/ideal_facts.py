"""What the tables of a made-up company tell of its accounts, week by week, to one who knows how they came about.

Used by ``ideal``. Only the exported tables are read, never the truth. What is known later (a successor's number, the
price paid after a renewal) stands at the weeks in which it was drawn.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr

from churnkit.history.contracts import add_months
from churnkit.history.sample import figures as fig
from churnkit.history.sample.company import MINUTE, WEEK
from churnkit.history.sample.names import COMMENTS
from churnkit.tables import ROLES
from churnkit.timeline import DAY, HOUR, NEVER, moment
from contact import AT

LAST, FIRST = moment(AT), moment("2024-06-01")
WEEKS = fig.WARM_UP_WEEKS - (FIRST - LAST) // WEEK
BEGIN = LAST - WEEKS * WEEK
STARTS = BEGIN + WEEK * np.arange(WEEKS)
SEEN_FROM = fig.WARM_UP_WEEKS + 1
"""The first week that lies wholly in the record."""
GRIEVANCE = {text: fig.CAUSES.index(cause) for cause, texts in COMMENTS.items() for text in texts}
TYPICAL = fig.GRAPEVINE * 0.15
"""What managers feel of an account of which nothing more is known."""


def micros(column: pd.Series) -> np.ndarray:
    """Give moments as whole microseconds UTC; empty ones as NEVER."""
    at = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    return np.where(np.isnat(at), NEVER, at.astype(np.int64))


def week_of(at: np.ndarray) -> np.ndarray:
    """Give the number of the week of a moment."""
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
        contracts = self._of(tables["subscriptions"])
        self._contracts(contracts)
        self._versions(contracts)
        self.whole = self.inside & (np.arange(WEEKS) >= SEEN_FROM)
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
        """Tell which weeks begin or pass under contract, with notice, and in which one begins or is given notice."""
        shape = (self.n, WEEKS)
        self.alive, self.notice, self.begins, self.leaves, self.inside = (np.zeros(shape, dtype=bool) for _ in range(5))
        returns, ends = np.zeros(shape, dtype=np.int64), STARTS + WEEK
        last = rows.drop_duplicates("subscription_id", keep="last")
        contracts = zip(*(micros(last[c]) for c in ("started_at", "ended_at", "cancelled_at")), strict=True)
        for i, (start, end, cancelled) in zip(last["n"], contracts, strict=True):
            runs = (start < ends) & (end >= STARTS)
            self.alive[i] |= runs
            self.inside[i] |= (start < STARTS) & (end >= ends)
            self.notice[i] |= runs & (cancelled < STARTS)
            self.leaves[i] |= runs & (cancelled >= STARTS) & (cancelled < ends)
            first = max(0, int(week_of(start)))
            self.begins[i, first] = True
            returns[i, first] = start if start != self.opened[i] else 0
        self._anniversaries(returns)

    def _versions(self, rows: pd.DataFrame) -> None:
        """Tell what is paid for as a week begins, when seats are added (1) or given back (-1), and how prices rose.

        ``rise``: luck of the rise at the next anniversary; NaN if that is yet to come.
        """
        rows = rows.assign(at=micros(rows["recorded_at"]), rate=rows["mrr"] / rows["seats"])
        rows = rows.sort_values(["n", "at"], kind="stable").reset_index(drop=True)
        one = rows.drop_duplicates("n").sort_values("n")
        self.annual, self.auto_renew = one["term_months"].to_numpy() == 12, one["auto_renew"].to_numpy(dtype=bool)
        self.seats = np.repeat(one["seats"].to_numpy(dtype=float)[:, None], WEEKS, axis=1)
        self.mrr, self.resized = np.zeros(self.seats.shape), np.zeros(self.seats.shape, dtype=np.int64)
        same = rows["subscription_id"] == rows["subscription_id"].shift()
        step = np.where(same, np.sign(rows["seats"].diff()), 0).astype(np.int64)
        for i, at, seats, mrr, more in zip(*(rows[c] for c in ("n", "at", "seats", "mrr")), step, strict=True):
            week = max(0, -int((BEGIN - at) // WEEK))
            self.seats[i, week:], self.mrr[i, week:] = seats, mrr
            if at >= BEGIN and more:
                self.resized[i, int(week_of(at))] = more
        self.quiet = self.inside & ~self.notice & (self.anniversary >= STARTS + WEEK)
        ratio = (rows["rate"] / rows["rate"].shift()).to_numpy()
        kind = np.abs(np.subtract.outer(ratio, 1 + np.array(fig.INCREASES))).argmin(axis=1)
        kinds = pd.Series(kind, pd.MultiIndex.from_frame(rows[["n", "at"]]))[same.to_numpy()]
        every = pd.MultiIndex.from_arrays([np.repeat(np.arange(self.n), WEEKS), self.anniversary.ravel()])
        kind = kinds[~kinds.index.duplicated()].reindex(every).fillna(0).to_numpy(dtype=np.int64)
        middle = np.cumsum(fig.INCREASE_SHARES) - np.array(fig.INCREASE_SHARES) / 2
        self.rise = np.where(self.anniversary < LAST, middle[kind].reshape(self.anniversary.shape), np.nan)

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
        n, week = rows["n"].to_numpy(), week_of(micros(rows["occurred_at"]))
        event = rows["event"].astype(str).to_numpy()
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
            low, high = np.where(many > fig.CALLS_PER_MANAGER, [took, high], [low, took])
        self.worry[n, week], self.listed[n, week] = seen[n, week] - took[group], rows["on_list"]
