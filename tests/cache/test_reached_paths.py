"""What is remembered of the paths that files reach: it is what a run without memory finds, whatever has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from pyfmt.cache.digests import Digests
from pyfmt.cache.import_memory import SourceReader
from pyfmt.cache.reached_paths import KnownPaths
from pyfmt.cache.remembered import MemoTable
from pyfmt.cache.store import Store
from pyfmt.imports.closure import Reach, ReachedPaths, Tree
from pyfmt.imports.index import Index, Roots

SOURCES = {
    "lib/pkg/__init__.py": "",
    "lib/pkg/one.py": "from pkg import two\n",
    "lib/pkg/two.py": "",
    "lib/pkg/three.py": "",
    "app/main.py": "import pkg.one\n",
    "app/far.py": "import pkg\nimport main\n",
    "app/leaf.py": "import os\n",
}
ROOTS = ("lib", "app")


@dataclass
class Runs:
    """Runs over a tree, one after the other, each with a new process' memory; `made` has whose closure was made."""

    root: Path
    sources: dict[str, str]
    made: list[str]

    def digests(
        self, roots: Sequence[str] = ROOTS, asked: Sequence[str] = (), rest: str = "", remember: bool = True
    ) -> Mapping[str, str]:
        """Of what each file sees, by a run that remembers, or by one that does not."""
        for path, text in self.sources.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
        with Store(self.root / ".cache") as store:
            table = MemoTable(store if remember else None, Digests(self.root, None))
            reader = SourceReader(table, self.root, both=False)
            index = Index(self.sources)
            contents = {path: table.digests.of(path).hex() for path in self.sources}
            tops = frozenset({"pkg"})
            known = KnownPaths(store, reader)
            tree = Tree(contents, index, Roots((index, root, "") for root in roots), rest, tops)
            if remember:
                tree = replace(tree, memory=partial(known.find, [sorted(contents), roots, rest]))
            reach = Reach(tree, reader, reader.tree, reader.defined, reader.lines).asked(asked, tops)
            found = {path: reach.seen_digest(path, {path: ["*"]}) for path in self.sources}
            known.save()
        self.made += reach._known  # pylint: disable=protected-access
        return found


@pytest.fixture(name="runs")
def _runs(tmp_path: Path) -> Iterator[Runs]:
    runs = Runs(tmp_path, dict(SOURCES), [])
    before = runs.digests()
    assert before == runs.digests(remember=False)
    runs.made.clear()
    yield runs


def test_where_nothing_imports_anything_else_no_closure_is_made(runs: Runs) -> None:
    for text in ("# a comment\n", "\n\ndef f():\n    return 1\n"):
        runs.sources["lib/pkg/two.py"] += text
        found = runs.digests()
        assert not runs.made
        assert found == runs.digests(remember=False)
        runs.made.clear()


@pytest.mark.parametrize(
    "edits",
    [
        {"lib/pkg/two.py": "import pkg.three\n"},
        {"lib/pkg/two.py": "from .three import x\n"},
        {"lib/pkg/one.py": ""},
        {"lib/pkg/one.py": "def (:\n"},
        {"app/far.py": "import pkg\nx = pkg.three\n"},
        {"app/leaf.py": "import main\n"},
        {"app/pkg.py": ""},
        {"app/os.py": ""},
        {"lib/pkg/two/__init__.py": ""},
    ],
    ids=str,
)
def test_what_imports_something_else_reaches_something_else(runs: Runs, edits: dict[str, str]) -> None:
    for _ in range(2):
        runs.sources |= edits
        expected = runs.digests(remember=False)
        assert runs.digests() == runs.digests() == expected
        edits, runs.sources = {}, dict(SOURCES)  # and back


def test_where_names_lead_and_what_others_ask_counts(runs: Runs) -> None:
    for changed in ({"roots": ("app",)}, {"roots": ("app", "lib/pkg")}, {"asked": ("pkg.two",)}, {"rest": "1"}):
        assert runs.digests(**changed) == runs.digests(**changed, remember=False)
        assert runs.digests() == runs.digests(remember=False)


@pytest.mark.parametrize("anew", [False, True])
def test_what_is_edited_while_a_run_goes_on_is_not_mixed_up(anew: bool) -> None:
    """Who has read a file before sees it as it was then, and keeps nothing for those who read it afterwards."""
    imports: dict[str, Sequence[str]] = {"a.py": ("b",), "b.py": (), "c.py": (), "d.py": ("a",)}
    index, kept = Index(imports), ReachedPaths()

    def reach(memory: ReachedPaths) -> Reach:
        contents = {path: path for path in imports}
        return Reach(Tree(contents, index, Roots([(index, ".", "")]), memory=lambda _: memory), imports.__getitem__)

    def digests(of: Reach) -> list[str]:
        return [of.seen_digest(path, {path: ["*"]}) for path in imports]

    before = reach(kept)
    before.seen_digest("a.py", {})
    imports["b.py"] = ("c",)
    after = reach(kept)
    after.seen_digest("b.py", {})
    (before.asked([], []) if anew else before).seen_digest("d.py", {})
    after.seen_digest("a.py", {})
    now = digests(reach(ReachedPaths()))
    assert digests(reach(kept)) == now
