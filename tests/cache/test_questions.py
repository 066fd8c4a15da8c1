"""What was written while a tool ran: nothing can be said of its answer then."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from pyfmt.cache.observed import PortablePaths
from pyfmt.cache.questions import Changed, WalkedPaths, observed_of

LONG_AGO = 1_000_000_000


@pytest.fixture(name="installed")
def _installed(tmp_path: Path) -> Path:
    """A file of an environment, written long ago; in a folder that has not changed for as long."""
    path = tmp_path / "site-packages" / "wheel.py"
    path.parent.mkdir()
    path.write_text("VALUE = 1\n")
    os.utime(path, (LONG_AGO, LONG_AGO))
    os.utime(path.parent, (LONG_AGO, LONG_AGO))
    return path


def _ask(path: Path, began_ns: int) -> None:
    kinds = ("files", "folders", "absent", "listed", "names", "links", "variables", "unseen")
    asked = {**{kind: [] for kind in kinds}, "files": [str(path)]}
    places = PortablePaths("/nowhere", "", "", ())
    observed = observed_of(asked, places, WalkedPaths(frozenset(), frozenset()), began_ns)
    assert observed.read == {str(path.parent): [path.name]}


def _began() -> int:
    time.sleep(0.05)  # a tick of the clock for files, and what is allowed for it
    began = time.time_ns()
    time.sleep(0.05)
    return began


def test_a_further_link_to_a_file_changes_no_answer(installed: Path, tmp_path: Path) -> None:
    os.link(installed, tmp_path / "in the cache of uv")
    began = _began()
    os.link(installed, tmp_path / "in another environment")
    assert installed.stat().st_ctime_ns > began
    _ask(installed, began)


def test_another_file_in_its_place_changes_it(installed: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    shutil.copy2(installed, other)
    os.link(other, tmp_path / "in the cache of uv")
    began = _began()
    os.replace(other, installed)
    with pytest.raises(Changed):
        _ask(installed, began)


def test_written_with_its_old_time_changes_it(installed: Path) -> None:
    began = _began()
    installed.write_text("VALUE = 2\n")
    os.utime(installed, (LONG_AGO, LONG_AGO))
    with pytest.raises(Changed):
        _ask(installed, began)
