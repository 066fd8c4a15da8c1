"""Requirements files: pins where they are pinned, lines where they are not; what they include is followed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from urllib.parse import unquote

from pyfmt.projects.locks.values import Lock, Package
from pyfmt.projects.names import normalise

# Text of the file at a path ("/" between its parts); None where there is none.
Reader = Callable[[str], str | None]

_INCLUDE = re.compile(r"(-r|--requirement|-c|--constraint)[\s=]*(\S.*)")
MOST = 1000  # files that are looked at for one
_HASH = re.compile(r"--hash[=\s]+(\S+)")
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*===?\s*([^\s;,*]+)\s*(?:;(.*))?")


def is_requirements(path: str) -> bool:
    """Whether a file's name is that of a requirements file."""
    return re.fullmatch(r"requirements.*\.(txt|in)", posixpath.basename(path)) is not None


def read(path: str, reader: Reader) -> Lock:
    """The pins of a requirements file and of those that it includes; a pin of a constraints file (`-c`) asks for
    nothing.

    Of a line that pins nothing the whole is the name: it decides what is installed all the same.
    """
    packages = []
    for file, required in _files(path, reader).items():
        packages += [_package(line, required) for line in requirement_lines(reader(file) or "")]
    return Lock(posixpath.basename(path), tuple(packages))


def included_files(path: str, reader: Reader) -> list[str]:
    """A requirements file and all that it includes with `-r` or `-c`, in the order in which they are named."""
    return list(_files(path, reader))


def all_lines(path: str, reader: Reader) -> list[str]:
    """The requirements of a file and of those that it includes with `-r`, without comments."""
    files = [file for file, required in _files(path, reader).items() if required]
    return [line for file in files for line in requirement_lines(reader(file) or "")]


def _files(path: str, reader: Reader) -> dict[str, bool]:
    """Each file, and whether what it names is asked for (not only constrained).

    The first MOST of them: links to the folder that they are in give a file any number of names.
    """
    found = {path: True}
    waiting = [path]
    while waiting:
        file = waiting.pop(0)
        for line in _joined(reader(file) or ""):
            match = _INCLUDE.match(line)
            for name in _names(match[2]) if match else ():
                other = posixpath.normpath(posixpath.join(posixpath.dirname(file), name))
                required = found[file] and line.startswith(("-r", "--requirement"))
                if other not in found and len(found) == MOST:
                    return found
                if other not in found or required and not found[other]:
                    found[other] = required
                    waiting.append(other)
    return found


def _names(value: str) -> list[str]:
    """The files on the disk that an inclusion may mean: uv takes the rest of the line without its quotes and
    backslashes, pip the first word."""
    found = []
    for word in dict.fromkeys((re.sub(r"[\\\"']", "", value), value.split()[0])):
        place = re.sub(r"^file:(//(localhost)?)?(?=/)", "", word)
        found += [] if "://" in place else [unquote(place) if place != word else word]
    return found


def requirement_lines(content: str) -> list[str]:
    """The lines of one file without comments, blank lines and inclusions."""
    return [line for line in _joined(content) if not _INCLUDE.match(line)]


def _joined(content: str) -> list[str]:
    joined = re.sub(r"\\\r?\n", " ", content)
    stripped = (re.sub(r"(^|\s)#.*", "", line).strip() for line in re.split(r"[\r\n]", joined))
    return [line for line in stripped if line]


def _package(line: str, required: bool) -> Package:
    hashes = {value: (value,) for value in _HASH.findall(line)}
    plain = " ".join(_HASH.sub("", line).split())
    match = _PIN.fullmatch(plain)
    if match is None:
        return Package(plain, groups={}, hashes=hashes)
    extras = tuple(extra.strip() for extra in (match[2] or "").split(",") if extra.strip())
    marker = " ".join((match[4] or "").split())
    return Package(normalise(match[1]), match[3], groups={"": marker} if required else {}, extras=extras, hashes=hashes)
