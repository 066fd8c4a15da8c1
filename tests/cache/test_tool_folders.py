"""The tools' own folders: bounded, least recently used first, never one that is in use."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import platformdirs
import pytest

from pyfmt.cache.tool_folders import STALE_SECONDS, STAMP, prune
from pyfmt.core.user_cache import user_cache

DAY = 86_400


def unit(base: Path, name: str, days: float, size: int = 1000) -> Path:
    """A unit's folder as mypy's worker leaves it, used so many days ago."""
    folder = base / "mypy" / name
    (folder / "run0" / "mypy").mkdir(parents=True)
    (folder / "run0.lock").write_bytes(b"")
    (folder / "run0" / "mypy" / "cache.db").write_bytes(bytes(size))
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (time.time() - days * DAY,) * 2)
    return folder


def left(base: Path) -> list[str]:
    """The unit folders that are there."""
    return sorted(path.relative_to(base / "mypy").as_posix() for path in base.glob("mypy/*/*"))


def test_the_least_recently_used_go_until_the_rest_is_within_the_limit(tmp_path: Path) -> None:
    for days in range(5):
        unit(tmp_path, f"now/used-{days}", days)
    prune(tmp_path, ["now"], limit=3000)
    assert left(tmp_path) == ["now/used-0", "now/used-1", "now/used-2"]


def test_one_that_is_in_use_stays(tmp_path: Path) -> None:
    oldest = unit(tmp_path, "now/oldest", 5)
    unit(tmp_path, "now/older", 4)
    with open(oldest / "run0.lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        prune(tmp_path, ["now"], limit=1000)
    assert left(tmp_path) == ["now/oldest"]


def test_those_of_other_versions_go_when_they_have_not_been_used_for_long(tmp_path: Path) -> None:
    unit(tmp_path, "now/mine", 100)
    unit(tmp_path, "other/branch", 2)
    unit(tmp_path, "old/version", STALE_SECONDS / DAY + 1)
    prune(tmp_path, ["now"])
    assert left(tmp_path) == ["now/mine", "other/branch"]
    assert not (tmp_path / "mypy" / "old").exists()


def test_it_is_done_once_a_day(tmp_path: Path) -> None:
    unit(tmp_path, "now/a", 1)
    prune(tmp_path, ["now"])
    prune(tmp_path, ["now"], limit=0)
    assert left(tmp_path) == ["now/a"]
    os.utime(tmp_path / STAMP, (time.time() - 2 * DAY,) * 2)
    prune(tmp_path, ["now"], limit=0)
    assert left(tmp_path) == []


def test_without_a_cache_folder_nothing_happens(tmp_path: Path) -> None:
    prune(tmp_path / "none", ["now"])
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("place", [None, "", "/somewhere/else"])
def test_the_users_cache_folder_is_where_platformdirs_says(monkeypatch: pytest.MonkeyPatch, place: str | None) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if place is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", place)
    assert user_cache(os.environ, os.path.expanduser("~")) == platformdirs.user_cache_dir("pyfmt")
