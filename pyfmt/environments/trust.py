"""Whether code of an environment may be executed: the rule, and what the user has allowed.

Reading never needs trust. What executes does: plugins that the shared configuration names, and the last-resort start of
an interpreter.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pyfmt import disk
from pyfmt.core.model import Resolution
from pyfmt.environments.layout import COMPOSED, Broken, EnvironmentLayout, locate
from pyfmt.projects.tracked import first_tracked


@dataclass(frozen=True, slots=True)
class Trust:
    """The decision, why, and what the user can do about a refusal."""

    trusted: bool
    reason: str
    cure: str = ""


# Rules by which an environment outside of a checkout was made for it: its place or a file in it says so.
_FOR_THE_PROJECT = ("poetry", "pdm", "pdm workspace", "pipenv", "hatch", "virtualenvwrapper")
_SCRIPT = 1 << 16  # bytes of a script in which it names its environment, if at all
CURE = "look at it, then allow it with --trust, or for good with `pyfmt trust`"


def decide(prefix: Path, root: Path, strange: bool = False) -> Trust:
    """Whether code of the environment at `prefix` may run in a run over the checkout at `root`.

    `strange`: also whether what the checkout's configuration names may run there, for one of the `strangers`.

    An environment is the user's own if it belongs to them, nobody else can write it, its own scripts say that it was
    made where it is (no archive knows where it is unpacked), and none of its files is in the git index. One inside the
    root must also have an interpreter outside. An interpreter in the environment itself (a copy, conda, pixi) is
    accepted only where a git repository says that it did not come with the checkout.
    """
    place, checkout = disk.realpath(prefix), disk.realpath(root)
    if is_stored(root):
        return Trust(True, "the checkout is trusted (pyfmt trust)")
    if disk.lexists(os.path.join(place, COMPOSED)):
        return Trust(False, "nobody has installed what is in it: the checkout's requirements name it", CURE)
    try:
        layout = locate(place)
    except (Broken, OSError) as error:
        return Trust(False, f"it cannot be read: {error}", "mend the environment first")
    problem = _problem(layout, checkout)
    if not problem and not _names_its_place(place, os.path.abspath(prefix)):
        problem = "no script in it names the place where it is, so it may have come with the checkout"
    if not problem and strange:
        problem = "it is outside the checkout, and nothing of the checkout is installed in it"
    if problem:
        return Trust(False, problem, CURE)
    return _by_git(layout, disk.is_within(place, checkout))


def strangers(resolutions: Iterable[Resolution], root: Path) -> frozenset[str]:
    """The environments outside of the root that only a file of the checkout or the shell has chosen.

    Whoever made them has not asked for this checkout's code: nothing of the checkout is installed there, and no manager
    keeps them for it. So they are the user's own, and say nothing about what the checkout's configuration would run.
    """
    checkout = disk.realpath(root)
    found: set[str] = set()
    own: set[str] = set()
    for resolution in resolutions:
        if (environment := resolution.environment) is None or disk.is_within(
            disk.realpath(environment.prefix), checkout
        ):
            continue
        kept = resolution.rule in _FOR_THE_PROJECT and not resolution.named
        sources = (disk.realpath(item.source) for item in environment.distributions if item.source)
        (own if kept or any(disk.is_within(source, checkout) for source in sources) else found).add(environment.prefix)
    return frozenset(found - own)


def _problem(layout: EnvironmentLayout, checkout: str) -> str:
    """What of its owner, its permissions or its interpreter's place speaks against an environment; "" for nothing."""
    for path in (layout.prefix, layout.executable, *_site_folders(layout.prefix, layout.library)):
        problem = _ownership(path)
        if problem:
            return problem
    for interpreter in _interpreters(layout):
        if disk.is_within(interpreter, checkout) and not disk.is_within(interpreter, layout.prefix):
            return f"its interpreter {interpreter} is inside the checkout"
    return ""


def _interpreters(layout: EnvironmentLayout) -> tuple[str, str]:
    return disk.realpath(layout.executable), disk.realpath(layout.base_executable)


def _names_its_place(*spellings: str) -> bool:
    """Whether a file that is written where an environment is made names one of these spellings of its prefix."""
    prefix = spellings[0]
    records = [os.path.join(prefix, name) for name in ("pyvenv.cfg", "conda-meta/history", "conda-meta/pixi")]
    folders = [os.path.join(prefix, name) for name in ("bin", "Scripts")]
    scripts = [os.path.join(folder, name) for folder in folders for name in disk.names_in(folder)]
    wanted = [os.fsencode(spelling) for spelling in spellings]
    for path in (*records, *scripts):
        with contextlib.suppress(OSError):
            start = disk.read_start(path, _SCRIPT)
            if any(each in start for each in wanted):
                return True
    return False


def _by_git(layout: EnvironmentLayout, inside: bool) -> Trust:
    """The decision by what is in the git index; `inside` the checkout."""
    repository, tracked = first_tracked(layout.prefix)
    if not inside and not tracked:
        return Trust(True, "it is outside the checkout and belongs to you")
    if repository is None:
        return Trust(False, "git does not know whether its files came with the checkout", CURE)
    if tracked:
        return Trust(False, f"its files came with the checkout: {tracked} is in the git index", CURE)
    if not repository and any(disk.is_within(interpreter, layout.prefix) for interpreter in _interpreters(layout)):
        return Trust(False, "its interpreter came with it, and there is no git repository to show from where", CURE)
    return Trust(True, "none of its files is in the git index, and it belongs to you")


def _site_folders(prefix: str, library: str) -> tuple[str, ...]:
    path = os.path.join(prefix, "lib", library, "site-packages")
    return (path,) if disk.is_dir(path) else ()


def _ownership(path: str) -> str:
    """Why the file or folder at `path` may be somebody else's work; "" if it is the user's (or the system's) own."""
    if not hasattr(os, "getuid"):
        return ""  # Windows: the folder's access list is what protects it
    try:
        status = disk.stat(path)
    except OSError as error:
        return f"{path} cannot be examined ({error.strerror})"
    if status.st_uid not in (os.getuid(), 0):
        return f"{path} belongs to another user"
    if status.st_mode & stat.S_IWOTH:
        return f"{path} can be written by everybody"
    return ""


def store_file() -> Path:
    """Where it is remembered which checkouts the user has allowed."""
    # Deferred: only runs that would execute something pay for it.
    from platformdirs import user_config_path  # pylint: disable=import-outside-toplevel

    return user_config_path("pyfmt", appauthor=False) / "trusted.json"


def _key(root: Path) -> str:
    return disk.realpath(root)


def _read_store() -> dict[str, str]:
    try:
        value = json.loads(store_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # nothing stored, or damaged: then nothing is trusted
    if not isinstance(value, dict):
        return {}
    return {key: mark for key, mark in value.items() if isinstance(key, str) and isinstance(mark, str)}


def _write_store(entries: dict[str, str]) -> None:
    file = store_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(entries, indent=2, sort_keys=True) + "\n"
    temporary = file.with_name(f"{file.name}.{os.getpid()}.{hashlib.sha256(text.encode()).hexdigest()[:8]}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, file)


def is_stored(root: Path) -> bool:
    """Whether the user has allowed the checkout at `root` for good; it is keyed by its real path."""
    key = _key(root)
    if disk.is_within(disk.realpath(store_file()), key):
        return False  # a checkout cannot bring its own trust
    return key in _read_store()


def store(root: Path) -> Path:
    """Allow the checkout at `root` for good; returns the file that says so, outside the checkout."""
    entries = _read_store()
    entries[_key(root)] = "trusted"
    _write_store(entries)
    return store_file()


def revoke(root: Path) -> bool:
    """Take a stored trust back; whether there was one."""
    entries = _read_store()
    known = entries.pop(_key(root), None) is not None
    if known:
        _write_store(entries)
    return known
