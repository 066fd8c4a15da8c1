"""Which files are known to be formatted, or how not: they are not opened again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyfmt import disk
from pyfmt.cache.findings import finding_from_row, row_from_finding
from pyfmt.cache.keys import KeyFacts, changed_inputs, format_identity, format_inputs, format_key, miss, pack
from pyfmt.cache.memory import Memory
from pyfmt.core.model import Edit, Outcome, Project, Unit
from pyfmt.core.tool_values import EVERYTHING
from pyfmt.tools.configured_code import names_any
from pyfmt.tools.registry import TOOLS

_CLEAN = b"{}"
_FILES = "content"  # beside the inputs of a project: the digests of its files
_MARKERS = ("setup.cfg", "pyproject.toml")
_Said = dict[str, list[Any]]  # what is known of a file: nothing where it needs no change


class FormatMemory:
    """What is known of the files of formatting units under this configuration.

    A file that needs no change is known in every run; one that would be changed only with `changes_too`: where a run
    neither writes nor shows differences, the names of the tools say everything.
    """

    def __init__(self, memory: Memory, facts: KeyFacts, tools: tuple[str, ...], changes_too: bool) -> None:
        self._store = memory.store
        self._digest = memory.digests.of
        self._facts = replace(facts, configs={tool: facts.configs[tool] for tool in tools})
        self._root = Path(facts.root)
        self._changes_too = changes_too
        self._known: dict[Unit, dict[str, _Said]] = {}
        self._keys: dict[Unit, dict[str, bytes]] = {}
        self._inputs: dict[str, dict[str, object]] = {}
        self._elsewhere: list[str] = []
        shared = self._facts.configs.values()
        if any(names_any(found, TOOLS[found.tool].looks_anywhere) for found in shared):
            self._elsewhere = sorted(facts.sources.listing(EVERYTHING))

    def recall(self, unit: Unit) -> Outcome:
        """The outcome of the known files of a unit."""
        project = unit.parts[0].project
        known = self._look_up(unit)
        edits, findings = [], []
        for file in unit.files:
            said = known.get(file, {})
            edits += [Edit(file, tuple(tools), project.name) for tools in said.get("edits", ())]
            findings += [finding_from_row(row) for row in said.get("findings", ())]
        now = time.monotonic()
        whole = len(known) == len(unit.files)
        return Outcome(unit, tuple(findings), tuple(edits), cached=whole, started=now, ended=now)

    def unknown(self, unit: Unit) -> tuple[str, ...]:
        """The files of a unit that have to be looked at."""
        known = self._look_up(unit)
        return tuple(file for file in unit.files if file not in known)

    def _look_up(self, unit: Unit) -> dict[str, _Said]:
        if unit in self._known:
            return self._known[unit]
        known: dict[str, _Said] = {}
        if self._store is not None:
            together = self.key(unit.parts[0].project, unit.files)
            # Of a project with a single file this is the file's own key, which may say what is wrong with it.
            if self._store.get([together]).get(together) == _CLEAN:
                known = {file: {} for file in unit.files}
            else:
                keys = self._file_keys(unit)
                values = self._store.get(keys.values())
                for file, key in keys.items():
                    said = self._read(values.get(key))
                    if said is not None:
                        known[file] = said
        self._known[unit] = known
        return known

    def _read(self, value: bytes | None) -> _Said | None:
        """A remembered value; None where there is none, where it is of no use in this run, or where it is damaged."""
        try:
            said = json.loads(value) if value is not None else None
            if not isinstance(said, dict) or (said and not self._changes_too):
                return None
            return {key: list(said[key]) for key in said}
        except (ValueError, TypeError):
            return None

    def _file_keys(self, unit: Unit) -> dict[str, bytes]:
        if unit not in self._keys:
            project = unit.parts[0].project
            self._keys[unit] = {file: self.key(project, [file]) for file in unit.files}
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
        values = {self.key(project, [file]): _CLEAN for file in sorted(clean)}
        inputs, (last, content) = self._project_inputs(project), self._last(project)
        content = {} if changed_inputs(last, inputs) else content
        content |= {file: self._digest(file).hex() for file in clean}
        if self._changes_too:
            for file, value in _changes(outcome, clean).items():
                if self.key(project, [file]) == before[file]:
                    values[before[file]] = value
                    content[file] = self._digest(file).hex()
        known = self._look_up(unit)
        if all(file in clean or known.get(file) == {} for file in unit.files):
            values[self.key(project, unit.files)] = _CLEAN
        self._store.put(values)
        self._store.put({format_identity(project, self._facts): pack({_FILES: content, **inputs})}, shared=False)

    def explained(self, project: Project, file: str) -> str:
        """Whether a file is known to be formatted, and if not, which of its inputs have changed since it was."""
        if self._store is None:
            return "off"
        key = self.key(project, [file])
        value = self._store.get([key]).get(key)
        if self._read(value) is not None:
            return "hit"
        last, content = self._last(project)
        changed = changed_inputs(last, self._project_inputs(project)) if last else []
        now = self._digest(file).hex()
        return miss([*changed, *([file] if content.get(file, now) != now else [])])

    def _last(self, project: Project) -> tuple[dict[str, object], dict[str, str]]:
        """The inputs that a project's files were last found in order with, and the content of these files."""
        identity = format_identity(project, self._facts)
        known = self._store.get([identity], shared=False) if self._store else {}
        try:
            inputs = json.loads(known.get(identity, b""))
            return inputs, dict(inputs.pop(_FILES))
        except (ValueError, TypeError, AttributeError, KeyError):
            return {}, {}  # there is none, or it is damaged

    def key(self, project: Project, files: Iterable[str]) -> bytes:
        """The key of all that the formatters' answer for these files of a project depends on."""
        return format_key(self._project_inputs(project), files, self._facts)

    def _project_inputs(self, project: Project) -> dict[str, object]:
        if project.path not in self._inputs:
            names = set(self._elsewhere)
            # isort looks for what is first party among the importable names in the project's folders.
            for folder in {*project.import_roots, project.path, f"{project.path}/src"} if not names else ():
                names.update(_importable(os.path.join(self._root, folder), f"{folder}/"))
            self._inputs[project.path] = format_inputs(project, self._facts, names)
        return self._inputs[project.path]


def _importable(folder: str, prefix: str, above: tuple[str, ...] = ()) -> Iterator[str]:
    """The names that can be imported from a folder, with what is in those that isort takes for namespace packages.

    `above`: the real folders on the way, to which a link may lead back.
    """
    above = (*above, os.path.realpath(folder))
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if entry.name.partition(".")[0].isidentifier()]
    except OSError:
        return
    for entry in entries:
        if entry.name == "__pycache__":
            continue
        yield prefix + entry.name
        if "." not in entry.name and disk.is_folder(entry) and _is_namespace(entry.path):
            yield f"{prefix}{entry.name}/"
            if not (entry.is_symlink() and os.path.realpath(entry.path) in above):
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
            name.endswith((".py", ".pyi", ".pyx")) or name.lower() in _MARKERS for name in os.listdir(folder)
        )
    except OSError:
        return False


def joined(known: Outcome, done: Outcome) -> Outcome:
    """The outcome of a whole unit from its known files and those that were looked at."""
    findings, edits = (*known.findings, *done.findings), (*known.edits, *done.edits)
    return replace(done, unit=known.unit, findings=findings, edits=edits, failures=done.failures, cached=known.cached)


def _changes(outcome: Outcome, clean: set[str]) -> dict[str, bytes]:
    """What to remember of the files that would be changed or cannot be parsed, where no tool failed on them."""
    failed = {failure.reason.partition(": ")[0] for failure in outcome.failures}
    found: dict[str, dict[str, list[Any]]] = {}
    for edit in outcome.edits:
        found.setdefault(edit.path, {"edits": [], "findings": []})["edits"].append(edit.tools)
    for finding in outcome.findings:
        found.setdefault(finding.path, {"edits": [], "findings": []})["findings"].append(row_from_finding(finding))
    return {file: json.dumps(what).encode() for file, what in found.items() if file not in failed | clean}
