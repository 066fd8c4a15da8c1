"""Baselines on disk: one file for each project, with one accepted finding a line, so that merges do not collide."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt import disk
from pyfmt.core import fingerprints, parsing
from pyfmt.core.errors import ConfigError, EditError
from pyfmt.core.model import Accepted, Finding, Project
from pyfmt.git import renames
from pyfmt.runner import edits

NAME = ".pyfmt-baseline.jsonl"
_HEAD = {"pyfmt-baseline": 1}
_KEYS = ("path", "tool", "rule", "message", "scope", "line")
_CURE = "mend it by hand, or delete it and run `pyfmt baseline write`"


@dataclass(frozen=True, slots=True)
class Baselines:
    """All projects' baselines as one multiset, and what is to be said of them."""

    accepted: Counter[Accepted]
    notes: tuple[str, ...] = ()


def file_of(project: str) -> str:
    """The baseline of the project in the folder `project`."""
    return NAME if project == "." else f"{project}/{NAME}"


def read(root: Path, projects: Sequence[Project], tree: Path | None = None) -> Baselines:
    """The baselines of all projects, with files that were renamed since under their new names.

    `tree` is where the files are read, if not in the work tree at `root`.

    Raises ConfigError for a file that is damaged or cannot be read.
    """
    found: Counter[Accepted] = Counter()
    lost: defaultdict[str, set[str]] = defaultdict(set)  # a project's baseline -> files in it that are not there
    for project in projects:
        file = file_of(project.path)
        try:
            content = disk.read_bytes((tree or root) / file)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}", file) from error
        entries = parse(content, project.path)
        found += entries
        lost[file].update(path for path in {entry.path for entry in entries} if not disk.lexists((tree or root) / path))
    moves, notes = _followed(root, {file: paths for file, paths in lost.items() if paths})
    return Baselines(_moved(found, moves), notes)


def _moved(entries: Counter[Accepted], moves: Mapping[str, str]) -> Counter[Accepted]:
    if not moves:
        return entries
    moved: Counter[Accepted] = Counter()
    for entry, count in entries.items():
        moved[replace(entry, path=moves.get(entry.path, entry.path))] += count
    return moved


def _followed(root: Path, lost: Mapping[str, set[str]]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Where the lost files of each baseline are now, and a note where that cannot be known."""
    known: dict[str, dict[str, str]] = {}
    moves: dict[str, str] = {}
    unsure = 0
    why = ""
    for file, paths in sorted(lost.items()):
        commit, certain = renames.last_change(root, file)
        if commit and commit not in known:
            known[commit] = renames.renames(root, commit)
        here = {path: known[commit][path] for path in paths if commit and path in known[commit]}
        moves |= here
        if not commit or not certain:
            unsure += len(paths) - len(here)
            why = "the clone is shallow; fetch the whole history" if commit else "there is no git history here"
    if not unsure:
        return moves, ()
    files = "a file that a baseline names is" if unsure == 1 else f"{unsure} files that baselines name are"
    return moves, (f"{files} not there, and whether renamed is unknown ({why}): findings in renamed files are new",)


def parse(content: bytes, project: str) -> Counter[Accepted]:
    """The entries of a project's baseline; raises ConfigError where it is damaged."""
    file = file_of(project)
    lines = content.decode("utf-8", "replace").splitlines()
    entries: Counter[Accepted] = Counter()
    prefix = "" if project == "." else project + "/"
    for number, line in enumerate(lines, start=1):
        try:
            value = parsing.parse_json(line)
        except ValueError as error:
            mark = line.startswith(("<<<<<<<", "=======", ">>>>>>>"))
            what = "has marks of a merge conflict" if mark else "is not JSON"
            cure = "keep the lines of both sides that are still found, then `pyfmt baseline prune`" if mark else _CURE
            raise ConfigError(what, f"{file}:{number}", cure) from error
        if value == _HEAD:  # a merge that keeps the lines of both sides may have left a second one
            continue
        if number == 1:
            raise ConfigError("is no baseline that this pyfmt can read", file, _CURE)
        if not isinstance(value, dict) or any(not isinstance(value.get(key), str) for key in _KEYS):
            raise ConfigError("is damaged", f"{file}:{number}", _CURE)
        entries[Accepted(**{key: value[key] for key in _KEYS} | {"path": prefix + value["path"]})] += 1
    if not lines:
        raise ConfigError("is empty", file, _CURE)
    return entries


def size(content: bytes) -> int:
    """How many entries a baseline holds, whatever its state."""
    return sum(line.startswith(b"{") and b'"path"' in line for line in content.splitlines())


def render(entries: Counter[Accepted], project: str) -> bytes:
    """A project's baseline: a head, then an entry a line with its path relative to the project, sorted."""
    cut = 0 if project == "." else len(project) + 1
    rows = [{key: getattr(entry, key) for key in _KEYS} for entry in sorted(entries.elements())]
    lines = [json.dumps(value) for value in (_HEAD, *(row | {"path": row["path"][cut:]} for row in rows))]
    return "".join(line + "\n" for line in lines).encode("ascii")


@dataclass(frozen=True, slots=True)
class BaselineChange:
    """A baseline that was written anew, or removed since nothing is left in it; numbers of its entries."""

    file: str
    added: int
    removed: int
    left: int
    moved: int = 0  # to another file, or from one: a rename


def write(root: Path, projects: Sequence[Project], accepted: Counter[Accepted]) -> list[BaselineChange]:
    """Write what differs, each entry to the baseline of the project that its file is in now; raises EditError."""
    owner = fingerprints.owner_in(project.path for project in projects)
    split: defaultdict[str, Counter[Accepted]] = defaultdict(Counter)
    for entry, count in (+accepted).items():
        home = owner(entry.path)
        assert home is not None, entry  # it was read from a project above, or found in one
        split[home][entry] = count
    changes = []
    for project in projects:
        path, entries = root / file_of(project.path), split[project.path]
        before = disk.read_bytes(path) if disk.exists(path) else b""
        after = render(entries, project.path) if entries else b""
        if before == after:
            continue
        old = parse(before, project.path) if before else Counter()
        _replace(path, after)
        changes.append(_change(file_of(project.path), old, entries))
    return changes


def _change(file: str, old: Counter[Accepted], new: Counter[Accepted]) -> BaselineChange:
    gained, lost = new - old, old - new
    moved = (_placeless(gained) & _placeless(lost)).total()
    return BaselineChange(file, gained.total() - moved, lost.total() - moved, new.total(), moved)


def _placeless(entries: Counter[Accepted]) -> Counter[Accepted]:
    """The entries without their files."""
    return Counter(replace(entry, path="") for entry in entries.elements())


def _replace(path: Path, content: bytes) -> None:
    """Put `content` in the place of a file at once; no content removes it."""
    try:
        if not content:
            path.unlink(missing_ok=True)
            return
        edits.put(path, content)
    except OSError as error:
        raise EditError(f"cannot be written: {error.strerror}", str(path)) from error


class Identities:
    """What findings of a tree are known by; each file is read once. `texts` are other contents than the disk's."""

    def __init__(self, root: Path, texts: Mapping[str, bytes] | None = None) -> None:
        self._root = root
        self._texts = texts or {}
        self._files: dict[str, fingerprints.FileFacts | None] = {}

    def __call__(self, finding: Finding) -> Accepted:
        if finding.path not in self._files:
            try:
                data = self._texts.get(finding.path)
                data = disk.read_bytes(self._root / finding.path) if data is None else data
                text = data.decode("utf-8", "surrogateescape")
                self._files[finding.path] = fingerprints.FileFacts.of(text)
            except OSError:
                self._files[finding.path] = None
        return fingerprints.identity(finding, self._files[finding.path])


def is_locked(asked: bool | None, environ: Mapping[str, str]) -> bool:
    """Whether baselines may only shrink: as asked for, else where CI is set, as every CI system does."""
    return asked if asked is not None else environ.get("CI", "").lower() not in ("", "0", "false")


def locked(
    root: Path, projects: Sequence[Project], found: Baselines, environ: Mapping[str, str]
) -> tuple[Counter[Accepted], tuple[str, ...]]:
    """What counts of baselines that may only shrink, compared with where the CI's request starts from; and notes."""
    if not found.accepted:
        return found.accepted, ()
    commit, unknown = renames.base_revision(root, environ)
    if unknown:
        return found.accepted, (f"whether the baseline has grown is unknown: {unknown}; fetch the whole history",)
    if not commit:
        return found.accepted, ()
    files = {file_of(project.path): project.path for project in projects}
    old = renames.contents(root, commit, list(files))
    before = sum((parse(content, files[file]) for file, content in old.items()), Counter[Accepted]())
    before = _moved(before, renames.renames(root, commit))
    owner = fingerprints.owner_in(project.path for project in projects)
    first = {project for file, project in files.items() if file not in old}
    counted = fingerprints.shrunk(found.accepted, before, lambda entry: owner(entry.path) in first)
    extra = (found.accepted - counted).total()
    said = f"the baseline is locked and has {extra} more than at {commit[:12]}: those do not count"
    return counted, (said,) if extra else ()
