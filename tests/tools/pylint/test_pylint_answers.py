"""Places, severities, failures and names in what pyfmt reads from pylint."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pyfmt.core.model import Project, PythonVersion, Severity
from pyfmt.tools.pylint.adapter import PylintLinter, minimum_python
from tests.conftest import MakeEnvironment
from tests.tools.pylint.working import Lint, described, rules, write


def test_columns_are_characters_within_the_line(tmp_path: Path, kept_environment: MakeEnvironment) -> None:
    code = (
        'x = "日本é" + undefined_one; y = "é" + undefined_two\nz = "é"  # TODO: é\nz = (\n'
        '    "é" + undefined_three\n'
        ")\n"
    )
    files: dict[str, str | bytes] = {
        "p/a.py": code,
        "p/b.py": 'x = "é" + + )\n',
        "p/c.py": b"x = '\xe9'\n",
        "pylintrc": "",
    }
    root = write(tmp_path / "mono", files)
    reading = Lint(root, described(kept_environment()), root / "pylintrc").run("p")
    lines = code.split("\n")
    for finding in reading.findings:
        if finding.rule == "E0602":
            assert finding.column and finding.end_column and finding.end_line == finding.line
            name = lines[finding.line - 1][finding.column - 1 : finding.end_column - 1]
            assert name == finding.message.split("'")[1]
    (todo,) = [each for each in reading.findings if each.rule == "W0511"]
    assert todo.column is not None and lines[1][todo.column - 1 :].lstrip("# ") == "TODO: é"
    (broken,) = [each for each in reading.findings if each.path == "p/b.py"]
    assert (broken.path, broken.line, broken.column, broken.syntax) == ("p/b.py", 1, 13, True)
    (bytes_,) = [each for each in reading.findings if each.path == "p/c.py"]
    assert (bytes_.syntax, bytes_.severity) == (True, Severity.ERROR) and not reading.failures


def test_severities(tmp_path: Path, kept_environment: MakeEnvironment) -> None:
    root = write(tmp_path / "mono", {"p/a.py": "import os\nimport gone\nl = undefined\n", "pylintrc": ""})
    reading = Lint(root, described(kept_environment()), root / "pylintrc").run("p")
    found = {each.rule: each.severity for each in reading.findings}
    assert found["E0401"] is Severity.ERROR and found["W0611"] is Severity.WARNING and found["C0114"] is Severity.INFO


def test_a_crash_of_pylint_is_a_failure_and_the_rest_is_linted(
    tmp_path: Path, kept_environment: MakeEnvironment
) -> None:
    crash = "from pylint.checkers import BaseChecker\n\n\nclass Crash(BaseChecker):\n    name = 'crash'\n"
    crash += "    msgs = {'W9902': ('x', 'crash-x', 'x')}\n    def visit_functiondef(self, node):\n"
    crash += (
        "        raise RuntimeError('on purpose')\n\n\ndef register(linter):\n"
        "    linter.register_checker(Crash(linter))\n"
    )
    files = {
        "p/a.py": "import os\n\n\ndef f():\n    pass\n",
        "p/b.py": "import os\n",
        "p/crashing.py": crash,
        "pylintrc": "[MAIN]\nload-plugins=crashing\ninit-hook='import sys; sys.path.insert(0, \".\")'\n"
        "ignore=crashing.py\n",
    }
    root = write(tmp_path / "mono", files)
    reading = Lint(root, described(kept_environment()), root / "pylintrc", trusted=True).run("p")
    (failure,) = reading.failures
    assert failure.projects == ("p",) and "p/a.py" in failure.reason and "on purpose" in failure.detail
    assert [path for path, *_ in rules(reading, "W0611")] == ["p/b.py"]


def test_an_environment_that_pylint_cannot_run_in_is_linted_with_pyfmts_python(
    tmp_path: Path, kept_environment: MakeEnvironment
) -> None:
    built = kept_environment("attrs==22.2.0", python="3.8")
    code = (
        "import attr\nimport tomlkit\nimport json\nfrom json import nothing\n\n\n@attr.s\nclass C:\n"
        "    x = attr.ib()\n\n\njson.gone()\n"
    )
    root = write(tmp_path / "mono", {"p/a.py": code, "pylintrc": ""})
    environment = described(built)
    assert PylintLinter().interpreter(environment) == sys.executable
    reading = Lint(root, environment, root / "pylintrc").run("p")
    assert rules(reading, "E0401") == [("p/a.py", 2, "E0401", "Unable to import 'tomlkit'")]
    assert len(rules(reading, "E0611", "E1101")) == 2
    (note,) = reading.notes
    assert "3.8" in note
    assert Lint(root, environment, root / "pylintrc").payload(["p"])[1]["groups"][0]["py_version"] == "3.8"
    gone = replace(environment, python=PythonVersion(3, 12), base_executable="/nowhere/python")
    assert PylintLinter().interpreter(gone) == sys.executable
    assert PylintLinter().interpreter(replace(environment, python=PythonVersion(3, 12, 0, "PyPy"))) == sys.executable


def test_module_names_follow_the_import_roots_and_never_collide() -> None:
    files = ("p/src/a/__init__.py", "p/src/a/b.py", "p/src/a/b.pyi", "p/tests/t.py", "p/more/t.py", "p/x.pyi", "top.py")
    project = Project("p", "p", files, import_roots=(".", "p", "p/src", "p/tests"))
    names = [PylintLinter().module_name(file, project) for file in files]
    assert names == ["p/src:a", "p/src:a.b", "", "p/tests:t", "p:more.t", "p:x", ".:top"]


@pytest.mark.parametrize(
    ("requires", "least"),
    [
        (">=3.10", "3.10"),
        (">=3.10.2,<4", "3.10"),
        ("~=3.9", "3.9"),
        (">3.11,!=3.12.*", "3.11"),
        ("==3.12.*", "3.12"),
        ("", None),
        ("nonsense", None),
        (None, None),
        ("<3", None),
    ],
)
def test_the_least_python_of_requires_python(requires: str | None, least: str | None) -> None:
    assert minimum_python(requires) == least


def test_classes_that_derive_from_generic_ones_can_be_subscripted(
    tmp_path: Path, kept_environment: MakeEnvironment
) -> None:
    own = (
        'from typing import Generic, TypeVar\nT = TypeVar("T")\nclass Base(Generic[T]):\n    pass\n'
        "class Secret(Base[T]):\n    pass\n"
    )
    user = (
        "from typing import TypeVar\nfrom own import Secret\ndef make():\n"
        '    value = TypeVar("value")\n    class MySecret(Secret[value]):\n        pass\n'
        "    class Settings(Secret[int]):\n        known: MySecret[int]\n        wrong: make[int]\n"
        "    return Settings\n"
    )
    root = write(tmp_path / "mono", {"p/own.py": own, "p/user.py": user, "pylintrc": ""})
    reading = Lint(root, described(kept_environment()), root / "pylintrc").run("p")
    assert [line for _, line, *_ in rules(reading, "E1136")] == [9], reading.findings


def test_a_file_that_the_disk_does_not_give_is_a_failure_and_no_finding(
    tmp_path: Path, kept_environment: MakeEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path / "mono", {"p/fine.py": "import os\n", "pylintrc": ""})
    monkeypatch.chdir(root / "p")  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as place:  # opening it fails, as on a failing disk, though it is there
        place.bind("unread.py")
        reading = Lint(root, described(kept_environment()), root / "pylintrc").run("p")
    assert {each.path for each in reading.findings} == {"p/fine.py"}
    (failure,) = reading.failures
    assert (failure.projects, failure.reason) == (("p",), "p/unread.py: it cannot be read")
    assert "Unable to load file" in failure.detail
