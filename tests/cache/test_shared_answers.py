"""One environment's answer about a library stands for another one's only as long as all that is seen there is the same.

No manifest, lock or RECORD tells of these changes, and no tool is asked in the environment in which they are made.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cache.comparing import difference
from tests.end_to_end.test_dependents import _FILES, environment, said
from tests.support.monorepo import Monorepo
from tests.support.virtualenvs import BuiltEnvironment, Recipe, build
from tests.support.wheels import write_wheel

_MORE = '\n\nclass More:\n    """More."""\n\n    def {name}(self) -> int:\n        """One."""\n        return 1\n'
_USES = '"""Uses."""\n\nfrom {module} import More\n\nprint(More().right())\n'
LEDGER = "services/ledger/.venv"

_Change = Callable[[Path, str], None]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    if path.name == "__init__.py":
        (path.parent / "py.typed").touch()
    path.unlink(missing_ok=True)  # an installer may have made a hard link of it
    path.write_text(text)


def edited_by_hand(site: Path, name: str) -> None:
    _write(site / "shape/edited.py", '"""Edited."""\n' + _MORE.format(name=name))


def stray_package(site: Path, name: str) -> None:
    _write(site / "strayed/__init__.py", '"""Nobody installed it."""\n' + _MORE.format(name=name))


def extra_file_in_a_package(site: Path, name: str) -> None:
    _write(site / "shape/extra.py", '"""In no RECORD."""\n' + _MORE.format(name=name))


def seen_through_another_package(site: Path, name: str) -> None:
    """What the library imports itself is the same; that imports something by hand."""
    _write(site / "deeper/__init__.py", '"""Nobody installed it."""\n' + _MORE.format(name=name))


CHANGES: dict[str, tuple[_Change, str]] = {
    "edited.py": (edited_by_hand, "shape.edited"),
    "strayed.py": (stray_package, "strayed"),
    "extra.py": (extra_file_in_a_package, "shape.extra"),
    "through.py": (seen_through_another_package, "through"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Monorepo, dict[str, BuiltEnvironment]]:
    """billing and ledger have the same of everything, and use all of the library."""
    folder = tmp_path_factory.mktemp("shared")
    files = {name: text for name, text in _FILES.items() if not name.startswith(("lib/", "services/pricing"))}
    files["lib/events/pyproject.toml"] = _FILES["lib/events/pyproject.toml"]
    files |= {"lib/events/src/events/__init__.py": '"""Events."""\n', "lib/events/src/events/py.typed": ""}
    for file, (_, module) in CHANGES.items():
        files[f"lib/events/src/events/{file}"] = _USES.format(module=module)
    for service in ("billing", "ledger"):
        main = "".join(f"import events.{file[:-3]}\n" for file in CHANGES)
        files[f"services/{service}/src/{service}/main.py"] = f'"""Main."""\n\n{main}\nprint("{service}")\n'
    tree = Monorepo.create(folder, files)
    tree.git("init", "--quiet")
    shape = write_wheel(
        folder,
        "shape-1.0",
        {
            "shape/__init__.py": "",
            "shape/py.typed": "",
            "shape/edited.py": '"""Edited."""\n' + _MORE.format(name="right"),
        },
    )
    through = write_wheel(
        folder,
        "through-1.0",
        {"through/__init__.py": '"""Through."""\n\nfrom deeper import More as More\n', "through/py.typed": ""},
    )
    made = {}
    for service in ("billing", "ledger"):
        made[service] = environment(
            tree, f"services/{service}", str(shape), str(through), editable=[f"services/{service}", "lib/events"]
        )
        for change, _ in CHANGES.values():
            change(made[service].site_packages, "right")
    return tree, made


def test_alike_environments_share_what_nobody_installed(built: tuple[Monorepo, dict[str, BuiltEnvironment]]) -> None:
    """Else what follows would prove nothing: ledger's environment is asked of no file of the library."""
    tree, _ = built
    report = tree.check("--no-cache", command_name="lint")[1]
    assert not said(report, "mypy", "attr-defined") and not said(report, "pylint", "E1101")
    assert {len(each["environments"]) for each in report["judged"]} == {2}
    assert {part for unit in report["units"] if unit["environment"] == LEDGER for part in unit["projects"]} == {
        "ledger"
    }


@pytest.mark.parametrize("file", CHANGES)
def test_a_change_that_only_one_environment_has_is_found(
    built: tuple[Monorepo, dict[str, BuiltEnvironment]], file: str
) -> None:
    tree, made = built
    change, _ = CHANGES[file]
    tree.check(command_name="lint")
    for path in ((), ("lib/events",)):
        assert not said(tree.check(*path, command_name="lint")[1], "mypy", "attr-defined")
    change(made["ledger"].site_packages, "wrong")
    try:
        for arguments in ((), ("--no-cache",), ("lib/events",)):
            report = tree.check(*arguments, command_name="lint")[1]
            for tool, rule in (("mypy", "attr-defined"), ("pylint", "E1101")):
                assert said(report, tool, rule) == {(f"events/{file}", 5): [LEDGER]}, (tool, arguments)
    finally:
        change(made["ledger"].site_packages, "right")
    assert not said(tree.check(command_name="lint")[1], "mypy", "attr-defined")


def test_what_a_file_sets_that_another_environment_answers_for_is_that_of_the_environment(tmp_path: Path) -> None:
    """two is asked of user.py alone, since its `pad` has a file more; of setter.py one is asked for both."""
    uses = '"""App."""\n\nimport setter\nimport user\n\nprint(user, setter)\n'
    more = '"""Sets."""\n\nimport ext\n\nfrom core import Base\n\nBase.helper = ext.More()\n'
    user = '"""Uses."""\n\nimport pad\n\nfrom core import Base\n\nprint(Base().helper.right(), pad)\n'
    manifest = '[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.10"\n'
    needs = 'dependencies = ["lib"]\n[tool.uv.sources]\nlib = {{ path = "../lib", editable = true }}\n'
    files: dict[str, str | bytes] = {
        "pyproject.toml": "[tool.pyfmt]\n",
        "lib/pyproject.toml": manifest.format(name="lib"),
        "lib/core.py": '"""Core."""\n\n\nclass Base:\n    """Base."""\n',
        "lib/setter.py": more,
        "lib/user.py": user,
    }
    for name in ("one", "two"):
        files |= {f"{name}/pyproject.toml": (manifest + needs).format(name=name), f"{name}/app.py": uses}
    tree = Monorepo.create(tmp_path, files)
    tree.git("init", "--quiet")
    for name, method in (("lib", "right"), ("one", "wrong"), ("two", "wrong")):
        site = build(tree.root / name / ".venv", Recipe()).site_packages
        _write(site / "ext/__init__.py", '"""Ext."""\n' + _MORE.format(name=method))
        _write(site / "pad/__init__.py", "")
        if name != "lib":
            (site / "lib.pth").write_text(f"{tree.root / 'lib'}\n")
    _write(site / "pad/extra.py", "")
    report = tree.check("--tool", "pylint")[1]
    assert said(report, "pylint", "E1101") == {("lib/user.py", 7): ["two/.venv"]}
    assert not difference(tree, "--tool", "pylint")
