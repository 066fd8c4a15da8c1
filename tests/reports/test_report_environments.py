"""`only in: ...`: what sets the environments that see a finding apart from those that do not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from pyfmt.core.model import Finding
from pyfmt.core.report import EnvironmentRecord, UnitRecord
from pyfmt.reports import html
from pyfmt.reports import json as json_report
from pyfmt.reports import sarif, text
from pyfmt.reports.environments import Environments
from pyfmt.reports.options import RenderOptions
from tests.reports.models import CLEAN, finding

PATH = "lib/storage/acme/storage/disk.py"
SEEN = finding(path=PATH, project="acme-storage", message="No overload", environments=("billing",))
IMPORTS = {
    "plain": ["import os, pydantic.main as main", "x = 1"],
    "from": ["def f():", "    from pydantic import BaseModel"],
    "none": ["import os", "pydantic = 1"],
}


def told(
    environments: Mapping[str, tuple[str, Mapping[str, str]]], seen: Finding = SEEN, imports: str = "plain"
) -> list[str]:
    """What is said of a finding that the first environment sees; each with its Python and packages."""
    records = tuple(
        EnvironmentRecord(name, name, python, ".venv", "ok", "", packages=tuple(packages.items()))
        for name, (python, packages) in environments.items()
    )
    units = tuple(UnitRecord(seen.tool, name, (seen.project,), 1, 0.0, False) for name in environments)
    report = replace(CLEAN, environments=records, units=units, findings=(seen,))
    return [str(each) for each in Environments(report, lambda _path: IMPORTS[imports]).only_in(seen)]


OLD, NEW = {"pydantic": "1.10.2", "requests": "2.31"}, {"pydantic": "2.7", "requests": "2.31"}


@pytest.mark.parametrize("imports", ["plain", "from"])
def test_the_package_that_the_file_imports_tells_more_than_others(imports: str) -> None:
    environments = {
        "billing": ("3.11.7", {**OLD, "attrs": "1", "black": "2"}),
        "ledger": ("3.12.1", {**NEW, "attrs": "2", "black": "3"}),
    }
    assert told(environments, imports=imports) == ["billing (pydantic 1.10.2)"]


def test_else_the_package_that_the_message_names() -> None:
    named = replace(SEEN, message='Module "attrs.x" has no attribute "y"')
    environments = {"billing": ("3.11.7", {**OLD, "attrs": "1"}), "ledger": ("3.11.7", {**NEW, "attrs": "2"})}
    assert told(environments, named, "none") == ["billing (attrs 1)"]


def test_else_every_package_that_differs_and_the_python() -> None:
    assert told({"billing": ("3.11.7", OLD), "ledger": ("3.11.9", NEW)}, imports="none") == [
        "billing (pydantic 1.10.2)"
    ]
    assert told({"billing": ("3.11.7", OLD), "ledger": ("3.12.1", NEW)}, imports="none") == [
        "billing (Python 3.11.7, pydantic 1.10.2)"
    ]
    many = ({f"p{n}": "1" for n in range(9)}, {f"p{n}": "2" for n in range(9)})
    assert told({"billing": ("3.11.7", many[0]), "ledger": ("3.11.7", many[1])}, imports="none") == [
        "billing (p0 1, p1 1, p2 1 and 6 more)"
    ]


def test_only_what_differs_from_all_the_others_can_be_the_reason() -> None:
    environments = {"billing": ("3.11.7", OLD), "ledger": ("3.11.7", NEW), "mailer": ("3.11.7", OLD)}
    assert told(environments) == ["billing (Python 3.11.7)"]  # nothing explains it: the Python says which one it is
    both = replace(SEEN, environments=("billing", "mailer"))
    environments["mailer"] = ("3.11.7", {**OLD, "pydantic": "1.9"})
    assert told(environments, both) == ["billing (pydantic 1.10.2)", "mailer (pydantic 1.9)"]


def test_a_package_that_is_missing_explains_too_and_an_unknown_environment_nothing() -> None:
    assert told({"billing": ("3.11.7", {}), "ledger": ("3.11.7", NEW)}) == ["billing (no pydantic)"]
    report = replace(
        CLEAN,
        environments=(EnvironmentRecord("billing", "billing", "", ".venv", "ok", "", packages=tuple(OLD.items())),),
        units=tuple(UnitRecord("pylint", name, ("acme-storage",), 1, 0.0, False) for name in ("billing", "ledger")),
    )
    assert [str(each) for each in Environments(report).only_in(SEEN)] == ["billing"]


def test_every_kind_of_report_says_it() -> None:
    records = tuple(
        EnvironmentRecord(name, name, "3.11.7", ".venv", "ok", "", packages=tuple(packages.items()))
        for name, packages in (("billing", OLD), ("ledger", NEW))
    )
    units = tuple(UnitRecord("pylint", record.name, ("acme-storage",), 1, 0.0, False) for record in records)
    report = replace(CLEAN, environments=records, units=units, findings=(SEEN,))
    options = RenderOptions(sources=lambda _path: IMPORTS["from"])
    for renderer in (text, html, sarif):
        assert "only in: billing (pydantic 1.10.2)" in renderer.render(report, options)
    (said,) = json.loads(json_report.render(report, options))["findings"]
    assert said["only_in"] == [{"environment": "billing", "packages": {"pydantic": "1.10.2"}, "python": ""}]
