"""Environments that nobody installs: requirements resolved by uv, and wheels unpacked in pyfmt's own cache folder.

Nothing is built and nothing of the checkout runs: what has no wheel is left out and said, and the monorepo's own
folders are put on the search path by a .pth file. uv runs in pyfmt's own cache folder: it looks upwards for a uv.toml,
which neither the checkout nor anybody who may write into the machine's temporary folder is to bring.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from pyfmt import disk
from pyfmt.environments.creating.installers import Calls, Installer
from pyfmt.environments.creating.making import run_virtualenv, virtualenv_arguments
from pyfmt.environments.creating.marker import UnderConstruction, is_unfinished
from pyfmt.environments.creating.recipes import Step
from pyfmt.environments.creating.values import CreationError
from pyfmt.environments.layout import COMPOSED, new_sites
from pyfmt.projects.names import normalise, requirement

_WITHOUT_WHEEL = re.compile(r"Wheels are required for `([\w.-]+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
_STRICT = ("constraints", "overrides")  # how versions are held
_KEPT = 30 * 24 * 3600.0  # seconds for which an environment stays that nobody asks for


@dataclass(frozen=True, slots=True)
class Resolving:
    """What is to be resolved."""

    lines: tuple[str, ...]  # PEP 508
    interpreter: str  # absolute path: the versions are for its Python
    versions: Mapping[str, str]  # that are there by now, and stay where they can
    without: frozenset[str] = frozenset()  # distributions that are not taken from an index
    changed: tuple[str, ...] = ()  # PEP 508: what is to be different; the newest version that they admit is taken
    resolution: str | None = None  # uv's `--resolution`
    indexes: tuple[str, ...] = ()  # beyond those of the user's own configuration
    strict: bool = False  # the versions stay, even where the lines say otherwise


@dataclass(frozen=True, slots=True)
class Resolved:
    """Versions by name, and the names of distributions that are asked for and have no wheel."""

    versions: Mapping[str, str]
    without_wheel: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnFolder:
    """A project of the monorepo as an editable installation has it; its folder and import roots are absolute."""

    name: str
    version: str
    folder: Path
    roots: tuple[str, ...]


class Composer:
    """Resolves and composes; used from several threads at once."""

    def __init__(self, folder: Path, calls: Calls, uv: str) -> None:
        self._folder, self._calls, self._uv = folder, calls, uv

    def resolve(self, asked: Resolving) -> Resolved:
        """The versions that an installation would choose; raises CreationError where there are none."""
        left = dict.fromkeys(asked.without)
        upgraded = {normalise(Requirement(line).name) for line in asked.changed}
        # An override beats what anybody asks for, and the extras that distributions ask of each other: a last resort.
        ways = [*_STRICT, ""] if asked.strict else [""]
        while True:
            code, said, pins = self._compile(asked, [*left], ways[0])
            if code == 0:
                found = {normalise(name): version for name, version in _PIN.findall(pins)}
                return Resolved(found, tuple(name for name in left if name not in asked.without))
            # uv would take an older version of whatever asks for one without a wheel, if it knew any.
            more = {normalise(name) for name in _WITHOUT_WHEEL.findall(said)} - {*left} - upgraded
            held = more & asked.versions.keys()  # of these another version may have one
            left |= dict.fromkeys(sorted(more - held))
            asked = replace(asked, versions={name: v for name, v in asked.versions.items() if name not in held})
            if not more and not ways[1:]:
                raise CreationError(_why(said), "", "\n".join(said.strip().splitlines()[-15:]))
            if not more:
                ways = ways[1:]

    def _compile(self, asked: Resolving, left: Sequence[str], way: str) -> tuple[int, str, str]:
        """uv's exit code, what it said, and the versions."""
        extras = {normalise(each.name): each.extras for each in map(Requirement, asked.lines) if each.extras}
        held = {name: version for name, version in asked.versions.items() if name not in left}
        pins = [f"{name}=={version}" for name, version in held.items()]
        overrides = [f"{name}[{','.join(sorted(extras.get(name, ())))}]=={held[name]}" for name in held]
        upgraded = [word for line in asked.changed for word in ("--upgrade-package", Requirement(line).name)]
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="resolving-", dir=self._folder) as scratch:
            place = Path(scratch)
            _write(place / "asked.txt", asked.lines)
            _write(place / "constraints.txt", [*asked.changed, *(pins if way == "constraints" else ())])
            _write(place / "overrides.txt", overrides if way == "overrides" else ())
            _write(place / "excludes.txt", left)
            _write(place / "found.txt", () if asked.resolution else pins)
            code, said = self._calls.ask(
                [
                    *(self._uv, "pip", "compile", "asked.txt", "--output-file", "found.txt", "--python"),
                    *(asked.interpreter, "--no-build", "--no-header", "--no-annotate", "--no-progress"),
                    *("--constraints", "constraints.txt", "--overrides", "overrides.txt", "--excludes", "excludes.txt"),
                    *upgraded,
                    *(("--resolution", asked.resolution) if asked.resolution else ()),
                    *(word for index in asked.indexes for word in ("--index", index)),
                ],
                place,
            )
            return code, said, disk.read_text(place / "found.txt")

    def compose(self, name: str, base: str, found: Resolved, own: Sequence[OwnFolder], indexes: Sequence[str]) -> Path:
        """The folder of an environment with these versions, based on an interpreter; it is made where it is not there.

        Raises CreationError.
        """
        lines = tuple(f"{name}=={version}" for name, version in sorted(found.versions.items()))
        content = json.dumps(
            [base, lines, [(*map(str, (o.name, o.version, o.folder)), o.roots) for o in own], *indexes]
        )
        digest = hashlib.sha256(content.encode()).hexdigest()[:16]
        prefix = self._folder / digest / (re.sub(r"[^\w.-]+", "-", name).lstrip(".-") or "project")
        if not is_unfinished(prefix) and (prefix / COMPOSED).is_file():
            os.utime(prefix / COMPOSED)  # it was of use
            return prefix
        installer = Installer(self._uv)
        with UnderConstruction(prefix) as site:
            run_virtualenv(virtualenv_arguments(prefix, base, installer), self._calls.environ, self._calls)
            if lines:
                step = Step(self._folder, lines, indexes=tuple(indexes), no_deps=True, wheels=True)
                self._calls.run(installer, step, site)
            for each in own:
                _link(new_sites(prefix)[0], each)
            (prefix / COMPOSED).touch()
        return prefix

    def prune(self) -> None:
        """Remove the environments that nobody has asked for in a month."""
        for mark in self._folder.glob(f"*/*/{COMPOSED}"):
            with contextlib.suppress(OSError):  # another pyfmt may do the same
                if time.time() - mark.stat().st_mtime > _KEPT:
                    shutil.rmtree(mark.parent.parent)


def is_name(text: str) -> bool:
    """Whether it may be a distribution's: a checkout's manifest may have a path there, or an option."""
    return _NAME.fullmatch(text) is not None


def fit_for_folders(own: Iterable[OwnFolder]) -> list[OwnFolder]:
    """The same with versions that can stand in a folder's name; raises CreationError for names that cannot."""
    found: dict[str, OwnFolder] = {}
    for each in own:
        if not is_name(each.name):
            raise CreationError(f"{each.folder}: {each.name!r} is no name of a distribution")
        if other := found.get(each.name):
            raise CreationError(f"{each.folder} and {other.folder} are both called {each.name}")
        try:
            found[each.name] = replace(each, version=str(Version(each.version or "0")))
        except InvalidVersion:
            found[each.name] = replace(each, version="0")
    return [*found.values()]


def from_index(lines: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Requirements that an index can meet; and by name why others are left out."""
    found, others = [], {}
    for line in lines:
        text = re.sub(r"(^|\s)#.*", "", line).strip()  # setuptools takes them for comments as well
        asked = requirement(text)
        if asked is None:
            others[text] = "it cannot be read"
        elif asked.url:
            others[normalise(asked.name)] = "it comes from a URL, not from an index"
        else:
            found.append(text)
    return found, others


def left_out(elsewhere: Mapping[str, str], known: Mapping[str, str], states: Sequence[Resolved]) -> tuple[str, ...]:
    """What is in no environment though asked for, or in another version than the known one, and why."""
    found = [f"{name}: {why}" for name, why in sorted(elsewhere.items()) if name]
    found += [f"{name}: it has no wheel" for name in sorted({name for each in states for name in each.without_wheel})]
    return (
        *found,
        *(
            f"{name}: {known[name]} could not be had as a wheel, {version} is in its place"
            for name, version in sorted(states[0].versions.items())
            if known.get(name, version) != version
        ),
    )


def with_changes(lines: Iterable[str], changed: Iterable[Requirement]) -> tuple[str, ...]:
    """Requirements where a changed one stands in place of each of its distribution, with their extras and markers."""
    new = {normalise(each.name): each for each in changed}
    found = []
    for line in lines:
        asked = Requirement(line)
        if each := new.get(normalise(asked.name)):
            asked.specifier, asked.extras = each.specifier, asked.extras | each.extras
        found.append(str(asked))
    return tuple(dict.fromkeys(found))


def _link(packages: Path, own: OwnFolder) -> None:
    """What an editable installation leaves."""
    name = own.name.replace("-", "_")
    info = packages / f"{name}-{own.version}.dist-info"
    info.mkdir()
    _write(packages / f"{name}.pth", own.roots)
    _write(info / "METADATA", ["Metadata-Version: 2.1", f"Name: {own.name}", f"Version: {own.version}"])
    source = {"url": own.folder.as_uri(), "dir_info": {"editable": True}}
    _write(info / "direct_url.json", [json.dumps(source)])
    _write(info / "RECORD", [f"{name}.pth,,", *(f"{info.name}/{file},," for file in ("METADATA", "direct_url.json"))])


def _write(file: Path, lines: Iterable[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _why(said: str) -> str:
    """uv's reason in one line."""
    reason = re.split(r"cause:|╰─▶", said, maxsplit=1)[-1].partition("\nhint:")[0]
    return " ".join(re.sub(r"^error:", "", reason.strip()).split()) or "uv said nothing"
