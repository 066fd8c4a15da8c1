"""Releases of tools that `[tool.pyfmt.versions]` chooses: they say and write what they do when they are run by hand."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pathspec
import pytest

from tests.support import virtualenvs
from tests.support.monorepo import Monorepo, findings
from tests.support.pythons import clean_environ
from tests.support.virtualenvs import BuiltEnvironment, Recipe

OLD = (
    {"black": "23.12.1", "isort": "5.12.0", "pylint": "3.0.4", "mypy": "1.8.0"},
    {"black": "25.1.0", "isort": "6.0.1", "pylint": "3.3.9", "mypy": "1.17.1"},
)
NEEDS = ("attrs==25.3.0",)
UNFORMATTED = b"""import sys, os
import specs, attrs
from typing import Protocol
class Kind(Protocol):
    def one(self) -> int:
        ...
    def two(self) -> str: ...


def long(first_argument: int, second_argument: str = "a", *, third: dict[str, int] | None = None) -> str: return str(
    first_argument)
x = {  'a':37,'b':42 , }
def conditional(a, b):
    return specs.some_rather_long_function_name(a) if attrs.has(a.__class__) else specs.another_long_function_name(b, a)
for (i, z) in (): print((yield_ := 1))
del (x), (os)
"""
FAULTS = '''"""Faults."""
import os

import attrs
import nowhere


class Thing:
    name: str = ""
    tags: list[str] = []

    def shout(self) -> int:
        return self.name.upper() + self.nam


@attrs.define
class Other:
    x: int = 0

    def sum(self) -> str:
        return self.x + self.y


def fetch(url, unused):
    try:
        return Thing().shout(2)
    except Exception as error:
        raise ValueError("é" + url)


reveal_type(Other(1).x)
value: int = "no"  # type: ignore
'''
FILES: dict[str, str | bytes] = {
    "conf/black.toml": """
        [tool.black]
        line-length = 100
        skip-magic-trailing-comma = true
        extend-exclude = "left_out"
    """,
    "conf/isort.cfg": "[isort]\nprofile = black\nline_length = 100\nforce_sort_within_sections = true\n",
    "conf/pylintrc": "[MAIN]\nenable=useless-suppression\ndisable=import-outside-toplevel,R0801,R0401\n",
    "conf/mypy.ini": "[mypy]\nstrict = True\nshow_error_context = True\n",
    "lib/specs/pyproject.toml": '[project]\nname = "specs"\nversion = "1"\nrequires-python = ">=3.11"\n',
    "lib/specs/src/specs/__init__.py": "from specs.unformatted import long\n",
    "lib/specs/src/specs/unformatted.py": UNFORMATTED,
    "lib/specs/src/specs/windows.py": UNFORMATTED.replace(b"\n", b"\r\n"),
    "lib/specs/src/specs/typed.pyi": "import sys, os\nclass A:\n\n\n    def f(self): ...\n\n\n    x : int\n",
    "lib/specs/src/specs/latin.py": "# -*- coding: latin-1 -*-\nimport sys, os\nname = '\xe9'\n".encode("latin-1"),
    "lib/specs/src/specs/left_out.py": "import sys, os\nx = {  'a':37 }\n",
    "lib/specs/src/specs/faults.py": FAULTS,
}


@dataclass(frozen=True)
class Chosen:
    """A monorepo with releases of the tools, and what pyfmt said of it."""

    tree: Monorepo
    versions: Mapping[str, str]
    report: Any
    formatted: Monorepo

    def tool(self, name: str) -> BuiltEnvironment:
        return virtualenvs.kept(Recipe((f"{name}=={self.versions[name]}",)))


@pytest.fixture(scope="module", params=OLD, ids=lambda each: each["black"])
def chosen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Chosen:
    """A real package and faults in a project, checked once and formatted once."""
    settings = 'configs = "conf"\n[versions]\n' + "".join(f'{tool} = "{at}"\n' for tool, at in request.param.items())
    folder = tmp_path_factory.mktemp("chosen")
    tree = Monorepo.create(folder, {**FILES, "pyfmt.toml": settings})
    for name in ("_typing.py", "pattern.py"):
        module = (Path(pathspec.__file__).parent / name).read_bytes()
        tree.write({f"lib/specs/src/specs/{name}": module})
    tree.environment("lib/specs", *NEEDS)
    before = tree.copied(folder / "formatted")
    report = tree.check()[1]
    assert not report["failures"] and not report["skipped"], report["failures"]
    before.environ["XDG_CACHE_HOME"] = str(tree.home / ".cache")  # the tools are made once
    before.run("format").expect(0)
    return Chosen(tree, request.param, report, before)


def by_hand(python: BuiltEnvironment, *words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [str(python.python), *words]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, env=clean_environ() | variables
    )


def test_files_are_byte_for_byte_what_isort_and_then_black_write(chosen: Chosen, tmp_path: Path) -> None:
    copy = chosen.tree.copied(tmp_path)
    (copy.root / "pyfmt.toml").unlink()
    project = copy.root / "lib/specs"
    roots = ("--src", "src", "--src", ".")
    by_hand(chosen.tool("isort"), "-m", "isort", "--settings-file", "../../conf/isort.cfg", *roots, ".", cwd=project)
    # black infers its target version from the manifest that holds its configuration.
    config = copy.read("lib/specs/pyproject.toml") + copy.read("conf/black.toml")
    copy.write({"lib/specs/pyproject.toml": config})
    said = by_hand(chosen.tool("black"), "-m", "black", ".", cwd=project)
    assert said.returncode == 0, said.stderr
    names = [path.relative_to(copy.root) for path in sorted((project / "src").rglob("*.py*")) if path.is_file()]
    written = {str(name): (copy.root / name).read_bytes() for name in names}
    assert {str(name): (chosen.formatted.root / name).read_bytes() for name in names} == written
    changed = {each["path"] for each in chosen.report["edits"]}
    before = {name: (chosen.tree.root / name).read_bytes() for name in written}
    assert changed == {name for name in written if written[name] != before[name]} and len(changed) > 5
    assert chosen.formatted.run("format", "--check").code == 0


def test_pylint_says_what_it_says_installed_in_the_environment(chosen: Chosen, tmp_path: Path) -> None:
    tree, project = chosen.tree, chosen.tree.root / "lib/specs"
    inside = virtualenvs.clone(
        BuiltEnvironment(project / ".venv"), tmp_path / "env", f"pylint=={chosen.versions['pylint']}"
    )
    files = [str(path) for path in sorted((project / "src").rglob("*.py*")) if path.suffix in (".py", ".pyi")]
    words = ("--rcfile", str(tree.root / "conf/pylintrc"), "--output-format=json2", "--persistent=n", "--jobs=1")
    roots = f"--source-roots={project / 'src'},{project}"
    done = by_hand(inside, "-m", "pylint", *words, roots, "--py-version=3.11", *files, cwd=project)
    expected = {
        (str(Path(each["absolutePath"]).relative_to(tree.root)), each["line"], each["messageId"], each["message"])
        for each in json.loads(done.stdout)["messages"]
    }
    found = {each for each in findings(chosen.report, "pylint") if each[0].startswith("lib/")}
    assert found == expected and {"E0401", "E1101", "E1121", "W0707"} <= {rule for _, _, rule, _ in found}
    if chosen.versions["pylint"] == OLD[0]["pylint"]:
        assert "R0917" not in {rule for _, _, rule, _ in found}, "too-many-positional came with 3.3"


def test_mypy_says_what_it_says_for_the_environment(chosen: Chosen) -> None:
    tree, project = chosen.tree, chosen.tree.root / "lib/specs"
    python = BuiltEnvironment(project / ".venv").python
    words = ["--config-file", str(tree.root / "conf/mypy.ini"), "--python-executable", str(python)]
    words += ["--explicit-package-bases", "--no-error-summary", "--show-column-numbers", "--cache-dir=/dev/null"]
    words += ["--hide-error-context", "src"]
    done = by_hand(chosen.tool("mypy"), "-m", "mypy", *words, cwd=project, MYPYPATH=str(project / "src"))
    line = re.compile(r"(.+?):(\d+):(?:(\d+):)? error: (.*?)  \[([\w-]+)\]")
    expected = {
        ("lib/specs/" + place[1], int(place[2]), place[5], place[4])
        for place in map(line.fullmatch, done.stdout.splitlines())
        if place
    }
    errors = {each["message"] for each in chosen.report["findings"] if each["severity"] == "error"}
    found = {each for each in findings(chosen.report, "mypy") if each[0].startswith("lib/") and each[3] in errors}
    assert found == expected and len(found) > 5
    assert 'Revealed type is "builtins.int"' in {each["message"] for each in chosen.report["findings"]}


def test_what_runs_is_said_and_what_it_said_is_kept(chosen: Chosen) -> None:
    tree = chosen.tree
    said, doctor, config = (tree.run(*words).stdout for words in (("--version",), ("doctor",), ("config",)))
    for tool, at in chosen.versions.items():
        assert f"{tool} {at} (as [tool.pyfmt.versions] chooses; pyfmt brings {version(tool)})" in said
        assert f"{tool} {at} (as [tool.pyfmt.versions] chooses)" in doctor
        assert f"runs {at}" in config
    again = tree.check()[1]
    assert all(unit["cached"] for unit in again["units"]) and again["findings"] == chosen.report["findings"]


def test_another_release_is_another_answer_and_one_that_cannot_be_had_a_failure(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"pyfmt.toml": "", "a/pyproject.toml": FILES["lib/specs/pyproject.toml"]})
    tree.write({"a/a.py": "class A: ...\n"})
    tree.environment("a")
    offline = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "empty"), "PIP_NO_INDEX": "1"}
    tree.run("check").expect(0)
    tree.write({"pyfmt.toml": f'[versions]\nblack = "23.12.1"\nmypy = "{version("mypy")}"\npylint = "3.0.4"\n'})
    done = tree.run("check", environ=offline).expect(2)
    for tool, at in (("black", "23.12.1"), ("pylint", "3.0.4")):
        assert f"{tool} {at}, as [tool.pyfmt.versions] chooses, cannot be had" in done.stdout
    assert "choose another version" in done.stdout and f"mypy {version('mypy')}," not in done.stdout
    tree.write({"pyfmt.toml": '[versions]\nblack = "23.12.1"\n'})
    tree.run("check").expect(1)  # since 24 a dummy class stays on its line
    done = tree.run("format", "-", "--stdin-filename", "a/a.py", stdin="class A: ...\n")
    assert (done.code, done.stdout) == (0, "class A:\n    ...\n"), done


def test_the_roots_lock_gives_version_and_hashes(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"pyfmt.toml": '[versions]\nblack = "lock"\n', "a.py": "class A: ...\n"})
    tree.run("check", "--tool", "black").expect(2)
    manifest = '[project]\nname = "root"\nversion = "1"\nrequires-python = ">=3.11"\n[dependency-groups]\n'
    tree.write({"pyproject.toml": manifest + 'dev = ["black==23.12.1"]\n[tool.uv]\npackage = false\n'})
    uv = virtualenvs.uv_binary()
    assert uv is not None
    subprocess.run([uv, "lock", "--quiet", "--directory", str(tree.root)], check=True, env=clean_environ())
    assert "would reformat a.py" in tree.run("check", "--tool", "black").expect(1).stdout
    lock = tree.read("uv.lock")
    hashes = re.findall(r"sha256:(\w+)", lock.split('name = "click"')[1].split("[[package]]")[0])
    for value in hashes:
        lock = lock.replace(value, "0" * 64)
    tree.write({"uv.lock": lock, "a.py": "class B: ...\n"})
    done = tree.run("check", "--tool", "black").expect(2)
    assert "hash" in done.stdout.lower(), done


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('black = "22.1.0"', "black 22.1.0 is too old"),
        ('ruff = "0.1.0"', "'ruff' is no tool whose version can be chosen"),
        ('blak = "25.1.0"', "'black'"),
        ('pylint = ">=3"', "is no version"),
        ('mypy = "lock"', "has no lock"),
    ],
)
def test_what_cannot_be_chosen_is_said(tmp_path: Path, setting: str, said: str) -> None:
    tree = Monorepo.create(tmp_path, {"pyfmt.toml": f"[versions]\n{setting}\n", "a.py": ""})
    done = tree.run("check").expect(2)
    assert said in done.stderr and "versions" in done.stderr, done
