"""Runs with workers that stay: the command itself, with the real linters."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MakeMonorepo
from tests.runner.test_worker_server import alive, eventually


@pytest.fixture
def place() -> Iterator[Path]:
    """A runtime folder: the path of a socket is short."""
    folder = Path(tempfile.mkdtemp(prefix="pyfmt-run-"))
    yield folder
    shutil.rmtree(folder)


def test_runs_share_servers_and_say_the_same_as_without(monorepo: MakeMonorepo, place: Path) -> None:
    tree = monorepo(
        {
            "pyfmt.toml": "",
            "a/pyproject.toml": '[project]\nname = "a"\nversion = "1"\n',
            "a/one.py": """
                import json
                import os
                import textwrap

                WRAPPER = textwrap.TextWrapper().nothing
                LENGTH: str = len(json.dumps([]))
            """,
        }
    )
    tree.environment("a")
    tree.environ.update(XDG_RUNTIME_DIR=str(place), CI="", PYFMT_SERVER="auto")
    try:
        first, report = tree.check("--no-cache", environ={"PYTHONWARNINGS": "always::ResourceWarning"})
        assert "still running" not in first.stderr  # that a server is, is meant
        reports = [report["findings"], tree.check("--no-cache")[1]["findings"]]
        servers = [int(line.split()[2].rstrip(",")) for line in tree.run("server", "status").stdout.splitlines()]
        assert len(servers) == 2
        reports.append(tree.check("--no-cache")[1]["findings"])  # with the trees that the first ones had to build
        again = tree.run("server", "status").stdout
        assert [int(line.split()[2].rstrip(",")) for line in again.splitlines()] == servers
    finally:
        stopped = tree.run("server", "stop").stdout
    assert stopped.endswith("2 servers ended\n") and eventually(lambda: not any(map(alive, servers)))
    assert tree.run("server", "status").stdout == "no server waits\n"
    tree.environ["CI"] = "true"
    reports.append(tree.check("--no-cache")[1]["findings"])
    assert tree.run("server", "status").stdout == "no server waits\n"
    assert {finding["rule"] for finding in reports[0]} >= {"W0611", "assignment"}
    assert all(report == reports[0] for report in reports)
