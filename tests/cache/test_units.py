"""Whole units' outcomes: what is found again, what is no longer good and why, and what is never kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pyfmt.cache.keys import KeyFacts
from pyfmt.cache.observed import Observed
from pyfmt.cache.observed_runs import Learnt
from pyfmt.cache.sources import Sources
from pyfmt.cache.store import Store
from pyfmt.cache.units import Known, UnitCache, share, whole
from pyfmt.core.model import (
    Environment,
    Failure,
    Finding,
    Health,
    Outcome,
    Part,
    Project,
    PythonVersion,
    Severity,
    ToolConfig,
    Unit,
)

APP = Project("app", "app", ("app/a.py", "app/b.py"), import_roots=("app",), first_party=("a", "b"))
UNIT = Unit("ruff", None, (Part(APP, APP.files),))
VENV = Environment(".venv", "/m/.venv", PythonVersion(3, 11), "/usr/bin/python", (), (), health=Health.OK)


def finding(path: str, *also: str, project: str = "app") -> Finding:
    """A finding in a file, which concerns others, too."""
    return Finding(path, 1, 1, None, None, "ruff", "F401", "F401", Severity.ERROR, "unused", project, also=also)


OUTCOME = Outcome(UNIT, (finding("app/a.py"), finding("app/b.py"), finding("app/b.py", "app/a.py")))


@dataclass
class Contents:
    """Digests of texts by path."""

    texts: dict[str, str]

    def __call__(self, path: str) -> bytes:
        return hashlib.sha256(self.texts.get(path, "").encode()).digest()

    def together(self, _: str, files: Sequence[str]) -> bytes:
        """Of many."""
        return hashlib.sha256(b"".join(path.encode() + self(path) for path in files)).digest()

    def fetch(self, paths: Iterable[str]) -> None:
        """They are there."""


@dataclass
class World:
    """All that a key is made from, to be changed one by one; `cache` is that of a run which begins then."""

    store: Store
    root: Path
    contents: dict[str, str] = field(default_factory=lambda: {name: name for name in APP.files})
    project: Project = APP
    facts: dict[str, Any] = field(default_factory=dict)
    gone: bool = False  # an environment has changed during the run

    @property
    def digest(self) -> Contents:
        """The contents of files, one of the tool's configuration among them."""
        return Contents(self.contents)

    def key_facts(self) -> KeyFacts:
        """What keys are made from now."""
        sources = Sources(str(self.root), (self.project,), self.digest)
        config = ToolConfig("ruff", str(self.root / "ruff.toml"), "root")
        standard: dict[str, Any] = {
            "tools": b"1",
            "configs": {"ruff": config, "ty": replace(config, tool="ty")},
            "trusted": lambda _: False,
            "own_configs": lambda *_: [],
        }
        return KeyFacts(
            root=str(self.root), digest=self.digest, sources=sources, roots={}, **{**standard, **self.facts}
        )

    @property
    def cache(self) -> UnitCache:
        """The cache as a run has it."""
        return UnitCache(self.store, self.key_facts(), lambda _: None if self.gone else self.key_facts(), _no_reach)

    def unit(self, **changes: Any) -> Unit:
        """The unit as it is planned now."""
        return replace(UNIT, parts=(Part(self.project, self.project.files),), **changes)

    def learn(self, outcome: Outcome = OUTCOME, observed: Observed = Observed()) -> None:
        """A run in which the tool has said this, and asked that."""
        cache = self.cache
        (key,) = cache.keys([outcome.unit])
        cache.put({key: Learnt(outcome, ("a note",), observed)})

    def known(self, unit: Unit | None = None) -> Known | None:
        """What the next run knows."""
        cache, unit = self.cache, unit or self.unit()
        return cache.get([unit], cache.keys([unit]))[0]


def _no_reach(*_: object) -> Any:
    raise AssertionError("records of files are for tools that lint file by file")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Store(tmp_path / "cache") as store:
        yield World(store, tmp_path)


def test_what_was_said_of_a_unit_is_found_again_as_a_whole_and_in_parts(world: World) -> None:
    assert world.known() is None and world.cache.told(UNIT) == "miss: never run, or dropped from the cache"
    world.learn()
    found = world.known()
    assert found is not None and found.notes == ("a note",) and found.outcome.cached
    assert found.outcome.findings == OUTCOME.findings and world.cache.told(UNIT) == "hit"
    part = replace(UNIT, parts=(Part(APP, ("app/a.py",), ("app/b.py",)),))
    assert whole(part) == UNIT  # what a run selects is no part of the key
    selected = world.known(part)
    assert selected is not None and selected.outcome.unit == part
    assert selected.outcome.findings == (OUTCOME.findings[0], OUTCOME.findings[2])  # one of b is about a, too


def test_a_failure_is_the_share_of_who_asked_for_its_projects() -> None:
    mine, other = (Failure("ruff", (name,), "", "crashed") for name in ("app", "lib"))
    library = Project("lib", "lib", ("lib/c.py",))
    both = replace(UNIT, parts=(*UNIT.parts, Part(library, library.files)))
    asked = replace(both, parts=(UNIT.parts[0], Part(library, (), library.files)))
    assert share(Outcome(both, failures=(mine, other)), asked).failures == (mine,)


CHANGES: dict[str, Callable[[World], object]] = {
    "pyfmt and its tools": lambda world: world.facts.update(tools=b"2"),
    "ruff's configuration": lambda world: world.contents.update({str(world.root / "ruff.toml"): "x"}),
    "what projects say to ruff": lambda world: world.facts.update(own_configs=lambda *_: [["a"]]),
    "options (new)": lambda world: world.facts.update(options=("--unused-ignores",)),
    "folders that it names (new), sources in /elsewhere (new)": lambda world: world.facts.update(
        further={"ruff": ("/elsewhere",)}
    ),
    "app/b.py": lambda world: world.contents.update({"app/b.py": "changed"}),
    "app/c.py (new), the files to check": lambda world: setattr(
        world, "project", replace(APP, files=(*APP.files, "app/c.py"))
    ),
    "app/b.py (gone), the files to check": lambda world: setattr(world, "project", replace(APP, files=APP.files[:1])),
    "the projects' layout": lambda world: setattr(world, "project", replace(APP, import_roots=("app/src",))),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_input_makes_a_miss_which_names_it(world: World, name: str) -> None:
    world.learn()
    CHANGES[name](world)
    assert world.known() is None
    assert world.cache.told(world.unit()) == f"miss: changed since then: {name}"


def test_an_answer_that_has_changed_is_named_also_where_a_run_was_like_an_earlier_one(world: World) -> None:
    place, asked = world.root / "asked.cfg", Observed({"<root>": ["asked.cfg"]})
    for text in ("one", "two", "one"):
        place.write_text(text)
        world.learn(observed=asked)
        assert world.cache.told(UNIT) == "hit"
        place.write_text("other")
        assert world.cache.told(UNIT) == "miss: changed since then: asked.cfg"
    place.unlink()
    assert world.cache.told(UNIT) == "miss: changed since then: asked.cfg"


def test_of_a_failure_or_of_unknown_questions_nothing_is_kept(world: World) -> None:
    world.learn(replace(OUTCOME, failures=(Failure("ruff", ("app",), "", "crashed"),)))
    assert world.known() is None
    cache = world.cache
    (key,) = cache.keys([UNIT])
    cache.put({key: Learnt(OUTCOME, (), None)})
    assert world.known() is None


def test_what_a_program_may_have_asked(world: World) -> None:
    asked = world.cache.asked(UNIT, (), 0)
    assert asked is not None and asked[""].observed == Observed()  # the files that it is given
    assert world.cache.asked(replace(UNIT, tool="ty", environment=VENV), (), 0) is None  # anything there
    (world.root / "ruff.toml").write_text('extend = "elsewhere.toml"\n')
    assert world.cache.asked(UNIT, (), 0) is None  # another file has a say


def test_an_environment_that_changes_during_a_run_makes_it_forget(world: World) -> None:
    cache = world.cache
    before = cache.keys([UNIT])
    world.contents["app/a.py"] = "changed meanwhile"
    assert cache.look_again([UNIT]) and cache.keys([UNIT]) != before
    world.gone = True
    assert not cache.look_again([UNIT])
