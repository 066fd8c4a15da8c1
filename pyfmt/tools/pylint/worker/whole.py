"""pylint's two project-wide checks, R0801 (duplicate-code) and R0401 (cyclic-import), made stable.

pylint pins them on whatever file came last, in hash order. Here they are computed from the same data (its checkers'
line sets and import graph), in a total order, and attributed to the files that they are about: the first one by path,
the others in `also`, whichever of them are reported, so that a partial run says what a whole one does. Files that are
not reported (`context`) are parsed only, nothing of them is inferred.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from astroid import MANAGER, nodes
from astroid.builder import AstroidBuilder, open_source_file
from astroid.exceptions import AstroidError
from pylint.checkers.symilar import hash_lineset
from pylint.utils import FileState, utils

# A block of a file: its path, and its first and last+1 line, counted from 0 as pylint's line sets do.
Block = tuple[str, int, int]


@dataclass
class Wide:
    """A project-wide message; paths are absolute, lines 1-based, `end_line` inclusive."""

    rule: str
    path: str
    line: int
    end_line: int | None
    message: str
    also: list[str]
    notes: list[str] = field(default_factory=list)

    def row(self, root: str, project: str) -> dict[str, Any]:
        """It as the answer holds it."""
        inside = os.path.join(root, "")

        def relative(path: str) -> str:
            return path.removeprefix(inside).replace(os.sep, "/")

        return {
            "path": relative(self.path),
            "line": self.line,
            "column": 1,
            "end_line": self.end_line,
            "end_column": None,
            "rule": self.rule,
            "symbol": "duplicate-code" if self.rule == "R0801" else "cyclic-import",
            "category": "refactor",
            "message": self.message,
            "syntax": False,
            "project": project,
            "also": [relative(path) for path in self.also],
            "notes": [note.replace(f"=={inside}", "==", 1) for note in self.notes],
        }


class ProjectWide:
    """Listens to a linter's checkers while it walks the files; `messages` then says what they amount to."""

    def __init__(self, linter: Any, wanted: bool = True) -> None:
        """With `wanted` False there are no messages, whatever the configuration enables: they are known already."""
        self._linter = linter
        self._sources: dict[int, str] = {}  # id of a line set -> its file
        self._imports: dict[tuple[str, str], tuple[str, int]] = {}  # module, imported module -> file, line
        self.cycles = wanted and linter.is_message_enabled("cyclic-import")
        self.duplicates = (
            wanted and linter.is_message_enabled("duplicate-code") and linter.config.min_similarity_lines > 0
        )
        (self._import_checker,) = linter._checkers["imports"]
        (self._line_checker,) = linter._checkers["similarities"]
        self._listen()

    def _listen(self) -> None:
        checker, lines = self._import_checker, self._line_checker
        add_module, process = checker._add_imported_module, lines.process_module

        def add_imported_module(node: Any, name: str) -> None:
            module = node.root()
            before = set(checker.import_graph.get(module.name, ()))
            add_module(node, name)
            for imported in checker.import_graph.get(module.name, set()) - before:
                self._imports.setdefault((module.name, imported), (module.file, node.fromlineno))

        def process_module(node: Any) -> None:
            process(node)
            if lines.linesets:
                self._sources[id(lines.linesets[-1])] = node.file

        checker._add_imported_module = add_imported_module
        lines.process_module = process_module
        checker.close = lines.close = lambda: None  # they would report against whatever file came last

    @property
    def wanted(self) -> bool:
        """Does the configuration enable any of the two checks?"""
        return bool(self.cycles or self.duplicates)

    def noted(self) -> Any:
        """What was noted in this process, as another one can take it."""
        checker = self._import_checker
        lines = [(self._sources[id(each)], each) for each in self._line_checker.linesets]
        return lines, self._imports, dict(checker.import_graph), dict(checker._excluded_edges)

    def add(self, noted: Any) -> None:
        """Take what another process has noted of its files."""
        lines, imports, graph, excluded = noted
        for path, each in lines:
            self._sources[id(each)] = path
            self._line_checker.linesets.append(each)
        self._imports.update(imports)
        for known, more in (
            (self._import_checker.import_graph, graph),
            (self._import_checker._excluded_edges, excluded),
        ):
            for module, names in more.items():
                known[module] |= names

    @staticmethod
    def tree(item: Any) -> Any:
        """The tree of a file, of which nothing is inferred; None for what cannot be parsed."""
        return _light_tree(item.filepath, item.name)

    def add_context(self, items: Iterable[Any]) -> None:
        """Take further files (pylint's FileItems) into account; what cannot be parsed or is skipped has no part."""
        for item in items:
            module = self.tree(item)
            if module is not None:
                self._add_tree(item, module)

    def _add_tree(self, item: Any, module: Any) -> None:
        linter = self._linter
        linter.set_current_module(item.name, item.filepath)
        linter.file_state = FileState(item.modpath, linter.msgs_store, module)
        linter.current_file = module.file
        linter._ignore_file = False
        try:
            linter.process_tokens(utils.tokenize_module(module))
        except Exception:  # pylint: disable=broad-exception-caught  # no tokens: said when the file itself is linted
            return
        if linter._ignore_file:
            return
        if self.duplicates:
            self._line_checker.process_module(module)
        if self.cycles:
            for node in module.nodes_of_class((nodes.Import, nodes.ImportFrom)):
                for name in _imported_names(node):
                    self._import_checker._add_imported_module(node, name)

    def messages(self, reported: set[str]) -> list[Wide]:
        """The findings that concern at least one of the files `reported`, by path, line and text."""
        found = [*self._duplicates(reported)] if self.duplicates else []
        if self.cycles:
            found += self._cycles(reported)
        return sorted(found, key=lambda wide: (wide.path, wide.line, wide.rule, wide.message))

    def _cycles(self, reported: set[str]) -> Iterator[Wide]:
        graph = self._import_checker._import_graph_without_ignored_edges()
        files = {module: place[0] for (module, _), place in sorted(self._imports.items())}
        ordered = {module: sorted(name for name in graph[module] if name in graph) for module in sorted(graph)}
        for cycle in find_cycles(ordered):
            places = []
            for module, imported in zip(cycle, [*cycle[1:], cycle[0]]):
                places.append(self._imports.get((module, imported), (files.get(module, ""), 1)))
            if any(place[0] in reported for place in places):
                path, line = min(places)
                others = sorted({other for other, _ in places if other != path})
                yield Wide("R0401", path, line, None, f"Cyclic import ({' -> '.join(cycle)})", others)

    def _duplicates(self, reported: set[str]) -> Iterator[Wide]:
        for blocks in _similar_blocks(self._line_checker, self._sources):
            if not any(block[0] in reported for block in blocks):
                continue
            path, start, end = blocks[0]
            others = sorted({block[0] for block in blocks} - {path})
            notes = [f"=={file}:[{first}:{last}]" for file, first, last in blocks]
            message = f"Similar lines in {len({block[0] for block in blocks})} files"
            yield Wide("R0801", path, start + 1, end, message, others, notes)


def find_cycles(graph: dict[str, list[str]]) -> list[list[str]]:
    """The import cycles that `pylint.graph.get_cycles` finds, each beginning with its least module.

    `graph` maps modules to what they import; both are walked in the order given, so that the answer is as stable as it.
    """
    result: list[list[str]] = []
    for start in graph:
        walk = _CycleWalk(graph, result)
        walk.enter(start)
        while walk.stack:
            walk.step()
    return result


class _CycleWalk:
    """A walk in depth over a graph, from one module; without recursion, since chains of imports are long."""

    def __init__(self, graph: dict[str, list[str]], result: list[list[str]]) -> None:
        self.graph = graph
        self.result = result
        self.path: list[str] = []
        self.visited: set[str] = set()
        self.stack: list[tuple[str, Iterator[str]]] = []

    def enter(self, module: str) -> None:
        """Go on to `module`, or note the cycle that it closes."""
        if module not in self.path:
            self.path.append(module)
            self.stack.append((module, iter(self.graph[module])))
            return
        cycle = self.path[self.path.index(module) :]
        first = cycle.index(min(cycle))
        cycle = cycle[first:] + cycle[:first]
        if cycle not in self.result:
            self.result.append(cycle)

    def step(self) -> None:
        """One step from the module reached last: to its next import, or back."""
        module, children = self.stack[-1]
        child = next((name for name in children if name not in self.visited), None)
        if child is None:
            self.path.pop()
            self.stack.pop()
            self.visited.add(module)
            return
        self.enter(child)
        if self.stack[-1][0] == module:  # `child` closed a cycle and was not entered
            self.visited.add(child)


def _light_tree(path: str, name: str) -> Any:
    """A tree without transforms and inference, and not remembered by astroid; None for what cannot be parsed."""
    builder = AstroidBuilder(MANAGER, apply_transforms=False)
    try:
        stream, encoding, data = open_source_file(path)
        stream.close()
        module, rebuilder = builder._data_build(data, name, path)
    except (AstroidError, OSError, SyntaxError, LookupError, ValueError, RecursionError):
        return None
    module.file_encoding = encoding
    for node, global_names in rebuilder._import_from_nodes:
        if all(imported != "*" for imported, _ in node.names):
            builder.add_from_names_to_locals(node, global_names)
    return module


def _imported_names(node: Any) -> Iterator[str]:
    """The names that pylint's imports checker would note for an import statement, found without building a tree."""
    if isinstance(node, nodes.Import):
        for name, _ in node.names:
            if (module := _resolved(node, name, None)) is not None:
                yield module
        return
    module = _resolved(node, node.modname, node.level)
    if module is not None:
        yield from (module if name == "*" else f"{module}.{name}" for name, _ in node.names)


def _resolved(node: Any, name: str, level: int | None) -> str | None:
    module = node.root()
    try:
        absolute: str = module.relative_to_absolute_name(name, level)
        if absolute != module.name:
            MANAGER.file_from_module_name(absolute, None)
    except AstroidError:
        return None
    return absolute


def _similar_blocks(checker: Any, sources: dict[int, str]) -> list[list[Block]]:
    """Sets of equal blocks of lines, each sorted, as `Symilar._compute_sims` means them but free of order.

    pylint keeps the first pair of a set; here all pairs that share a block are one set.
    """
    sets = sorted(checker.linesets, key=lambda lines: sources[id(lines)])
    hashes = [hash_lineset(lines, checker.namespace.min_similarity_lines) for lines in sets]
    union = _Union()
    for first, second in _candidates([known.hash_to_index for known in hashes]):
        for same in checker._find_common(sets[first], sets[second], hashes[first], hashes[second]):
            union.join(
                (sources[id(same.fst_lset)], same.fst_file_start, same.fst_file_end),
                (sources[id(same.snd_lset)], same.snd_file_start, same.snd_file_end),
            )
    return union.sets()


def _candidates(hashes: list[dict[int, list[Any]]]) -> list[tuple[int, int]]:
    """Pairs of files that share the hash of some lines, so that not every pair must be compared."""
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for number, known in enumerate(hashes):
        for value in known:
            holders[value].append(number)
    pairs: set[tuple[int, int]] = set()
    for numbers in holders.values():
        pairs.update((low, high) for place, low in enumerate(numbers) for high in numbers[place + 1 :])
    return sorted(pairs)


class _Union:
    """Disjoint sets of blocks."""

    def __init__(self) -> None:
        self._parent: dict[Block, Block] = {}

    def _root(self, block: Block) -> Block:
        self._parent.setdefault(block, block)
        while self._parent[block] != block:
            self._parent[block] = self._parent[self._parent[block]]
            block = self._parent[block]
        return block

    def join(self, first: Block, second: Block) -> None:
        """Put both blocks into one set."""
        low, high = sorted((self._root(first), self._root(second)))
        self._parent[high] = low

    def sets(self) -> list[list[Block]]:
        """The sets, each sorted, in the order of their first blocks."""
        members: defaultdict[Block, list[Block]] = defaultdict(list)
        for block in sorted(self._parent):
            members[self._root(block)].append(block)
        return sorted(members.values())
