"""What a worker notes of a tool's questions to the disk, in a process of its own: it watches until that ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pyfmt.tools.worker import observing

_PROGRAM = """
import json, os, sys
import observing

own, place = sys.argv[1:]
observer = observing.Observer()
observer.start()
for name in ("early", "late"):
    os.path.lexists(os.path.join(own, name))
    os.path.exists(os.path.join(own, name))
    os.path.lexists(os.path.join(place, name + "-link"))
    os.path.exists(os.path.join(place, name))
    if name == "early":
        observer.made(own)
print(json.dumps(observer.asked()["absent"]))
"""


def test_what_is_asked_after_something_was_made_is_noted_too(tmp_path: Path) -> None:
    """Only what was absent in the folder of pyfmt's own, and has been made since, is no question to the disk."""
    worker = str(Path(observing.__file__).parent)
    own, place = tmp_path / "own", tmp_path / "place"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {worker!r})\n{_PROGRAM}", str(own), str(place)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    asked = {path for path in json.loads(done.stdout) if path.startswith(str(tmp_path))}
    assert asked == {str(own / "late"), *(str(place / name) for name in ("early", "early-link", "late", "late-link"))}
