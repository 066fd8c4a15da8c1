"""Whole runs that take a while, and what a CI's log shows of them meanwhile."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.monorepo import Monorepo

# It must run longer than the time between two lines; how much longer does not matter.
SLOW = """
    import time

    def plugin(version):
        from mypy.plugin import Plugin
        time.sleep(7)
        return Plugin
"""
LINE = re.compile(
    r"pyfmt: \d+ of \d+ units done( \(\d+ cached\))?"
    r"(, running: [^,]+ \d+ s(, [^,]+ \d+ s)*)?(, about \d+ (s|min) left)?"
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """A project whose mypy takes seven seconds to start."""
    made = Monorepo.create(
        tmp_path_factory.mktemp("slow"),
        {
            "pyproject.toml": "[tool.pyfmt]\nconfigs = 'configs'\nprojects = ['billing']\njobs = 2\n",
            "configs/mypy.ini": "[mypy]\nplugins = slow.py\n",
            "configs/slow.py": SLOW,
            "billing/pyproject.toml": '[project]\nname = "billing"\nversion = "1"\n',
            "billing/billing.py": '"""Bills."""\n\nVALUE = 1\n',
        },
    )
    made.environment(".")
    return made


@pytest.mark.slow
def test_a_line_every_few_seconds_and_nothing_on_standard_output(tree: Monorepo) -> None:
    result = tree.run("lint", "--trust", "--output", "json", environ={"CI": "true"})
    assert not result.json["failures"], result
    lines = result.stderr.splitlines()
    assert lines and all(LINE.fullmatch(line) for line in lines), result
    assert any(re.search(r"running: (.*, )?mypy billing \d+ s", line) for line in lines), result
    assert not any("left" in line for line in lines)  # nothing is recorded of it

    tree.write({"billing/billing.py": '"""Bills."""\n\nVALUE = 2\n'})
    with ThreadPoolExecutor(1) as beside:
        quiet = beside.submit(tree.run, "lint", "--trust", "--no-cache", "-q", environ={"CI": "true"})
        result = tree.run("lint", "--trust", "--output", "json", environ={"CI": "true"})
    running = re.compile(r"running: (.*, )?mypy billing \d+ s(, .*)?, about \d+ s left")
    assert any(running.search(line) for line in result.stderr.splitlines()), result
    assert quiet.result().stderr == "", quiet.result()
