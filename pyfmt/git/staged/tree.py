"""A folder that holds the index's contents, and what the work tree generates besides; kept and brought up to date."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyfmt import disk
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.errors import StagedError
from pyfmt.git.index import LINK, SUBMODULE, GitIndex, IndexEntry
from pyfmt.projects.selection import SCRIPT_SUFFIXES
from pyfmt.projects.walking import PYTHON_SUFFIXES, leftovers, walk
from pyfmt.runner.edits import remove_leftovers

# What can matter to a tool: sources and textual configuration. Data, pictures and the like stay out, which spares a big
# repository a second copy. A name without a suffix (Pipfile, pylintrc, .gitignore, a script) is always taken.
_SUFFIXES = frozenset(
    (
        *PYTHON_SUFFIXES,
        *SCRIPT_SUFFIXES,
        NOTEBOOK_SUFFIX,
        ".toml",
        ".cfg",
        ".ini",
        ".lock",
        ".txt",
        ".in",
        ".typed",
        ".pylintrc",
        ".jsonl",
        "",
    )
)
_COMPILED = (".so", ".pyd")
_STATE = 1  # raise it when the meaning of the state file changes

_Mark = list[int]  # size, mtime, inode


@dataclass(frozen=True, slots=True)
class Holder:
    """Where trees are: `kept` if another run finds it again, else removed at the end."""

    folder: Path
    kept: bool


@contextlib.contextmanager
def holder(base: Path | None, name: str = "staged") -> Iterator[Holder]:
    """The folder for the tree below the cache folder `base`; a temporary one without it, or while another run has
    it."""
    with contextlib.ExitStack() as stack:
        if base is not None and stack.enter_context(_locked(base / name)):
            yield Holder((base / name).resolve(), True)
        else:
            with tempfile.TemporaryDirectory(prefix="pyfmt-staged-", ignore_cleanup_errors=True) as scratch:
                yield Holder(Path(scratch).resolve(), False)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Whether this run alone has `folder`, until the end of the context."""
    try:
        import fcntl  # deferred: not on every system

        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("w", encoding="utf-8")
    except (ImportError, OSError):
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def fill(index: GitIndex, entries: Mapping[str, IndexEntry], extras: Iterable[str], folder: Path) -> Path:
    """Make `folder`/tree hold `entries` (those that matter) and, from the work tree, `extras`; returns it.

    What is there already and unchanged keeps its time stamps, so that caches know it again. An interrupted filling is
    noticed by the next, which starts afresh.
    """
    tree, state_file = folder / "tree", folder / "state.json"
    wanted = {path: f"{e.mode} {e.blob}" for path, e in entries.items() if _matters(path, e)}
    tracked = set(wanted)
    wanted |= {path: token for path in extras if path not in wanted and (token := _extra_token(index.top, path))}
    salt = _salt(index, entries)
    known = _read_state(state_file, salt)
    if not known:
        shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True, exist_ok=True)
    place = str(tree)
    fresh = {
        path: found for path, found in known.items() if wanted.get(path) == found[0] and _mark(place, path) == found[1]
    }
    if len(fresh) != len(known) or len(fresh) != len(wanted):
        state_file.unlink(missing_ok=True)
        _remove(tree, known.keys() - fresh.keys())
        missing = wanted.keys() - fresh.keys()
        index.check_out(sorted(missing & tracked), str(tree))
        for path in sorted(missing - tracked):
            _copy(os.path.join(index.top, path), tree / path)
        state = {path: fresh[path] if path in fresh else (wanted[path], _mark(place, path)) for path in wanted}
        state_file.write_text(json.dumps({"salt": salt, "files": state}), "utf-8")
    _mark_top(index, tree)
    return tree


def _matters(path: str, entry: IndexEntry) -> bool:
    if entry.mode == SUBMODULE:
        return False
    return entry.mode == LINK or may_matter(path)


def may_matter(path: str) -> bool:
    """Whether a file can matter to a tool, by its name."""
    return os.path.splitext(path)[1].lower() in _SUFFIXES


def _salt(index: GitIndex, entries: Mapping[str, IndexEntry]) -> str:
    """What contents depend on besides their blobs: attributes and settings that convert them, and drivers that may
    not."""
    attributes = sorted((path, e.blob) for path, e in entries.items() if path.rpartition("/")[2] == ".gitattributes")
    return hashlib.sha256(
        repr((_STATE, index.top, attributes, index.conversion(), index.filters())).encode()
    ).hexdigest()


def _read_state(file: Path, salt: str) -> dict[str, tuple[str, _Mark | None]]:
    try:
        data = json.loads(file.read_text("utf-8"))
        return {path: (token, mark) for path, (token, mark) in data["files"].items()} if data["salt"] == salt else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # none, or damaged: the tree is made anew


def _mark(tree: str, path: str) -> _Mark | None:
    try:
        found = os.lstat(f"{tree}/{path}")
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _remove(tree: Path, paths: Iterable[str]) -> None:
    """Remove files, and folders that hold nothing any more: an empty one could pass for a package."""
    for path in paths:
        place = tree / path
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            place.unlink()
        with contextlib.suppress(OSError):  # not empty, or gone already
            for parent in place.parents:
                if parent == tree:
                    break
                parent.rmdir()


def _extra_token(top: str, path: str) -> str:
    try:
        found = os.stat(os.path.join(top, path))
    except OSError:
        return ""  # vanished, or a link to nowhere
    return f"extra {found.st_size} {found.st_mtime_ns}"


def _copy(source: str, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.realpath(target.parent) == str(target.parent):  # never through a link that the index has there
            shutil.copy2(source, target)
    except OSError as error:
        raise StagedError(f"cannot be copied for the run over the index: {error.strerror}", source) from error


def _mark_top(index: GitIndex, tree: Path) -> None:
    """A `.git` that ends every search upwards at the tree, with the repository's own exclude file."""
    info = tree / ".git" / "info"
    info.mkdir(parents=True, exist_ok=True)
    try:
        content = disk.read_bytes(index.exclude_file)
        if disk.bytes_or_none(info / "exclude") != content:  # else it keeps its time
            (info / "exclude").write_bytes(content)
    except FileNotFoundError:
        (info / "exclude").unlink(missing_ok=True)


def generated(index: GitIndex, entries: Mapping[str, IndexEntry], root: Path, exclude: tuple[str, ...]) -> list[str]:
    """Files below `root` that no commit holds, but that belong there: ignored by git yet importable (generated sources,
    compiled modules), and the sources of submodules. A file that was merely not added is none of them."""
    inside = os.path.relpath(root, index.top).replace(os.sep, "/")
    before = "" if inside == "." else inside + "/"
    submodules = tuple(path + "/" for path, entry in entries.items() if entry.mode == SUBMODULE)
    found: list[str] = []
    doubtful: list[str] = []
    folders = list(walk(root, exclude))
    remove_leftovers(root, leftovers(folders))
    for folder in folders:
        place = before if folder.path == "." else f"{before}{folder.path}/"
        compiled = [place + name for name in folder.other_files if name.endswith(_COMPILED)]
        hidden = [*(before + file for file in folder.hidden_files), *compiled]
        if submodules and place.startswith(submodules):
            typed = ("py.typed",) if "py.typed" in folder.other_files else ()
            found += [*hidden, *(before + file for file in (*folder.python_files, *folder.notebooks))]
            found += [place + name for name in (*folder.manifests, *typed)]
        else:
            doubtful += (path for path in hidden if path not in entries)
    return sorted({*found, *index.ignored(doubtful)})
