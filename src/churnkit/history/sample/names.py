"""Names, plainly made up: no such companies, no such people."""

from __future__ import annotations


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_STEMS = _split(
    "Alder Amber Ash Barrow Birch Bramble Brindle Cinder Clover Copper Crane Dapple Elder Ember Fallow Fennel "
    "Fern Finch Flint Gable Garnet Gorse Hallow Hazel Heron Holly Juniper Kestrel Larch Linden Lantern "
    "Lark Mallow Marl Meadow Merlin Moss Nettle Oriole Osprey Pebble Quill Rowan Sable Sorrel Tansy Thistle Umber "
    "Willow Wren"
)
_ENDINGS = _split(
    "acre bank beck borough bourne bridge brook burn combe cote croft dale fell field ford gate grove ham haven "
    "holt hurst ley mead mere mill moor mouth ridge shaw shore side stead stone stow thorpe vale wick wold worth yard"
)
_TAILS = {
    "logistics": ("Logistics", "Freight", "Haulage", "Storage"),
    "manufacturing": ("Works", "Castings", "Tooling", "Machines"),
    "retail": ("Stores", "Outfitters", "Trading", "Market"),
    "health": ("Clinics", "Dental", "Care", "Optics"),
    "education": ("Academy", "Learning", "Courses", "Schools"),
    "construction": ("Builders", "Roofing", "Joinery", "Civil"),
    "finance": ("Ledger", "Accounts", "Leasing", "Brokers"),
    "agency": ("Studio", "Media", "Partners", "Design"),
}
_FIRST = _split(
    "Ada Bela Cora Dario Edda Faro Gesa Hanno Ilka Jorin Kaja Levin Mirte Nael Odile Pelle Quirin Rika Sanna Tjark "
    "Ulla Veit Wanda Yorick Zora"
)
_LAST = _split(
    "Abendrot Bellweather Corncrake Dunnock Eichhain Fairweather Grauwacke Hollowell Immergrün Jackdaw Kieselbach "
    "Lindqvale Moorhen Nightjar Ottersund Plumtree Quarrington Redshank Silverdale Turnstone Underhill Vantongeren "
    "Whimbrel Yellowhammer"
)
_STRIDE = 1_117  # shares no factor with the number of pairs, so that every pair comes before one comes again


def account_name(number: int, industry: str) -> str:
    """Name the account of this number: each name once."""
    pairs = len(_STEMS) * len(_ENDINGS)
    pair, again = (number * _STRIDE) % pairs, number // pairs
    tails = _TAILS[industry]
    name = f"{_STEMS[pair % len(_STEMS)]}{_ENDINGS[pair // len(_STEMS)]} {tails[again % len(tails)]}"
    return name if again < len(tails) else f"{name} {again // len(tails) + 1}"


def person_name(number: int) -> str:
    """Name the manager of this number: each name once, up to six hundred."""
    return f"{_FIRST[number % len(_FIRST)]} {_LAST[(number * 7 + number // len(_FIRST)) % len(_LAST)]}"


SUBJECTS = {
    "how-to": (
        "How do I share a report?",
        "Where are the templates?",
        "How to add a second site?",
        "Training for new colleagues",
    ),
    "bug": (
        "Entries disappear after saving",
        "Report shows the wrong totals",
        "Page does not load",
        "Export is empty",
    ),
    "access": (
        "Who is our administrator now?",
        "Cannot log in",
        "Please transfer ownership",
    ),
    "billing": (
        "Question about the new price",
        "Invoice address",
        "Why are we billed for unused seats?",
    ),
    "integration": (
        "Sync stops over night",
        "Accounting import fails",
        "Key expired",
    ),
}
"""Subjects of cases, by category."""

COMMENTS = {
    "none": (
        "Does what we need.",
        "Works well for the team.",
        "Happy so far, more templates would be nice.",
        "Reports save us half a day a week.",
    ),
    "incidents": (
        "Too many outages lately.",
        "It was down again in the middle of our month end.",
        "We lost entries after the last incident.",
        "Unreliable since the spring.",
    ),
    "champion": (
        "The colleague who set this up has left.",
        "I have taken this over and do not know why we have it.",
        "Nobody here knows it well any more.",
    ),
    "price": (
        "The new price is hard to justify.",
        "Good tool, but we are comparing offers now.",
        "Paying more for the same thing.",
    ),
    "support": (
        "Waited a week for an answer.",
        "Our case was closed without being solved.",
        "Support reads from a script.",
    ),
    "adoption": (
        "We never got round to rolling it out.",
        "Only two of us use it.",
        "Too complicated for the people on site.",
    ),
}
"""What people write beside a score, by what troubles them."""
