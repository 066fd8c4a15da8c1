"""The linters by name; a new one costs a module, a worker and a line here."""

from __future__ import annotations

from pyfmt.tools.mypy import adapter as mypy
from pyfmt.tools.protocol import Linter
from pyfmt.tools.pylint import adapter as pylint

LINTERS: dict[str, Linter] = {linter.name: linter for linter in (pylint.LINTER, mypy.LINTER)}
