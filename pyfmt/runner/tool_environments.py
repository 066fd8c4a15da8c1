"""Tool environments: a tool in another Python than pyfmt's own, or of another release, made once in the user's cache.

One folder for each tool version, Python version and set of pins. A lock file beside it lets one pyfmt make it while
others wait; a creation that was interrupted leaves the mark of creating/marker.py, and the next one begins anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt.core.errors import ToolError
from pyfmt.core.model import ToolConfig
from pyfmt.environments.layout import UNFINISHED, Broken, locate
from pyfmt.tools.program.release import needed
from pyfmt.tools.protocol import ToolNeed, ToolPlace

if TYPE_CHECKING:
    from pyfmt.environments.creating.installers import Calls

_TIME_LIMIT = 900.0  # seconds for the installer
_FINISHED = "pyfmt-tool.txt"  # names what was installed; written last


class ToolEnvironments:
    """Gives each need its environment; used from several threads at once."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._guard = threading.Lock()
        self._calls: Calls | None = None
        self._stopped = False
        self._known: dict[ToolNeed, ToolPlace | ToolError] = {}

    def prefix(self, need: ToolNeed) -> Path:
        """Its folder."""
        pins = f"-{hashlib.sha256(repr(need.pins).encode()).hexdigest()[:8]}" if need.pins else ""
        return self._folder / f"{need.tool}-{need.version}-python{need.python}{pins}"

    def place(self, need: ToolNeed) -> ToolPlace:
        """Where the tool is, or would be."""
        prefix = self.prefix(need)
        if os.name == "nt":
            return ToolPlace(str(prefix / "Scripts/python.exe"), (str(prefix / "Lib/site-packages"),))
        return ToolPlace(str(prefix / "bin/python"), (str(prefix / f"lib/python{need.python}/site-packages"),))

    def provide(self, need: ToolNeed) -> ToolPlace:
        """The same, made where it is not there yet; raises ToolError with the cure where that fails."""
        with self._guard:
            if need not in self._known:
                try:
                    self._known[need] = self._make(need)
                except ToolError as error:
                    self._known[need] = error  # the other units need not wait for the same failure
            found = self._known[need]
        if isinstance(found, ToolError):
            raise found
        return found

    def stop(self) -> None:
        """End the installer, if one runs: the run is interrupted."""
        self._stopped = True
        if self._calls is not None:
            self._calls.stop()

    def _make(self, need: ToolNeed) -> ToolPlace:
        place, prefix = self.place(need), self.prefix(need)
        if self._is_whole(need):
            return place
        # Deferred: virtualenv's part costs start-up time, and hardly any run comes here.
        from pyfmt.environments.creating.values import CreationError  # pylint: disable=import-outside-toplevel

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _locked(prefix.with_name(prefix.name + ".lock")):
                if not self._is_whole(need):  # whoever held the lock may have made it
                    self._say(f"making {need.tool} {need.version} for Python {need.python} in {prefix}")
                    self._build(need)
        except CreationError as error:
            raise _failed(need, error.reason, error.detail) from error
        except OSError as error:
            raise _failed(need, str(error), "") from error
        return place

    def _is_whole(self, need: ToolNeed) -> bool:
        prefix = self.prefix(need)
        if (prefix / UNFINISHED).exists() or not (prefix / _FINISHED).is_file():
            return False
        try:
            python = locate(str(prefix)).python
        except (Broken, OSError):
            return False  # its base was removed, or is another Python by now: it is made anew
        return python.short == need.python.rstrip("t") and os.path.isdir(self.place(need).paths[0])

    def _build(self, need: ToolNeed) -> None:
        """Make it with virtualenv, and install the pinned tool; raises CreationError, and leaves nothing behind
        then."""
        # pylint: disable=import-outside-toplevel  # deferred, see above
        from pyfmt.environments.creating.installers import Calls, find_installer
        from pyfmt.environments.creating.making import run_virtualenv, virtualenv_arguments
        from pyfmt.environments.creating.marker import UnderConstruction
        from pyfmt.environments.creating.recipes import Step
        from pyfmt.environments.creating.values import CreateOptions, CreationError

        options = CreateOptions()
        self._calls = Calls(_TIME_LIMIT, options.environ)
        if self._stopped:
            raise CreationError("interrupted")
        installer = find_installer(options)
        with UnderConstruction(self.prefix(need)) as site:
            run_virtualenv(virtualenv_arguments(site.prefix, need.base, installer), options.environ, self._calls)
            step = Step(self._folder, need.pins or (f"{need.tool}=={need.version}",), no_deps=bool(need.pins))
            self._calls.run(installer, step, site)
            (site.prefix / _FINISHED).write_text(f"{need.tool} {need.version}, made with {need.base}\n", "utf-8")


def with_interpreters(configs: Iterable[ToolConfig], environments: ToolEnvironments) -> tuple[ToolConfig, ...]:
    """The configurations of formatters, with the Python that has each release that is chosen; raises ToolError."""

    def found(config: ToolConfig) -> ToolConfig:
        if config.release is None:
            return config
        place = environments.provide(needed(config.tool, config.release))
        return replace(config, release=replace(config.release, interpreter=place.interpreter))

    return tuple(map(found, configs))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold `path` as a lock between processes; whoever comes second waits. A killed process holds none."""
    with path.open("w", encoding="utf-8") as file:
        try:
            import fcntl  # pylint: disable=import-outside-toplevel  # not on Windows: there the marker alone protects

            fcntl.flock(file, fcntl.LOCK_EX)
        except ImportError:
            pass
        yield


def _failed(need: ToolNeed, reason: str, detail: str) -> ToolError:
    if need.chosen:
        what = f"{need.tool} {need.version}, as [tool.pyfmt.versions] chooses, cannot be had for Python {need.python}"
        cure = "it is made once, from the package index: run again where that can be reached, or choose another version"
        return ToolError(f"{what}: {reason}", detail, cure)
    what = (
        f"the plugins of this environment need {need.tool} {need.version} on Python {need.python}, "
        f"and making a tool environment for it failed: {reason}"
    )
    cure = (
        f"it is made once, with {need.base} and from the package index: run again where both can be reached, "
        "or take the plugins out of the shared configuration"
    )
    return ToolError(what, detail, cure)
