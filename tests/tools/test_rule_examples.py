"""The examples that `pyfmt explain RULE` shows: the tools find the rule in what is wrong, and not in what is right."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyfmt.tools.mypy import rules as mypy
from pyfmt.tools.pylint import rules as pylint


def _mypy(files: list[str], folder: Path) -> set[tuple[str, str]]:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), *files],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
    )
    return {
        (found[1], found[2]) for found in re.finditer(r"^(\S+?):\d+: error: .*\[(\S+)\]$", done.stdout, re.MULTILINE)
    }


def _pylint(files: list[str], folder: Path) -> set[tuple[str, str]]:
    call = [sys.executable, "-m", "pylint", "--rcfile=/dev/null", "--enable=all", "--output-format=json", *files]
    done = subprocess.run(call, check=False, capture_output=True, text=True, cwd=folder)
    return {(each["path"], each["symbol"]) for each in json.loads(done.stdout)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "found_by", "texts"),
    [(mypy.EXAMPLES, _mypy, mypy.texts), (pylint.EXAMPLES, _pylint, pylint.texts)],
    ids=["types", "lint"],
)
def test_each_example_is_wrong_and_right_as_it_says(
    file: Path, found_by: Callable[..., set[tuple[str, str]]], texts: Callable[[str], Iterator[str]], tmp_path: Path
) -> None:
    examples = tomllib.loads(file.read_text("utf-8"))
    for rule, example in examples.items():
        for kind in ("wrong", "right"):
            (tmp_path / f"{kind}_{rule.replace('-', '_')}.py").write_text(example[kind])
    found = found_by(sorted(path.name for path in tmp_path.glob("*.py")), tmp_path)
    said = [
        f"{kind} {rule}"
        for rule in examples
        for kind in ("wrong", "right")
        if (f"{kind}_{rule.replace('-', '_')}.py", rule) in found
    ]
    assert said == [f"wrong {rule}" for rule in examples]
    rule = next(iter(examples))
    (text,) = texts(rule)
    places = [text.index(f"\n{title}\n") for title in ("what", "why", "wrong", "right", "cure")]
    assert places == sorted(places)
