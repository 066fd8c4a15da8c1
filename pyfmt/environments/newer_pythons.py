"""A newer Python of this machine than pyfmt's own: to check what is written in its syntax."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pyfmt import disk


@dataclass(frozen=True, slots=True)
class NewerPythons:
    """Finds base interpreters outside of the checkout at `root`, which an active environment may put on PATH."""

    root: str  # absolute
    cache_dir: str | None = None  # where what is known of interpreters is kept

    def __call__(self, minor: int) -> str | None:
        """The executable of a CPython 3 with at least that minor version; None where there is none."""
        # Deferred for start-up time: only a file in newer syntax than pyfmt's Python comes here.
        from pyfmt.environments.creating.interpreters import find_version
        from pyfmt.environments.creating.values import CreateOptions

        environ = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
        places = filter(self._is_base, environ.get("PATH", os.defpath).split(os.pathsep))
        environ["PATH"] = os.pathsep.join(places)
        cache = Path(self.cache_dir) if self.cache_dir else None
        found = find_version(f">=3.{minor}", CreateOptions(cache_dir=cache, environ=environ))
        return found.system_executable if found is not None else None

    def _is_base(self, place: str) -> bool:
        if not os.path.isabs(place):
            return False
        real = disk.realpath(place)
        inside = f"{real}{os.sep}".startswith(os.path.join(disk.realpath(self.root), ""))
        if os.path.basename(real) == "shims":
            return False  # pyenv's scripts: slow, and its Pythons are known by their folders
        return not inside and not disk.exists(os.path.join(os.path.dirname(real), "pyvenv.cfg"))
