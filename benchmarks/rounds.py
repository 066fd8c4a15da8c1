"""The side by side: every contestant in every scenario, one after the other, so that a busy machine is busy for all."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks import generate
from benchmarks.measuring import Contestant

COLD, WARM, LIBRARY, LEAF = "cold", "warm", "one library file changed", "one leaf file changed"
SCENARIOS = (COLD, WARM, LIBRARY, LEAF)
_SETTLED = 2.5  # seconds: a file written less than two seconds ago is read again by a careful cache


def library_file(tree: Path) -> Path:
    """The module that most others build on."""
    return sorted((tree / "lib").glob("*/bench/*/m000.py"))[0]


def dependents(size: generate.Size) -> int:
    """How many projects depend on the library of `library_file`, directly or not."""
    libraries = sum(1 for number in range(1, size.libraries) if 0 in generate.chain(number))
    used = (generate.used_libraries(number, size) for number in range(size.services))
    return libraries + sum(1 for found in used if any(0 in generate.chain(item) for item in found))


def leaf_file(tree: Path) -> Path:
    """A module of a service that nothing imports."""
    return sorted((tree / "projects").glob("*/service*/m*.py"))[-1]


def change(file: Path, number: int) -> None:
    """A new function at the end, formatted as black has it."""
    text = file.read_text("utf-8")
    text += f'\n\ndef added_{number}(value: int) -> int:\n    """Number {number}."""\n    return value + {number}\n'
    file.write_text(text, "utf-8")


def settle() -> None:
    """Wait until caches believe the times of the files that were just written."""
    time.sleep(_SETTLED)


def run(contestants: Iterable[Contestant], tree: Path, number: int) -> None:
    """One round."""
    everyone = list(contestants)
    for contestant in everyone:
        contestant.forget()
        contestant.run(COLD)
    settle()
    for contestant in everyone:
        contestant.run(WARM)
    for scenario, file in ((LIBRARY, library_file(tree)), (LEAF, leaf_file(tree))):
        change(file, number)
        for contestant in everyone:
            contestant.run(scenario)
        settle()
