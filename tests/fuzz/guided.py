"""Inputs of one format, guided by the branches that they reach: `make fuzz-coverage`, which needs atheris.

What a parser does not survive, or not within ten seconds, is written beside the corpus that it found.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # pylint: disable=import-error  # `make fuzz-coverage` brings it


def main() -> None:
    """The command line; libFuzzer ends the process."""
    options = argparse.ArgumentParser(prog="tests.fuzz.guided", description=__doc__)
    options.add_argument("name", help="of the corpus' file")
    options.add_argument("folder", type=Path, help="where what is found is kept from one time to the next")
    options.add_argument("--seconds", type=int, default=600)
    chosen = options.parse_args()
    with atheris.instrument_imports(include=["pyfmt"], enable_loader_override=False):
        parsers = importlib.import_module("tests.fuzz.test_parsers")
    parse, allowed = parsers.PARSERS[chosen.name]

    def survive(data: bytes) -> None:
        with contextlib.suppress(*allowed):
            parse(data)

    place = chosen.folder / chosen.name
    place.mkdir(parents=True, exist_ok=True)
    (place / "sample").write_bytes(parsers.sample(chosen.name))
    limits = (f"-max_total_time={chosen.seconds}", "-timeout=10", "-rss_limit_mb=4096", "-max_len=65536")
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={place}.", str(place)], survive)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
