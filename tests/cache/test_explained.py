"""`pyfmt explain -v` names the changed input of every answer that a run begins with."""

from __future__ import annotations

import importlib
import os
import pkgutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import pyfmt
from pyfmt.cache.remembered import MemoKind
from tests.support.monorepo import Monorepo
from tests.support.notebooks import notebook
from tests.support.waiting import until

ROOT = """
[tool.pyfmt]
cache-dir = ".cache"
[tool.pyfmt.boundaries]
libraries = ["lib"]
projects = ["app", "other"]
[tool.pyfmt.versions-policy]
one-version = ["six"]
[[tool.pyfmt.overrides]]
paths = ["*.py"]
disable = ["unused-import"]
"""
APP = '[project]\nname = "{0}"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["lib", "six"]\n'
LOCK = '[[package]]\nname = "six"\nversion = "1.16.0"\n'
FILES: dict[str, str | bytes] = {
    "pyproject.toml": ROOT,
    ".gitignore": ".venv\n.cache\nmade.py\n",
    "lib/pyproject.toml": '[project]\nname = "lib"\nversion = "1"\n',
    "lib/lib.py": '"""Library."""\n\nimport six\n\nX = six\n',
    "app/pyproject.toml": APP.format("app") + "[tool.mypy]\n",
    "app/poetry.lock": LOCK,
    "app/app.py": '"""App."""\n\nimport lib\nimport six\n\nx = [lib.X, six]  # fmt: skip\n',
    "app/made.py": "x = 1\n",
    "app/book.ipynb": notebook("x = 1\n"),
    "other/pyproject.toml": APP.format("other"),
    "other/other.py": '"""Other."""\n\nimport lib\n\nx = lib.X\n',
}


@pytest.fixture(scope="module", name="tree")
def _tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """A monorepo with something of each kind to remember, all of which is."""
    tree = Monorepo.create(tmp_path_factory.mktemp("explained"), FILES)
    for name in ("lib", "app", "other"):
        site = tree.environment(name, "six==1.16.0").site_packages
        (site / "lib.pth").write_text(f"{tree.root / 'lib'}\n")
    tree.git("init", "-q")
    tree.git("add", "-f", "app/made.py")
    tree.run("check", "--unused-ignores")
    until(lambda: time.time() - site.stat().st_ctime > 2.5)  # what was written within two seconds is not believed
    explained(tree)
    assert not explained(tree), explained(tree)
    return tree


def explained(tree: Monorepo, *files: str) -> dict[str, str]:
    """What is not known, and why."""
    told = tree.run("explain", "-v", *(files or ("app",))).expect(0).stdout.partition("\nremembered ")[2]
    lines = [line.strip() for line in told.splitlines()[1:]]
    return dict(line.split(": miss: ", 1) for line in lines)


def _site(tree: Monorepo, name: str) -> Path:
    return next((tree.root / name / ".venv").glob("lib/python*/site-packages"))


def _add(file: str, text: str) -> Callable[[Monorepo], object]:
    return lambda tree: tree.write({file: tree.read(file) + text})


def _installed(tree: Monorepo) -> None:
    place = _site(tree, "app") / "six.py"
    place.unlink()  # an installer may have made a hard link of it
    place.write_text("Y = 2\n")
    os.utime(place, (1, 1))


def _newer_metadata(tree: Monorepo) -> None:
    os.utime(_site(tree, "app") / "six-1.16.0.dist-info", (5, 5))
    os.utime(_site(tree, "app") / "six-1.16.0.dist-info/METADATA", (5, 5))


SINCE = "changed since then: "
CASES: dict[str, tuple[Callable[[Monorepo], object], dict[str, str]]] = {
    "a source": (
        _add("app/app.py", "\n\nimport lib.more\n"),
        {
            "imports: app/app.py": f"{SINCE}its content",
            "import lists: app": f"{SINCE}app/app.py",
            "import statements: app/app.py": f"{SINCE}its content",
            "imports that leave their project: app": f"{SINCE}app/app.py",
            "boundaries: pyfmt": f"{SINCE}app/app.py",
            "libraries: by contents": f"{SINCE}sources",
            "libraries: by imports": f"{SINCE}what files import",
            "scripts: app": f"{SINCE}app/app.py",
            "folders of scripts: app": f"{SINCE}app/app.py",
            "imports of a project: app in app": f"{SINCE}app/app.py",
            "useless directives: app/app.py": f"{SINCE}its content",
        },
    ),
    "a notebook": (
        lambda tree: tree.write({"app/book.ipynb": notebook("y = 1\n")}),
        {"notebook: app/book.ipynb": f"{SINCE}its content"},
    ),
    "a project's configuration": (
        _add("app/pyproject.toml", "strict = true\n"),
        {"own sections: mypy app/pyproject.toml": f"{SINCE}pyproject.toml"},
    ),
    "a lock": (
        lambda tree: tree.write({"app/poetry.lock": LOCK.replace("1.16.0", "1.17.0")}),
        {
            "how app/.venv differs from its lock": f"{SINCE}poetry.lock",
            "whether app/poetry.lock is stale": f"{SINCE}poetry.lock",
            "versions of tools in app/poetry.lock": f"{SINCE}poetry.lock",
            "versions that app/poetry.lock has for app": f"{SINCE}app/poetry.lock",
        },
    ),
    "a version of a library": (
        lambda tree: tree.write({"lib/pyproject.toml": '[project]\nname = "lib"\nversion = "2"\n'}),
        {"ranges of libraries that other asks for": f"{SINCE}the versions of libraries"},
    ),
    "what is installed": (_installed, {"contents of a name: {app} six": "what was looked at has changed since then"}),
    "an installer": (
        _newer_metadata,
        {"what is installed in app/.venv": f"{SINCE}times and sizes of what installers touch"},
    ),
    "an override": (
        _add("pyproject.toml", '[[tool.pyfmt.overrides]]\npaths = ["*.py"]\ndisable = ["fixme"]\n'),
        {"rules that are known": f"{SINCE}the rules that overrides name"},
    ),
    "git's index": (
        lambda tree: tree.git("add", "app/app.py"),
        {"what is tracked though ignored": f"{SINCE}git's index"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_explain_names_the_changed_input_of_each_miss(tree: Monorepo, case: str) -> None:
    change, expected = CASES[case]
    change(tree)
    told = explained(tree)
    for what, why in expected.items():
        assert told.get(what.replace("{app}", str(_site(tree, "app")))) == why, (what, told)


def test_explain_keeps_what_it_has_made_itself(tree: Monorepo) -> None:
    """So the next one knows it."""
    CASES["a source"][0](tree)
    assert "libraries: by contents" in explained(tree)
    # For the directives black must run; what was installed so lately that it may change unseen is not kept.
    again = {what for what in explained(tree) if not what.startswith("contents of a name")}
    assert again == {"useless directives: app/app.py"}


# Of an answer of a tool, which `explain` tells beside that tool (`miss: …`), or what stands under a content's own key.
_OF_UNITS = {"unit", "files", "observed", "observed marks", "runs", "listing", "inputs", "format"}
_OF_UNITS |= {
    "glance at an environment",
    "unit without layout",
    "files read",
    "unit by paths",
    "last read",
    "without layout",
    "telling lines",  # of a content, made beside its record
    "answers",
    "reached paths",  # of trees, made beside records
}
_NO_ANSWERS = {"seconds", "times on a cluster", "times of a whole run", "traffic", "unsent", "memo of environments"}
# All that these ask is told as what smaller answers are made of.
_NO_ANSWERS |= {"survey", "environments", "modules beside projects"}
_NO_ANSWERS |= {"tool's cache folder", "tools' cache folders"}  # that other machines have


def _kinds() -> Iterator[str]:
    for module in pkgutil.walk_packages(pyfmt.__path__, "pyfmt."):
        if module.name.startswith(("pyfmt.cache.", "pyfmt.run.", "pyfmt.cli.")) and "__main__" not in module.name:
            found = vars(importlib.import_module(module.name)).values()
            yield from (each.name for each in found if isinstance(each, MemoKind))


def test_each_kind_has_a_case() -> None:
    told = {what.partition(":")[0] for _, expected in CASES.values() for what in expected if ": " in what}
    assert set(_kinds()) - _OF_UNITS - _NO_ANSWERS == told
