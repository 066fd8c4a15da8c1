"""Duplicate code and import cycles: stable, about the right files, and the same from a part as from the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import MakeEnvironment
from tests.tools.pylint.working import WIDE, Lint, described, write

BLOCK = "".join(f"    value_{number} = compute({number})\n" for number in range(6))
FILES = {
    "p/pkg/__init__.py": "",
    "p/pkg/a.py": f"from pkg import b\n\n\ndef f(compute):\n{BLOCK}    return b\n",
    "p/pkg/b.py": f"from pkg.c import x\n\n\ndef g(compute):\n    other = 1\n{BLOCK}    return x, other\n",
    "p/pkg/c.py": f"import os\n\nimport pkg.a\n\nx = os, pkg.a\n\n\ndef h(compute):\n{BLOCK}    return 3\n",
    "p/pkg/d.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg import e\n"
    f"# pylint: disable=duplicate-code\n\ndef i(compute):\n{BLOCK}    return 3\n",
    "p/pkg/e.py": "from pkg import d\nprint(d)\n",
    "p/pkg/f.py": "from pkg import g  # pylint: disable=cyclic-import\nprint(g)\n",
    "p/pkg/g.py": "from pkg import f\nprint(f)\n",
    "p/pkg/h.py": "from . import i\nprint(i)\n",
    "p/pkg/i.py": "from .h import i as j\nprint(j)\n",
    "p/pkg/skipped.py": f"# pylint: skip-file\nfrom pkg import i\ndef f(compute):\n{BLOCK}",
    "pylintrc": "[MAIN]\nmin-similarity-lines=4\n",
}


def _wide(lint: Lint) -> list[tuple[str, int, str, str, tuple[str, ...]]]:
    findings = [each for each in lint.run("p").findings if each.rule in WIDE]
    return [(each.path, each.line, each.rule, each.message, each.also) for each in findings]


def test_each_cycle_and_each_copy_is_said_once_at_its_first_file(
    tmp_path: Path, kept_environment: MakeEnvironment
) -> None:
    root = write(tmp_path / "mono", FILES)
    assert _wide(Lint(root, described(kept_environment()), root / "pylintrc")) == [
        ("p/pkg/a.py", 1, "R0401", "Cyclic import (pkg.a -> pkg.b -> pkg.c)", ("p/pkg/b.py", "p/pkg/c.py")),
        ("p/pkg/a.py", 5, "R0801", "Similar lines in 3 files", ("p/pkg/b.py", "p/pkg/c.py")),
        ("p/pkg/h.py", 1, "R0401", "Cyclic import (pkg.h -> pkg.i)", ("p/pkg/i.py",)),
    ]


def test_a_duplicate_names_its_places_without_absolute_paths(tmp_path: Path, kept_environment: MakeEnvironment) -> None:
    root = write(tmp_path / "mono", FILES)
    reading = Lint(root, described(kept_environment()), root / "pylintrc").run("p")
    (duplicate,) = [each for each in reading.findings if each.rule == "R0801"]
    assert duplicate.notes == ("==p/pkg/a.py:[4:10]", "==p/pkg/b.py:[5:11]", "==p/pkg/c.py:[8:14]")


@pytest.mark.parametrize("reported", [("p/pkg/b.py",), ("p/pkg/c.py", "p/pkg/i.py"), ("p/pkg/e.py",)])
def test_a_part_says_what_the_whole_says_of_it(
    tmp_path: Path, kept_environment: MakeEnvironment, reported: tuple[str, ...]
) -> None:
    root = write(tmp_path / "mono", FILES)
    environment = described(kept_environment())
    whole = _wide(Lint(root, environment, root / "pylintrc"))
    context = tuple(name for name in FILES if name.endswith(".py") and name not in reported)
    part = _wide(Lint(root, environment, root / "pylintrc", context=context))
    concerned = {each for each in whole if {each[0], *each[4]} & set(reported)}
    assert bool(concerned) == (reported != ("p/pkg/e.py",)), "the last one is in no cycle and no copy"
    assert set(part) == concerned


def test_disabled_checks_say_nothing(tmp_path: Path, kept_environment: MakeEnvironment) -> None:
    files = FILES | {"pylintrc": "[MAIN]\ndisable=duplicate-code,cyclic-import\n"}
    root = write(tmp_path / "mono", files)
    assert not _wide(Lint(root, described(kept_environment()), root / "pylintrc"))
