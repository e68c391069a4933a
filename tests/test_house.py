"""The house: floors, names, sizes, and an import that stays light."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import churnkit as ck
from churnkit import errors

SOURCE = Path(ck.__file__).parent
ROOT = SOURCE.parent.parent
FILES = sorted(SOURCE.rglob("*.py"))
HEAVY = (
    "pandas",
    "sklearn",
    "lightgbm",
    "numba",
    "shap",
    "numpy",
    "pydantic",
    "pyarrow",
    "scipy",
    "matplotlib",
    "rich",
)

PUBLIC = {
    "AccountRisk",
    "ByNetSaving",
    "ByRisk",
    "ByValueAtRisk",
    "Cancelled",
    "ChurnClassifier",
    "ChurnModel",
    "ContactEffect",
    "ContactPlan",
    "ContactRules",
    "DeclaredEffect",
    "History",
    "NotRenewed",
    "Recipe",
    "Reasons",
    "Scores",
    "Shrunk",
    "Signal",
    "WentQuiet",
    "backtest",
    "compare_policies",
    "evaluate",
    "features",
    "monthly_cutoffs",
    "plan_contacts",
    "read_history",
    "suggest_quiet_days",
    "training_set",
    "weekly_cutoffs",
}


def test_public_names_are_pinned():
    assert set(ck.__all__) - {"__version__"} == PUBLIC
    for name in ck.__all__:
        assert getattr(ck, name) is not None
        assert name in dir(ck)


def test_an_unknown_name_says_so():
    with pytest.raises(AttributeError, match="has no attribute 'Historia'"):
        ck.Historia  # noqa: B018


def loaded(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*{{m.split('.')[0] for m in sys.modules}})"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(shown.stdout.split())


def test_import_is_light():
    assert not loaded("import churnkit") & set(HEAVY)


def test_scoring_loads_neither_shap_nor_matplotlib():
    ours = loaded("import churnkit; churnkit.ChurnModel; churnkit.plan_contacts")
    theirs = loaded("import lightgbm")  # before 4.7 it loads matplotlib by itself, where that is installed
    assert not (ours - theirs) & {"shap", "matplotlib"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_no_module_above_400_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_the_median_module_is_about_150_lines():
    sizes = sorted(len(p.read_text(encoding="utf-8").splitlines()) for p in FILES if p.name != "__init__.py")
    assert sizes[len(sizes) // 2] <= 200


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_functions_stay_short(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        body = node.body[1:] if ast.get_docstring(node) else node.body
        lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        kernel = any("njit" in ast.unparse(d) for d in node.decorator_list)
        assert lines <= (120 if kernel else 60), f"{path.name}:{node.lineno} {node.name} has {lines} lines"


def test_the_rooms_are_those_of_the_map():
    rooms = {p.name for p in SOURCE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    modules = {p.stem for p in SOURCE.glob("*.py")} - {"__init__"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in rooms | modules:
        assert re.search(rf"\b{name}(/|\.py)", readme), f"{name} is not on the README's map of the house"


def test_every_error_stands_in_the_tree():
    tree = errors.__doc__
    kinds = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]
    for kind in kinds:
        assert re.search(rf"\b{kind.__name__}\b", tree), f"{kind.__name__} is not in the tree of errors.py"
        assert issubclass(kind, errors.ChurnkitError | errors.ChurnkitWarning)


@pytest.mark.parametrize("pattern", [r"except Exception", r"except:\s", r"\bpickle\b", r"\beval\(", r"\bexec\("])
def test_nothing_forbidden_in_the_source(pattern):
    for path in FILES:
        text = re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(pattern, text), f"{path.relative_to(SOURCE)} holds {pattern}"
