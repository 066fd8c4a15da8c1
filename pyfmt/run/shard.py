"""A machine's part of a run: what the parts are balanced by, and what all of them must agree on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt import disk
from pyfmt.cache.folders import digest as short_digest
from pyfmt.cache.keys import fold
from pyfmt.core import sharding
from pyfmt.core.errors import UsageError
from pyfmt.core.model import Config, Unit
from pyfmt.core.report import ShardRecord
from pyfmt.core.request import Request
from pyfmt.git import renames
from pyfmt.tools.registry import costs
from pyfmt.tools.versions import tool_versions

if TYPE_CHECKING:
    from pyfmt.cache.remote.remote import Remote


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a run that this machine does, and what its report says of that."""

    record: ShardRecord
    keys: frozenset[sharding.UnitKey]
    planned: frozenset[tuple[str, str]]  # (tool, project's path) of what any machine does, in the projects' homes
    own: frozenset[tuple[str, str]]  # the same of what this machine does
    files: int  # that this machine looks at

    def of(self, units: Sequence[Unit]) -> tuple[Unit, ...]:
        """Those of `units` that are this machine's."""
        return tuple(unit for unit in units if sharding.unit_key(unit) in self.keys)

    @property
    def tells_rest(self) -> bool:
        """Whether this machine tells what belongs to no unit (skipped projects, unreadable folders): the first does."""
        return self.record.index == 1

    def answers_for(self, tool: str, project: str) -> bool:
        """Whether this machine knows all that the run says of a project by a tool."""
        if (tool, project) in self.planned:
            return (tool, project) in self.own
        return self.tells_rest


@dataclass(frozen=True, slots=True)
class Whole:
    """The run that is shared out: all of its units, and the files and the digests of their contents."""

    config: Config
    units: Sequence[Unit]
    files: Sequence[str]
    digest: Callable[[str], bytes]
    remote: Remote | None = None


def share(request: Request, whole: Whole, cwd: Path) -> Share:
    """The part that `--shard` names; raises UsageError where times are asked for and cannot be read."""
    assert request.shard is not None
    (index, count), settings = request.shard, whole.config
    monorepo = short_digest(renames.origin(settings.root) or settings.root.name)
    times = _times(request.shard_times, whole, monorepo, cwd) if request.shard_times else {}
    weights = sharding.Weights(_Sizes(settings.root), costs(), times).of(whole.units)
    parts = sharding.split(whole.units, weights, count)
    plan = [[[*sharding.unit_key(unit), *_content(unit)] for unit in part] for part in parts]
    clean = renames.is_clean(settings.root)
    record = ShardRecord(
        index=index,
        count=count,
        commit=renames.head(settings.root),
        tree="" if clean else fold([(file, whole.digest(file)) for file in whole.files]).hex(),
        config=fold(_config(settings, whole.digest), request.unused_ignores).hex(),
        tools=", ".join(f"{name} {version}" for name, version in tool_versions().items() if name != "python"),
        plan=fold(plan).hex(),
        files=len(whole.files),
        fail_on=settings.fail_on,
        baseline="",
        merge_equivalent=settings.merge_equivalent,
        monorepo=monorepo,
    )
    own = parts[index - 1]
    files = len({file for unit in own for file in unit.files})
    return Share(record, frozenset(map(sharding.unit_key, own)), _at_home(whole.units), _at_home(own), files)


def _at_home(units: Sequence[Unit]) -> frozenset[tuple[str, str]]:
    return frozenset((unit.tool, part.project.path) for unit in units for part in unit.parts if part.home)


def _times(source: str, whole: Whole, monorepo: str, cwd: Path) -> dict[sharding.TimeKey, int]:
    from pyfmt.reports import json as json_report  # deferred: only where there are times
    from pyfmt.run import shard_times

    if source == shard_times.REMOTE:
        committed = renames.committed(whole.config.root)
        if committed is None:
            raise UsageError("needs git, which says from when the commit is", "--shard-times remote")
        return shard_times.published(whole.remote, monorepo, shard_times.day_of(committed))
    try:
        text = disk.read_text(cwd / source)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", source, "--shard-times takes a report of --output json") from error
    return sharding.recorded_times(json_report.read(text, source))


class _Sizes:
    """Sizes of files in bytes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, int] = {}

    def __call__(self, file: str) -> int:
        if file not in self._known:
            try:
                self._known[file] = disk.stat(self._root / file).st_size
            except OSError:
                self._known[file] = 0  # the tools say that it cannot be read
        return self._known[file]


def _content(unit: Unit) -> tuple[object, ...]:
    """What of a unit must be the same on all machines beyond its key."""
    environment = unit.environment
    place = (environment.name, environment.fingerprint, str(environment.python)) if environment else ()
    return (place, [[part.files, part.context] for part in unit.parts])


def _config(settings: Config, digest: Callable[[str], bytes]) -> bytes:
    """Everything of a configuration that findings depend on, without absolute paths."""
    overrides = [(each.paths, each.disable, each.severity, each.base) for each in settings.overrides]
    tools = [(each.tool, each.origin, digest(each.path)) for each in settings.tool_configs]
    plain = (
        settings.projects,
        settings.exclude,
        settings.tools,
        settings.project_tools,
        settings.fail_on,
        settings.baseline,
        settings.merge_equivalent,
        settings.versions,
        repr(settings.boundaries),
    )
    return fold(*plain, overrides, tools)
