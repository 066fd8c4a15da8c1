"""What the code of the check is, and where in a notebook a finding stands."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from pyfmt import disk
from pyfmt.cache.folders import digest
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.model import Finding
from pyfmt.core.notebooks import Notebook, NotebookError, plain


def placed(finding: Finding, root: Path) -> Finding:
    """A finding about the text of a module; of a notebook told from its cell."""
    if not finding.path.endswith(NOTEBOOK_SUFFIX):
        return finding
    try:
        notebook = Notebook(disk.read_bytes(root / finding.path))
    except (OSError, NotebookError):
        return finding  # it was one a moment ago: nothing of this is remembered
    return notebook.located(finding, notebook.module(plain))


@cache
def code_digest() -> str:
    """The digest of the code that reads and checks: of this package, of the rules, and of the Python that parses."""
    package = Path(__file__).parent.parent.parent
    files = [*sorted((package / "imports").glob("*.py")), *sorted((package / "run" / "boundaries").glob("*.py"))]
    files += [package / "core" / name for name in ("rules.py", "notebooks.py", "own_files.py")]
    return digest(*(file.read_text("utf-8") for file in files), str(sys.version_info[:3]))
