"""Columns are 1-based, in characters, within the line, whatever mypy's parser makes of them."""

from __future__ import annotations

import random

from tests.conftest import MakeEnvironment, MakeMonorepo
from tests.tools.mypy.checking import Checker, sound
from tests.tools.mypy.test_mypy_against_loop import service

ALPHABET = ["a", "é", "漢", "😀", " ", "ß"]


def test_columns_point_at_the_argument_behind_any_text(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    """mypy 2.4 counts wrongly behind characters beyond ASCII; the true columns are worked out from what it says."""
    rng = random.Random(4)
    lines = ["def h(x: int) -> None: ..."]
    for number in range(150):
        text = "".join(rng.choice(ALPHABET) for _ in range(rng.randrange(8)))
        lines.append(f'x{number} = "{text}"; h("{text}")')
    source = "\n".join(lines) + "\n"
    tree = monorepo({"p/pyproject.toml": service("p"), "p/a.py": source})
    reading = Checker(tree, {"p": str(kept_environment().prefix)}).check()
    assert len(sound(reading)) == 150

    exact = 0
    for finding in reading.findings:
        line = lines[finding.line - 1]
        start, end = line.index('h("') + 3, len(line)
        assert finding.column is not None and finding.end_column is not None
        # Behind a character of four bytes up to four places look the same; which it is, is then a guess.
        assert abs(finding.column - start) < 4 and abs(finding.end_column - end) < 4, (line, finding)
        exact += (finding.column, finding.end_column) == (start, end)
    assert exact >= 145


def test_columns_of_ascii_lines_tabs_and_syntax_errors(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    tree = monorepo(
        {
            "p/pyproject.toml": service("p"),
            "p/a.py": b"\xef\xbb\xbfx: int = ''\r\nif True:\r\n\ty: int = (\r\n\t\t''\r\n\t)\r\n",
            "p/b.py": "def broken(:\n",
        }
    )
    reading = Checker(tree, {"p": str(kept_environment().prefix)}).check()

    places = {(f.path, f.line, f.column, f.end_line, f.end_column) for f in reading.findings}
    assert ("p/a.py", 1, 10, 1, 12) in places
    assert ("p/a.py", 4, 3, 4, 5) in places
    assert ("p/b.py", 1, 12, 1, 13) in places
    assert all(f.column is None or f.column >= 1 for f in reading.findings)
