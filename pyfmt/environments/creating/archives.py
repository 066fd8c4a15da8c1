"""Archives of sources that came with the checkout: an installer that is given one runs the code in it (its build).

Installers read a name in many ways (paths, URLs, variables, what an index offers). So none is parsed here: every piece
of a text that could be a path is looked for in every folder that it could start from; what cannot be read is an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.files import MANIFESTS
from pyfmt.core.listing import some
from pyfmt.core.parsing import Table, table
from pyfmt.environments.creating.recipes import requirements_files
from pyfmt.environments.creating.values import CreateOptions, CreateRequest, CreationError, projects_of
from pyfmt.environments.trust import CURE
from pyfmt.projects import locks, manifests
from pyfmt.projects.locks import requirements

# What pip and uv take for an sdist.
_SDISTS = (
    *(".zip", ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tlz"),
    *(".tar.gz", ".tar.bz2", ".tar.xz", ".tar.lz", ".tar.lzma", ".tar.zst"),
)
_REPOSITORIES = (".git", "HEAD", ".hg", ".bzr", "format")  # one of these is in each
_PAGES = (".html", ".htm")
# What names an index, or a folder of archives, in uv's settings and locks.
_INDEXES = ("find-links", "index", "index-url", "extra-index-url", "default-index", "registry")
_INDEX_OPTION = re.compile(r"-[if]|--(?:f|i|ex|py|d)")  # of a requirements file; pip takes the beginning of a name
_REMOTE = re.compile(
    r"(?:[\w.-]+\s*(?:\[[\w.,\s-]*\])?\s*@\s*|--[\w-]+[\s=]+|-[if][\s=]*)?(?:\w+\+)?https?://", re.IGNORECASE
)
_CLONED = re.compile(r"(?:git|hg|bzr|svn)\+(?:file:|[^:]*$)", re.IGNORECASE)  # a repository here, of which one is built
_VERSION = re.compile(r"(?:(?:cpython|pypy|graalpy|python)[@-]?)?\d[\w.+-]*")  # of Python, as uv and pyenv take it
_QUOTING = re.compile(r"[\\\"']")  # uv leaves it out of an option's value, wherever it stands
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_Word = tuple[str, bool]  # a text, and whether it names an index


def refuse_untrusted(requests: Sequence[CreateRequest], owner: Path, options: CreateOptions) -> None:
    """Raises CreationError where what is to be installed may come from an archive of the checkout, without trust."""
    if options.trusted:
        return
    root = requests[0].root
    folders = [owner, *(root / project.path for project in projects_of(requests))]
    environ = {"PROJECT_ROOT": str(folders[1]), **options.environ}  # uv's default is where it is called
    places = _upwards(folders, root)
    words = [*_of_settings(places, folders), *_of_lock(owner)]
    for folder in folders:
        manifest = manifests.read_manifest(folder, tuple(name for name in MANIFESTS if (folder / name).is_file()))
        if manifest.problem:
            raise CreationError(f"{folder}: {manifest.problem}", "mend it")
        named = (*manifest.requirements, *manifest.build_requires, *manifest.path_dependencies)
        words += [(line, False) for line in named]
        for file in [*requirements_files(folder), *(folder / name for name in manifest.requirements_files)]:
            for included, text in _included(file, environ).items():
                places.append(included.parent)
                words += _of_requirements(text)
    _refuse(words, places, root, environ)


def refuse_untrusted_script(metadata: Table, script: Path, cwd: Path, root: Path, options: CreateOptions) -> None:
    """The same for a script with this PEP 723 metadata, for which uv is called in the folder `cwd`."""
    if not options.trusted:
        places = _upwards([script.parent, cwd], root)
        _refuse_interpreters(places)
        lock = _settings(script.with_name(f"{script.name}.lock"))
        words = [*_strings([metadata, lock]), *_of_settings(places, ())]
        _refuse(words, places, root, {"PROJECT_ROOT": str(cwd), **options.environ})


def _refuse_interpreters(places: Iterable[Path]) -> None:
    """Raises CreationError where a file that uv reads there names what it would start, and not just a version."""
    for place in places:
        for file in (place / ".python-version", place / ".python-versions"):
            lines = [line.partition("#")[0].strip() for line in (_read(file) or "").splitlines()]
            if not all(_VERSION.fullmatch(line) for line in lines if line):
                raise CreationError(f"{file} names an interpreter, not a version", CURE)
        settings = table(_settings(place / "pyproject.toml"), "tool")
        for file, found in ((place / "uv.toml", _settings(place / "uv.toml")), (place, table(settings, "uv"))):
            if "python-downloads-json-url" in found:
                raise CreationError(f"{file} says where interpreters come from (python-downloads-json-url)", CURE)


def _refuse(words: Iterable[_Word], places: Iterable[Path], root: Path, environ: Mapping[str, str]) -> None:
    base, starts = os.path.realpath(root), list(dict.fromkeys(map(str, places)))
    found = {}
    for text, index in dict.fromkeys(words):
        plain = _expanded(text, environ)
        cloned = _CLONED.search(plain) is not None
        pieces = _pieces(plain, index or cloned) | _pieces(_QUOTING.sub("", plain), index or cloned)
        for path in () if _REMOTE.match(plain) else _files(pieces, starts, index, cloned):
            real = os.path.realpath(path)
            if disk.is_within(real, base):
                found[real] = os.path.relpath(path, root)
    if found:
        named = some(sorted(found.values()))
        raise CreationError(f"{named} came with the checkout, and building it runs what is in it", CURE)


def _expanded(text: str, environ: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: environ.get(found[1], found[0]), text)


def _upwards(folders: Iterable[Path], root: Path) -> list[Path]:
    """Folders and those above them up to the root, as they are written and where links lead."""
    tops, found = (root, root.resolve()), []
    for start in (each for folder in folders for each in (Path(os.path.abspath(folder)), folder.resolve())):
        for place in (start, *start.parents):
            found.append(place)
            if place in tops:
                break
    return list(dict.fromkeys(found))


def _of_settings(places: Iterable[Path], folders: Sequence[Path]) -> Iterator[_Word]:
    """What the settings of managers say: of uv those above a project count, too."""
    for place in places:
        tools = table(_settings(place / "pyproject.toml"), "tool")
        yield from _strings([tools.get("uv"), _settings(place / "uv.toml")])
        if place in folders:
            own = [table(tools, "pdm"), table(tools, "poetry"), _settings(place / "Pipfile"), table(tools, "hatch")]
            yield from _strings(own)
            yield from _strings([each.get("source") for each in own], index=True)


def _read(file: Path) -> str | None:
    """A text, None where there is none; raises CreationError: an installer may read what pyfmt does not."""
    try:
        return disk.read_text(file).removeprefix("\ufeff")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise CreationError(f"{file} cannot be read: {parsing.why(error)}", "mend it") from error


def _settings(file: Path) -> Table:
    try:
        return parsing.parse_toml(_read(file) or "")
    except ValueError as error:
        raise CreationError(f"{file} cannot be read: {parsing.why(error)}", "mend it") from error


def _included(file: Path, environ: Mapping[str, str]) -> dict[Path, str]:
    """A requirements file and those that it includes, with their texts."""
    texts: dict[Path, str] = {}

    def reader(path: str) -> str | None:
        place = Path(path)
        if place not in texts:
            texts[place] = _expanded((_read(place) or "").replace("\\\n", ""), environ)
        return texts[place]

    if len(requirements.included_files(file.as_posix(), reader)) == requirements.MOST:
        raise CreationError(f"{file} includes {requirements.MOST} files or more", "mend it")
    return texts


def _of_requirements(content: str) -> Iterator[_Word]:
    for line in requirements.requirement_lines(content):
        # uv takes the rest of a line for the value of an option, pip several options of one line.
        for part in dict.fromkeys([line, *re.split(r"\s+(?=-)", line)]):
            yield part, _INDEX_OPTION.match(part) is not None


def _of_lock(owner: Path) -> Iterator[_Word]:
    file = locks.find(owner)
    try:
        lock = locks.read(file) if file else None
    except locks.LockError:  # said by who installs from it
        lock = None
    if file is not None and lock is not None:
        yield from _strings(_settings(file) if file.name != "Pipfile.lock" else {})
        yield from ((index, True) for index in lock.indexes)
        yield from ((package.source.place, not package.source.direct) for package in lock.packages)


def _strings(settings: object, index: bool = False) -> Iterator[_Word]:
    """Every string of some settings."""
    waiting = [(settings, index)]
    while waiting:
        value, index = waiting.pop()
        if isinstance(value, str):
            yield value, index
        elif isinstance(value, list):
            waiting += [(item, index) for item in value]
        elif isinstance(value, dict):
            waiting += [(item, index or key in _INDEXES) for key, item in value.items() if key not in ("name", "git")]
            waiting += [(f"git+{value['git']}", index)] if "git" in value else []


def _pieces(text: str, index: bool) -> set[str]:
    """The parts of a text that may be a path: all, or those that end like an archive."""
    ends = {len(text), *(found.start() for found in re.finditer(r"[\s;#?@\[\"']", text))}
    if not index:
        lower = text.lower()
        ends = {end for end in ends if lower.endswith(_SDISTS, 0, end)}
    if not ends:
        return set()
    starts = {0, 2}  # 2: behind an option of one letter
    for found in re.finditer(r"[\s=@:\"'}/]", text):
        starts |= {found.start(), found.end()} if found[0] == "/" else {found.end()}
    return {text[start:end] for start in starts for end in ends if text[start:end].strip("/")}


def _files(pieces: Iterable[str], starts: Sequence[str], index: bool, cloned: bool) -> Iterator[str]:
    """The archives that pieces lead to, from any of some folders; of an index its pages, which may lead to any.

    Of what is `cloned` the folder.
    """
    names = {name for piece in pieces for name in (piece, unquote(piece))}
    joined = {os.path.join(start, name) for start in starts for name in names}
    for path in joined | {os.path.normpath(path) for path in joined}:
        if os.path.isfile(path) or cloned and any(os.path.lexists(os.path.join(path, mark)) for mark in _REPOSITORIES):
            yield path
        elif index and os.path.isdir(path):
            offered = [*Path(path).glob("*"), *Path(path).glob("*/*")]
            yield from (str(p) for p in offered if p.name.lower().endswith((*_SDISTS, *_PAGES)) and os.path.isfile(p))
