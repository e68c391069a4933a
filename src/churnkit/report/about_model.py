"""Sections on what was learnt: the model and its card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.report.about_data import definition_words, features_told
from churnkit.report.blocks import Block, Facts, Heading, Notes
from churnkit.report.sections import Section
from churnkit.report.wording import count, listed, number, percent, plainly, span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from churnkit.scoring import ChurnModel, ModelCard


class ModelSection(Section["ChurnModel"], of="ChurnModel"):
    """The model card."""

    def blocks(self, thing: ChurnModel) -> Iterable[Block]:
        """Tell a model."""
        yield Heading(f"ChurnModel {thing.model_id}", f"rung of evidence: {thing.card.rung}")
        yield from card_blocks(thing)


def card_blocks(model: ChurnModel) -> Iterable[Block]:
    """Tell the card of a model: facts, limits, intended use."""
    card = model.card
    events = listed(f"{n} within {plainly(h)}" for h, n in card.events.items())
    left_out = listed(f"{count(n)} {what}" for what, n in card.left_out.items() if n) or "nothing"
    yield Facts(
        (
            ("churn", plainly(definition_words(model.recipe.churn))),
            ("that is", plainly(card.definition)),
            ("who can leave", card.population or "not told"),
            ("data", _data(card)),
            ("learnt from", f"{count(card.snapshots, 'snapshot')} of {count(card.accounts, 'account')}"),
            ("cutoffs", plainly(f"{card.cutoffs}, {card.first_cutoff} to {card.last_cutoff}")),
            ("seen leaving", f"accounts: {events}"),
            ("base rate", f"{percent(card.base_rate)} within {span(model.horizon)}"),
            ("left out", left_out),
            ("features", features_told(list(model.recipe.features or ()))),
            ("rung of evidence", card.rung),
            ("boosted share", percent(card.boosted_share)),
            ("calibration", f"slope {number(card.slope)}, intercept {number(card.intercept)}; {plainly(card.folds)}"),
            ("calibrated on", _calibrated(card)),
            ("on the folds", _chosen(card)),
            ("learnt until", plainly(card.learnt_until)),
            ("versions", listed(f"{name} {version}" for name, version in card.versions.items())),
        )
    )
    if card.notes:
        yield Notes(tuple(map(plainly, card.notes)), "What the learner decided")
    if card.suspects:
        yield Notes(
            tuple(map(plainly, card.suspects)), "Columns that may know too much (Recipe(exclude=...) takes them out)"
        )
    yield Notes(tuple(map(plainly, (*card.limits, card.intended_use))), "Limits and intended use")


def _data(card: ModelCard) -> str:
    """Count the rows used of each table, and say where the record ends."""
    if not card.tables:
        return "not told"
    used = (
        f"{table.name} {count(table.used)}" + (f" of {count(table.read)}" if table.used < table.read else "")
        for table in card.tables
    )
    return f"rows used: {listed(used)}; the record ends {plainly(card.record_until)}"


def _calibrated(card: ModelCard) -> str:
    if not card.calibrated_cutoff:
        return "no answer that is known yet"
    return plainly(f"answers to cutoffs until {card.calibrated_cutoff}, in by {card.calibrated_until}")


def _chosen(card: ModelCard) -> str:
    """Tell what the folds measured, and that they chose by it."""
    if card.chosen_log_loss is None or card.chosen_base_log_loss is None:
        return "nothing was measured: too few answers for folds"
    area = "" if card.chosen_auc is None else f"; AUC {number(card.chosen_auc, 3)} (base rate 0.5)"
    return (
        f"log loss {number(card.chosen_log_loss, 4)} (base rate {number(card.chosen_base_log_loss, 4)}){area}; the "
        "model was chosen by these figures, so they flatter: evaluate() measures its quality"
    )
