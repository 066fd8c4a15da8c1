"""The formatters of other releases, which run as programs: one place that knows which module speaks to which."""

from __future__ import annotations

from collections.abc import Mapping

from pyfmt.tools.black import release as of_black
from pyfmt.tools.black.adapter import BlackSettings
from pyfmt.tools.isort import release as of_isort
from pyfmt.tools.isort.adapter import IsortSettings
from pyfmt.tools.program.formatter import RefusedError


def made(files: Mapping[str, bytes], settings: IsortSettings | BlackSettings) -> dict[str, bytes | Exception]:
    """What a release that is chosen makes of files, by their paths relative to the root; for one that it refuses what
    the pinned tool raises. Raises ConfigError."""
    if isinstance(settings, IsortSettings):
        return {**of_isort.sort_all(files, settings)}
    found = of_black.style_all(files, settings)
    return {path: of_black.fault(each) if isinstance(each, RefusedError) else each for path, each in found.items()}
