"""Shared fixtures, and the promise that nothing skips where everything is installed."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from churnkit.history import History
from support import company, open_data

settings.register_profile(
    "churnkit", deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("churnkit")

_skipped: list[str] = []


@pytest.fixture(scope="session")
def six() -> History:
    """The six-account company (tests/support/company.py)."""
    return History(**company.tables(), observed_until=company.OBSERVED)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and open_data.ABSENT not in str(report.longrepr):
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("CHURNKIT_NO_SKIP") and _skipped and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter) -> None:
    if os.environ.get("CHURNKIT_NO_SKIP") and _skipped:
        terminalreporter.write_line(
            f"{len(_skipped)} tests skipped, though CHURNKIT_NO_SKIP is set: {_skipped}", red=True
        )


@pytest.fixture(scope="session")
def saas_tables():
    """A small made-up company: 500 accounts, 16 months from 2024-06-01."""
    from churnkit.history.sample import generate

    return generate(accounts=500, months=16).tables


@pytest.fixture(scope="session")
def saas(saas_tables) -> History:
    return History(**saas_tables)


@pytest.fixture(scope="session")
def model(saas):
    """A model of the small company, from seven monthly cutoffs, on a short list of features."""
    import churnkit as ck
    from churnkit import features as f

    features = [
        f.count("login", "30d"),
        f.count("login", "30d") / f.count("login", "90d"),
        f.days_since("login"),
        f.actors("login", "30d"),
        f.latest("nps"),
        f.count("ticket_opened", "90d"),
        f.days_until("renewal_due"),
        f.latest("mrr"),
        f.tenure(),
        f.rank_among(f.count("login", "90d")),
        f.attribute("industry"),
    ]
    recipe = ck.Recipe(churn=ck.Cancelled(horizon="60d"), features=features)
    return ck.ChurnModel.fit(recipe, saas, ck.monthly_cutoffs("2024-09", "2025-04"))


@pytest.fixture(scope="session")
def scores(model, saas):
    return model.score(saas, "2025-09-01")
