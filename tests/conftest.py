"""Fixtures that every test can use; tests/support holds what they are made of."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import hypothesis
import pytest

from tests.support import virtualenvs
from tests.support.careful_loop import CarefulLoop
from tests.support.monorepo import ROOT, Monorepo
from tests.support.virtualenvs import BuiltEnvironment, Recipe

MakeMonorepo = Callable[[Mapping[str, str | bytes]], Monorepo]
MakeLoop = Callable[..., CarefulLoop]
MakeEnvironment = Callable[..., BuiltEnvironment]

# How quick the machine is, or what else it does, is no property of pyfmt.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")


def pytest_configure() -> None:
    """Draw the seed of this run's random edits; pytest-xdist's workers inherit it."""
    os.environ["PYFMT_SERVER"] = "off"  # but for tests of the server itself
    os.environ.setdefault("PYFMT_TEST_SEED", str(random.SystemRandom().randrange(1_000_000)))


def pytest_report_header() -> str:
    """Say it."""
    return f"random edits: PYFMT_TEST_SEED={os.environ['PYFMT_TEST_SEED']}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first, so that two workers end at about the same time.

    How long: a test that starts no pyfmt takes a fraction of a second, and each start of one about a second.
    """
    starts = {path: _starts(path.read_text("utf-8")) for path in {item.path for item in items}}
    weights: defaultdict[Path, float] = defaultdict(float)
    for item in items:
        weights[item.path] += 20.0 if item.get_closest_marker("slow") else 0.1 + starts[item.path]
    items.sort(key=lambda item: -weights[item.path])


def _starts(source: str) -> float:
    """How often a test of a file starts pyfmt, on average."""
    return len(re.findall(r"\.(?:check|run)\(|\blint\(", source)) / max(1, source.count("def test_"))


@pytest.fixture(scope="session", autouse=True)
def _signals_as_on_a_terminal() -> None:
    """What is started by `nohup`, or by a script with `&`, inherits that signals are ignored: tests that send one to a
    pyfmt that they started would wait for ever."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def monorepo(tmp_path: Path) -> MakeMonorepo:
    """`monorepo({name: text, ...})` writes a tree to a scratch folder and gives the Monorepo to run pyfmt in.

    Each has an empty home of its own, so that runs of different tests share no cache of pyfmt.
    """
    made = 0

    def make(files: Mapping[str, str | bytes]) -> Monorepo:
        nonlocal made
        made += 1
        return Monorepo.create(tmp_path / f"tree{made}", files)

    return make


@pytest.fixture(scope="session")
def kept_environment() -> MakeEnvironment:
    """`kept_environment("pydantic<2", python="3.10")`: a real environment shared by all tests, never to be changed."""

    def make(*requirements: str, python: str = virtualenvs.HERE) -> BuiltEnvironment:
        return virtualenvs.kept(Recipe(requirements, python))

    return make


@pytest.fixture
def careful_loop(tmp_path: Path) -> MakeLoop:
    """`careful_loop(tree)`: the loop over `tree`, with pyfmt's own configs unless others are given."""

    def make(
        tree: Monorepo,
        pylintrc: Path | None = None,
        mypy_ini: Path | None = None,
        more_roots: tuple[str, ...] = (),
    ) -> CarefulLoop:
        configs = ROOT / "configs"
        shared = (pylintrc or configs / "pylintrc", mypy_ini or configs / "mypy.ini")
        return CarefulLoop(tree.root, tmp_path / "loop", *shared, more_roots)

    return make


@pytest.fixture(scope="session")
def hook_repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A git repository with the tree under test as it is now, and its commit."""
    folder = tmp_path_factory.mktemp("hooks") / "pyfmt"
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".pre-commit-hooks.yaml"):
        shutil.copy2(ROOT / name, folder / name)
    for name in ("pyfmt", "configs", "examples/monorepo/tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    repository = Monorepo(folder, folder)
    repository.git("init", "--quiet")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "pyfmt")
    return folder, repository.git("rev-parse", "HEAD").strip()


@pytest.fixture(scope="session")
def pre_commit_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pre-commit-home")
