"""Model reports for the tests of every format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pyfmt.core.model import Edit, Failure, Finding, Severity, Skip
from pyfmt.core.report import EnvironmentRecord, ProjectRecord, Report, UnitRecord
from pyfmt.core.request import Command

BILLING_ENV = "projects/billing/.venv"
LEDGER_ENV = "projects/ledger/.venv"

SOURCES: Mapping[str, Sequence[str]] = {
    "lib/storage/acme/storage/disk.py": [
        "from pydantic import BaseModel",
        "",
        "",
        "def size(path: str) -> int:",
        '\treturn "名前", path',
    ],
    "projects/billing/billing/app.py": [
        "import requests",
        "total: int = compute_the_total(of_everything, that_there_is, in_the_books, " + "x" * 80 + ")",
        "def invoice(",
        "    customer,",
        "): ...",
    ],
}

_FINDING = Finding(
    path="projects/billing/billing/app.py",
    line=1,
    column=1,
    end_line=1,
    end_column=16,
    tool="pylint",
    rule="E0401",
    symbol="import-error",
    severity=Severity.ERROR,
    message="Unable to import 'requests'",
    project="billing",
    environments=(BILLING_ENV,),
)


def finding(**changes: object) -> Finding:
    """A finding like pylint's E0401 in billing, with changes."""
    return replace(_FINDING, **changes)  # type: ignore[arg-type]


FINDINGS = (
    finding(
        path="lib/storage/acme/storage/disk.py",
        line=5,
        column=9,
        end_column=19,
        end_line=5,
        tool="mypy",
        rule="return-value",
        symbol="return-value",
        message='Incompatible return value type (got "tuple[str, str]", expected "int")',
        project="acme-storage",
        environments=(BILLING_ENV,),
        notes=("Perhaps you need a cast?",),
    ),
    finding(),
    finding(
        line=2,
        column=14,
        end_line=2,
        end_column=None,
        tool="mypy",
        rule="name-defined",
        symbol="name-defined",
        message='Name "compute_the_total" is not defined',
    ),
    finding(
        line=3,
        column=1,
        end_line=5,
        end_column=7,
        rule="R0801",
        symbol="duplicate-code",
        severity=Severity.INFO,
        message="Similar lines in 2 files\n==billing.app:[3:5]\n==ledger.main:[8:10]\ndef invoice(\n    customer,",
        also=("projects/ledger/ledger/main.py",),
    ),
    finding(
        path="projects/ledger/ledger/main.py",
        line=8,
        column=None,
        end_line=None,
        end_column=None,
        rule="W0611",
        symbol="unused-import",
        severity=Severity.WARNING,
        message="Unused import os",
        project="ledger",
        environments=(LEDGER_ENV,),
    ),
)

RICH = Report(
    root="/work/mono",
    command=Command.CHECK,
    projects=(
        ProjectRecord("acme-storage", "lib/storage", BILLING_ENV, 4),
        ProjectRecord("billing", "projects/billing", BILLING_ENV, 12),
        ProjectRecord("ledger", "projects/ledger", LEDGER_ENV, 9),
        ProjectRecord("mailer", "projects/mailer", "", 3),
        ProjectRecord("quiet", "projects/quiet", BILLING_ENV, 2),
    ),
    environments=(
        EnvironmentRecord(
            BILLING_ENV,
            f"/work/mono/{BILLING_ENV}",
            "3.11.7",
            ".venv",
            "ok",
            "",
            packages=(("pydantic", "1.9.2"), ("requests", "2.31")),
        ),
        EnvironmentRecord(
            LEDGER_ENV,
            f"/work/mono/{LEDGER_ENV}",
            "3.12.1",
            "poetry",
            "warning",
            "home points to a Python that is not there",
            "pyfmt envs create ledger",
            (("pydantic", "2.7"),),
        ),
    ),
    findings=FINDINGS,
    edits=(
        Edit(
            "lib/storage/acme/storage/disk.py",
            ("isort", "black"),
            "acme-storage",
            diff="--- lib/storage/acme/storage/disk.py\n+++ lib/storage/acme/storage/disk.py\n"
            '@@ -4,2 +4,2 @@\n def size(path: str) -> int:\n-\treturn "名前", path\n+    return "名前", path\n',
        ),
        Edit("projects/ledger/ledger/main.py", ("black",), "ledger"),
    ),
    failures=(Failure("mypy", ("ledger",), LEDGER_ENV, "timed out after 600 s", "loading sqlalchemy\nstill loading"),),
    skipped=(
        Skip("mailer", "pylint", "no environment; make one with `pyfmt envs create mailer`"),
        Skip("mailer", "mypy", "no environment; make one with `pyfmt envs create mailer`"),
    ),
    units=(
        UnitRecord("isort", "", ("acme-storage", "billing", "ledger", "mailer", "quiet"), 30, 0.25, False, 0.1, 0.3),
        UnitRecord("black", "", ("acme-storage", "billing", "ledger", "mailer", "quiet"), 30, 1.5, False, 0.1, 0.4),
        UnitRecord("pylint", BILLING_ENV, ("acme-storage", "billing", "quiet"), 18, 4.0, False, 0.4, 4.4),
        UnitRecord("pylint", LEDGER_ENV, ("acme-storage", "ledger"), 9, 2.0, True, 0.4, 0.4),
        UnitRecord("mypy", BILLING_ENV, ("acme-storage", "billing", "quiet"), 18, 3.25, False, 1.2, 4.45),
        UnitRecord("mypy", LEDGER_ENV, ("acme-storage", "ledger"), 9, 600.0, False, 4.4, 604.4),
    ),
    notes=("acme-storage is linted in projects/billing/.venv, where it is installed",),
    files=30,
    seconds=604.5,
    tools=("isort", "black", "pylint", "mypy"),
)

CLEAN = replace(
    RICH,
    findings=(),
    edits=(),
    failures=(),
    skipped=(),
    notes=(),
    environments=RICH.environments[:1],
    seconds=0.08,
)


def sources(path: str) -> Sequence[str] | None:
    """The lines of the model's files."""
    return SOURCES.get(path)
