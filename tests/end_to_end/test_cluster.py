"""A run on the workers of a real Dask cluster: processes with homes and folders of their own, as on other machines."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pyfmt.cli.cluster import command
from pyfmt.cli.cluster.task import PartAnswer, SharedRun, run_part
from pyfmt.core import sharding
from pyfmt.core.request import Command, Location, Request
from pyfmt.reports import json as json_report
from pyfmt.reports.options import RenderOptions
from pyfmt.run.progress import Progress
from pyfmt.run.session import Session
from tests.end_to_end import trees
from tests.end_to_end.test_shards import timeless
from tests.support.cluster import Machines
from tests.support.monorepo import Monorepo
from tests.support.monorepo import command as pyfmt
from tests.support.waiting import PATIENCE, until

SOURCES = '\n        [tool.uv.sources]\n        base = { path = "../../lib/base", editable = true }\n'
FILES: dict[str, str | bytes] = {
    "pyproject.toml": "[tool.pyfmt]\n",
    ".gitignore": ".venv/\nignored/\n",
    "lib/base/pyproject.toml": trees.manifest("base", "base"),
    "lib/base/base/__init__.py": '"""Base."""\n\n\ndef double(number: int) -> int:\n'
    '    """Twice."""\n    return 2 * number\n',
    "services/a/pyproject.toml": trees.manifest("a", "a", "base") + SOURCES,
    "services/a/a/__init__.py": '"""A."""\n\nfrom base import double\n\nprint(double("no"))\n',
    "services/b/pyproject.toml": trees.manifest("b", "b"),
    "services/b/b/__init__.py": '"""B."""\nimport os\n',
    "services/b/b/ignored/kept.py": '"""Tracked, though ignored."""\n\nimport sys\n',
}


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """Two workers."""
    found = Machines(tmp_path_factory.mktemp("machines"))
    try:
        found.begin(2)
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """A monorepo with its environments."""
    found = Monorepo.create(tmp_path_factory.mktemp("cluster"), FILES)
    found.git("init", "--quiet")
    found.git("add", "--all", "--force")
    found.run("envs", "create", "--all").expect(0)
    found.run("trust").expect(0)  # the workers run build code of the checkout
    return found


def alone(tree: Monorepo) -> str:
    """What one machine says."""
    tree.run("check", "--output=json=../one.json").expect(1)
    return timeless(tree.root / "../one.json")


def test_the_report_is_that_of_one_machine_also_where_a_worker_is_lost(tree: Monorepo, machines: Machines) -> None:
    spread = ("check", "--executor=dask", f"--scheduler={machines.scheduler}", "--output=json=../many.json")
    tree.run(*spread).expect(1)
    assert timeless(tree.root / "../many.json") == alone(tree)
    rules = {(item["path"], item["rule"]) for item in json.loads((tree.root / "../many.json").read_text())["findings"]}
    assert {("services/a/a/__init__.py", "arg-type"), ("services/b/b/ignored/kept.py", "W0611")} <= rules

    # After an edit, a new file and a new requirement, and with a worker that is killed in the middle.
    tree.write({"services/b/b/new.py": '"""New."""\n\nimport base\n\nprint(base.gone)\n'})
    tree.write({"services/b/pyproject.toml": trees.manifest("b", "b", "base") + SOURCES})
    (tree.root / "services/b/b/ignored/kept.py").unlink()
    tree.run("envs", "create", "services/b", "--recreate").expect(0)
    with subprocess.Popen(
        [*pyfmt(), *spread], cwd=tree.root, env=tree.environment_variables(), stderr=subprocess.PIPE
    ) as run:
        until(lambda: machines.parts("w1/"))
        machines.processes[2].kill()
        _, said = run.communicate(timeout=PATIENCE)
    assert run.returncode == 1, said.decode()
    assert timeless(tree.root / "../many.json") == alone(tree)
    rules = {(item["path"], item["rule"]) for item in json.loads((tree.root / "../many.json").read_text())["findings"]}
    assert ("services/b/b/new.py", "attr-defined") in rules
    until(lambda: not machines.parts("w1/"))  # what the lost one had begun
    machines.work("w1")


def test_an_interrupt_ends_the_parts(tree: Monorepo, machines: Machines) -> None:
    spread = ("check", "--no-cache", "--executor=dask", f"--scheduler={machines.scheduler}")
    with subprocess.Popen(
        [*pyfmt(), *spread], cwd=tree.root, env=tree.environment_variables(), stderr=subprocess.PIPE
    ) as run:
        until(machines.parts)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=PATIENCE)
    assert run.returncode == 130, said.decode()
    until(lambda: not machines.parts())


def test_what_cannot_be_done_there_is_said(tree: Monorepo, machines: Machines) -> None:
    spread = ("--executor=dask", f"--scheduler={machines.scheduler}")
    assert "--same-filesystem" in tree.run("check", *spread, "--since=HEAD").expect(2).stderr
    assert "cannot be mixed" in tree.run("check", *spread, "--agent").expect(2).stderr
    assert "cannot be mixed" in tree.run("check", *spread, "--timings").expect(2).stderr
    for option in (spread[1], "--same-filesystem"):
        assert "goes with --executor" in tree.run("lint", option).expect(2).stderr
    assert "needs the scheduler" in tree.run("check", "--executor=dask").expect(2).stderr
    assert "is outside of" in tree.run("check", *spread, "--root=.", "..").expect(2).stderr
    said = tree.run("check", *spread, "services/gone").expect(2).stderr
    assert re.search(r"part \d/4: .*services/gone", said), said


def test_build_code_runs_on_workers_only_where_the_checkout_is_trusted(tree: Monorepo, machines: Machines) -> None:
    tree.run("trust", "--revoke").expect(0)
    said = tree.run("check", "--executor=dask", f"--scheduler={machines.scheduler}").expect(2).stderr
    assert "pyfmt trust" in said


def test_any_executor_does(tree: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in tree.environment_variables().items():
        monkeypatch.setenv(name, value)
    request = Request(Command.CHECK, Location(str(tree.root)), write=False)
    times = []

    def part(shared: SharedRun, sources: bytes | None, shard: str) -> PartAnswer:
        times.append(shared.times)
        return run_part(shared, sources, shard)

    with ThreadPoolExecutor(2) as executor:
        for machines in (command.Cluster(executor, 1), command.Cluster(executor, 1, part=part)):
            session = Session(tree.root, os.environ, Progress(-1))
            result = command.run(request, session, machines, same_filesystem=True)
    # The second is balanced by what the first has taken.
    assert {"mypy", "pylint"} <= {tool for tool, _ in sharding.recorded_times(json_report.read(times[-1], "times"))}
    assert result.exit_code == 1
    (tree.root / "../any.json").write_text(json_report.render(result.report, RenderOptions()))
    assert timeless(tree.root / "../any.json") == alone(tree)
