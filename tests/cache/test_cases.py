"""The cases of `cases/*.test`: step by step what changes, what must be checked again, and what the report says then."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cache.comparing import counts_of, difference
from tests.cache.little_monorepo import ENVIRONMENTS, FILES, LittleMonorepo
from tests.cache.unseen_places import PLACES
from tests.support.monorepo import Result
from tests.support.warm import kept_workers

_HEADER = re.compile(r"\[(case|write|append|remove|install|unseen|lints|runs|finds no|finds) ?(.*)\]")


@dataclass
class Step:
    """What a line in brackets asks for, and the lines below it."""

    what: str
    argument: str
    text: str
    place: str  # file and line


def _cases() -> Iterator[tuple[str, list[Step]]]:
    for path in sorted((Path(__file__).parent / "cases").glob("*.test")):
        name, steps = "", list[Step]()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            header = _HEADER.fullmatch(line)
            if header and header[1] == "case":
                if steps:
                    yield name, steps
                name, steps = header[2], []
            elif header:
                steps.append(Step(header[1], header[2], "", f"{path.name}:{number}"))
            elif steps and not line.startswith("--"):
                steps[-1].text += line + "\n"
        yield name, steps


_STATES = itertools.count()
_ALL = list(_cases())


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LittleMonorepo]:
    repo = LittleMonorepo(tmp_path_factory.mktemp("cases"))
    with kept_workers(repo.tree):
        yield repo


@pytest.mark.slow
@pytest.mark.parametrize("steps", [steps for _, steps in _ALL], ids=[name for name, _ in _ALL])
def test_case(repo: LittleMonorepo, steps: list[Step]) -> None:
    # A unit that is known as a whole would leave the records of its files as they were: nothing is known in this state.
    state = f'"""State {next(_STATES)}."""\n'
    repo.tree.write({**FILES, "projects/alpha/alpha/state.py": state, "projects/beta/src/beta/state.py": state})
    tool = "mypy" if any(step.what == "runs" for step in steps) else "pylint"
    _check(repo, tool)
    last = None
    try:
        for step in steps:
            last = _done(repo, step, last, tool)
        assert not difference(repo.tree, "--tool", tool)
    finally:
        for place in sorted(repo.tree.root.rglob("new_*.py")):
            place.unlink()
        if any(step.what in ("install", "unseen") for step in steps):
            for environment in ENVIRONMENTS:
                repo.pip(environment, "install", "--reinstall", "onewheel==1.0")
                repo.pip(environment, "uninstall", "twowheel")


def _check(repo: LittleMonorepo, tool: str) -> Result:
    return repo.tree.run("check", "--tool", tool, "--verbose")


def _done(repo: LittleMonorepo, step: Step, last: Result | None, tool: str) -> Result | None:
    """Take a step; the last run of `pyfmt check`."""
    path = repo.tree.root / step.argument
    if step.what == "runs":
        last = _check(repo, tool)
        lines = re.findall(r"\] mypy \S+ .*", last.stderr)
        assert lines and sum("from the cache" not in line for line in lines) == int(
            step.argument
        ), f"{step.place}\n{last}"
    elif step.what == "lints":
        last = _check(repo, tool)
        wanted = {} if step.argument == "nothing" else dict(each.split() for each in step.argument.split(", "))
        found = counts_of(last)
        assert found == {project: int(count) for project, count in wanted.items()}, f"{step.place}\n{last}"
    elif step.what.startswith("finds"):
        assert last is not None, step.place
        assert (step.argument in last.stdout) is (step.what == "finds"), f"{step.place}\n{last}"
    elif step.what == "install":
        repo.pip(*step.argument.split()[:1], "install", *step.argument.split()[1:])
    elif step.what == "unseen":
        kind, version = step.argument.split()
        PLACES[kind].put(repo, version)
    elif step.what == "remove":
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if step.what == "append" else "") + step.text)
    return last
