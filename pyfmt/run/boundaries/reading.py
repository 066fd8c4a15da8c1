"""What files import, read from disk or remembered by the digest of their content."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from pyfmt import disk
from pyfmt.cache.digests import MISSING
from pyfmt.cache.folders import digest as short_digest
from pyfmt.cache.keys import fold
from pyfmt.cache.memory import Memory
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.model import Finding
from pyfmt.core.notebooks import Notebook, NotebookError, plain, source_of
from pyfmt.imports.parse import FileImports, from_json, read_imports, to_json


class Reader:
    """The imports of files, each read at most once; `errors` says of each unreadable file why it is."""

    def __init__(self, root: Path, memory: Memory) -> None:
        self._root = root
        self._memory = memory
        self._known: dict[str, FileImports] = {}
        self._new: dict[bytes, bytes] = {}
        self.errors: dict[str, str] = {}
        self.steady = True  # no file has changed between its digest and its reading

    def fetch(self, files: Iterable[str]) -> None:
        """Ask the cache for many files at once."""
        keys = {file: _key(self._memory.digests.of(file), file) for file in files if file not in self._known}
        values = self._memory.store.get(keys.values()) if self._memory.store else {}
        for file, key in keys.items():
            found = _read(values.get(key))
            if found is not None:
                self._known[file] = found

    def of(self, file: str) -> FileImports:
        """The imports of a file; none for one that cannot be read, which `errors` then has."""
        if file not in self._known:
            self._known[file] = self._read(file)
        return self._known[file]

    def _read(self, file: str) -> FileImports:
        try:
            data = disk.read_bytes(self._root / file)
        except OSError as error:
            self.errors[file] = error.strerror or str(error)
            return FileImports()
        found = read_imports(source_of(data) if file.endswith(NOTEBOOK_SUFFIX) else data)
        digest = hashlib.sha256(data).digest()
        self.steady &= digest == self._memory.digests.of(file)
        self._new[_key(digest, file)] = json.dumps(to_json(found), separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
        return found

    def placed(self, finding: Finding) -> Finding:
        """A finding about what `of` gave; of a notebook told from its cell."""
        if not finding.path.endswith(NOTEBOOK_SUFFIX):
            return finding
        try:
            notebook = Notebook(disk.read_bytes(self._root / finding.path))
        except (OSError, NotebookError):
            return finding  # it was one a moment ago: nothing of this is remembered
        return notebook.located(finding, notebook.module(plain))

    def save(self) -> None:
        """Remember what was read."""
        if self._memory.store is not None:
            self._memory.store.put(self._new)
        self._new = {}


_code: list[str] = []


def code_digest() -> str:
    """The digest of the code that reads and checks: of this package, of the rules, and of the Python that parses."""
    if not _code:
        package = Path(__file__).parent.parent.parent
        files = [*sorted((package / "imports").glob("*.py")), *sorted((package / "run" / "boundaries").glob("*.py"))]
        files += [package / "core" / "rules.py", package / "core" / "notebooks.py"]
        _code.append(short_digest(*(file.read_text("utf-8") for file in files), str(sys.version_info[:3])))
    return _code[0]


def _key(digest: bytes, file: str) -> bytes:
    kind = "notebook" if file.endswith(NOTEBOOK_SUFFIX) else "module"
    return fold("imports", code_digest(), digest if digest != MISSING else "missing", kind)


def _read(value: bytes | None) -> FileImports | None:
    try:
        return from_json(json.loads(value)) if value is not None else None
    except (ValueError, TypeError, KeyError):
        return None  # a damaged value is a miss
