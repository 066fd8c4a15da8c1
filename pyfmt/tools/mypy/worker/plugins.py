"""mypy plugins of an environment: which of them this process can load (standard library only).

A plugin is code of the environment or the checkout that mypy runs in its own process: it needs trust, and a process of
the environment's minor version (pyfmt sees to that, see pyfmt/tools/mypy/plugins.py). One that is installed beside
pyfmt is pyfmt's own code.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

_OLDEST = [3, 10]  # mypy 2.4 runs on no older Python


class Plugins:
    """Which plugins of the configuration can be loaded here, and what to say of the others."""

    def __init__(self, payload: Mapping[str, Any], plugins: Sequence[str]) -> None:
        self.usable: list[str] = []
        self.notes: list[str] = []
        self.failures: list[tuple[str, str]] = []
        self._payload = payload
        implementation, *version = payload["plugins_python"]
        self._same_python = implementation == "CPython" and version == list(sys.version_info[:2])
        if plugins and payload["trusted"] and self._same_python:
            _add_environment(payload)
        for plugin in plugins:
            self._try(plugin)

    def _try(self, plugin: str) -> None:
        path = plugin.rpartition(":")[0] if ":" in os.path.basename(plugin) else plugin
        where = self._payload["environment"]
        if path.endswith(".py"):
            if not self._payload["trusted"]:
                self.notes.append(f"mypy plugin {plugin} is not used for {where}: code of the checkout is not trusted")
            elif not os.path.isfile(path):
                self.failures.append((f"mypy plugin {path} does not exist", ""))
            else:
                self.usable.append(plugin)
            return
        try:
            with contextlib.redirect_stdout(sys.stderr):
                importlib.import_module(path)
        except ModuleNotFoundError as error:
            if error.name is None or not (path + ".").startswith(error.name + "."):
                self.failures.append((f"mypy plugin {path} of {where} cannot be imported: {error}", ""))
            else:
                self.notes.append(f"mypy plugin {path} is not used for {where}: {self._absence()}")
        except Exception as error:  # pylint: disable=broad-exception-caught  # foreign code: its failure is a result
            detail = "".join(traceback.format_exception(error)[-3:])
            self.failures.append((f"mypy plugin {path} of {where} cannot be imported: {error}", detail))
        else:
            self.usable.append(plugin)

    def _absence(self) -> str:
        if not self._payload["trusted"]:
            return "the environment is not trusted to run code"
        implementation, *version = self._payload["plugins_python"]
        if implementation != "CPython" or version < _OLDEST:
            name = "Python" if implementation == "CPython" else implementation
            return f"it is made for {name} {'.'.join(map(str, version))}, on which mypy does not run"
        return "it is not installed there"


def _add_environment(payload: Mapping[str, Any]) -> None:
    """Make the environment's packages importable, before pyfmt's own but for what is imported already (mypy itself)."""
    import site  # pylint: disable=import-outside-toplevel  # only for plugins

    before = list(sys.path)
    for folder in payload["site_packages"]:
        site.addsitedir(folder)
    added = [path for path in sys.path if path not in before]
    added += [root for root in payload["import_roots"] if root not in added]
    first = next((index for index, path in enumerate(before) if path in payload["tool_paths"]), len(before))
    sys.path[:] = before[:first] + added + before[first:]
    importlib.invalidate_caches()
