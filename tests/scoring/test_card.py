"""The model card of a fit: what it was learnt from and of whom, what the folds measured, until when it holds."""

from __future__ import annotations

import json

import pytest

import churnkit as ck
from churnkit import features as f
from churnkit import report
from churnkit.errors import FewChurnEvents
from churnkit.scoring import ModelCard
from churnkit.timeline import moment


def test_it_counts_the_data(model, saas, saas_tables):
    told = {t.name: (t.read, t.used) for t in model.card.tables}
    assert told == {name: (len(frame), len(frame)) for name, frame in saas_tables.items()}
    ends = {t.name: t.until for t in model.card.tables}
    assert ends["activity"].startswith(saas_tables["activity"]["occurred_at"].max().strftime("%Y-%m-%d"))
    assert moment(model.card.record_until.replace(" UTC", "")) // 60_000_000 == saas.last_moment // 60_000_000


def test_it_says_who_and_what(model):
    card = model.card
    assert card.definition.startswith("the last contract is ended, or notice of it given (whichever comes first")
    assert card.definition.endswith(f"; within {model.horizon}")
    assert card.population == "accounts with a contract whose end or notice is not known at the cutoff"
    assert card.rung == model.blend.rung
    assert card.intended_use.startswith("Ranking clients")


@pytest.mark.parametrize(
    ("churn", "meaning", "population"),
    [
        (
            ck.Cancelled(voluntary_only=True),
            (
                "the last contract is ended, or notice of it given, by the client's own wish "
                "(whichever comes first; a new start within 7d is no leave)"
            ),
            "accounts with a contract whose end or notice is not known at the cutoff",
        ),
        (
            ck.NotRenewed(grace="14d"),
            "a term ends and none follows within 14d",
            "accounts with a contract whose end or notice is not known at the cutoff",
        ),
        (
            ck.WentQuiet(days=30, events=("login", "export")),
            "no login or export event for 30 days on end",
            (
                "accounts with a login or export event in the 30 days before the cutoff, or opened within them; "
                "not those whose last contract's end or notice is known then"
            ),
        ),
        (
            ck.WentQuiet(days=7),
            "no event for 7 days on end",
            (
                "accounts with an event in the 7 days before the cutoff, or opened within them; "
                "not those whose last contract's end or notice is known then"
            ),
        ),
        (
            ck.Shrunk(of="seats", share=0.25),
            "seats fall by at least 25 % and stay there for 30d",
            "accounts with seats above zero and, where there are contracts, one whose end or notice is not known then",
        ),
        (
            ck.Shrunk(of="usage", events=("login",), stay="14d"),
            "usage (login) falls by at least 30 % and stays there for 14d",
            (
                "accounts with usage in the 14d before the cutoff and, where there are contracts, one whose end or "
                "notice is not known then"
            ),
        ),
    ],
    ids=["cancelled", "not renewed", "quiet", "quiet, any event", "seats", "usage"],
)
def test_every_definition_has_words(churn, meaning, population):
    assert (churn.meaning, churn.population) == (meaning, population)


def test_the_folds_figures_are_beside_the_base_rates(model):
    card, told = model.card, model.blend.evidence
    assert card.chosen_log_loss == told.held_log_loss < card.chosen_base_log_loss
    assert 0.5 < card.chosen_auc < 1


def test_it_says_until_when_it_is_calibrated(model, saas):
    # The last of its cutoffs that is mature at the main horizon, and that horizon later.
    last = max(c for c in model.card.cutoffs_micros if c + model.horizon.micros <= model.card.labels_until_micros)
    assert moment(model.card.calibrated_cutoff.replace(" UTC", "")) == last
    assert moment(model.card.calibrated_until.replace(" UTC", "")) == last + model.horizon.micros
    assert any(model.card.calibrated_until in limit for limit in model.card.limits)
    assert model.card.labels_until_micros <= saas.last_moment


def test_it_survives_json(model):
    plain = json.loads(json.dumps(model.card.to_dict()))
    assert ModelCard.from_dict(plain) == model.card
    assert plain["tables"][0]["name"] == "accounts"


def test_an_older_card_is_still_read_and_shown(model):
    plain = model.card.to_dict()
    for name in ("population", "tables", "record_until", "chosen_log_loss", "chosen_auc", "calibrated_cutoff"):
        del plain[name]
    old = ck.ChurnModel(model.recipe, model.blend, model.groups, ModelCard.from_dict(plain), model.book, "m")
    assert "nothing was measured" in report.text(old, 120)


def test_its_section_shows_it(model):
    shown = " ".join(report.text(model, 120).split())
    card = model.card
    assert "activity " in shown
    assert "who can leave accounts with a contract" in shown
    assert f"log loss {card.chosen_log_loss:.4f} (base rate {card.chosen_base_log_loss:.4f})" in shown
    assert f"AUC {card.chosen_auc:.3f} (base rate 0.5)" in shown
    assert "chosen by these figures, so they flatter" in shown
    assert card.calibrated_cutoff == "2025-04-01"
    assert "answers to cutoffs until 1 April 2025" in shown
    assert card.limits[0] in shown
    assert "Not for pricing, credit" in shown


def test_the_lowest_rung_measures_nothing_and_says_so(six):
    recipe = ck.Recipe(churn=ck.Cancelled(horizon="30d"), features=[f.count("login", "30d")])
    with pytest.warns(FewChurnEvents):
        model = ck.ChurnModel.fit(recipe, six, ["2025-03-01", "2025-04-01"])
    assert model.card.chosen_log_loss is model.card.chosen_auc is None
    assert "nothing was measured: too few answers for folds" in " ".join(report.text(model, 120).split())
    assert ModelCard.from_dict(model.card.to_dict()) == model.card
    # Both are mature: the last is 2025-04-01, and 30 days later is May.
    assert model.card.calibrated_until.startswith("2025-05-01")
