"""English: every text that reasons are made of. Another language is one more file like this one.

In braces stands what is filled in. ``{peers}`` and ``{time}`` bring their own leading space, or are empty.
"""

from __future__ import annotations

TEXT = {
    # a quantity that moves, over a window that the comparison spans exactly, or since an earlier day
    "fell": "{what} fell from {earlier} to {now}{time}{beside}.",
    "rose": "{what} rose from {earlier} to {now}{time}{beside}.",
    "fell since": "{what} fell from {earlier} to {now} since {since}{beside}.",
    "rose since": "{what} rose from {earlier} to {now} since {since}{beside}.",
    "fell to": "{what}{time}: {now}, down from {earlier} on {since}{beside}.",
    "rose to": "{what}{time}: {now}, up from {earlier} on {since}{beside}.",
    "same": "{what}{time} stayed at {now}{beside}.",
    "same so far": "{what}{time}: still {now}{beside}.",
    "now": "{what}{time}: {now}{beside}.",
    "unknown": "{what}{time}: not known.",
    "none known": "No {fact} on record{time}.",
    "too few": "Too few {facts}{time} {need}.",
    # a sum of values that have no name of their own
    "adds up": "{facts}{time} add up to {now}{beside}.",
    "adds up as": "{facts}{time} add up to {now}, as on {since}{beside}.",
    "adds up less": "{facts}{time} add up to {now}, down from {earlier} on {since}{beside}.",
    "adds up more": "{facts}{time} add up to {now}, up from {earlier} on {since}{beside}.",
    # counts
    "some": "{now} {facts}{time}{beside}.",
    "fewer": "{now} {facts}{time}, down from {earlier} on {since}{beside}.",
    "more": "{now} {facts}{time}, up from {earlier} on {since}{beside}.",
    "none": "No {facts}{time}{beside}.",
    "none any more": "No {facts}{time}, down from {earlier} before{beside}.",
    "none any more since": "No {facts}{time}, down from {earlier} on {since}{beside}.",
    # silence
    "no fact for": "No {fact} for {now}{beside}.",
    "last fact": "Last {fact} {now} ago{beside}.",
    "last fact today": "Last {fact} less than a day ago{beside}.",
    "main user": "Most active user{time}: last {fact} {now} ago{beside}.",
    "main user today": "Most active user{time}: last {fact} less than a day ago{beside}.",
    # the last value
    "last value": "{what} was {now}{beside}.",
    "last value aged": "{what} was {now}, {age} ago{beside}.",
    "is": "{what} is {now}{beside}.",
    "switched": "{what} is {now}, and was {earlier} on {since}{beside}.",
    # a date ahead
    "in": "{ahead} in {now}.",
    "in less than a day": "{ahead} within a day.",
    "over": "{past} {now} ago.",
    "days until": "The {value} is {now} ahead.",
    "days past": "The {value} was {now} ago.",
    # variation and trend
    "varied": "{what}{time} varied by {now} around the average{beside}.",
    "fell a month": "{what} fell by {now} a month{time}{beside}.",
    "rose a month": "{what} rose by {now} a month{time}{beside}.",
    "held": "{what} held level{time}{beside}.",
    # one quantity beside another
    "to average.one": "{what}{time} is {now} its {span} average{beside}.",
    "to average.other": "{what}{time} are {now} their {span} average{beside}.",
    "to average then.one": "{what}{time} is {now} its average{then}{beside}.",
    "to average then.other": "{what}{time} are {now} their average{then}{beside}.",
    "to before.one": "{what}{time} is {now} that in the {span} before{beside}.",
    "to before.other": "{what}{time} are {now} those in the {span} before{beside}.",
    "to that.one": "{what}{time} is {now} that{then}{beside}.",
    "to that.other": "{what}{time} are {now} those{then}{beside}.",
    "to ago.one": "{what} is {now} what it was {span} ago{beside}.",
    "to ago.other": "{what} are {now} what they were {span} ago{beside}.",
    "to.one": "{what}{time} is {now} the {other}{beside}.",
    "to.other": "{what}{time} are {now} the {other}{beside}.",
    "of that.one": "{what}{time} is {now} of that{then}{beside}.",
    "of that.other": "{what}{time} are {now} of those{then}{beside}.",
    "of.one": "{what}{time} is {now} of the {other}{beside}.",
    "of.other": "{what}{time} are {now} of the {other}{beside}.",
    "per": "{what} per {each}",
    "to average.other none": "No {what}{time}, below their {span} average{beside}.",
    "to average then.other none": "No {what}{time}, below their average{then}{beside}.",
    "to before.other none": "No {what}{time}, fewer than in the {span} before{beside}.",
    "to that.other none": "No {what}{time}, fewer than those{then}{beside}.",
    "of that.other none": "No {what}{time}, out of those{then}{beside}.",
    "share of none": "No {facts}{time} had {where}{beside}.",
    "share of label none": "No {facts}{time} were {where}{beside}.",
    "answered none": "No {others}{time} were answered{beside}.",
    "part none": "No {facts} among {others}{time}{beside}.",
    "part of all none": "No {facts} in all activity{time}{beside}.",
    "share of": "{now} of {facts}{time} had {where}{beside}.",
    "share of label": "{now} of {facts}{time} were {where}{beside}.",
    "answered": "{now} of {others}{time} were answered{beside}.",
    "part": "{facts} made up {now} of {others}{time}{beside}.",
    "part of all": "{facts} made up {now} of all activity{time}{beside}.",
    "none to compare": "No {facts}{time} to compare with.",
    "silence": "The silence since the last {fact} is {now} times the average time between {facts}{beside}.",
    "usual silence": "No {fact} for {age}, which is usual for this account.",
    "longer silence": "No {fact} for {age}, longer than usual for this account.",
    "far longer silence": "No {fact} for {age}, far longer than usual for this account.",
    "shorter silence": "Last {fact} {age} ago, sooner than usual for this account.",
    "usual silence unaged": "The silence since the last {fact} is usual for this account.",
    "longer silence unaged": "The silence since the last {fact} is longer than usual for this account.",
    "far longer silence unaged": "The silence since the last {fact} is far longer than usual for this account.",
    "shorter silence unaged": "The last {fact} came sooner than usual for this account.",
    "up": "{what}{time} rose by {now} against the {span} before{beside}.",
    "down": "{what}{time} fell by {now} against the {span} before{beside}.",
    "as before": "{what}{time}: as in the {span} before{beside}.",
    "up within": "{what} rose by {now} within {span}{beside}.",
    "down within": "{what} fell by {now} within {span}{beside}.",
    "as before within": "{what} is as it was {span} ago{beside}.",
    "up apart": "{what} rose by {now} against {span} earlier{beside}.",
    "down apart": "{what} fell by {now} against {span} earlier{beside}.",
    "as before apart": "{what}: as {span} earlier{beside}.",
    "above.one": "{what} is {now} above {other}{beside}.",
    "above.other": "{what} are {now} more than {other}{beside}.",
    "below.one": "{what} is {now} below {other}{beside}.",
    "below.other": "{what} are {now} fewer than {other}{beside}.",
    "level.one": "{what} is level with {other}{beside}.",
    "level.other": "{what} are as many as {other}{beside}.",
    "yes": "{what}: yes{beside}.",
    "no": "{what}: no{beside}.",
    # beside the book
    "rank of silence": "The last {fact} is longer ago than for {now} of {whom}{beside}.",
    "rank": "{what}{time}: higher than for {now} of {whom}{beside}.",
    "above average": "{what}{time}: {now} above the average of all accounts{beside}.",
    "below average": "{what}{time}: {now} below the average of all accounts{beside}.",
    "at average": "{what}{time}: at the average of all accounts{beside}.",
    "above usual": "{what}{time}: {now} above what is usual for all accounts{beside}.",
    "below usual": "{what}{time}: {now} below what is usual for all accounts{beside}.",
    "at large": "all accounts",
    "within": "accounts with the same {attribute}",
    # the account itself
    "attribute": "{what}: {now}.",
    "no attribute": "{what} of this account: not on record.",
    "rare attribute": "{what} of this account: a rare one, or not on record.",
    "customer for": "Customer for {now}{beside}.",
    "customer since today": "Customer for less than a day{beside}.",
    # what stands in brackets at the end
    "peers": "peers: {now}",
    "before": "before: {now}",
    "usual gap": "usual gap: {now}",
    "plus": "+{now}",
    "minus": "−{now}",
    "times over": "{now} times",
    "none of": "zero, below",
    "percent above": "{now} above",
    "percent below": "{now} below",
    "level with": "level with",
    "times over beside": "{now} times",
    "none of beside": "none",
    "percent above beside": "{now} above",
    "percent below beside": "{now} below",
    "level with beside": "level",
    "was": "yes",
    "was not": "no",
    "on": "on",
    "off": "off",
    # a move of the score: its headline, and what each part of it is called
    "change up": "Up {points} since {since}, from {before} to {now}{parts}.",
    "change down": "Down {points} since {since}, from {before} to {now}{parts}.",
    "change none": "Unchanged at {now} since {since}{parts}.",
    "change parts": ": {parts}",
    "change part": "{points} from {what}",
    "points.one": "{now} point",
    "points.other": "{now} points",
    "last weekday": "last {weekday}",
    "new facts": "{now} {facts}",
    "new facts as before": "{now} {facts} (as before)",
    "new facts up": "{now} {facts} (up from {earlier})",
    "new facts down": "{now} {facts} (down from {earlier})",
    "no new facts": "no {facts} (down from {earlier})",
    "time since": "time without {facts}",
    "late facts": "{facts} known late",
    "value up": "{what} rising from {earlier} to {now}",
    "value down": "{what} falling from {earlier} to {now}",
    "value as before": "{what} unchanged at {now}",
    "value unknown": "{what} not on record",
    "nearing": "the {value} nearing",
    "time as a customer": "time as a customer",
    "peers moved": "moves of peers",
    "new model": "the new model",
    "new calibration": "the new calibration",
    "all else": "all else",
    # when
    "in the last": " in the last {span}",
    "between": " between {start} and {end} days ago",
    "until": " until {span} ago",
    "so far": " so far",
    "over all time": " over all time",
    # quantities
    "count": "{facts}",
    "total": "total {values}",
    "mean": "average {value}",
    "minimum": "lowest {value}",
    "maximum": "highest {value}",
    "minimum long": "shortest {value}",
    "maximum long": "longest {value}",
    "std": "{value}",
    "slope": "{value}",
    "latest": "{last}",
    "earliest": "{first}",
    "days_since": "days since the last {fact}",
    "days_until": "days until the {value}",
    "active_days": "days with {facts}",
    "actors": "users with {facts}",
    "days_since_main_user": "days since the last {fact} of the most active user",
    "gap_mean": "average time between {facts}",
    "gap_std": "the time between {facts}",
    "tenure": "days as a customer",
    "bigger": "the size of {what}",
    "change": "change of {what}{time}",
    "compared": "{what}{time} against those{then}",
    "percentage points": "{now} percentage points",
    "each count": "{fact}",
    "each active_days": "day with {facts}",
    "each active_days of any": "active day",
    "each actors": "user with {facts}",
    "each actors of any": "active user",
    "choice": "{what}, or else {other}",
    "an average gap": "for a usual rhythm",
    "a spread": "to tell how much they vary",
    "a trend": "for a trend",
    "+": "{what} plus {other}",
    "-": "{what} less {other}",
    "*": "{what} times {other}",
    "/": "{what} per {other}",
    "<": "{what} below {other}",
    "<=": "{what} at most {other}",
    ">": "{what} above {other}",
    ">=": "{what} at least {other}",
    "==": "{what} equal to {other}",
    "!=": "{what} other than {other}",
    # conditions on facts: alone, and behind the facts or the share that they are about
    "value <": "{value} below {limit}",
    "value <=": "{value} {limit} or less",
    "value >": "{value} above {limit}",
    "value >=": "{value} {limit} or more",
    "value ==": "{value} {limit}",
    "value !=": "{value} other than {limit}",
    "label ==": "marked {labels}",
    "label !=": "not marked {labels}",
    "and": "{one} and {two}",
    "or": "{one} or {two}",
    "not": "not {one}",
    "facts where": "{facts} ({where})",
    "facts where label": "{facts} {where}",
    "labelled": "{labels} {facts}",
    "share": "share of {facts} with {where}",
    "share label": "share of {facts} {where}",
    # nouns for what has no name of its own
    "answer": "{metric} answer",
    "survey": "{metric} survey sent",
    "value": "value per {fact}",
    "values": "value of {facts}",
    "last": "value of the last {fact}",
    "first": "value of the first {fact}",
    "last answer": "last {value}",
    "first answer": "first {value}",
    "bare value": "value",
    "any": "activity",
    "any of": "event of {count} kinds",
    "active_days of any": "active days",
    "actors of any": "active users",
    "day": "d MMMM y",
    "quoted": "“{label}”",
    "chance over": "over {now}",
    "chance under": "under {now}",
}
"""Sentences and their parts."""

SIGNALS = {
    "opened": "account opened",
    "ticket_opened": "ticket opened",
    "ticket_resolved": "ticket resolved",
    "ticket_reopened": "ticket reopened",
    "subscription_started": "subscription started",
    "subscription_ended": "subscription ended",
    "notice_given": "notice of cancellation",
    "mrr": "change of monthly revenue",
    "seats": "change of seats",
    "renewal_due": "contract term started",
    "term_months": "change of contract length",
    "auto_renew": "change of automatic renewal",
    "plan": "change of plan",
    "contacted": "contact from us",
    "payment_failed": "failed payment",
    "invoice_overdue": "overdue invoice",
    "invoice_paid": "paid invoice",
    "champion_left": "departure of a champion",
}
"""What one fact of a signal is called, where its name does not say it well."""

VALUES = {
    "ticket_opened": (
        "ticket severity",
        "ticket severity",
        "severity of the last ticket",
        "severity of the first ticket",
    ),
    "ticket_resolved": (
        "time to resolve a ticket",
        "time to resolve tickets",
        "time to resolve the last ticket",
        "time to resolve the first ticket",
    ),
    "subscription_started": (
        "monthly revenue of a new subscription",
        "monthly revenue of new subscriptions",
        "monthly revenue of the last subscription",
        "monthly revenue of the first subscription",
    ),
    "mrr": ("monthly revenue", "monthly revenue", "monthly revenue", "first monthly revenue"),
    "seats": ("number of seats", "number of seats", "number of seats", "first number of seats"),
    "renewal_due": ("renewal date", "renewal dates", "renewal date", "first renewal date"),
    "term_months": ("contract length", "contract length", "contract length", "first contract length"),
    "auto_renew": ("automatic renewal", "automatic renewal", "automatic renewal", "automatic renewal at first"),
    "contacted": (
        "length of a contact",
        "time in contact",
        "length of the last contact",
        "length of the first contact",
    ),
    "payment_failed": (
        "amount of a failed payment",
        "amount of failed payments",
        "amount of the last failed payment",
        "amount of the first failed payment",
    ),
    "invoice_overdue": (
        "amount of an overdue invoice",
        "amount of overdue invoices",
        "amount of the last overdue invoice",
        "amount of the first overdue invoice",
    ),
}
"""What the value of one fact, of several, of the last and of the first is called."""

SEVERITY = {"ticket_opened": "severity", "nps": "NPS", "csat": "CSAT", "ces": "CES"}
"""What a value is called in a condition on it."""

UNITS = {"hours": "hour", "minutes": "minute", "months": "month"}
"""Units of values that are lengths of time."""

EACH = {"seats": "seat", "term_months": "month of contract"}
"""What one unit of a standing value is called."""

AHEAD = {"renewal_due": ("the contract renews", "the contract was due for renewal")}
"""What happens at a date ahead, and what to say once it is past."""

SWITCHES = ("auto_renew",)
"""Signals whose value is on (1) or off (0)."""

STANDING = ("mrr", "seats", "term_months", "auto_renew", "renewal_due")
"""Signals whose last value is how things stand, not an event of the past."""

RARE = (*STANDING, "plan", "opened", "subscription_started", "subscription_ended", "notice_given")
"""Signals of which nobody says "none for 180 days": they are not meant to come often."""

_UNCOUNTED = frozenset(
    {"usage", "traffic", "feedback", "support", "news", "information", "training", "series", "sales"}
)
_HEADS = frozenset({"of", "from", "with", "by", "to", "in", "on", "for"})
_DONE = frozenset(
    {"sent", "left", "done", "made", "paid", "read", "run", "built", "set", "lost", "won", "seen", "begun"}
)
_ODD = {"person": "people", "child": "children", "man": "men", "woman": "women"}


def rival(what: str, other: str) -> str:
    """Name what a quantity is held against: "the average NPS so far", or "in the last 84 days" where it is itself."""
    head, when, span = other.partition(" in the last ")
    return when.lstrip() + span if when and what.startswith(head + when) else f"the {other}"


def several(phrase: str) -> bool:
    """Whether a phrase is plural by its first noun: ``kinds of activity``."""
    words = phrase.split(" ")
    head = next((i for i, word in enumerate(words) if word in _HEADS and i), len(words)) - 1
    return words[head].endswith("s") and not words[head].endswith("ss") and not words[head].isupper()


def adjective(count: int, unit: str) -> str:
    """Give a span in front of a noun: ``90-day``."""
    return f"{count}-{unit}"


def plural(noun: str) -> str:
    """Give the plural of a noun phrase: ``tickets opened``, ``changes of plan``, ``failed payments``."""
    words = noun.split(" ")
    head = next((i for i, word in enumerate(words) if word in _HEADS and i), len(words)) - 1
    while head and (words[head] in _DONE or (words[head].endswith("ed") and len(words[head]) > 4)):
        head -= 1
    return " ".join([*words[:head], _plural(words[head]), *words[head + 1 :]])


def _plural(word: str) -> str:
    low = word.lower()
    if low in _UNCOUNTED or not word.isascii() or not word[-1].isalpha():
        return word
    if low in _ODD:
        return _ODD[low]
    if low.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if low.endswith("y") and low[-2:-1] not in {"a", "e", "i", "o", "u", ""}:
        return word[:-1] + "ies"
    return word + "s"
