"""Where only comments and blank lines of a file are others, pylint lints its text; what it said of the tree moves.

`pyfmt explain` says so. Each report is that of a cold run.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.cache.comparing import linted, said
from tests.support.monorepo import Monorepo
from tests.support.virtualenvs import Recipe, build

_LINTS = ("check", "--tool", "pylint")
_STATES = itertools.count()
_ALONE = "1 of 4 files can see that, 1 of them only in its text"
_CONFIG = "[MAIN]\npersistent=no\n[MESSAGES CONTROL]\ndisable=line-too-long,locally-disabled\n"
_APP = '''"""App."""

import os

SHOWN = 1


def twice(SHOWN: int) -> int:
    """Twice."""
    # pylint: disable=fixme
    text = """
    # no comment

    """
    return text.nothing(SHOWN)


def twice(value: int) -> int:
    """Twice again."""
    return value
'''
_LOOP = (
    "\n\nfor number in range(3):\n    print(number)\nelse:\n    # a remark\n    print(1)\n"  # told is the line before
)
_CYCLE = '"""One of two."""\n\nimport {other}\n\n\ndef one():\n    """One."""\n    return {other}\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    tree = Monorepo.create(tmp_path_factory.mktemp("moved"), {"pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n'})
    build(tree.root / "app/.venv", Recipe())
    return tree


@pytest.fixture
def tree(made: Monorepo) -> Iterator[Monorepo]:
    """The tree after a run in which something was linted: a known unit would leave the record as it was."""
    made.write(
        {
            "configs/pylintrc": _CONFIG,
            "app/pyproject.toml": '[project]\nname = "app"\nversion = "1"\n',
            "app/app.py": _APP,
            "app/left.py": _CYCLE.format(other="right"),
            "app/state.py": f'"""State {next(_STATES)}."""\n',
            "app/right.py": _CYCLE.format(other="left"),
        }
    )
    made.run(*_LINTS)
    yield made


def _edited(tree: Monorepo, before: str, after: str, name: str = "app") -> str:
    """Edit a module; what `explain` says of that."""
    text = tree.read(f"app/{name}.py")
    assert before in text
    tree.write({f"app/{name}.py": text.replace(before, after, 1)})
    return tree.run("explain", f"app/{name}.py").stdout


def _is_told(tree: Monorepo, *expected: str) -> None:
    """What a run says, and that a cold one says just that."""
    assert linted(tree) == {"app": 1}
    told = said(tree, "--tool", "pylint")
    for text in expected:
        assert text in told, told
    assert told == said(tree, "--no-cache", "--tool", "pylint")


def test_what_is_said_of_a_tree_moves_and_what_is_said_of_the_text_is_new(tree: Monorepo) -> None:
    assert _ALONE in _edited(tree, "import os", "# TODO why\nimport os")
    _is_told(
        tree,
        "app/app.py:3:2: warning: TODO why",
        "app/app.py:4:1: warning: Unused import os",
        "Redefining name 'SHOWN' from outer scope (line 6)",
        "function already defined line 9",
        "app/app.py:16:12: error",
    )
    assert _ALONE in _edited(tree, "# TODO why\n", "\n# nothing\n\n")
    _is_told(tree, "function already defined line 11")
    assert "TODO" not in said(tree, "--tool", "pylint")
    assert _ALONE in _edited(tree, "    # pylint: disable=fixme", "    # FIXME hidden\n    # pylint: disable=fixme")
    _is_told(tree, "function already defined line 11")
    assert _ALONE in _edited(tree, "def twice(value", "# FIXME shown\n\n\ndef twice(value")
    _is_told(tree, "FIXME shown")


def test_a_cycle_of_imports_moves_with_its_statement(tree: Monorepo) -> None:
    assert _ALONE in _edited(tree, "import right", "# why\nimport right", "left")
    _is_told(tree, "app/left.py:4:1: info: Cyclic import (left -> right)")
    assert _ALONE in _edited(tree, "import left", "# why\nimport left", "right")
    _is_told(tree, "app/left.py:4:1: info: Cyclic import (left -> right)")


def test_what_is_said_of_a_module_stays_in_its_first_line(tree: Monorepo) -> None:
    tree.write({"app/app.py": "# Not a docstring\n" + _APP.partition("\n")[2]})
    tree.run(*_LINTS)
    told = _edited(tree, "# Not a docstring\n", "# Not one\n# TODO either\n")
    assert _ALONE in told, told
    _is_told(tree, "app/app.py:1:1: info: Missing module docstring", "app/app.py:2:2: warning: TODO")
    assert _ALONE not in _edited(tree, "# Not one\n# TODO either\n\n", "")
    _is_told(tree, "app/app.py:1:1: info: Missing module docstring", "app/app.py:1:1: warning: Unused import os")
    assert _ALONE not in _edited(tree, "import os", "# which of both?\nimport os")
    _is_told(tree, "app/app.py:1:1: info: Missing module docstring", "app/app.py:2:1: warning: Unused import os")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import os", "import os  # a comment beside a statement"),
        ("import os", "# pylint: disable=unused-import\nimport os"),
        ("import os", "# type: ignore\nimport os"),
        ("    # no comment\n", "    # another string\n"),
        ("import os", "# a remark\nimport sys"),
        ("SHOWN = 1", "SHOWN = (\n    1\n)"),
    ],
)
def test_what_is_more_than_a_comment_or_blank_lines_is_linted(tree: Monorepo, before: str, after: str) -> None:
    assert _ALONE not in _edited(tree, before, after)
    _is_told(tree)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("configs/pylintrc", _CONFIG + "enable=useless-suppression\n"),
        ("configs/pylintrc", _CONFIG + "[BASIC]\ndocstring-min-length=9\n"),
        ("configs/pylintrc", _CONFIG.replace("persistent=no", "load-plugins=pylint.extensions.docstyle")),
        ("app/app.py", _APP + "# pylint: enable=useless-suppression\n"),
        ("app/app.py", _APP + _LOOP),
    ],
)
def test_where_comments_decide_what_is_said_of_the_tree_it_is_linted(tree: Monorepo, name: str, text: str) -> None:
    tree.write({name: text})
    tree.run(*_LINTS)
    for before, after in (
        ("    # pylint: disable=fixme", "    # TODO later\n    # pylint: disable=fixme"),
        ("TODO", "-"),
    ):
        assert _ALONE not in _edited(tree, before, after)
        _is_told(tree)


def test_the_told_line_of_a_decorated_function_is_asked_of_pylint(tree: Monorepo) -> None:
    decorated = _APP.replace("def twice(SHOWN", "@print\ndef twice(SHOWN", 1)
    tree.write({"app/app.py": decorated})
    tree.run(*_LINTS)
    assert _ALONE not in _edited(tree, "def twice(SHOWN", "# why\ndef twice(SHOWN")
    _is_told(tree, "function already defined line 9")  # astroid's count: where the comment stands


def test_a_comment_that_cannot_be_decoded_is_an_error_of_the_file_and_seen_by_others(tree: Monorepo) -> None:
    tree.write({"app/user.py": '"""User."""\n\nimport app\n\nprint(app.MISSING)\n'})
    tree.run(*_LINTS)
    place = tree.root / "app/app.py"
    place.write_bytes(place.read_bytes() + "# caf\u00e9\n".encode("latin-1"))
    told = said(tree, "--tool", "pylint")
    place_of_error = "app/app.py:1:1: error: error while code parsing"
    cold = said(tree, "--no-cache", "--tool", "pylint")
    (tree.root / "app/user.py").unlink()
    assert place_of_error in told, told
    assert told == cold


def test_after_another_change_in_the_same_project_all_of_it_is_linted(tree: Monorepo) -> None:
    _edited(tree, "import right", "import right, os", "left")
    assert "only in its text" not in _edited(tree, "import os", "# a comment\nimport os")
    assert linted(tree)["app"] >= 2
    assert said(tree, "--tool", "pylint") == said(tree, "--no-cache", "--tool", "pylint")
