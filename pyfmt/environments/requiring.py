"""What installed distributions ask of others, and of Python: the header of their METADATA."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pyfmt import disk
from pyfmt.core.model import Environment
from pyfmt.projects.names import normalise


@dataclass(frozen=True, slots=True)
class InstalledRequirements:
    """The requirements of one installed distribution."""

    name: str  # PEP 503 normalised
    version: str
    requires: tuple[str, ...]  # PEP 508 lines
    python: str  # "" where any will do


def installed_requirements(environment: Environment) -> list[InstalledRequirements]:
    """Those of every distribution with metadata that can be read, in the order of the search path."""
    found: dict[str, InstalledRequirements] = {}
    for site in environment.site_packages:
        try:
            entries = sorted(os.listdir(site))
        except OSError:
            continue
        for entry in entries:
            name, _, version = entry.removesuffix(".dist-info").partition("-")
            if name.startswith("~"):
                continue  # pip's leftover of an interrupted uninstall
            if entry.endswith(".dist-info") and normalise(name) not in found:
                text = disk.text_or_none(os.path.join(site, entry, "METADATA"))
                if text is None:
                    continue
                fields = [line.partition(": ") for line in text.partition("\n\n")[0].splitlines()]
                requires = tuple(value for key, _, value in fields if key == "Requires-Dist")
                python = next((value for key, _, value in fields if key == "Requires-Python"), "")
                found[normalise(name)] = InstalledRequirements(normalise(name), version, requires, python)
    return list(found.values())
