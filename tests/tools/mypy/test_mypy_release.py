"""mypy of another release: an exit code that says errors is never clean."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pyfmt.core.model import Unit
from pyfmt.tools.mypy.release import MypyRelease


@pytest.mark.parametrize(
    ("status", "said", "failed"),
    [
        (0, "", False),
        (1, "/root/a.py:1:1:1:2: error: Wrong  [misc]\n", False),
        (1, "/root/elsewhere.py:1:1:1:2: error: Wrong  [misc]\n", False),
        (1, "a.py: error: Wrong, in words of another form\n", True),
        (1, "", True),
    ],
)
def test_errors_that_cannot_be_read_are_a_failure(status: int, said: str, failed: bool) -> None:
    part = SimpleNamespace(project=SimpleNamespace(name="one"), files=("a.py",))
    unit = cast(Unit, SimpleNamespace(parts=(part,), environment=None, projects=("one",)))
    call: dict[str, Any] = {"status": status, "stdout": said, "stderr": "", "asked": None}
    about = {"projects": [["one"]], "failures": [], "notes": []}
    reading = MypyRelease().parse(unit, {"folder": "/root", "about": about, "calls": [call]})
    assert bool(reading.failures) is failed
    assert all("can be read" in failure.reason for failure in reading.failures)
