"""What tools can see of the files in which projects say how they want to be linted, remembered by content.

Such a file says many other things: a release changes the version in a pyproject.toml, and no linter can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pyfmt import disk
from pyfmt.cache.digests import MISSING
from pyfmt.cache.remembered import MemoKind, MemoTable
from pyfmt.core.files import MYPY_CONFIGS
from pyfmt.core.model import Config
from pyfmt.tools.registry import TOOLS

_SECTIONS = MemoKind("own sections", 1, str)


class ProjectConfigs:
    """Reads projects' own files below the root; `tools` is the digest of the code that does."""

    def __init__(self, settings: Config, table: MemoTable, tools: bytes) -> None:
        self._root = settings.root
        self._shared = {config.tool: config for config in settings.tool_configs}
        self._table = table
        self._tools = tools
        self._known: dict[tuple[str, str, bytes], str] = {}

    def __call__(self, tool: str, folder: str) -> list[list[str]]:
        """What a tool is told of each file of the project in `folder`: a text that is equal where that is."""
        prefix = "" if folder == "." else folder + "/"
        digests = {name: self._table.digests.of(prefix + name) for name in MYPY_CONFIGS}
        there = {name: digest for name, digest in digests.items() if digest != MISSING}
        return [[name, self._seen(tool, prefix + name, digest)] for name, digest in there.items()]

    def _seen(self, tool: str, file: str, digest: bytes) -> str:
        read = TOOLS[tool].own_sections
        if read is None:
            return digest.hex()
        shared, name = self._shared[tool], file.rpartition("/")[2]
        place = (tool, name, digest)
        if place not in self._known:

            def inputs(_: object, digest_of: Callable[[str], bytes]) -> dict[str, object]:
                # The shared configuration names the plugins whose tables are read.
                about = {"pyfmt and its tools": self._tools, f"{tool}'s configuration": digest_of(shared.path)}
                return {**about, "tool": tool, name: digest_of(file)}

            def compute(items: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
                try:
                    said = read(shared, name, disk.read_bytes(self._root / file).decode("utf-8-sig"))
                except (OSError, UnicodeDecodeError):
                    return {}
                return dict.fromkeys(items, said)

            found = self._table.remembered(_SECTIONS, [(tool, file)], inputs, compute)
            self._known[place] = found.get((tool, file), digest.hex())  # nobody can read it: that of no other content
        return self._known[place]
