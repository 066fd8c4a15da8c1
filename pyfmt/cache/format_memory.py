"""Which files are known to be formatted, or how not: they are not opened again."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from pyfmt import disk
from pyfmt.cache.keys import KeyFacts, fold, format_inputs, format_key, notebook_inputs
from pyfmt.cache.memory import Memory
from pyfmt.cache.remembered import LAST_INPUTS, MemoKind, changed_since
from pyfmt.core.memo import HIT, miss
from pyfmt.core.model import Edit, Finding, Outcome, Project, Unit
from pyfmt.core.tool_values import EVERYTHING
from pyfmt.tools.configured_code import names_any
from pyfmt.tools.registry import TOOLS

_FILES = "content"  # beside the inputs of a project: the digests of its files
_MARKERS = ("setup.cfg", "pyproject.toml")


@dataclass(slots=True)
class _Said:
    """What is known of a file: nothing where it needs no change."""

    edits: list[tuple[str, ...]] = field(default_factory=list)  # each by its tools
    findings: list[Finding] = field(default_factory=list)


_Item = TypeVar("_Item")
_NAMES: MemoKind[dict[str, list[str]]] = MemoKind("modules beside projects", 1, dict[str, list[str]], shared=False)
_SAID = MemoKind("format", 1, _Said)
_CLEAN = _Said()


class FormatMemory:
    """What is known of the files of formatting units under this configuration.

    A file that needs no change is known in every run; one that would be changed only with `changes_too`: where a run
    neither writes nor shows differences, the names of the tools say everything.
    """

    def __init__(self, memory: Memory, facts: KeyFacts, tools: tuple[str, ...], changes_too: bool) -> None:
        self._store = memory.store
        self._digests = memory.digests
        self._digest = memory.digests.of
        self._facts = replace(facts, configs={tool: facts.configs[tool] for tool in tools})
        self._root = Path(facts.root)
        self._changes_too = changes_too
        self._known: dict[Unit, dict[str, _Said]] = {}
        self._keys: dict[Unit, dict[str, bytes]] = {}
        self._inputs: dict[str, dict[str, object]] = {}
        self._projects: dict[str, bytes] = {}
        self._steps = memory.steps
        self._names: dict[str, list[str]] = {}  # by project path, see `_names_beside`
        self._elsewhere: list[str] = []
        shared = self._facts.configs.values()
        if any(names_any(found, TOOLS[found.tool].looks_anywhere) for found in shared):
            self._elsewhere = sorted(facts.sources.listing(EVERYTHING))

    def fetch(self, units: Iterable[Unit]) -> None:
        """Look up at once which of many units are known as a whole."""
        units = list(units)
        self._list([unit.parts[0].project for unit in units])
        known = self._find({unit: self._whole_key(unit) for unit in units})
        self._known.update({unit: dict.fromkeys(unit.files, _CLEAN) for unit, said in known.items() if said == _CLEAN})

    def recall(self, unit: Unit) -> Outcome:
        """The outcome of the known files of a unit."""
        project = unit.parts[0].project
        known = self._look_up(unit)
        edits, findings = [], []
        for file in unit.files:
            said = known.get(file, _CLEAN)
            edits += [Edit(file, tools, project.name) for tools in said.edits]
            findings += said.findings
        now = time.monotonic()
        whole = len(known) == len(unit.files)
        return Outcome(unit, tuple(findings), tuple(edits), cached=whole, started=now, ended=now)

    def unknown(self, unit: Unit) -> tuple[str, ...]:
        """The files of a unit that have to be looked at."""
        known = self._look_up(unit)
        return tuple(file for file in unit.files if file not in known)

    def _look_up(self, unit: Unit) -> dict[str, _Said]:
        if unit not in self._known:
            known = self._find(self._file_keys(unit))
            if len(known) == len(unit.files) and all(said == _CLEAN for said in known.values()):
                _SAID.keep(self._store, {self._whole_key(unit): _CLEAN})
            self._known[unit] = known
        return self._known[unit]

    def _whole_key(self, unit: Unit) -> bytes:
        """The key under which all files of a unit are known to be formatted."""
        project, files = unit.parts[0].project, unit.files
        content = self._digests.together(f"{project.path} to format", files)
        return _SAID.key(["all", self.project_key(project), content, notebook_inputs(files, self._facts)])

    def _find(self, keys: Mapping[_Item, bytes]) -> dict[_Item, _Said]:
        """What is known and of use in this run."""
        found = _SAID.find(self._store, keys)
        return {item: said for item, said in found.items() if self._changes_too or said == _CLEAN}

    def _file_keys(self, unit: Unit) -> dict[str, bytes]:
        if unit not in self._keys:
            project = unit.parts[0].project
            self._digests.fetch(unit.files)
            self._keys[unit] = {file: self._key(project, [file]) for file in unit.files}
        return self._keys[unit]

    def remember(self, unit: Unit, outcome: Outcome, settled: Mapping[str, str]) -> None:
        """Remember what came of a unit's files; `settled` has the SHA-256 under which each was found to be in order.

        A file that is no longer what was judged is not remembered, nor is one with which a tool failed.
        """
        if self._store is None:
            return
        project = unit.parts[0].project
        before = self._file_keys(unit)
        clean = {file for file in outcome.unit.files if file in settled and self._digest(file).hex() == settled[file]}
        values = {self._key(project, [file]): _CLEAN for file in sorted(clean)}
        inputs, (last, content) = self._project_inputs(project), self._last(project)
        content = {} if changed_since(last, inputs) else content
        content |= {file: self._digest(file).hex() for file in clean}
        if self._changes_too:
            for file, said in _changes(outcome, clean).items():
                if self._key(project, [file]) == before[file]:
                    values[before[file]] = said
                    content[file] = self._digest(file).hex()
        known = self._look_up(unit)
        left = [file for file in unit.files if file not in clean]
        # Those that were known may have been written since: then nobody has judged what is there now.
        if all(known.get(file) == _CLEAN and self._key(project, [file]) == before[file] for file in left):
            values[self._whole_key(unit)] = _CLEAN
        _SAID.keep(self._store, values)
        LAST_INPUTS.keep(self._store, {self._identity(project): {_FILES: content, **inputs}})

    def explained(self, project: Project, file: str) -> str:
        """Whether a file is known to be formatted, and if not, which of its inputs have changed since it was."""
        if self._store is None:
            return "off"
        if self._find({file: self._key(project, [file])}):
            return HIT
        last, content = self._last(project)
        changed = changed_since(last, self._project_inputs(project)) if last else []
        now = self._digest(file).hex()
        return miss([*changed, *([file] if content.get(file, now) != now else [])])

    def _last(self, project: Project) -> tuple[dict[str, object], dict[str, str]]:
        """The inputs that a project's files were last found in order with, and the content of these files."""
        inputs = LAST_INPUTS.one(self._store, self._identity(project)) or {}
        return inputs, inputs.pop(_FILES, {})

    def _identity(self, project: Project) -> bytes:
        return LAST_INPUTS.key(["format", sorted(self._facts.configs), project.path])

    def _key(self, project: Project, files: Iterable[str]) -> bytes:
        """The key of all that the formatters' answer for these files of a project depends on."""
        return _SAID.key(format_key(self.project_key(project), files, self._facts))

    def project_key(self, project: Project) -> bytes:
        """The digest of all that the formatters' answer for a project's files depends on besides their content."""
        if project.path not in self._projects:
            self._projects[project.path] = fold(self._project_inputs(project))
        return self._projects[project.path]

    def _project_inputs(self, project: Project) -> dict[str, object]:
        if project.path not in self._inputs:
            names = self._elsewhere or self._names.get(project.path)
            names = self._names_beside(project) if names is None else names
            self._inputs[project.path] = format_inputs(project, self._facts, names)
        return self._inputs[project.path]

    def _names_beside(self, project: Project) -> list[str]:
        """isort looks for what is first party among the importable names in the project's folders."""
        names: set[str] = set()
        for folder in {*project.import_roots, project.path, f"{project.path}/src"}:
            names.update(_importable(os.path.join(self._root, folder), f"{folder}/"))
        return sorted(names)

    def _list(self, projects: Sequence[Project]) -> None:
        """`_names_beside` many projects; nothing is listed where all is as it was."""
        if self._steps is None or self._elsewhere:
            return
        folders = fold([[project.path, project.import_roots] for project in projects])

        def make() -> dict[str, list[str]]:
            return {project.path: self._names_beside(project) for project in projects}

        self._names, _ = self._steps.recall(_NAMES, {"projects": folders, "root": str(self._root)}, make)


def _importable(folder: str, prefix: str, above: tuple[str, ...] = ()) -> Iterator[str]:
    """The names that can be imported from a folder, with what is in those that isort takes for namespace packages.

    `above`: the real folders on the way, to which a link may lead back.
    """
    above = (*above, disk.realpath(folder))
    try:
        with disk.scandir(folder) as found:
            entries = [entry for entry in found if entry.name.partition(".")[0].isidentifier()]
    except OSError:
        return
    for entry in entries:
        if entry.name == "__pycache__" or entry.is_symlink() and not disk.exists(entry.path):  # leads to nothing yet
            continue
        yield prefix + entry.name
        if "." not in entry.name and disk.is_folder(entry) and _is_namespace(entry.path):
            yield f"{prefix}{entry.name}/"
            if not (entry.is_symlink() and disk.realpath(entry.path) in above):
                yield from _importable(entry.path, f"{prefix}{entry.name}/", above)


def _is_namespace(folder: str) -> bool:
    """isort.place._is_namespace_package, which looks for an old declaration in `__init__.py`, else for no files at
    all."""
    try:
        return b"__import__" in disk.read_bytes(os.path.join(folder, "__init__.py"))[:4096]
    except FileNotFoundError:
        pass
    except OSError:
        return False
    try:
        return not any(
            name.endswith((".py", ".pyi", ".pyx")) or name.lower() in _MARKERS for name in disk.listdir(folder)
        )
    except OSError:
        return False


def joined(known: Outcome, done: Outcome) -> Outcome:
    """The outcome of a whole unit from its known files and those that were looked at."""
    findings, edits = (*known.findings, *done.findings), (*known.edits, *done.edits)
    return replace(done, unit=known.unit, findings=findings, edits=edits, failures=done.failures, cached=known.cached)


def _changes(outcome: Outcome, clean: set[str]) -> dict[str, _Said]:
    """What to remember of the files that would be changed or cannot be parsed, where no tool failed on them."""
    failed = {failure.reason.partition(": ")[0] for failure in outcome.failures}
    edits, findings = defaultdict(list), defaultdict(list)
    for edit in outcome.edits:
        edits[edit.path].append(edit.tools)
    for finding in outcome.findings:
        findings[finding.path].append(finding)
    return {file: _Said(edits[file], findings[file]) for file in {*edits, *findings} - failed - clean}
