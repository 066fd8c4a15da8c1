"""The faults of the tools that pyfmt works around are still there: where one is mended, its cure can be deleted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests.support.monorepo import ROOT
from tests.support.pythons import clean_environ

_PAGES = sorted((ROOT / "docs/upstream").glob("*-*.md"))
_BLOCKS = re.compile(r"```sh\n(.*?)```\n\n```text\n(.*?)```\n", re.DOTALL)
_RELEASE = re.compile(r"\b(mypy|pylint|astroid) (\d+\.\d+\.\d+)\b")


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.stem)
def test_the_release_that_is_pinned_has_the_fault(page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    told = dict(_RELEASE.findall(text))
    assert told == {name: metadata.version(name) for name in told} and told
    found = _BLOCKS.search(text)
    assert found, page
    environ = clean_environ() | {"PATH": os.pathsep.join((os.path.dirname(sys.executable), os.defpath))}
    ran = subprocess.run(
        ["sh", "-c", found[1]], cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True, check=False
    )
    assert (
        ran.stdout == found[2]
    ), f"{page.name}: mended upstream? Then delete the cure that the page names, and the page."


def test_each_page_is_listed_with_a_cure_that_there_is() -> None:
    listed = re.findall(
        r"^\| \[([\w-]+)\]\(\1\.md\) \|.*\| (.*) \|$", (ROOT / "docs/upstream/README.md").read_text(), re.M
    )
    assert sorted(name for name, _ in listed) == [page.stem for page in _PAGES]
    for name, cure in listed:
        place = re.fullmatch(r"`(\w+)` in `([\w/.]+)`", cure)
        assert place is not None or cure.startswith("none: "), name
        if place is not None:
            assert f"def {place[1]}(" in (ROOT / place[2]).read_text("utf-8"), name
