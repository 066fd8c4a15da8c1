"""What `make bench` measures is a clean tree of projects that really use each other, and its report judges by
figures."""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import corpora, generate, growth, peers, real, rounds, shards
from benchmarks.growth import Grown
from benchmarks.measuring import Contestant, Cost
from benchmarks.results import Results, targets, text
from tests.support import virtualenvs
from tests.support.monorepo import Monorepo

SIZE = generate.Size(libraries=3, services=4, files=16)


@pytest.fixture(name="tree", scope="module")
def generated_tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    folder = tmp_path_factory.mktemp("bench")
    (folder / "home").mkdir()
    generate.generate(folder / "monorepo", SIZE)
    return Monorepo((folder / "monorepo").resolve(), folder / "home")


def test_pyfmt_finds_nothing_wrong_in_it_before_and_after_a_change(tree: Monorepo) -> None:
    result, report = tree.check()
    result.expect(0)
    assert report["findings"] == [] and report["failures"] == []
    assert len([path for path in tree.root.rglob("*.py") if ".venv" not in path.parts]) == SIZE.total

    for number, file in enumerate((rounds.library_file(tree.root), rounds.leaf_file(tree.root))):
        rounds.change(file, number)
    tree.run("check").expect(0)


def test_what_a_project_declares_it_really_imports(tree: Monorepo) -> None:
    for manifest in tree.root.glob("*/*/pyproject.toml"):
        names = re.findall(r'^    "([a-z0-9-]+)', manifest.read_text(), re.MULTILINE)
        sources = "\n".join(path.read_text() for path in _sources(manifest.parent))
        for name in names:
            module = name.replace("bench-", "bench.")
            assert re.search(rf"^(import|from) {re.escape(module)}\b", sources, re.MULTILINE), (manifest, name)
        assert names


def test_a_library_is_imported_and_a_leaf_is_not(tree: Monorepo) -> None:
    sources = "\n".join(path.read_text() for path in _sources(tree.root))
    library, leaf = rounds.library_file(tree.root), rounds.leaf_file(tree.root)
    assert f"from bench.{library.parent.name}.{library.stem} import" in sources
    assert f"from {leaf.parent.name}.{leaf.stem} import" not in sources
    assert rounds.dependents(SIZE) == 6  # of seven projects: all others


def _sources(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.py") if ".venv" not in path.parts]


def _contestant(name: str, seconds: dict[str, float], peak: int = 100_000_000) -> Contestant:
    costs = {scenario: [Cost(value, value, peak)] for scenario, value in seconds.items()}
    return Contestant(name, [], [], Path(), costs=costs)


def _grown(projects: int, files: int, seconds: float) -> Grown:
    found = {
        "pyfmt": _contestant("pyfmt", {rounds.COLD: 100 * seconds, rounds.WARM: seconds}),
        "ruff": _contestant("ruff", {rounds.WARM: seconds / 2}),
        "python": _contestant("python", {rounds.WARM: 0.02}),
    }
    return Grown(generate.Size.of(projects, files), found, seconds=seconds * 100)


def test_the_report_says_which_targets_are_met() -> None:
    results = Results(generate.Size(4, 8, 30), 2, rounds=1)
    results.contestants = {
        "pyfmt": _contestant("pyfmt check", dict.fromkeys(rounds.SCENARIOS, 2.0)),
        "loop": _contestant("loop", dict.fromkeys(rounds.SCENARIOS, 30.0)),
    }
    verdicts = {target.text: target.verdict for target in targets(results)}
    assert verdicts["Cold: the loop by pyfmt"] == "met"
    assert verdicts["Nothing to do: the warm loop by pyfmt"] == "**missed**"
    assert verdicts["Cold: pyfmt's format by `isort . && black .`"] == "not measured"

    results.growth = [_grown(10, 100, 0.1), _grown(40, 100, 0.2), _grown(360, 100, 2.5)]
    verdicts = {target.text: target.verdict for target in targets(results)}
    assert verdicts["Nothing to do, 36,000 files: pyfmt by ruff"] == "met"
    assert verdicts["Nothing to do, 36,000 files"] == "**missed**"
    assert [verdict for name, verdict in verdicts.items() if name.startswith("Growth")] == ["**missed**"]

    said = text(results)
    assert "| 360 | 36,000 | 250.00 | 2.50 |" in said
    assert "| 360 | 36,000 | 6.944 | 0.069 |" in said, "seconds for 1,000 files"


def test_a_size_that_does_not_fit_into_the_budget_is_left_out(tmp_path: Path) -> None:
    written: list[str] = []
    plan = growth.Plan(growth.parse("360,10x3600", 100), loop_limit=0, budget=60, jobs=1)

    growth.grow(tmp_path, plan, lambda done: written.append(text(Results(SIZE, 1, growth=done))))

    assert len(written) == 2, "written after each size"
    assert "| 360 | 36,000 | not measured: would take about " in written[0]
    assert "| 10 | 36,000 | not measured" in written[1]


def test_shards_of_360_recorded_projects_are_even() -> None:
    recorded = [{"pylint": 9_000, "mypy": 14_000, "format": 300}, {"pylint": 2_100, "mypy": 6_000}, {"pylint": 41_000}]
    for count in (2, 7, 16):
        exact, drifted = shards.simulate(recorded, 360, count, random.Random())
        assert 1 <= exact <= 1.01  # by luck, times that are off may divide more evenly still
        assert 1 <= drifted <= 1.15


def test_the_table_on_real_code_is_measured_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYFMT_CORPORA", str(tmp_path / "corpora"))
    corpus = corpora.Corpus("little", "2026-11-27", ())
    (tmp_path / "home").mkdir()
    for another in ("", "-elsewhere"):  # as `corpora.make` leaves it, without the network
        place = tmp_path / "corpora" / f"{corpus.key}{another}"
        place.mkdir(parents=True)
        tree = Monorepo(place / "tree", tmp_path / "home")
        tree.root.mkdir()
        tree.write(LITTLE)
        for package in ("leaf", "library"):
            tree.environment(f"packages/{package}")
        tree.git("init", "--quiet")
        tree.git("add", "--all")
        tree.git("commit", "--quiet", "--message", "all")
        (place / "made").touch()
    monkeypatch.setattr(rounds, "settle", lambda: None)
    ran = _with_little_hooks(tmp_path / "ran.txt", monkeypatch)
    written: list[str] = []

    found = real.measure(corpus, 1, set(real.PEERS) - {"prek"}, written.append)

    assert found.pyfmt.costs.keys() >= real.WANTED.keys(), "the whole table"
    (prek,) = found.peers
    assert list(prek.costs) == [real.COLD, real.SETTLED, real.LEAF, real.HOOK]
    assert Counter(ran.read_text().splitlines()) == {"leaf": 4, "library": 3}, "--files: the leaf's hook alone"
    assert tree.git("status", "--porcelain") == ""
    assert "| a line of a library | a twentieth of the loop's | " in written[-1], written
    assert "- a line of a leaf: packages/leaf/leaf.py" in written[-1].splitlines()


def _with_little_hooks(ran: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test environment's prek, with hooks that only note that they ran."""

    def install(bench: peers.Bench, names: Sequence[str] = peers.PEERS) -> str:
        assert tuple(names) == ("prek",)
        bench.peers.mkdir(parents=True)
        (bench.peers / "prek").symlink_to(Path(sys.executable).with_name("prek"))
        return "prek"

    calls = [("mypy", f"packages/{name}", f"echo {name} >> {ran}") for name in ("leaf", "library")]
    monkeypatch.setattr(peers, "install", install)
    monkeypatch.setattr(real, "_calls", lambda *_: calls)
    monkeypatch.setattr(virtualenvs, "clone", lambda *_: None)  # for pylint, which is no hook here
    return ran


LITTLE = {
    "pyproject.toml": '[tool.pyfmt]\ntools = ["mypy"]\n',
    ".gitignore": ".venv/\n",
    "packages/leaf/pyproject.toml": '[project]\nname = "leaf"\nversion = "1.0"\ndependencies = ["library"]\n',
    "packages/leaf/leaf.py": "from library import twice\n\n\ndef four() -> int:\n    return twice(2)\n",
    "packages/library/pyproject.toml": '[project]\nname = "library"\nversion = "1.0"\n',
    "packages/library/library.py": "def twice(number: int) -> int:\n    found = number\n    return 2 * found\n",
}
