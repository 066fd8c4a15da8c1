"""`pyfmt explain RULE`: every rule that a report can name."""

from __future__ import annotations

from pathlib import Path

import pytest
from mypy.errorcodes import error_codes

from pyfmt.cli.explain_rule import rule_text
from pyfmt.core.errors import UsageError
from pyfmt.core.rules import RULES
from tests.support.monorepo import Monorepo


def explain(tree: Monorepo, name: str, code: int = 0) -> str:
    result = tree.run("explain", "-v", name).expect(code)
    return " ".join((result.stderr if code else result.stdout).split())


def test_a_file_wins_over_a_rule_of_its_name(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"pyproject.toml": "[tool.pyfmt]\n"})
    said = explain(tree, "unreachable")
    assert "W0101" in said and "mypy unreachable" in said  # both tools have one
    tree.write({"unreachable": "#!/usr/bin/env python\n"})
    assert "import roots" in explain(tree, "unreachable")


def test_rules_of_pylint_by_id_and_name(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {})
    for name in ("W0102", "w0102", "dangerous-default-value"):
        said = explain(tree, name)
        assert "pylint W0102 (dangerous-default-value), warning" in said
        assert "mutable value as list or dictionary" in said
        assert (
            "https://pylint.readthedocs.io/en/stable/user_guide/messages/warning/dangerous-default-value.html" in said
        )
    assert "unnecessary-negation" in rule_text("unneeded-not")
    assert "pylint.extensions.while_used" in rule_text("while-used")
    assert "removed from pylint" in rule_text("bad-continuation")


def test_rules_of_mypy() -> None:
    for name, code in error_codes.items():
        said = " ".join(rule_text(name).split())
        assert f"mypy {name}" in said
        assert code.description[1:].rstrip(".") in said
        assert f"#code-{name}" in said


def test_rules_of_pyfmt() -> None:
    for rule in RULES:
        for name in (rule.id, rule.id.lower(), rule.symbol):
            said = " ".join(rule_text(name).split())
            assert all(text in said for text in (rule.id, rule.symbol, rule.what, rule.why, rule.cure))
    assert "pyfmt format" in rule_text("black-reformat")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("PYF10", "did you mean 'PYF010'"),
        ("attr-definde", "did you mean 'attr-defined'"),
        ("lib/nowhere.py", "no such file"),
    ],
)
def test_what_is_neither(name: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        rule_text(name)
    assert said in str(error.value)
