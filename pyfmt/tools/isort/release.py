"""isort of another release: by its command line, told the first party that the pinned one is told."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pyfmt import disk
from pyfmt.core.errors import ConfigError
from pyfmt.tools.isort.adapter import IsortSettings, load
from pyfmt.tools.program.formatter import FormatterCall, RefusedError, formatted
from pyfmt.tools.program.worker.task import SCRATCH

_REFUSAL = re.compile(r"(?:.*: )?Unable to parse file (?P<file>.+?) due to (?P<why>.*)")


def sort_all(files: Mapping[str, bytes], settings: IsortSettings) -> dict[str, bytes | RefusedError]:
    """What this release makes of files, by their paths relative to the root; raises ConfigError."""
    release = settings.config.release
    assert release is not None, "it runs only where it is chosen"
    config = load(settings)
    if config.filter_files:  # the copies stand in another folder, of which what it skips knows nothing
        what = f"`filter_files` cannot be followed by isort {release.version}, which sorts copies"
        raise ConfigError(what, settings.config.path, "take it out: pyfmt leaves out what isort skips in any case")
    place, texts = settings.config.path, tuple[tuple[str, str], ...]()
    if settings.config.follows:
        options = [
            f"line_length = {config.line_length}",
            *["split_on_trailing_comma = false"] * (not config.split_on_trailing_comma),
        ]
        texts = (("isort.cfg", "\n".join([disk.read_text(place), *options, ""])),)
        place = f"{SCRATCH}/isort.cfg"
    sources = (word for path in config.src_paths for word in ("--src", str(path)))
    own = (word for name in sorted(config.known_first_party) for word in ("-p", name))
    arguments = ("--quiet", "--settings-file", place, *sources, *own)
    call = FormatterCall("isort", release.interpreter, arguments, _REFUSAL, texts)
    return formatted(call, files)
