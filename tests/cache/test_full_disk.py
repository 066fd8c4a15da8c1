"""A cache never fails a run: on a full disk the run says what it would have said, and that the cache is not kept."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo, findings

WRONG = '"""Wrong."""\n\n\ndef collect(into: list[int] = []) -> list[str]:\n    """Collects."""\n    return into\n'


@pytest.fixture
def tree(tmp_path: Path) -> Monorepo:
    return trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', "app/wrong.py": WRONG})


@pytest.fixture(params=["16k", "300k", "2m"])
def small_disk(request: pytest.FixtureRequest, tree: Monorepo) -> Iterator[None]:
    """The cache's folder is a disk of so many bytes."""
    folder = tree.root / ".cache"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={request.param}", "tmpfs", str(folder)]
    done = subprocess.run(["mount", *options], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    yield
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_under_the_cache_costs_nothing_but_the_cache(tree: Monorepo) -> None:
    tree.write({"pyproject.toml": '[tool.pyfmt]\ncache-dir = ".cache"\n'})
    _, wanted = tree.check("--no-cache")
    for _ in range(2):
        result, report = tree.check()
        assert findings(report) == findings(wanted), result
        assert report["failures"] == [], result
        assert result.code == 1
