"""Which files of a project nobody else imports: its tests, and what else is for its own use."""

from __future__ import annotations

import pytest

from pyfmt.core.model import Project
from pyfmt.core.own_files import is_own, is_test


@pytest.mark.parametrize(
    ("path", "file", "test", "own"),
    [
        ("lib/a", "lib/a/src/a/x.py", False, False),
        ("lib/a", "lib/a/tests/x.py", True, True),
        ("lib/a", "lib/a/src/a/test_x.py", True, True),
        ("lib/a", "lib/a/src/a/x_test.pyi", True, True),
        ("lib/a", "lib/a/conftest.py", True, True),
        ("lib/a", "lib/a/src/a/contest.py", False, False),
        (".", "tests/x.py", True, True),
        ("tests/a", "tests/a/x.py", False, False),  # what lies above the project says nothing of it
        ("lib/a", "lib/a/src/a/testing/x.py", False, True),  # numpy.testing is for others, too
        ("lib/a", "lib/a/src/a/x_tests.py", False, True),
        ("lib/a", "lib/a/setup.py", False, True),
        ("lib/a", "lib/a/noxfile.py", False, True),
        ("lib/a", "lib/a/setup.cfg", False, False),
    ],
)
def test_tests_and_other_files_of_its_own(path: str, file: str, test: bool, own: bool) -> None:
    assert (is_test(Project("a", path), file), is_own(Project("a", path), file)) == (test, own)
