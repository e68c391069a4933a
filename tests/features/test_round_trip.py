"""Every expression survives JSON and TOML, and no two of different content share a name."""

from __future__ import annotations

import json
import re
import tomllib

import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from churnkit import features as f
from support.written import expressions


@given(expressions())
def test_it_survives_json(expression):
    assert f.read_expression(json.loads(json.dumps(expression.to_dict()))) == expression


@given(expressions())
def test_it_survives_toml(expression):
    assert f.read_expression(tomllib.loads(tomli_w.dumps(expression.to_dict()))) == expression


@given(expressions(), expressions())
def test_different_content_has_different_names(one, two):
    assert (one == two) == (one.name == two.name)


@given(st.lists(expressions(), min_size=2, max_size=30, unique=True))
def test_different_content_prints_differently(several):
    assert len({str(x) for x in several}) == len(several)


@given(expressions())
def test_names_are_plain_words(expression):
    assert re.fullmatch(r"[a-z0-9_]{1,160}", expression.name)


@given(expressions())
def test_everything_can_be_told(expression):
    assert expression.phrase.strip() == expression.phrase != ""
    assert expression.theme
    assert expression.on_silence.text
    assert isinstance(expression.unit, str)
