"""What tools can see of the files in which projects say how they want to be linted, remembered by content.

Such a file says many other things: a release changes the version in a pyproject.toml, and no linter can tell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pyfmt import disk
from pyfmt.cache.digests import MISSING
from pyfmt.cache.keys import fold
from pyfmt.cache.store import Store
from pyfmt.core.model import Config
from pyfmt.projects.files import MYPY_CONFIGS
from pyfmt.tools.registry import TOOLS


class ProjectConfigs:
    """Reads projects' own files below the root; `digest` gives that of a file's content, `tools` that of the code."""

    def __init__(self, settings: Config, digest: Callable[[str], bytes], store: Store | None, tools: bytes) -> None:
        self._root = settings.root
        self._shared = {config.tool: config for config in settings.tool_configs}
        self._digest = digest
        self._store = store
        self._tools = tools
        self._known: dict[bytes, str] = {}

    def __call__(self, tool: str, folder: str) -> list[list[str]]:
        """What a tool is told of each file of the project in `folder`: a text that is equal where that is."""
        prefix = "" if folder == "." else folder + "/"
        digests = {name: self._digest(prefix + name) for name in MYPY_CONFIGS}
        there = {name: digest for name, digest in digests.items() if digest != MISSING}
        return [[name, self._seen(tool, prefix, name, digest)] for name, digest in there.items()]

    def _seen(self, tool: str, prefix: str, name: str, digest: bytes) -> str:
        read = TOOLS[tool].own_sections
        if read is None:
            return digest.hex()
        shared = self._shared[tool]
        # The shared configuration names the plugins whose tables are read.
        key = fold("own sections", self._tools, tool, name, digest, self._digest(shared.path))
        if key not in self._known:
            known = self._store.get([key]).get(key) if self._store else None
            if known is None:
                text = self._read(partial(read, shared), self._root / prefix / name, digest)
                known = text.encode("utf-8", "surrogatepass")
                if self._store:
                    self._store.put({key: known})
            self._known[key] = known.decode("utf-8", "surrogatepass")
        return self._known[key]

    @staticmethod
    def _read(read: Callable[[str, str], str], path: Path, digest: bytes) -> str:
        try:
            content = disk.read_bytes(path)
            if hashlib.sha256(content).digest() == digest:
                return read(path.name, content.decode("utf-8-sig"))
        except (OSError, UnicodeDecodeError):
            pass
        return digest.hex()  # it was written meanwhile, or nobody can read it: that of no other content
