"""`--since`, `pyfmt affected` and `pyfmt graph` on the command line, with a real environment and the real tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.trees import manifest
from tests.support.monorepo import Monorepo

FILES: dict[str, str | bytes] = {
    ".gitignore": ".venv/\n",
    "pyproject.toml": '[tool.pyfmt]\nprojects = ["lib", "app", "other"]\n',
    "lib/pyproject.toml": manifest("acme-lib", "acme_lib"),
    "lib/acme_lib/__init__.py": '"""Shared."""\n\n\ndef size() -> int:\n    """How large it is."""\n    return 3\n',
    "lib/acme_lib/py.typed": "",
    "app/pyproject.toml": manifest("app", "app", "acme-lib"),
    "app/app/__init__.py": '"""The service."""\n',
    "app/app/uses.py": '"""Uses the library."""\n\nfrom acme_lib import size\n\nTOTAL: int = size()\n',
    "other/pyproject.toml": manifest("other", "other"),
    "other/other.py": '"""Has nothing to do with it."""\n\nNUMBER: int = "no number"\n',
}


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """The library's function gives text on a branch, which the service does not expect. Not to be written to."""
    tree = Monorepo.create(tmp_path_factory.mktemp("since"), FILES)
    tree.environment("app", editable=["lib", "app"])
    tree.environment("other")
    tree.git("init", "--quiet", "--initial-branch=main")
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message=one")
    tree.git("checkout", "--quiet", "-b", "topic")
    tree.write(
        {"lib/acme_lib/__init__.py": '"""Shared."""\ndef size() -> str:\n    """How large."""\n    return "3"\n'}
    )
    return tree


def places(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(item["path"], item["rule"]) for item in report["findings"]}


def test_a_run_reports_what_the_whole_run_says_of_what_can_see_the_change(changed: Monorepo) -> None:
    result, report = changed.check("--since", "main")
    assert places(report) == {("app/app/uses.py", "assignment")}, result
    assert [edit["path"] for edit in report["edits"]] == ["lib/acme_lib/__init__.py"]
    assert any(note.startswith("since main, at ") for note in report["notes"])
    result.expect(1)
    whole = changed.check()[1]
    assert places(whole) == places(report) | {("other/other.py", "assignment")}
    assert [edit["path"] for edit in whole["edits"]] == ["lib/acme_lib/__init__.py"]
    named = changed.check("--since", "auto", "other")[1]
    assert (named["findings"], named["edits"]) == ([], [])


def test_nothing_changed_is_clean(changed: Monorepo) -> None:
    tree = Monorepo(changed.root / "other", changed.home)
    tree.run("lint", "--root", "..", "--since", "HEAD", ".").expect(0)


def test_a_format_touches_changed_files_only(tmp_path: Path) -> None:
    tree = Monorepo.create(
        tmp_path, {"app/pyproject.toml": manifest("app", "app"), "app/a.py": "a=1\n", "app/b.py": "b=1\n"}
    )
    tree.git("init", "--quiet", "--initial-branch=main")
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message=one")
    tree.write({"app/b.py": "b=2\n"})
    tree.run("format", "--since", "HEAD").expect(0)
    assert (tree.read("app/a.py"), tree.read("app/b.py")) == ("a=1\n", "b = 2\n")
    said = tree.run("format", "--since", "nowhere").expect(2).stderr
    assert "--since nowhere: no such commit" in said
    tree.run("format", "--since", "HEAD", "-").expect(2)


def test_affected_in_every_shape(changed: Monorepo) -> None:
    told = changed.run("affected", "--since", "main", "--json").expect(0).json
    why = "lib changed → app depends on it through pyproject.toml"
    changes = ["lib/acme_lib/__init__.py changed"]
    assert told["changed"] == [{"project": "acme-lib", "path": "lib", "kind": "library", "why": changes}]
    assert told["affected"] == [{"project": "app", "path": "app", "kind": "project", "why": [why]}]
    assert told["files"]["format"] == ["lib/acme_lib/__init__.py"]
    assert "app/app/uses.py" in told["files"]["lint"] and "other/other.py" not in told["files"]["lint"]
    assert (told["known"], told["since"], len(told["bases"])) == (True, "main", 1)
    assert changed.run("affected", "--paths").expect(0).stdout == "app\nlib\n"
    matrix = changed.run("affected", "--github-matrix").expect(0)
    assert json.loads(matrix.stdout) == {
        "include": [
            {"project": "app", "path": "app", "changed": False, "kind": "project", "deploy": False, "values": {}},
            {"project": "acme-lib", "path": "lib", "changed": True, "kind": "library", "deploy": False, "values": {}},
        ]
    }
    assert matrix.stdout.count("\n") == 1 and "since main" in matrix.stderr
    assert f"    {why}" in changed.run("affected").expect(0).stdout.splitlines()
    plain = changed.run("affected", environ={"PYTHONIOENCODING": "ascii"}).expect(0)
    assert "lib changed \\u2192 app" in plain.stdout


def test_the_graph_in_every_shape(tmp_path: Path) -> None:
    files = {
        f"{one}/pyproject.toml": manifest(one, one, *needs) for one, needs in (("a", ["b"]), ("b", ["a"]), ("c", ["a"]))
    }
    tree = Monorepo.create(tmp_path, {**files, 'd "x"/setup.py': "from setuptools import setup\nsetup()\n"})
    told = tree.run("graph", "--json").expect(0).json
    assert [(edge["from"], edge["to"], edge["through"]) for edge in told["edges"]] == [
        ("a", "b", ["pyproject.toml"]),
        ("b", "a", ["pyproject.toml"]),
        ("c", "a", ["pyproject.toml"]),
    ]
    assert told["cycles"] == [["a", "b"]]
    text = tree.run("graph").expect(0).stdout
    assert "c\n  → a, through pyproject.toml\n" in text and "in a circle: a, b" in text
    drawn = tree.run("graph", "--mermaid").expect(0).stdout.splitlines()
    assert drawn[0] == "flowchart LR"
    assert '    p3["d #34;x#34;"]' in drawn and '    p2 -->|"pyproject.toml"| p0' in drawn
