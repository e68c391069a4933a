"""The commands, in the order in which a newcomer needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from churnkit import __version__
from churnkit.cli.reading import (
    Churn,
    Ranking,
    cutoffs_of,
    evaluation_of,
    history_of,
    policy_of,
    reasons_of,
    recipe_of,
    zone_of,
)
from churnkit.cli.telling import ending, put, say, shown, steps, written
from churnkit.errors import BadRecipe

app = typer.Typer(
    name="churnkit",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Whom to contact first: from a folder of tables to a ranked, explained call list.\n\n"
    "The usual way: `check` the tables, `init` a recipe, `fit` a model, `evaluate` it on later months; then every "
    "night `score`, `explain` and `plan`.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"churnkit {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version


Data = Annotated[
    Path,
    typer.Argument(metavar="DATA", help="Folder with accounts.csv, activity.parquet and so on, one file per table."),
]
Model = Annotated[Path, typer.Option("--model", metavar="FOLDER", help="Folder of the model, as written by `fit`.")]
ScoresIn = Annotated[Path, typer.Option("--scores", metavar="FOLDER", help="Folder of scores, as written by `score`.")]
Zone = Annotated[
    str | None,
    typer.Option(
        "--timezone", metavar="ZONE", help="Zone of times without one, and of midnights; else history.toml's, else UTC."
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        "--observed-until", metavar="DATE", help="How far the record goes; else as history.toml says, else found."
    ),
]
DayFirst = Annotated[
    bool | None,
    typer.Option("--dayfirst/--monthfirst", help="How 03/04/2026 is read; else as history.toml says, else set aside."),
]
By = Annotated[str | None, typer.Option("--by", metavar="ATTRIBUTE", help="Figures by an attribute of accounts too.")]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one page for people.")]
Cutoffs = Annotated[
    str,
    typer.Option(
        "--cutoffs",
        metavar="FROM:TO",
        help="Months FROM:TO (2024-07:2025-09), every n weeks FROM:TO/2w, or single dates with commas.",
    ),
]


@app.command()
def init(
    recipe: Annotated[Path, typer.Argument(help="Where to write the recipe.")] = Path("recipe.toml"),
    *,
    churn: Annotated[
        Churn,
        typer.Option(
            help="cancelled: contracts end, or notice is given; not-renewed: a term ends and none follows; "
            "went-quiet: no event for some days; shrunk: what is paid falls and stays down."
        ),
    ] = Churn.cancelled,
    horizon: Annotated[str | None, typer.Option(help="How far ahead, as 90d or 12w. Default 90d, or --days.")] = None,
    days: Annotated[int, typer.Option(help="went-quiet: how many days of silence count as gone.")] = 90,
    event: Annotated[
        list[str] | None, typer.Option(help="went-quiet: an event that counts; repeat. All if not given.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a recipe that is there.")] = False,
) -> None:
    """Write a recipe: what leaving means, and how far ahead to look.

    Example: `churnkit init --churn went-quiet --days 90 recipe.toml`
    """
    if recipe.exists() and not force:
        raise BadRecipe(f"{recipe}: there is a recipe already. Choose another name, or pass --force to replace it.")
    made = recipe_of(churn, horizon, days, tuple(event or ()))
    say(made)
    written(made.write(recipe))


@app.command()
def check(
    data: Data, *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a pipeline.")] = False,
    timezone: Zone = None, observed_until: Until = None, dayfirst: DayFirst = None,
) -> None:  # fmt: skip
    """Read a folder of tables and tell what can be used, what is wrong with it and what it can support.

    Ends with 1 where something is found that must be mended first.

    Example: `churnkit check data/samples/saas`
    """
    history = history_of(data, timezone, observed_until, dayfirst)
    report = history.check()
    if as_json:
        typer.echo(report.to_json())
    else:
        say(history)
        say(report)
    raise typer.Exit(report.exit_code())


@app.command()
def fit(
    data: Data, *, model: Model, cutoffs: Cutoffs,
    recipe: Annotated[Path, typer.Option(metavar="FILE", help="Recipe, as written by `init`.")] = Path("recipe.toml"),
    timezone: Zone = None, observed_until: Until = None, dayfirst: DayFirst = None,
) -> None:  # fmt: skip
    """Learn from the past who leaves, and write the model.

    Example: `churnkit fit data/samples/saas --recipe recipe.toml --cutoffs 2024-07:2025-09 --model models/2026-06`
    """
    from churnkit.scoring import ChurnModel, Recipe

    asked, moments = Recipe.read(recipe), cutoffs_of(cutoffs, zone_of(data, timezone))
    with steps("reading the tables", "learning", "writing the model") as step:
        history = history_of(data, timezone, observed_until, dayfirst)
        step()
        fitted = ChurnModel.fit(asked, history, moments)
        step()
        folder = fitted.save(model)
    say(fitted)
    written(folder)


@app.command()
def evaluate(
    data: Data, *, model: Model, cutoffs: Cutoffs,
    share: Annotated[float, typer.Option(min=0.001, max=1, help="Length of the list, as a share of the book.")] = 0.1,
    by: By = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as JSON, for `plan`.")] = None,
    html: Html = None,
    timezone: Zone = None, observed_until: Until = None, dayfirst: DayFirst = None,
) -> None:  # fmt: skip
    """Tell how good the list was on later cutoffs, beside what there is without it.

    Rivals: the recency rule, sorting by value and by the last NPS, a plain logistic model and LightGBM as it comes.

    Example: `churnkit evaluate data/samples/saas --model models/2026-06 --cutoffs 2026-01:2026-03 --by industry`
    """
    from churnkit.scoring import ChurnModel
    from churnkit.scoring import evaluate as measure

    fitted, moments = ChurnModel.load(model), cutoffs_of(cutoffs, zone_of(data, timezone))
    with steps("reading the tables", "evaluating") as step:
        history = history_of(data, timezone, observed_until, dayfirst)
        step()
        report = measure(fitted, history, moments, share=share, by=by)
    say(report)
    shown(report, out, html)


@app.command()
def backtest(
    data: Data, *, cutoffs: Cutoffs,
    recipe: Annotated[Path, typer.Option(metavar="FILE", help="Recipe, as written by `init`.")] = Path("recipe.toml"),
    learn: Annotated[
        str | None, typer.Option(metavar="FROM:TO", help="Moments to learn from; every month if not given.")
    ] = None,
    retrain: Annotated[str, typer.Option(metavar="SPAN", help="A model so old is fitted anew.")] = "28d",
    share: Annotated[float, typer.Option(min=0.001, max=1, help="Length of a list, as a share of the book.")] = 0.1,
    by: By = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as JSON.")] = None,
    html: Html = None,
    timezone: Zone = None, observed_until: Until = None, dayfirst: DayFirst = None,
) -> None:  # fmt: skip
    """Tell how good the lists would have been, each made with what was known then, retraining included.

    Example: `churnkit backtest data/samples/saas --recipe recipe.toml --cutoffs 2025-09:2026-03`
    """
    from churnkit.scoring import Recipe
    from churnkit.scoring import backtest as replay

    asked, moments = Recipe.read(recipe), cutoffs_of(cutoffs, zone_of(data, timezone))
    taught = None if learn is None else cutoffs_of(learn, zone_of(data, timezone))
    history = history_of(data, timezone, observed_until, dayfirst)
    report = replay(asked, history, moments, learn=taught, retrain=retrain, share=share, by=by)
    say(report)
    shown(report, out, html)


@app.command()
def score(
    data: Data, *, model: Model,
    at: Annotated[str | None, typer.Option(metavar="DATE", help="Moment; the end of the record if not given.")] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the scores.")] = Path("scores"),
    timezone: Zone = None, observed_until: Until = None, dayfirst: DayFirst = None,
) -> None:  # fmt: skip
    """Give every account its probability of leaving, as known at one moment.

    Example: `churnkit score data/samples/saas --model models/2026-06 --at 2026-06-01 --out scores`
    """
    from churnkit.scoring import ChurnModel
    from churnkit.timeline import DAY

    fitted = ChurnModel.load(model)
    with steps("reading the tables", "scoring") as step:
        history = history_of(data, timezone, observed_until, dayfirst)
        step()
        scores = fitted.score(history, at=at or -(-history.last_moment // DAY) * DAY)
    say(scores)
    written(scores.write(out))


@app.command()
def explain(
    data: Data, *, model: Model, scores: ScoresIn = Path("scores"),
    top: Annotated[int, typer.Option(min=1, help="Reasons per account.")] = 3,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Reasons, .parquet or .csv.")] = None,
    account: Annotated[str | None, typer.Option(metavar="ID", help="Only show this account, write nothing.")] = None,
    timezone: Zone = None, observed_until: Until = None, dayfirst: DayFirst = None,
) -> None:  # fmt: skip
    """Say why, account by account, in sentences that add up to the score.

    Example: `churnkit explain data/samples/saas --model models/2026-06 --scores scores --out reasons.parquet`
    """
    from churnkit.scoring import ChurnModel, Scores

    ending(out)
    fitted, told = ChurnModel.load(model), Scores.read(scores)
    with steps("reading the tables", "explaining") as step:
        history = history_of(data, timezone, observed_until, dayfirst)
        step()
        if account is not None:
            say(fitted.assess(history, account, at=told.as_of, book=told.book, top=top))
            return
        reasons = fitted.explain(told, history=history, top=top)
    say(reasons)
    if out is not None:
        written(reasons.write(out))


@app.command()
def plan(
    data: Data, *, scores: ScoresIn = Path("scores"),
    reasons: Annotated[Path | None, typer.Option(metavar="FILE", help="Reasons, as written by `explain`.")] = None,
    model: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Learns what calls do; its card.")] = None,
    evaluation: Annotated[Path | None, typer.Option(metavar="FILE", help="Adds the evaluation to the page.")] = None,
    policy: Annotated[Ranking, typer.Option(help="What makes one call better than another.")] = Ranking.net_saving,
    value: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column of accounts: value at stake.")] = None,
    contacts: Annotated[int | None, typer.Option(min=0, help="So many contacts; else the managers' hours.")] = None,
    holdout: Annotated[float, typer.Option(min=0, max=0.5, help="Share left out by lot, to measure the effect.")] = 0.0,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The list, .csv or .parquet.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="The list as one page for people.")] = None,
    commit: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Write the decisions down, for later.")] = None,
    timezone: Zone = None, observed_until: Until = None, dayfirst: DayFirst = None,
) -> None:  # fmt: skip
    """Rank whom to contact first within the managers' hours, and write the list.

    Example: `churnkit plan data/samples/saas --scores scores --reasons reasons.parquet --out list.csv --html page.html`
    """
    from churnkit.contact import ContactRules, plan_contacts
    from churnkit.report import page
    from churnkit.scoring import ChurnModel, Scores

    ending(out)
    told = Scores.read(scores)
    why = None if reasons is None else reasons_of(reasons, told)
    fitted = None if model is None else ChurnModel.load(model)
    quality = None if evaluation is None else evaluation_of(evaluation)
    with steps("reading the tables", "planning") as step:
        history = history_of(data, timezone, observed_until, dayfirst)
        step()
        ranking = policy_of(policy, value, fitted, history)
        made = plan_contacts(told, why, history, policy=ranking, rules=ContactRules(holdout=holdout), capacity=contacts)
    say(made)
    if out is not None:
        written(put(made.frame, out))
    if html is not None:
        html.parent.mkdir(parents=True, exist_ok=True)
        drawn = page(made, scores=told, reasons=why, evaluation=quality, history=history, model=fitted)
        html.write_text(drawn, encoding="utf-8")
        written(html)
    if commit is not None:
        written(made.commit(commit))
