"""One environment's answer about a library stands for another one's only as long as all that is seen there is the same.

No manifest, lock or RECORD tells of these changes, and no tool is asked in the environment in which they are made.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

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
    # A namespace, of which each environment has other parts besides.
    files["lib/events/src/common/values.py"] = '"""Values."""\n\nONE = 1\n'
    files["lib/events/src/events/spaced.py"] = '"""Uses."""\n\nfrom common.values import ONE\n\nprint(ONE)\n'
    for file, (_, module) in CHANGES.items():
        files[f"lib/events/src/events/{file}"] = _USES.format(module=module)
    for service in ("billing", "ledger"):
        files[f"services/{service}/src/common/{service}.py"] = '"""Own part."""\n'
        main = "".join(f"import events.{file}\n" for file in ("spaced", *(each[:-3] for each in CHANGES)))
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
        (made[service].site_packages / f"common/{service}").mkdir(parents=True)
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


_SETTERS = {  # by module of the library; app.py of each dependent imports all but the test
    "core": '\n\nclass Base:\n    """Base."""\n',
    # What it sets is of a class that is not the same everywhere; neither reader imports that class.
    "setter": "import ext\n\nfrom core import Base\n\nBase.helper = ext.More()\n",
    "reader": "from core import Base\n\nprint(Base().helper.right())\n",
    "other_reader": "import pad\n\nfrom core import Base\n\nprint(Base().helper.right(), pad)\n",
    "tests.test_core": "from core import Base\n\nBase.fake = 1\n",  # which is seen at home alone
    "fakes": "from core import Base\n\nprint(Base.fake)\n",
    "patched": "import patches\n\nprint(patches)\n",  # installed, and sets something in two's environment alone
    "shapes": "from shape import Shape\n\nprint(Shape.extra)\n",
    "linked": "from checkout import More\n\nprint(More().right())\n",  # what `pip install -e git+…` leaves
    # A namespace in the site folder: what is imported imports, relatively, what is another one in two's environment.
    "spaced": "from space.near import More\n\nprint(More().right())\n",
    # A namespace of the monorepo: nobody imports the portion that is named, and two's is another one.
    "hinted": "import acme.base\n\nprint(acme.base, acme.own.More().right())\n",
}


def test_what_somebody_sets_counts_for_those_who_look_at_it_and_import_nothing_that_differs(tmp_path: Path) -> None:
    manifest = '[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.10"\n'
    needs = 'dependencies = ["lib"]\n[tool.uv.sources]\nlib = {{ path = "../lib", editable = true }}\n'
    files: dict[str, str | bytes] = {
        "pyproject.toml": "[tool.pyfmt]\n",
        "lib/pyproject.toml": manifest.format(name="lib"),
    }
    files |= {f"lib/{name.replace('.', '/')}.py": f'"""Some."""\n\n{text}' for name, text in _SETTERS.items()}
    names = [name for name in _SETTERS if "." not in name]
    for name in ("one", "two"):
        imports = "".join(f"import {each}\n" for each in sorted(names))
        app = f'"""App."""\n\n{imports}\nprint({", ".join(names)})\n'
        files[f"{name}/acme/own.py"] = '"""Own."""\n' + _MORE.format(name="wrong" if name == "two" else "right")
        files |= {f"{name}/pyproject.toml": (manifest + needs).format(name=name), f"{name}/app.py": app}
    files["lib/acme/base.py"] = '"""Base."""\n'
    tree = Monorepo.create(tmp_path, files)
    tree.git("init", "--quiet")
    for name, method in (("lib", "right"), ("one", "wrong"), ("two", "wrong")):
        site = build(tree.root / name / ".venv", Recipe()).site_packages
        _write(site / "ext/__init__.py", '"""Ext."""\n' + _MORE.format(name=method))
        _write(site / "pad/__init__.py", "")
        _write(site / "shape/__init__.py", '"""Shapes."""\n\n\nclass Shape:\n    """A shape."""\n')
        _write(site / "patches/__init__.py", "import shape\n" + (name == "two") * "\nshape.Shape.extra = 1\n")
        source = tree.root / name / ".venv/src"
        source.mkdir()
        more = '"""More."""\n' + _MORE.format(name="wrong" if name == "two" else "right")
        _write(source / "checkout/__init__.py", more)
        (site / "space").mkdir()
        _write(site / "space/near/__init__.py", 'from ..far import More\n\n__all__ = ["More"]\n')
        _write(site / "space/far/__init__.py", more)
        (site / "space/py.typed").write_text("")
        (site / "checkout.pth").write_text(f"{source}\n")
        if name != "lib":
            (site / "lib.pth").write_text(f"{tree.root / 'lib'}\n{tree.root / name}\n")
    _write(site / "pad/extra.py", "")
    one, two = "one/.venv", "two/.venv"
    expected = {
        "reader": [one, two],
        "other_reader": [one, two],
        "fakes": [one, two],
        "shapes": ["lib/.venv", one],
        "linked": [two],
        "spaced": [two],
        "hinted": [two],
    }
    for arguments in ((), ("--no-cache",)):
        found = said(tree.check("--tool", "pylint", *arguments)[1], "pylint", "E1101")
        assert {Path(path).stem: where for (path, _), where in found.items()} == expected, arguments
        report = tree.check("lib/linked.py", "lib/spaced.py", "--tool", "mypy", *arguments)[1]
        found = {("lib/linked.py", 5): [two], ("lib/spaced.py", 5): [two]}
        assert said(report, "mypy", "attr-defined") == found, "of one file others answer, if it sees the same"
