"""Scripts without a suffix, and manifests that are damaged: checked by every tool, or said, and nobody else suffers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.end_to_end import trees
from tests.end_to_end.trees import manifest
from tests.support.monorepo import Monorepo, rules
from tests.support.pythons import require_python

WRONG = '"""Wrong."""\n\n\ndef collect(into: list[int] = []) -> list[str]:\n    """Collects."""\n    return into\n'
SCRIPT = "#!/usr/bin/env python3\n" + WRONG


def test_a_script_without_a_suffix_is_checked_by_every_linter(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "bin/tool": SCRIPT,
        "bin/other": SCRIPT,
        "app/__init__.py": '"""App."""\n',
        "app/__main__.py": WRONG,
    }
    tree = trees.one_project(tmp_path, files)
    for name in ("app/bin/tool", "app/bin/other"):
        result, report = tree.check("--no-cache", name, command_name="lint")
        result.expect(1)
        assert sorted(rules(report, name)) == ["W0102", "return-value"]
    both, report = tree.check("app/bin/tool", "app/bin/other", "app/app/__main__.py", command_name="lint")
    both.expect(1)
    assert len(report["findings"]) == 6 and not report["failures"]
    assert tree.check("app/bin/tool", "app/bin/other", "app/app/__main__.py", command_name="lint")[1]["findings"] == (
        report["findings"]
    )


def test_a_damaged_manifest_silences_mypy_for_its_own_project_alone(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"pyproject.toml": "[tool.pyfmt]\n"}
    for name in ("one", "two"):
        files |= {f"{name}/pyproject.toml": manifest(name, name), f"{name}/{name}/__init__.py": WRONG}
    tree = Monorepo.create(tmp_path, files)
    tree.environment(".")
    tree.write({"two/pyproject.toml": "<<<<<<< HEAD\nname = 1\n=======\nname = 2\n>>>>>>> other\n"})
    one = {("one/one/__init__.py", "W0102"), ("one/one/__init__.py", "return-value")}
    result, report = tree.check("one", command_name="lint")
    result.expect(1)
    assert {(each["path"], each["rule"]) for each in report["findings"]} == one
    result, report = tree.check(command_name="lint")
    result.expect(2)
    assert one <= {(each["path"], each["rule"]) for each in report["findings"]}
    assert [each["projects"] for each in report["failures"] if each["tool"] == "mypy"] == [["two"]]


def test_what_only_looks_like_a_project_spoils_nothing(tmp_path: Path) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', "app/setup.py": '"""Sets up."""\n'})
    template = "import {{ name }}\nimport   a\n"
    false = {"templates/lib/pyproject.toml": "[project]\nname = {{ name }}\n", "templates/lib/x.py": template}
    tree.write({**false, "app/{{ slug }}/setup.py": template, "app/{{ slug }}/x.py": template})
    result = tree.run("check").expect(0)
    assert "not checked, since they are templates whose names have to be filled in: app/{{ slug }}, templates/lib" in (
        result.stdout
    )
    assert "no project, since setup.py is a module there or calls no `setup()`: app/app" in result.stdout
    tree.run("format").expect(0)
    assert tree.read("templates/lib/x.py") == tree.read("app/{{ slug }}/x.py") == template
    assert [found["path"] for found in tree.run("envs", "--json").expect(0).json["projects"]] == [".", "app"]
    tree.git("init", "--quiet")
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message", "all")
    tree.write({"templates/lib/x.py": template * 2, "app/{{ slug }}/x.py": template * 2, "app/app/setup.py": ""})
    assert tree.run("affected", "--since", "HEAD", "--paths").expect(0).stdout.split() == [".", "app"]
    matrix = tree.run("affected", "--since", "HEAD", "--github-matrix").expect(0).json
    assert [(row["path"], row["deploy"]) for row in matrix["include"]] == [(".", True), ("app", True)]


def test_a_script_of_no_project_has_the_standard_library_and_the_monorepo(tmp_path: Path) -> None:
    helpers = '"""Helpers."""\n\nLIMIT = 3\n'
    script = """
        \"\"\"Asks.\"\"\"

        import importlib
        import json
        import sys

        import app
        import helpers

        app.go(json.loads(helpers.LIMIT))
        app.go(helpers.limit)
        importlib.import_module(sys.argv[1])
        importlib.import_module("")
        importlib.import_module(f"app.{sys.argv[1]}")
    """
    lib = (
        '"""App."""\n\nimport missing\n\n\ndef go(where: int) -> int:\n    """Goes."""\n    return missing.go(where)\n'
    )
    tree = trees.one_project(tmp_path, {"app/__init__.py": lib})
    tree.write({"tools/ci/asks.py": script, "tools/ci/helpers.py": helpers})
    for _ in ("cold", "cached"):
        result, report = tree.check("tools", command_name="lint")
        result.expect(1)  # not 2: everything was checked
        assert {(f["path"], f["line"], f["rule"], tuple(f["environments"])) for f in report["findings"]} == {
            ("tools/ci/asks.py", 10, "arg-type", ("standard library",)),
            ("tools/ci/asks.py", 11, "attr-defined", ("standard library",)),
        }
    # The library is judged at home alone, where what it imports may be installed.
    _, report = tree.check(command_name="lint")
    assert {tuple(f["environments"]) for f in report["findings"] if f["path"] == "app/app/__init__.py"} == {
        ("app/.venv",)
    }
    tree.write({"conftest.py": '"""Fixtures."""\n\nimport pytest\n\nprint(pytest.x)\n'})
    result, report = tree.check("conftest.py", "tools", command_name="lint")
    result.expect(2)
    said = "conftest.py: no environment has pytest, which it imports; give it a project or a `# /// script` block"
    assert {(each["tool"], each["reason"].startswith(said)) for each in report["skipped"]} == {
        ("mypy", True),
        ("pylint", True),
    }
    assert {each["path"] for each in report["findings"]} == {"tools/ci/asks.py"}
    plugins = "import importlib\nimport sys\n\nimportlib.import_module(f'pytest.{sys.argv[1]}')\n"
    tree.write({"conftest.py": f'"""Fixtures."""\n\n{plugins}'})  # what is written of a computed name counts
    skipped = tree.check("conftest.py", command_name="lint")[1]["skipped"]
    assert skipped and all(each["reason"].startswith(said) for each in skipped)
    tree.write({"conftest.py": '"""Fixtures."""\n\nimport pytest\n\nprint(pytest.x)\n'})
    tree.run("format", "conftest.py").expect(0)
    # An environment in the root is taken as ever.
    tree.environment(".")
    result, report = tree.check("conftest.py", command_name="lint")
    result.expect(1)
    assert {each["rule"] for each in report["findings"]} & {"E0401", "import-not-found"}


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the syntax")
def test_newer_syntax_is_formatted_and_no_python_of_the_checkout_is_started_for_it(tmp_path: Path) -> None:
    newer = require_python("3.12")
    tree = trees.one_project(tmp_path, {"new.py": "type X  = int\nx  = f'{x['a']}'\n"})
    spy = f"#!/bin/sh\ntouch {tree.root}/started\n"
    for folder in ("bin", "venv/bin", "../elsewhere/bin"):
        for name in ("python", "python3", "python3.12", "python3.13", "python3.14"):
            tree.write({f"{folder}/{name}": spy})
            (tree.root / folder / name).chmod(0o755)
    tree.write({"../elsewhere/pyvenv.cfg": "home = /\n"})
    places = [str(tree.root / folder) for folder in ("bin", "venv/bin", "../elsewhere/bin")]
    path = os.pathsep.join([*places, "bin", str(newer.parent), os.environ["PATH"]])
    environ = {"PATH": path, "VIRTUAL_ENV": str(tree.root / "venv"), "PYENV_ROOT": str(tree.home)}
    tree.run("format", environ=environ).expect(0)
    assert tree.read("app/new.py") == "type X = int\nx = f\"{x['a']}\"\n"
    assert not (tree.root / "started").exists()


def test_isort_alone_rewrites_nothing_that_no_python_can_parse(tmp_path: Path) -> None:
    text = "<<<<<<< ours\nimport sys\n=======\nimport os\n>>>>>>> theirs\nimport abc\n"
    tree = trees.one_project(tmp_path, {"marks.py": text, "good.py": "import sys\nimport os\n"})
    for tools in ((), ("--tool", "isort")):
        result = tree.run("format", *tools).expect(1)
        assert "app/marks.py:1:1: error: " in result.stdout
        assert tree.read("app/marks.py") == text
    assert tree.read("app/good.py") == "import os\nimport sys\n"


@pytest.mark.parametrize("declared", ["", '[build-system]\nrequires = ["setuptools>=61", "Cython", "grpcio-tools"]\n'])
def test_setup_py_is_judged_against_its_build_requirements(tmp_path: Path, declared: str) -> None:
    setup = """
        \"\"\"Builds.\"\"\"

        import Cython.Build
        import grpc_tools
        import numpy
        import pkg_resources
        import setuptools
        from setuptools import setup

        print(Cython.Build, grpc_tools, numpy, pkg_resources, setuptools)
        setup(name="app")
    """
    tree = trees.one_project(tmp_path, {"setup.py": setup, "app/__init__.py": '"""App."""\n\nimport grpc_tools\n'})
    tree.write({"app/pyproject.toml": declared + "[tool.x]\n"})
    tree.write({"pyproject.toml": "[tool.pyfmt]\nmerge-equivalent = false\n"})
    result, report = tree.check("app", "--tool", "pylint", "--tool", "mypy", "--tool", "ty", command_name="lint")
    result.expect(1)
    lines = {3, 4, 5} if not declared else {5}
    for tool, rule in (("pylint", "E0401"), ("mypy", "import-"), ("ty", "import-not-found")):
        found = {
            (each["path"], each["line"])
            for each in report["findings"]
            if each["tool"] == tool and each["rule"].startswith(rule)
        }
        # Only in what builds the project, and only what is there when it is built.
        assert found == {("app/setup.py", line) for line in lines} | {("app/app/__init__.py", 3)}, tool


def test_a_plain_folder_of_the_monorepo_that_a_pth_names_is_first_party(tmp_path: Path) -> None:
    units = '"""Units."""\n\n\ndef area(side: int) -> int:\n    """Area."""\n    return side * side\n'
    use = """
        \"\"\"Uses it.\"\"\"

        import units
        from kinds.deep import LIMIT

        WRONG: str = units.area("2")
        LIMIT.nope()
        units.gone()
    """
    tree = trees.one_project(tmp_path, {"use.py": use})
    # Neither an installed distribution nor py.typed; one folder is in no project, the other in one without a name.
    tree.write({"shared/units.py": units, "lib/setup.cfg": "[metadata]\n", "lib/more/kinds/deep.py": "LIMIT = 3\n"})
    site = next((tree.root / "app/.venv").glob("lib/python*/site-packages"))
    (site / "shared.pth").write_text(f"{tree.root}/shared\n{tree.root}/lib/more\n", "utf-8")
    for option in ("--no-cache", "--cache-audit=100%"):
        result, report = tree.check("app", option, command_name="lint")
        result.expect(1)
        assert {(f["path"], f["line"], f["rule"]) for f in report["findings"] if f["tool"] == "mypy"} == {
            ("app/use.py", 6, "assignment"),
            ("app/use.py", 6, "arg-type"),
            ("app/use.py", 7, "attr-defined"),
            ("app/use.py", 8, "attr-defined"),
        }
        assert not {f["rule"] for f in report["findings"]} & {"E0401", "E0611"}


def test_a_folder_that_cannot_be_read_is_said_with_exit_code_2_and_the_rest_is_checked(tmp_path: Path) -> None:
    tree = trees.one_project(tmp_path, {"ugly.py": "x  = 1\n"})
    # Not even root can list a folder whose path is longer than the system's limit.
    name = "d" * 250
    place = os.open(tree.root / "app", os.O_RDONLY)
    for _ in range(os.pathconf("/", "PC_PATH_MAX") // len(name) + 1):
        os.mkdir(name, dir_fd=place)
        inner = os.open(name, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)
    for _ in ("cold", "cached"):
        result, report = tree.check("--check", command_name="format")
        result.expect(2)
        assert [edit["path"] for edit in report["edits"]] == ["app/ugly.py"]
        (failure,) = report["failures"]
        assert failure["projects"] == ["app"] and failure["reason"].startswith(f"folder app/{name}/")
        assert failure["reason"].endswith("cannot be read: File name too long")
        assert "its files were not checked" in failure["detail"]
    # A run over another part of the monorepo does not mind it.
    tree.write({"lib/pyproject.toml": manifest("lib", "lib"), "lib/lib.py": "X = 1\n"})
    tree.run("format", "--check", "lib").expect(0)


def test_messages_name_files_relative_to_the_root_and_a_folder_called_pth_does_no_harm(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"encoded.py": "# coding: nonsense\nX = 1\n", "user.py": "import encoded\n"}
    tree = trees.one_project(tmp_path, files)
    next((tree.root / "app/.venv").glob("lib/python*/site-packages")).joinpath("x.pth").mkdir()
    report = tree.check("--tool", "pylint", "--no-cache")[1]
    said = {item["path"]: item["message"] for item in report["findings"] if item["rule"] == "E0001"}
    assert said.keys() == {"app/encoded.py", "app/user.py"} and not report["failures"]
    assert all("'app/encoded.py'" in message and str(tree.root) not in message for message in said.values())
