"""Scripts without a suffix, and manifests that are damaged: checked by every tool, or said, and nobody else suffers."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end import trees
from tests.end_to_end.trees import manifest
from tests.support.monorepo import Monorepo, rules

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
