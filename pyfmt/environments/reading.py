"""An environment as it is on disk: version, search path, distributions, health. Nothing is run."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pyfmt import disk
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import Distribution, Environment, Health
from pyfmt.environments import editable, fingerprint, installed, sites
from pyfmt.environments.layout import UNFINISHED, Broken, EnvironmentLayout, locate

_ACTIVATED = re.compile(r"""^\s*(?:export )?VIRTUAL_ENV=(['"]?)(/[^'"\n]+)\1\s*$""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ReadResult:
    """An environment, and what reading alone could not tell."""

    environment: Environment
    executable: str = ""  # the environment's own interpreter
    unsure: str = ""  # why the search path is not certain; "" where it is


def read(prefix: Path, root: Path, memo: TextMemo | None = None) -> Environment:
    """The environment at `prefix`, for a monorepo at `root` (both absolute).

    Never raises for a bad environment: it is answered with health BROKEN, the reason and the cure. Where the search
    path cannot be known without starting the interpreter (a .pth line that may change it), the health is WARNING and
    the reason says so. `memo` keeps fingerprints and distributions between runs, by `fingerprint.memo_inputs`.
    """
    return examine(prefix, root, memo).environment


def examine(
    prefix: Path,
    root: Path,
    memo: TextMemo | None = None,
    answer: tuple[str, ...] | None = None,
    bare: bool = False,
) -> ReadResult:
    """As `read`, with what could not be told; `answer` is the search path that the interpreter itself gave, if asked.

    With `bare` the prefix may be an interpreter's own, without pyvenv.cfg.
    """
    place = disk.realpath(prefix)
    name = display_name(str(prefix), str(root))
    if disk.lexists(os.path.join(place, UNFINISHED)):
        cure = "wait until it is done; if nothing is at work there, run `pyfmt envs create --recreate` for the project"
        return ReadResult(_broken(name, place, Broken("its creation is under way, or was interrupted", cure)))
    try:
        layout = locate(place, bare)
    except Broken as broken:
        return ReadResult(_broken(name, place, broken))
    except OSError as error:
        problem = Broken(f"it cannot be read ({error})", "correct its permissions, or recreate it")
        return ReadResult(_broken(name, place, problem))
    path = sites.build(layout)
    if answer is not None:
        path.replace(answer)
    mapped = finder_mappings(path.sites)
    contents = fingerprint.Contents(layout, disk.realpath(root), tuple(path.entries), tuple(path.sites), mapped)
    value, distributions = _remembered(name, contents, TextMemo() if memo is None else memo)
    health, reason, cure = _health(layout, path, mapped)
    if health is Health.OK:
        health, reason, cure = _readability(place, {**path.unread, **contents.unread})
    environment = Environment(
        name=name,
        prefix=place,
        python=layout.python,
        base_executable=layout.base_executable,
        search_path=tuple(path.entries),
        site_packages=tuple(site.path for site in path.sites),
        finder_roots=tuple(folder for folder in editable.roots(mapped) if folder not in path.entries),
        remapped=editable.remapped(mapped),
        distributions=distributions,
        fingerprint=value,
        health=health,
        reason=reason,
        cure=cure,
    )
    return ReadResult(environment, layout.executable, reason if path.unknown_lines and answer is None else "")


def _remembered(name: str, contents: fingerprint.Contents, memo: TextMemo) -> tuple[str, tuple[Distribution, ...]]:
    """Tier 2 and the distributions: from `memo` while tier 1 holds, else read and added to it."""
    what, inputs = f"what is installed in {name}", fingerprint.memo_inputs(contents)
    known = memo.find(what, inputs)
    if known is not None:
        value, _, text = known.partition(" ")
        try:
            return value, installed.load(text)
        except (ValueError, TypeError):
            pass  # damaged, or from another version of pyfmt: read again below
    value, distributions = fingerprint.tier2(contents), installed.distributions(contents.sites, contents.unread)
    if not contents.unread:  # else it is read again, and said again
        memo.keep(what, inputs, f"{value} {installed.dump(distributions)}")
    return value, distributions


def display_name(prefix: str, root: str) -> str:
    """How reports call an environment: relative to the root where it is inside, else its folder's name."""
    for base in (root, None):
        base = disk.realpath(root) if base is None else base  # the link's target only where it is needed
        if prefix.startswith(os.path.join(base, "")):
            return os.path.relpath(prefix, base).replace(os.sep, "/")
    return os.path.basename(os.path.normpath(prefix))


def finder_mappings(folders: list[sites.SiteFolder]) -> tuple[editable.Mapped, ...]:
    """What the import hooks in the site folders provide."""
    found: list[editable.Mapped] = []
    for folder in folders:
        for mark in folder.marks:
            if editable.is_finder(mark.name):
                try:
                    found += editable.mappings(disk.read_text(os.path.join(folder.path, mark.name), "replace"))
                except OSError:
                    continue  # gone meanwhile: an installer is at work, and the fingerprint will differ next time
    return tuple(found)


def unreadable(prefix: Path, root: Path, reason: str) -> ReadResult:
    """The answer for an environment that could not even be looked at."""
    name = display_name(str(prefix), str(root))
    return ReadResult(_broken(name, disk.realpath(prefix), Broken(reason, "correct its files, or recreate it")))


def _broken(name: str, prefix: str, broken: Broken) -> Environment:
    return Environment(
        name=name,
        prefix=prefix,
        python=broken.python,
        base_executable="",
        search_path=(),
        site_packages=(),
        health=Health.BROKEN,
        reason=broken.reason,
        cure=broken.cure,
    )


def _health(
    layout: EnvironmentLayout, path: sites.SearchPath, mapped: tuple[editable.Mapped, ...]
) -> tuple[Health, str, str]:
    """The first thing that is off with a usable environment."""
    if layout.warning:
        return Health.WARNING, *layout.warning
    if path.unknown_lines:
        file, line = path.unknown_lines[0]
        shown = line if len(line) <= 80 else f"{line[:77]}..."
        reason = f"{os.path.basename(file)} runs code that may change the search path and was not run: {shown}"
        return Health.WARNING, reason, "trust the checkout (pyfmt trust), so that its interpreter can be asked"
    old = _moved_from(layout)
    if old:
        return (
            Health.WARNING,
            f"it was moved or copied from {old}: its scripts still start the old place",
            "run its tools as `python -I -m TOOL`, or recreate the environment",
        )
    gone = [item for item in mapped if not disk.exists(item.path) and not disk.exists(f"{item.path}.py")]
    if gone:
        return (
            Health.WARNING,
            f"an editable install maps {gone[0].module} to {gone[0].path}, which does not exist",
            "install that project again",
        )
    return Health.OK, "", ""


def _readability(place: str, unread: dict[str, str]) -> tuple[Health, str, str]:
    """What of the environment at `place` could not be read: packages may be missing from what is known of it."""
    if not unread:
        return Health.OK, "", ""
    file, why = min(unread.items())
    more = f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""
    reason = f"{file.removeprefix(place + os.sep)} cannot be read: {why}{more}"
    return Health.WARNING, reason, "install its package again, or recreate the environment"


def _moved_from(layout: EnvironmentLayout) -> str:
    """The folder for which the environment was made, if that is another one; "" otherwise."""
    scripts = os.path.dirname(layout.executable)
    try:
        match = _ACTIVATED.search(disk.read_text(os.path.join(scripts, "activate"), "replace"))
    except OSError:
        return ""  # made without activation scripts: nothing says where it was made
    if match is None or match[2] == layout.prefix or disk.realpath(match[2]) == layout.prefix:
        return ""
    return match[2]
