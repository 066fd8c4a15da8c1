"""pyfmt's report of a tree, as the primer compares it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Key = tuple[str, int, str, str, str]  # path, line, tool, rule, environments where it holds
_VOLATILE = ("units", "summary", "pyfmt")  # times, and what was cached


@dataclass(frozen=True)
class Reported:
    """A JSON report; `seconds` on the clock."""

    content: dict[str, Any]
    seconds: float

    @property
    def text(self) -> str:
        """All that has to be equal in two runs that see the same."""
        return json.dumps({key: value for key, value in self.content.items() if key not in _VOLATILE}, indent=1)

    @property
    def files(self) -> int:
        """How many were checked."""
        return int(self.content["summary"]["files"])

    @property
    def keys(self) -> frozenset[Key]:
        """Its findings and failures."""
        found = {
            (item["path"], item["line"], item["tool"], item["rule"], ", ".join(item["environments"]))
            for item in self.content["findings"]
        }
        failures = {
            (", ".join(item["projects"]), 0, item["tool"], item["reason"], "") for item in self.content["failures"]
        }
        return frozenset(found | failures)

    def difference(self, cold: Reported) -> str:
        """In which findings this run is not the cold one."""
        lost, new = cold.keys - self.keys, self.keys - cold.keys
        return f"{len(lost)} lost {sorted(lost)[:5]}, {len(new)} new {sorted(new)[:5]}"


@dataclass(frozen=True)
class Version:
    """A pyfmt that is installed somewhere, and its cache."""

    program: str
    cache: Path

    def cold(self, tree: Path) -> Reported:
        """With an empty cache, which it fills."""
        shutil.rmtree(self.cache, ignore_errors=True)
        return self.cached(tree)

    def cached(self, tree: Path, *arguments: str) -> Reported:
        """With what the cache has."""
        environ = {key: value for key, value in os.environ.items() if not key.startswith("PYFMT")}
        environ |= {"XDG_CACHE_HOME": str(self.cache), "CI": "", "PYFMT_SERVER": "off"}
        with tempfile.TemporaryDirectory() as folder:
            report, began = Path(folder) / "report.json", time.perf_counter()
            command = [self.program, "check", "--quiet", *arguments, "--output", f"json={report}"]
            done = subprocess.run(command, cwd=tree, env=environ, capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - began
            if not report.exists():
                raise SystemExit(
                    f"{' '.join(command)} ended with {done.returncode} in {tree}:\n{done.stdout}{done.stderr}"
                )
            return Reported(json.loads(report.read_bytes()), seconds)

    def uncached(self, tree: Path) -> Reported:
        """Without the cache."""
        return self.cached(tree, "--no-cache")
