"""The examples, run as a user runs them: the night on the command line, the service over HTTP, the demo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

from support.markup import Page
from support.shell import AT, LEARN

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "samples" / "saas"


def night(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    churnkit = Path(sys.executable).with_name("churnkit")
    settings = {**os.environ, "CHURNKIT": str(churnkit), **settings}
    return subprocess.run(
        ["bash", str(ROOT / "examples" / "nightly.sh"), *words],
        check=False,
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
    )


def test_the_night_writes_the_list(tmp_path, fitted):
    out = tmp_path / "out"
    out.mkdir()
    (out / "recipe.toml").write_text((fitted / "recipe.toml").read_text())
    said = night(
        tmp_path, str(fitted / "data"), str(out), AT, FIT=LEARN, LATER="2025-05-10", READ="--observed-until 2025-07-01"
    )
    assert said.returncode == 0, said.stderr
    assert set(pd.read_csv(out / "list.csv")["account_id"]) == {"ada", "bob", "cyd", "dot", "eve", "fay"}
    assert Page((out / "page.html").read_text(encoding="utf-8")).addresses == []


def test_the_night_stops_at_the_first_fault(tmp_path):
    said = night(tmp_path, "nowhere", "out")
    assert said.returncode == 1
    assert "nowhere is not a folder" in said.stderr
    assert not (tmp_path / "out" / "model").exists()


@pytest.fixture(scope="module")
def service(fitted):
    words = [
        str(ROOT / "examples" / "service.py"),
        str(fitted / "model"),
        str(fitted / "data"),
        "--at",
        AT,
        "--port",
        "0",
    ]
    running = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True)
    try:
        yield running.stdout.readline().split("?")[0]
    finally:
        running.terminate()
        running.wait(10)
        running.stdout.close()


def test_the_service_answers_with_one_account(service):
    with urllib.request.urlopen(f"{service}?account_id=ada", timeout=20) as told:
        assert told.headers["Content-Type"] == "application/json; charset=utf-8"
        risk = json.load(told)
    assert risk["account_id"] == "ada"
    assert 0 < risk["low"] < risk["probability"] < risk["high"] < 1
    assert risk["reasons"][0]["sentence"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [("?account_id=eva", "did you mean 'eve'"), ("?account_id=fay", "contract ended"), ("", "ask for")],
)
def test_the_service_says_why_it_cannot(service, asked, words):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(service + asked, timeout=20)
    with refused.value as told:
        assert told.code == 404
        assert words in json.load(told)["error"]


def test_the_service_answers_as_python_does(fitted, service):
    import churnkit as ck

    model, history = ck.ChurnModel.load(fitted / "model"), ck.read_history(fitted / "data")
    book = model.score(history, at=AT).book
    with urllib.request.urlopen(f"{service}?account_id=dot", timeout=20) as told:
        assert told.read().decode() == model.assess(history, "dot", at=AT, book=book).model_dump_json()


@pytest.mark.slow
def test_the_night_of_the_sample_company(tmp_path):
    said = night(tmp_path, str(SAMPLE), str(tmp_path / "out"))
    assert said.returncode == 0, said.stderr
    listed = pd.read_csv(tmp_path / "out" / "list.csv")
    assert (listed["status"] == "contact").sum() >= 10
    assert listed.loc[listed["rank"] <= 10, "reason_1"].notna().all()


@pytest.mark.slow
def test_the_demo_goes_the_whole_way_twice():
    words = [sys.executable, str(ROOT / "examples" / "demo.py")]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    for company in ("saas", "retail"):
        for name in ("list.csv", "list.parquet", "page.html"):
            assert f"written: out/demo/{company}/{name}" in said.stdout
            assert (ROOT / "out" / "demo" / company / name).stat().st_size > 1000
    assert said.stdout.count("recency rule") >= 2
