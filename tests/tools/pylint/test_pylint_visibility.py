"""Nothing that belongs to pyfmt's own pylint is visible to a project, and nothing of a project is executed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import MakeEnvironment
from tests.support.virtualenvs import Recipe, build
from tests.tools.pylint.working import Lint, described, rules, write

TOOLS = (
    "tomlkit dill astroid pylint isort isort.api mccabe platformdirs typing_extensions tomli black mypy "
    "mypy_extensions "
    "pathspec click packaging rich virtualenv pyfmt pyfmt.core.model task view server distlib filelock"
).split()
ONLY_IMPORTS = "[MAIN]\ndisable=all\nenable=import-error,no-name-in-module,no-member\n"


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_tools_are_not_importable_where_they_are_not_installed(
    tmp_path: Path, kept_environment: MakeEnvironment, python: str
) -> None:
    lines = [f"import {name}" for name in TOOLS] + [f"from {name} import something" for name in TOOLS]
    root = write(tmp_path / "mono", {"p/use.py": "\n".join(lines) + "\n", "pylintrc": ONLY_IMPORTS})
    reading = Lint(root, described(kept_environment(python=python)), root / "pylintrc").run("p")
    found = rules(reading, "E0401")
    assert [(line, message) for _, line, _, message in found] == [
        (line, f"Unable to import '{name}'") for line, name in enumerate([*TOOLS, *TOOLS], 1)
    ]


def test_a_project_sees_its_own_version_of_what_the_tools_use(tmp_path: Path) -> None:
    names = ("tomlkit", "dill", "isort", "platformdirs", "typing_extensions", "astroid", "attr")
    root = tmp_path / "mono"
    environment = build(tmp_path / "env", Recipe())
    write(environment.site_packages, {f"{name}/__init__.py": "def special():\n    return 1\n" for name in names})
    lines = [
        f"from {name} import special, parse, dumps, Protocol\nimport {name}\n{name}.special()\n{name}.parse()"
        for name in names
    ]
    root = write(root, {"p/use.py": "\n".join(lines) + "\n", "pylintrc": ONLY_IMPORTS})
    reading = Lint(root, described(environment), root / "pylintrc").run("p")
    assert not rules(reading, "E0401")
    assert len(rules(reading, "E0611")) == 3 * len(names)
    assert [line for _, line, _, _ in rules(reading, "E1101")] == [4 + 4 * place for place in range(len(names))]


def test_nothing_of_the_checkout_or_the_environment_is_executed_or_written(tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    boom = f"open({str(mark)!r}, 'a').write(__name__)\n"
    environment = build(tmp_path / "env", Recipe(("markupsafe==3.0.2",)))
    write(
        environment.site_packages,
        {
            "sitecustomize.py": boom,
            "bad.pth": f"import sys; {boom}",
            "numpy/__init__.py": boom + "from .core import ndarray\n",
            "numpy/core.py": boom + "class ndarray:\n    pass\n",
            "pylint_bad/__init__.py": boom + "def register(linter):\n    pass\n",
            "markupsafe/__init__.py": boom,
        },
    )
    mark.unlink(missing_ok=True)
    config = f"[MAIN]\ninit-hook={boom.strip()}\nload-plugins=pylint_bad,pylint.extensions.mccabe,local_plugin\n"
    config += "extension-pkg-allow-list=markupsafe\nunsafe-load-any-extension=yes\noutput-format=json:written.json\n"
    config += "persistent=yes\njobs=4\nreports=yes\nscore=yes\nfail-on=E\n"
    files = {
        "p/test/__init__.py": boom,
        "p/local_plugin.py": boom,
        "p/conftest.py": boom,
        "p/use.py": "import test.gone\nimport numpy\nimport markupsafe\nfrom markupsafe import _speedups\n"
        "numpy.ndarray[int]\n",
        "pylintrc": config,
    }
    root = write(tmp_path / "mono", files)
    described_environment = described(environment)
    mark.unlink(missing_ok=True)
    before = _tree(root), _tree(tmp_path / "env")
    reading = Lint(root, described_environment, root / "pylintrc").run("p")
    assert not mark.exists(), mark.read_text()
    assert (_tree(root), _tree(tmp_path / "env")) == before
    assert not reading.failures and reading.findings
    assert [note.partition(":")[0] for note in reading.notes] == [
        "pylint's init-hook was not run",
        "pylint plugin pylint_bad left out",
        "pylint plugin local_plugin left out",
        "pylint did not import compiled modules (markupsafe)",
    ]


def _tree(folder: Path) -> list[str]:
    return sorted(os.path.join(at, name) for at, folders, names in os.walk(folder) for name in (*folders, *names))
