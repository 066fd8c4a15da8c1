"""What a run remembers of earlier ones: opens the cache, makes its keys, and saves it at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt import disk
from pyfmt.cache.digests import Digests
from pyfmt.cache.folders import begin
from pyfmt.cache.folders import digest as short_digest
from pyfmt.cache.folders import refusal, repository_folder, tool_folder, version_folder
from pyfmt.cache.keys import KeyFacts, fold
from pyfmt.cache.project_configs import ProjectConfigs
from pyfmt.cache.remembered import MemoKind, MemoTable
from pyfmt.cache.repeating import witness
from pyfmt.cache.sources import Sources
from pyfmt.cache.store import Store
from pyfmt.cache.tool_folders import prune
from pyfmt.cache.watched import WatchedSteps
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import Config, Environment, Project, Resolution, ToolConfig, Unit
from pyfmt.tools.registry import TOOLS

if TYPE_CHECKING:
    from pyfmt.cache.import_memory import SourceReader
    from pyfmt.cache.reached_paths import KnownPaths
    from pyfmt.cache.remote.remote import Remote

_MEMO: MemoKind[dict[str, str]] = MemoKind("memo of environments", 2, dict[str, str], shared=False)
_MEMO_KEY = _MEMO.key("all")


@dataclass(frozen=True, slots=True)
class Staged:
    """A run over another tree, such as that of git's index: results are shared with other runs, what depends on the
    place is not."""

    kept: bool  # the same tree is there in the next run: tools may keep caches of it
    name: str = "staged"


class Memory:
    """The cache of a run; with `use` False nothing is read or written, and every question has the answer "unknown".

    With `explaining`, `told` has of each answer whether it was known, and if not, which of its inputs have changed.
    """

    def __init__(
        self,
        settings: Config,
        use: bool,
        staged: Staged | None = None,
        remote: Remote | None = None,
        explaining: bool = False,
    ) -> None:
        self.told: dict[str, str] | None = {} if explaining else None
        self._settings = settings
        self._staged = staged
        self.folder = repository_folder(settings.root, settings.cache_dir) if use else None
        self._refused = refusal(settings.root, settings.cache_dir) if use and settings.cache_dir else ""
        others = self.folder.parent if self.folder and self.folder != settings.cache_dir else None
        if self._refused:
            witness.give_up()  # what git said of it is no question of the next run
        elif self.folder is not None and others is None:
            begin(self.folder)
        group = remote.group if remote else ""
        self.store = Store(self.folder, remote=remote, group=group, others=others) if self.folder else None
        if self.store is not None:
            witness.leave_out(str(self.folder), str(self.store.path))
        self.digests = Digests(settings.root, self.store, f"//{staged.name}/" if staged else "")
        self.table = MemoTable(self.store, self.digests, self.told)
        self.steps: WatchedSteps | None = None
        if self.store is not None and self.folder is not None and not explaining and not (staged and not staged.kept):
            self.steps = WatchedSteps(self.store, self.folder)
        self._inside: str | None = None  # the cache's folder, relative to the root
        self._saved_memo = _MEMO.one(self.store, _MEMO_KEY) or {}
        self.memo = TextMemo(self._saved_memo, self.told)

    @cached_property
    def imports(self) -> SourceReader:
        """What the files of the tree import."""
        from pyfmt.cache.import_memory import SourceReader  # deferred for start-up time: most runs never ask

        return SourceReader(self.table, self._settings.root, both=self._settings.boundaries is not None)

    @cached_property
    def paths(self) -> KnownPaths:
        """What the files of the tree reach."""
        from pyfmt.cache.reached_paths import KnownPaths  # deferred for start-up time: most runs never ask

        return KnownPaths(self.store, self.imports)

    def facts(
        self,
        projects: Sequence[Project],
        roots: Mapping[str, tuple[str, ...]],
        trusted: Callable[[Environment], bool],
    ) -> KeyFacts:
        """What keys are made from; `roots` are the first-party folders that each environment (by prefix) sees.

        `projects` own all files of the walk, the last one may be nameless: files that belong to none.
        """
        if any(self._holds(file) for project in projects for file in project.files):
            witness.give_up()  # who keeps the cache among the sources cannot tell the two apart by folder
        return KeyFacts(
            root=str(self._settings.root),
            tools=_tools_digest(),
            configs={tool_config.tool: tool_config for tool_config in self._settings.tool_configs},
            digest=self.digests.of,
            sources=self.sources(projects),
            roots=roots,
            trusted=trusted,
            own_configs=ProjectConfigs(self._settings, self.table, _tools_digest()),
            further={found.tool: self._further(found, projects) for found in self._settings.tool_configs},
        )

    def _further(self, config: ToolConfig, projects: Sequence[Project]) -> tuple[str, ...]:
        root = self._settings.root
        return TOOLS[config.tool].further(config, root, [os.path.join(root, project.path) for project in projects])

    def _holds(self, file: str) -> bool:
        """Whether a file of the monorepo lies in the cache's folder."""
        if self._inside is None:
            root = os.path.join(disk.realpath(self._settings.root), "")
            real = os.path.join(disk.realpath(self.folder), "") if self.folder else ""
            self._inside = real[len(root) :] if real.startswith(root) else "//"  # no path begins with this
        return file.startswith(self._inside)

    def sources(self, projects: Sequence[Project]) -> Sources:
        """The digests of what can be imported from the folders of a monorepo."""
        return Sources(str(self._settings.root), projects, self.digests)

    def tool_folders(self) -> Callable[[Unit], Path | None]:
        """Where each unit's tool may keep its own cache."""
        base = self.folder
        if base is None or (self._staged and not self._staged.kept):
            return lambda unit: None
        if self._staged:
            base = base / self._staged.name
        tools = _tools_digest().hex()
        configs = {c.tool: self.digests.of(c.path).hex() for c in self._settings.tool_configs}

        def folder(unit: Unit) -> Path | None:
            return tool_folder(base, unit, configs[unit.tool], [tools]) if TOOLS[unit.tool].own_cache else None

        return folder

    def notes(self) -> list[str]:
        """Why the cache here, or the remote one, is not used or not wholly."""
        if self.store is None:
            return []
        refused = f"cache-dir is not used: {self._refused}" if self._refused else ""
        return list(filter(None, [refused, self.store.trouble, self.store.remote.note if self.store.remote else ""]))

    def send(self) -> bool:
        """Send what was learnt to the remote cache, for a short time; whether there is one."""
        if self.store is None or self.store.remote is None:
            return False
        from pyfmt.cache.sending import send  # deferred: only where there is one

        send(self.store, self.store.remote)
        return True

    def close(self) -> None:
        """Save what was learnt."""
        if self.store is None or self.store.trouble:
            witness.give_up()
        if self.store is not None:
            if self.memo != self._saved_memo:
                _MEMO.keep(self.store, {_MEMO_KEY: self.memo.kept()})
            self.digests.save()
            if "paths" in vars(self):
                self.paths.save()
            self.send()
            self.store.shrink()
            self.store.close()
        if self.folder is not None:
            tools = [_tools_digest().hex()]
            configs = (self.digests.of(found.path).hex() for found in self._settings.tool_configs)
            prune(self.folder, [version_folder(text, tools) for text in configs])


@cache
def _tools_digest() -> bytes:
    """Versions of all tools, and pyfmt's own code that gives their answers: another pyfmt is another cache."""
    from pyfmt.tools.versions import tool_versions  # deferred: reads the metadata of the tools

    package = Path(__file__).parent.parent / "tools"
    # The files are what counts: their folders change whenever another Python compiles one of them.
    with witness.suspended():
        code = sorted(package.rglob("*.py"))
    own = [(str(path.relative_to(package)), short_digest(path.read_text("utf-8"))) for path in code]
    # mypy judges code for this system where no configuration says otherwise.
    return fold(sorted(tool_versions().items()), sys.platform, own)


def first_party_roots(
    members: Sequence[Project], resolutions: Sequence[Resolution], root: Path
) -> dict[str, tuple[str, ...]]:
    """For each environment's prefix the import roots of the monorepo's projects that are installed in it from source.

    A root counts where the environment's search path, or a setuptools finder in it, has it: mypy takes these as first
    party, whether they carry `py.typed` or not.
    """
    found: dict[str, tuple[str, ...]] = {}
    known: dict[str, str] = {}  # most entries are those of many environments
    real = {path: disk.realpath(root / path) for project in members for path in project.import_roots}
    absolutes = tuple(dict.fromkeys(real.values()))
    distinct = set(absolutes)
    for resolution in resolutions:
        environment = resolution.environment
        if environment is None or environment.prefix in found:
            continue
        entries = (*environment.search_path, *environment.finder_roots)
        visible = {known.get(path) or known.setdefault(path, disk.realpath(path)) for path in entries}
        roots = dict.fromkeys(absolute for absolute in absolutes if absolute in visible) if visible & distinct else ()
        found[environment.prefix] = tuple(roots)
    return found
