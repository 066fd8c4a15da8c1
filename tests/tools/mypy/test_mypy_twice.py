"""Files that mypy gives up on because of their names stop nothing but themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import MakeEnvironment, MakeMonorepo
from tests.support.virtualenvs import Recipe, build
from tests.tools.mypy.checking import Checker, said, sound, told
from tests.tools.mypy.test_mypy_against_loop import service

WRONG = "x: int = ''\n"
CORE = "types typing typing_extensions mypy_extensions abc builtins sys collections _collections_abc _typeshed".split()


@pytest.mark.parametrize("package", [False, True])
def test_a_module_named_like_one_of_mypys_own_is_a_finding_and_the_others_are_checked(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path, package: bool
) -> None:
    files: dict[str, str | bytes] = {
        "a/pyproject.toml": service("a"),
        "a/src/a/__init__.py": "",
        "a/src/a/types.py": WRONG,
        "a/src/a/use.py": "import types\nfrom a.types import x\nfrom collections.abc import Iterable\n\ny: str = x\n"
        "z: Iterable[int] = types.new_class('A')\n",
        "b/pyproject.toml": service("b"),
        "b/b.py": "import sys\nimport typing\n\nx: typing.List[str] = sys.maxsize\n",
    }
    for name in CORE:
        files[f"a/src/{name}/__init__.py" if package else f"a/src/{name}.py"] = WRONG
    tree = monorepo(files)
    environments = dict.fromkeys(("a", "b"), str(kept_environment().prefix))
    expected = {(path, 1, "misc", f'This file shadows library module "{name}"') for path, name in _named(CORE, package)}
    for _ in range(2):  # with what the first run has kept
        reading = Checker(tree, environments, cache=tmp_path / "cache").check()
        found = sound(reading)
        assert {each for each in found if each[2] == "misc"} == expected
        assert {each[:3] for each in found if each[2] != "misc"} == {
            ("a/src/a/types.py", 1, "assignment"),
            ("a/src/a/use.py", 5, "assignment"),
            ("a/src/a/use.py", 6, "assignment"),
            ("b/b.py", 4, "assignment"),
        }
    assert "is not supported" in reading.findings[0].notes[0]
    alone = Checker(tree, environments, selected={"b": ("b/b.py",), "a": ()}).check()
    assert {each[0] for each in sound(alone)} == {"b/b.py"}


def _named(names: list[str], package: bool) -> list[tuple[str, str]]:
    return [(f"a/src/{name}/__init__.py" if package else f"a/src/{name}.py", name) for name in names]


def test_a_file_that_is_imported_by_two_names_is_checked_by_one(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    files: dict[str, str | bytes] = {
        "a/pyproject.toml": service("a"),
        "a/src/app/__init__.py": "from app.core import Thing\n_hidden = 1\n",
        "a/src/app/core.py": "class Thing:\n    size: int = ''\n",
        "a/src/app/again.py": "from .__init__ import Thing, _hidden, gone\n\nx: str = Thing().size\ny: str = _hidden\n",
        "a/src/app/deep/__init__.py": "VALUE = 1\n",
        "a/src/app/deep/use.py": "from app.deep.__init__ import VALUE\nfrom src.app.core import Thing\n\n"
        "x: str = VALUE\ny: str = Thing().size\n",
        "a/tests/test_a.py": "from src.app.core import Thing\nfrom app.core import Thing as Other\n\n"
        "x: str = Thing().size\ny: str = Other().size\n",
        "a/__main__.py": WRONG,
        "a/src/__main__.py": WRONG,
        "b/pyproject.toml": service("b"),
        "b/__main__.py": WRONG,
        "b/b.py": WRONG,
    }
    tree = monorepo(files)
    environments = dict.fromkeys(("a", "b"), str(kept_environment().prefix))
    expected = {
        ("a/src/app/core.py", 2, "assignment"),
        ("a/src/app/again.py", 1, "attr-defined"),
        ("a/src/app/again.py", 3, "assignment"),
        ("a/src/app/again.py", 4, "assignment"),
        ("a/src/app/deep/use.py", 4, "assignment"),
        ("a/src/app/deep/use.py", 5, "assignment"),
        ("a/tests/test_a.py", 4, "assignment"),
        ("a/tests/test_a.py", 5, "assignment"),
        ("a/__main__.py", 1, "assignment"),
        ("a/src/__main__.py", 1, "assignment"),
        ("b/__main__.py", 1, "assignment"),
        ("b/b.py", 1, "assignment"),
    }
    cold = Checker(tree, environments, cache=tmp_path / "cache").check()
    assert {each[:3] for each in sound(cold)} == expected
    assert Checker(tree, environments, cache=tmp_path / "cache").check() == cold
    tree.write({"a/src/app/core.py": "class Thing:\n    size: str = ''\n"})
    changed = Checker(tree, environments, cache=tmp_path / "cache").check()
    assert said(changed.findings) == said(Checker(tree, environments).check().findings) != said(cold.findings)
    assert not changed.failures, told(changed.failures)


def test_a_typed_package_below_a_folder_is_checked_where_it_is_imported_by_that_folder_too(
    monorepo: MakeMonorepo, tmp_path: Path
) -> None:
    """mypy looks for what is in a typed package (py.typed) in the folders of .pth files first."""
    files: dict[str, str | bytes] = {
        "a/pyproject.toml": service("a"),
        "a/examples/shown/py.typed": "",
        "a/examples/shown/voice.py": "class Voice:\n    pitch: int = ''\n",
        "a/examples/shown/cam/__init__.py": "",
        "a/examples/shown/cam/app.py": WRONG,
        "a/use.py": "from shown.voice import Voice\n\nx: str = Voice().pitch\n",
        "a/tests/test_a.py": "from examples.shown import voice\nfrom examples.shown.cam import app\n\n"
        "x: str = voice.Voice().pitch\ny: str = app.x\n",
    }
    tree = monorepo(files)
    built = build(tmp_path / "env", Recipe())
    (built.site_packages / "editable.pth").write_text(f"{tree.root / 'a'}\n{tree.root / 'a/examples'}\n")
    for _ in range(2):
        reading = Checker(tree, {"a": str(built.prefix)}, cache=tmp_path / "cache").check()
        assert {each[:3] for each in sound(reading)} == {
            ("a/examples/shown/voice.py", 2, "assignment"),
            ("a/examples/shown/cam/app.py", 1, "assignment"),
            ("a/use.py", 3, "assignment"),
            ("a/tests/test_a.py", 4, "assignment"),
            ("a/tests/test_a.py", 5, "assignment"),
        }


@pytest.mark.parametrize("init", [True, False])
def test_a_folder_that_a_pth_names_besides_its_package_hides_nothing(
    monorepo: MakeMonorepo, tmp_path: Path, init: bool
) -> None:
    files: dict[str, str | bytes] = {
        "a/pyproject.toml": service("a"),
        "a/src/acme/pb/thing_pb2.py": "import other_pb2\n\nclass Thing:\n"
        "    size: int = ''\n    other = other_pb2.VALUE\n",
        "a/src/acme/pb/other_pb2.py": "VALUE = 1\n",
        "a/src/acme/use.py": "import thing_pb2\nfrom acme.pb import thing_pb2 as again\n"
        "from .pb.thing_pb2 import Thing\n\n"
        "x: str = thing_pb2.Thing().other\ny: str = again.Thing().other\nz: str = Thing().size\n",
        **(
            {"a/src/acme/__init__.py": "", "a/src/acme/pb/__init__.py": "from . import other_pb2 as other_pb2\n"}
            if init
            else {}
        ),
    }
    tree = monorepo(files)
    built = build(tmp_path / "env", Recipe())
    (built.site_packages / "generated.pth").write_text(f"{tree.root / 'a/src/acme/pb'}\n")
    for _ in range(2):
        reading = Checker(tree, {"a": str(built.prefix)}, cache=tmp_path / "cache").check()
        assert {each[:3] for each in sound(reading)} == {
            ("a/src/acme/pb/thing_pb2.py", 4, "assignment"),
            ("a/src/acme/use.py", 5, "assignment"),
            ("a/src/acme/use.py", 6, "assignment"),
            ("a/src/acme/use.py", 7, "assignment"),
        }
