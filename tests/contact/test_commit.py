"""Committing a plan: the folder reads back as history, twice is once, and the files that are there stay."""

import pandas as pd
import pytest

from churnkit.contact import ContactRules, plan_contacts
from churnkit.errors import UnreadableFile
from churnkit.history import History
from support import plans as book


def made(history=None, as_of=book.AS_OF, **rules):
    chosen = book.RULES.model_copy(update=rules)
    return plan_contacts(
        book.scores(as_of=as_of), None, history or book.history(), policy=book.POLICY, rules=chosen, capacity=2
    )  # fmt: skip


def activity(accounts):
    moment = pd.Timestamp("2025-09-01", tz="UTC")
    return pd.DataFrame({"account_id": accounts["account_id"], "occurred_at": moment, "event": "login"})


def read_back(folder):
    accounts = book.accounts()
    path = folder / "decisions.parquet"
    decisions = pd.read_parquet(path) if path.exists() else pd.read_csv(folder / "decisions.csv")
    return History(accounts=accounts, activity=activity(accounts), decisions=decisions)


def test_one_row_per_eligible_account_and_one_planned_contact_per_call(tmp_path):
    plan = made()
    plan.commit(tmp_path)
    rows = pd.read_parquet(tmp_path / "decisions.parquet").set_index("account_id")
    assert sorted(rows.index) == list("abcdef")
    assert sorted(rows.index[rows["contact"]]) == ["b", "d"]
    assert (rows["until"] - rows["decided_at"] == pd.Timedelta(days=90)).all()
    planned = pd.read_parquet(tmp_path / "planned_contacts.parquet")
    assert sorted(planned["account_id"]) == ["b", "d"]
    assert planned["minutes"].tolist() == [30, 30]
    assert set(planned["outcome"]) == {"planned"}


def test_history_reads_it_back_and_the_next_plan_knows(tmp_path):
    made().commit(tmp_path)
    history = read_back(tmp_path)
    assert len(history.rejected) == 0
    assert len(history.decisions) == 6
    following = made(history, "2025-06-08").frame.set_index("account_id")["status"]
    assert following[["b", "d"]].tolist() == ["cool-down", "cool-down"]
    assert following[["a", "f"]].tolist() == ["contact", "contact"]


def test_committing_twice_is_committing_once(tmp_path):
    made().commit(tmp_path)
    once = (tmp_path / "decisions.parquet").read_bytes()
    made().commit(tmp_path)
    assert (tmp_path / "decisions.parquet").read_bytes() == once


def test_a_later_plan_is_added(tmp_path):
    made().commit(tmp_path)
    made(read_back(tmp_path), "2025-06-08").commit(tmp_path)
    rows = pd.read_parquet(tmp_path / "decisions.parquet")
    assert rows.groupby("decided_at").size().tolist() == [6, 4]
    assert rows["plan_id"].nunique() == 2


@pytest.mark.parametrize("as_csv", [False, True])
def test_another_plan_of_the_same_moment_takes_the_place_of_the_first(tmp_path, as_csv):
    """The first calls two, the second three; a row without a plan, and one of an account not in it, stay."""
    if as_csv:
        head = "account_id,decided_at,contact,assignment,plan_id\n"
        rows = "a,2025-06-01T00:00:00Z,yes,judgement,\nz,2025-06-01,yes,judgement,other\n"
        (tmp_path / "decisions.csv").write_text(head + rows)
    first = made()
    first.commit(tmp_path)
    second = plan_contacts(book.scores(), None, book.history(), policy=book.POLICY, rules=book.RULES, capacity=3)
    second.commit(tmp_path)
    rows = pd.read_csv(tmp_path / "decisions.csv") if as_csv else pd.read_parquet(tmp_path / "decisions.parquet")
    assert first.plan_id not in set(rows["plan_id"])
    assert rows.loc[rows["plan_id"] == second.plan_id, "account_id"].tolist() == list("abcdef")
    assert len(rows) == 6 + 2 * as_csv
    planned = pd.read_parquet(tmp_path / "planned_contacts.parquet")
    assert sorted(planned["account_id"]) == sorted(second.contacts["account_id"])
    if not as_csv:
        assert len(read_back(tmp_path).decisions) == 6


def test_a_csv_that_is_there_is_added_to_and_keeps_its_columns(tmp_path):
    text = "account_id,decided_at,contact,assignment,desk\na,2025-01-06,yes,judgement,north\n"
    (tmp_path / "decisions.csv").write_text(text)
    made(holdout=0.3).commit(tmp_path)
    rows = pd.read_csv(tmp_path / "decisions.csv")
    assert len(rows) == 7
    assert rows.loc[0, ["account_id", "contact", "desk"]].tolist() == ["a", "yes", "north"]
    assert not (tmp_path / "decisions.parquet").exists()
    assert len(read_back(tmp_path).decisions) == 7


def test_a_parquet_of_other_types_is_added_to(tmp_path):
    before = pd.DataFrame(
        {
            "account_id": [7],
            "decided_at": pd.to_datetime(["2025-01-06"]),
            "contact": [True],
            "assignment": ["judgement"],
            "propensity": [None],
            "on_list": [None],
        }
    )
    before.to_parquet(tmp_path / "decisions.parquet")
    made().commit(tmp_path)
    rows = pd.read_parquet(tmp_path / "decisions.parquet")
    assert rows["account_id"].tolist() == ["7", *"abcdef"]
    assert rows["decided_at"].dt.tz is not None


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path):
    (tmp_path / "decisions.parquet").write_bytes(b"not a table")
    with pytest.raises(UnreadableFile, match="cannot be added to"):
        made().commit(tmp_path)
    assert (tmp_path / "decisions.parquet").read_bytes() == b"not a table"


def test_equal_plans_have_equal_ids_and_others_not():
    assert made().plan_id == made().plan_id
    assert len({made().plan_id, made(as_of="2025-06-08").plan_id, made(hourly_cost=50).plan_id}) == 3


def test_frames_are_written(tmp_path):
    plan = made()
    back = pd.read_parquet(plan.to_parquet(tmp_path / "lists" / "monday.parquet"))
    assert back["account_id"].tolist() == plan.frame["account_id"].tolist()
    assert pd.read_csv(plan.to_csv(tmp_path / "monday.csv")).columns.tolist() == plan.frame.columns.tolist()


def test_the_page_is_written_and_needs_nothing_from_elsewhere(tmp_path):
    page = made().to_html(tmp_path / "monday.html").read_text(encoding="utf-8")
    assert "<html" in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "https://" not in page


def test_previous_tells_what_has_changed():
    first = made()
    second = plan_contacts(
        book.scores({**book.PROBABILITY, "b": 0.25}, as_of="2025-06-08"),
        None,
        book.history(),
        policy=book.POLICY,
        rules=ContactRules(**{**book.RULES.model_dump(), "cool_down": "1d"}),
        capacity=2,
        previous=first,
    )
    row = second.frame.set_index("account_id").loc["b"]
    assert row["change"] == pytest.approx(0.05)
    assert row["weeks_on_list"] == 2
    assert first.frame["change"].isna().all()
