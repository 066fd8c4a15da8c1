"""The commands that tell: envs, explain, config, --version, --help."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import pyfmt
from tests.end_to_end import trees
from tests.support.monorepo import Monorepo


def strings(value: Any) -> list[str]:
    """Every string in a JSON value, keys included."""
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *strings(item))]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


def test_version_names_every_tool() -> None:
    tree = Monorepo(Path("/"), Path("/nonexistent"))
    said = tree.run("--version").expect(0).stdout
    assert pyfmt.__version__ in said
    for tool in ("isort", "black", "pylint", "mypy"):
        assert tool in said
        assert version(tool) in said


@pytest.mark.parametrize(
    "words",
    [(), ("run",), ("check",), ("format",), ("lint",), ("envs",), ("explain",), ("config",), ("affected",), ("graph",)],
)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    said = Monorepo(Path("/"), Path("/nonexistent")).run(*words, "--help").expect(0).stdout
    assert "usage" in said.lower()


def test_envs_tells_every_project_its_environment_and_how_it_was_found(conflicting: Monorepo) -> None:
    said = conflicting.run("envs").expect(0).stdout
    for word in ("billing", "ledger", "projects/billing/.venv", "projects/ledger/.venv", "acme-storage"):
        assert word in said
    told = strings(json.loads(conflicting.run("envs", "--json").expect(0).stdout))
    for word in ("projects/billing", "projects/ledger", "lib/storage", ".venv"):
        assert word in told, told


def test_envs_ends_2_where_a_project_has_none(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, trees.FILES)
    said = tree.run("envs").expect(2).stdout
    assert "pyfmt envs create" in said


def test_envs_create_makes_what_is_missing_and_the_run_then_is_whole(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, trees.FILES)
    tree.write({"projects/ledger/pyproject.toml": trees.manifest("ledger", "src/ledger", "pydantic>=2")})
    tree.write({"projects/ledger/src/ledger/models.py": '"""Nothing of the library."""\n'})
    tree.write({"projects/ledger/tests/test_models.py": '"""Nothing to test."""\n'})
    tree.write({"projects/billing/pyproject.toml": trees.manifest("billing", "billing", "pydantic<1.10")})
    tree.write(
        {
            "projects/billing/billing/models.py": '"""Nothing of the library."""\n\nimport pydantic.main\n\n'
            "print(pydantic)\n"
        }
    )
    tree.write({"projects/billing/tests/test_models.py": '"""Nothing to test."""\n'})
    for name in ("json", "pydantic"):
        tree.write({f"lib/storage/acme/{name}/__init__.py": '"""Needs nothing that is not declared."""\n'})
    tree.run("envs", "create", "billing").expect(0)
    assert (tree.root / "projects/billing/.venv/pyvenv.cfg").exists()
    assert not (tree.root / "projects/ledger/.venv").exists()
    tree.run("envs", "create", "ledger", "acme-storage").expect(0)
    result, report = tree.check()
    result.expect(1)
    assert {item["path"] for item in report["findings"]} == {"projects/billing/billing/mistakes.py"}


def test_explain_tells_project_environment_configurations_and_calls(conflicting: Monorepo) -> None:
    said = conflicting.run("explain", "-v", "projects/billing/billing/models.py").expect(0).stdout
    brief = conflicting.run("explain", "projects/billing/billing/models.py").expect(0).stdout
    for word in ("billing", "projects/billing/.venv", "pylintrc", "mypy.ini", "black.toml", "isort.cfg"):
        assert word in said and word in brief, word
    assert len(brief.splitlines()) <= 12
    assert brief.endswith("more: pyfmt explain -v projects/billing/billing/models.py\n")


def test_explain_of_a_file_outside_is_a_usage_error(conflicting: Monorepo) -> None:
    conflicting.run("explain", "-v", "nowhere.py").expect(2)


def test_config_tells_where_each_value_comes_from(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"pyproject.toml": "[tool.pyfmt]\ntimeout = 77\n"})
    tree.write({"app/pyproject.toml": trees.manifest("app", "app") + "\n[tool.black]\nline-length = 33\n"})
    said = tree.run("config").expect(0).stdout
    assert "77" in said
    assert "pyproject.toml" in said
    assert any("black" in line and "ignored" in line for line in said.splitlines()) or "ignored" in said
    told = json.loads(tree.run("config", "--json").expect(0).stdout)
    assert "timeout" in strings(told)


def test_config_prints_the_schemas_that_its_files_and_its_reports_satisfy(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"pyproject.toml": "[tool.pyfmt]\n", "app/pyproject.toml": "[project]\n"})
    schema = json.loads(tree.run("config", "schema").expect(0).stdout)
    jsonschema.validate({"tools": ["mypy"], "timeout": 77}, schema)
    _, report = tree.check()
    jsonschema.validate(report, json.loads(tree.run("config", "schema", "--report").expect(0).stdout))
    assert "config schema" in tree.run("config", "--report").expect(2).stderr


def test_the_root_is_the_nearest_folder_with_settings(conflicting: Monorepo) -> None:
    _, report = conflicting.check("models.py", cwd="projects/billing/billing")
    assert report["root"] == str(conflicting.root)


def test_pyfmt_toml_serves_as_well(tmp_path: Path) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n'})
    (tree.root / "pyproject.toml").unlink()
    tree.write({"pyfmt.toml": 'tools = ["black"]\n'})
    tree.write({"app/app/ugly.py": '"""Ugly."""\nimport sys, os\nNUMBER :int = "text"\n'})
    result, report = tree.check()
    result.expect(1)
    assert report["findings"] == []
    assert [edit["tools"] for edit in report["edits"]] == [["black"]]
