"""Installed distributions, from the names of their metadata folders and PEP 610's direct_url.json."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.model import Distribution
from pyfmt.environments.sites import SiteFolder
from pyfmt.projects.names import normalise

_EGG_PYTHON = re.compile(r"-py\d(\.\d+)?(-.*)?$")


def read_direct_url(metadata: str, unread: dict[str, str] | None = None) -> dict[str, Any] | None:
    """The direct_url.json in the metadata folder; None if there is none or it is damaged, which `unread` then has."""
    file = f"{metadata}{os.sep}direct_url.json"
    try:
        value = parsing.parse_json(disk.read_bytes(file))
        if not isinstance(value, dict) or not isinstance(value.get("url"), str) or not disk.is_name(value["url"]):
            raise ValueError("it has no url as PEP 610 says")
        return value
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        if unread is not None:
            unread[file] = parsing.why(error)
        return None


def local_folder(direct_url: dict[str, Any]) -> str | None:
    """The absolute folder that a direct_url.json with `dir_info` names."""
    url = direct_url.get("url")
    if not isinstance(direct_url.get("dir_info"), dict) or not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None  # "file://["
    path = unquote(parts.path)
    if parts.scheme != "file" or not disk.is_name(path):
        return None
    if re.match(r"^/[A-Za-z]:", path):
        path = path[1:]  # file:///C:/folder
    return os.path.normpath(path)


def distributions(sites: Sequence[SiteFolder], unread: dict[str, str] | None = None) -> tuple[Distribution, ...]:
    """All distributions, sorted by name; of two with one name the first on the search path counts, as for imports.

    `unread` is given each file that could not be read, with the reason.
    """
    found: dict[str, Distribution] = {}
    for site in sites:
        here: dict[str, Distribution] = {}
        for mark in site.marks:
            distribution = _distribution(site, mark.name, {} if unread is None else unread)
            if distribution is not None:
                known = here.get(distribution.name)
                if known is None or (distribution.source and not known.source):
                    here[distribution.name] = distribution
        for name, distribution in here.items():
            found.setdefault(name, distribution)
    return tuple(found[name] for name in sorted(found))


def dump(items: Sequence[Distribution]) -> str:
    """Distributions as text, for a memo."""
    return json.dumps([[item.name, item.version, item.source, item.editable] for item in items])


def load(text: str) -> tuple[Distribution, ...]:
    """What `dump` wrote; raises ValueError or TypeError where it is something else."""
    return tuple(Distribution(*item) for item in json.loads(text))


def _distribution(site: SiteFolder, entry: str, unread: dict[str, str]) -> Distribution | None:
    if entry.endswith(".dist-info"):
        name, _, version = entry[:-10].partition("-")
        if name.startswith("~") or not version:
            return None  # pip's leftover of an interrupted uninstall
        direct_url = read_direct_url(f"{site.path}{os.sep}{entry}", unread)
        if direct_url is None:
            return Distribution(normalise(name), version)
        folder = local_folder(direct_url)
        editable = folder is not None and bool(direct_url["dir_info"].get("editable"))
        return Distribution(normalise(name), version, folder, editable)
    if entry.endswith(".egg-info"):
        name, _, version = _EGG_PYTHON.sub("", entry[:-9]).partition("-")
        return Distribution(normalise(name), version or _egg_version(os.path.join(site.path, entry)))
    if entry.endswith(".egg-link"):
        return _develop(site, entry, unread)
    return None


def _develop(site: SiteFolder, entry: str, unread: dict[str, str]) -> Distribution | None:
    """What `setup.py develop` leaves: a file whose first line is the folder with the .egg-info."""
    name, file = entry.removesuffix(".egg-link"), os.path.join(site.path, entry)
    try:
        lines = disk.read_text(file).splitlines()
        if not lines or not disk.is_name("".join(lines[:2])):
            raise ValueError("its first line names no folder")
    except (OSError, ValueError) as error:
        unread[file] = parsing.why(error)
        return None
    folder = lines[0].strip()
    source = os.path.normpath(os.path.join(folder, lines[1].strip())) if len(lines) > 1 else folder
    version = _egg_version(os.path.join(folder, f"{name.replace('-', '_')}.egg-info"))
    return Distribution(normalise(name), version, source, editable=True)


def _egg_version(metadata: str) -> str:
    file = os.path.join(metadata, "PKG-INFO") if disk.is_dir(metadata) else metadata
    try:
        for line in disk.read_text(file, "replace").split("\n"):
            if line.startswith("Version:"):
                return line.partition(":")[2].strip()
            if not line.strip():
                break
    except OSError:
        pass  # no metadata: the version is unknown, the distribution is there all the same
    return ""
