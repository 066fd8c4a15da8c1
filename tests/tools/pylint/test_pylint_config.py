"""The shared configuration is honoured as pylint honours it; what is wrong with it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyfmt.core.model import Severity
from tests.conftest import MakeEnvironment
from tests.support.monorepo import ROOT
from tests.support.virtualenvs import Recipe, build
from tests.tools.pylint.working import PYLINT, Lint, careful_loop, described, rules, said, write

CODE = (
    "import os\nimport missing_module\n\n\ndef F(a, b, c):\n    global X\n    X = 1\n"
    "    return undefined(a) if len([a]) == 0 else None\n"
)
FORMS = {
    "pylintrc": "[MAIN]\nmax-args=1\ndisable=unused-import\nignore-patterns=skipped_.*\nignore-paths=^gen/.*$\n",
    "pylint.toml": '[tool.pylint.main]\nmax-args = 1\ndisable = ["unused-import"]\nignore-patterns = ["skipped_.*"]\n'
    'ignore-paths = ["^gen/.*$"]\n',
    "pyproject.toml": '[tool.black]\nline-length = 1\n[tool.pylint."MESSAGES CONTROL"]\ndisable = "unused-import"\n'
    "[tool.pylint.main]\n"
    'max-args = 1\nignore-patterns = "skipped_.*"\nignore-paths = "^gen/.*$"\n',
    "setup.cfg": "[metadata]\nname = x\n[pylint.MAIN]\nmax-args=1\ndisable=unused-import\nignore-patterns=skipped_.*\n"
    "ignore-paths=^gen/.*$\n",
    "tox.ini": "[tox]\nenvlist = x\n[pylint]\nmax-args=1\ndisable=unused-import\nignore-patterns=skipped_.*\n"
    "ignore-paths=^gen/.*$\n",
}


@pytest.mark.parametrize("form", sorted(FORMS))
def test_each_form_of_configuration_is_read_as_pylint_reads_it(
    tmp_path: Path, kept_environment: MakeEnvironment, form: str
) -> None:
    files = {f"p/{name}": CODE for name in ("a.py", "skipped_b.py", "gen/c.py", "sub/gen/d.py")}
    root = write(tmp_path / "mono", {**files, form: FORMS[form]})
    expected = careful_loop(kept_environment(*PYLINT), root, "p", root / form)
    assert {path for path, *_ in expected} == {"p/a.py", "p/sub/gen/d.py"}
    assert said(Lint(root, described(kept_environment()), root / form).run("p")) == expected


def test_inline_comments_and_requires_python_count(tmp_path: Path, kept_environment: MakeEnvironment) -> None:
    code = (
        "import os  # pylint: disable=unused-import\nimport re  # pylint: disable=no-such-message\n"
        "import io  # pylint: disable=unused-import,useless-suppression,invalid-name\n\n"
        "x: 'list[int]' = []  # pylint: disable=invalid-name\n"
        "try:\n    pass\nexcept* ValueError:\n    pass\n"
    )
    root = write(tmp_path / "mono", {"p/a.py": code, "pylintrc": "[MAIN]\nenable=useless-suppression\n"})
    environment = described(kept_environment(python="3.12"))
    old = Lint(root, environment, root / "pylintrc", requires_python=">=3.10,<4").run("p")
    assert rules(old, "W2602", "E2602", "W2605") or any("exception-groups" in each.symbol for each in old.findings)
    new = Lint(root, environment, root / "pylintrc", requires_python=">=3.11").run("p")
    assert not any("exception-groups" in each.symbol for each in new.findings)
    assert rules(new, "W0012") and rules(new, "I0021")
    assert {each.severity for each in new.findings if each.rule == "I0021"} == {Severity.INFO}


@pytest.mark.parametrize(
    ("config", "failure"),
    [
        ("[MAIN\nmax-args=1\n", "config-parse-error"),
        ("[MAIN]\nmax-args=many\n", "many"),
        ("[MAIN]\nmax-arguments=1\n", "Unrecognized option found: max-arguments [E0015 unrecognized-option]"),
    ],
)
def test_a_broken_configuration_is_a_failure(
    tmp_path: Path, kept_environment: MakeEnvironment, config: str, failure: str
) -> None:
    root = write(tmp_path / "mono", {"p/a.py": "import os\n", "pylintrc": config})
    reading = Lint(root, described(kept_environment()), root / "pylintrc").run("p")
    assert len(reading.failures) == 1
    assert failure in reading.failures[0].reason + reading.failures[0].detail
    assert "pylintrc" in reading.failures[0].reason


def test_a_missing_configuration_file_is_a_failure(tmp_path: Path, kept_environment: MakeEnvironment) -> None:
    root = write(tmp_path / "mono", {"p/a.py": "import os\n"})
    reading = Lint(root, described(kept_environment()), root / "gone").run("p")
    assert not reading.findings and "doesn't exist" in reading.failures[0].detail


def test_an_unknown_message_in_the_configuration_is_a_note(tmp_path: Path, kept_environment: MakeEnvironment) -> None:
    root = write(
        tmp_path / "mono", {"p/a.py": "import os\n", "q/a.py": "", "pylintrc": "[MAIN]\ndisable=no-such-thing\n"}
    )
    reading = Lint(root, described(kept_environment()), root / "pylintrc").run("p", "q")
    assert len(reading.notes) == 1 and "no-such-thing" in reading.notes[0]
    assert not reading.failures and rules(reading, "W0611")


PLUGIN = """from pylint.checkers import BaseChecker


class Plugin(BaseChecker):
    name = "plugin"
    msgs = {"W9901": ("Plugin saw %s", "plugin-saw", "It saw a function.")}
    options = (("plugin-option", {"default": "", "type": "string", "metavar": "x", "help": "x"}),)

    def visit_functiondef(self, node):
        self.add_message("plugin-saw", node=node, args=(self.linter.config.plugin_option + node.name,))


def register(linter):
    linter.register_checker(Plugin(linter))
"""


def test_plugins_are_loaded_from_trusted_environments_only(tmp_path: Path) -> None:
    environment = build(tmp_path / "env", Recipe())
    write(environment.site_packages, {"pylint_own/__init__.py": PLUGIN})
    config = "[MAIN]\nload-plugins=pylint_own,pylint_absent,pylint.extensions.no_self_use\nplugin-option=opt:\n"
    config += "init-hook='import sys; sys.path.append(\"extra\")'\n"
    files = {
        "p/a.py": "import from_extra\n\n\ndef f():\n    return 1\n\n\nclass C:\n    def m(self):\n        return 1\n",
        "p/extra/from_extra.py": "",
        "pylintrc": config,
    }
    root = write(tmp_path / "mono", files)
    trusted = Lint(root, described(environment), root / "pylintrc", trusted=True).run("p")
    assert rules(trusted, "W9901", "R6301", "E0401") == [
        ("p/a.py", 4, "W9901", "Plugin saw opt:f"),
        ("p/a.py", 9, "R6301", "Method could be a function"),
        ("p/a.py", 9, "W9901", "Plugin saw opt:m"),
    ]
    assert [note.partition(":")[0] for note in trusted.notes] == ["pylint plugin pylint_absent left out"]
    untrusted = Lint(root, described(environment), root / "pylintrc").run("p")
    assert [each[2] for each in rules(untrusted, "W9901", "R6301")] == ["R6301"]
    assert not untrusted.failures and len(untrusted.notes) == 4


def test_the_builtin_configuration_is_sound(tmp_path: Path, kept_environment: MakeEnvironment) -> None:
    code = (
        "import os\nimport sys\n\n\ndef add(numbers: list[int] = []) -> int:\n"
        "    return sum(numbers)  # pylint: disable=no-else-return\n"
    )
    root = write(tmp_path / "mono", {"p/a.py": code})
    reading = Lint(root, described(kept_environment()), ROOT / "configs" / "pylintrc").run("p")
    assert not reading.failures and not reading.notes
    assert [each[1:3] for each in rules(reading, "W0611", "W0102", "C0114", "I0021")] == [
        (1, "W0611"),
        (2, "W0611"),
        (5, "W0102"),  # and not I0021, which is told when asked
    ]
