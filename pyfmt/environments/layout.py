"""Where a virtual environment's interpreter, base and standard library are, by reading pyvenv.cfg and links only.

The rules are those of CPython's Modules/getpath.py (3.8 to 3.13) and of PyPy's path search; nothing is started.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.model import PythonVersion

UNFINISHED = ".pyfmt-creating"  # the mark of an environment whose creation is not finished, see creating/marker.py
ALONE = ".pyfmt-alone"  # the mark of an environment for a folder with nothing to install: no other project's
COMPOSED = ".pyfmt-composed"  # the mark of one that nobody has installed, see creating/composing.py
UNKNOWN_VERSION = PythonVersion(0, 0, 0)

_VERSIONED = re.compile(r"^(python|pypy)(\d+)\.(\d+)(t?)(?:\.exe)?$", re.IGNORECASE)
_LIBRARY = re.compile(r"^(python|pypy)(\d+)\.(\d+)(t?)$")
_CONDA_PYTHON = re.compile(r"^python-(\d+)\.(\d+)\.(\d+)[^-]*-.*\.json$")
_SCRIPTS = (("bin", ("python", "python3", "pypy3", "pypy")), ("Scripts", ("python.exe", "pypy.exe")))


def new_interpreter(prefix: Path) -> Path:
    """Where virtualenv puts an environment's interpreter."""
    return prefix / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def new_sites(prefix: Path) -> list[Path]:
    """The site folders of an environment that virtualenv has just made: the first one is where things go."""
    return [*disk.glob(prefix, "lib/*/site-packages"), prefix / "Lib/site-packages"]


class Broken(Exception):
    """An environment that cannot be used: why, what to do, and the Python it says to be."""

    def __init__(self, reason: str, cure: str, python: PythonVersion = UNKNOWN_VERSION) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cure = cure
        self.python = python


@dataclass(frozen=True, slots=True)
class EnvironmentLayout:
    """An environment's interpreter and what it takes from its base; all paths are absolute."""

    prefix: str
    python: PythonVersion
    library: str  # "python3.11", "python3.13t", "pypy3.9": the folder's name in lib
    executable: str
    base_executable: str
    base_prefix: str
    stdlib: str
    libdir: str  # sys.platlibdir: "lib", or "lib64" where the base's standard library is there
    system_site: bool
    windows: bool = False
    own_base: bool = False  # the environment is its own base (conda)
    warning: tuple[str, str] | None = None  # reason and cure of what is off

    @property
    def standard_path(self) -> tuple[str, ...]:
        """The entries of sys.path that come before any site folder."""
        compact = self.library.replace(".", "")
        if self.windows:
            base = self.base_prefix
            inside = (os.path.join(base, f"{compact}.zip"), os.path.join(base, "DLLs"), os.path.join(base, "Lib"), base)
            return inside if self.own_base else (*inside, self.prefix)
        if self.python.implementation == "PyPy":
            return (self.stdlib,)
        library = os.path.join(self.base_prefix, self.libdir)
        return (os.path.join(library, f"{compact}.zip"), self.stdlib, os.path.join(self.stdlib, "lib-dynload"))


def read_configuration(text: str) -> dict[str, str]:
    """The keys of a pyvenv.cfg, in lower case; the first `=` splits, as in CPython's site.py."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            found[key.strip().lower()] = value.strip()
    return found


def locate(prefix: str, bare: bool = False) -> EnvironmentLayout:
    """The layout of the environment at `prefix` (absolute); raises Broken with the cause and the cure.

    With `bare` an interpreter's own prefix without pyvenv.cfg is one, too: a container's /usr/local.
    """
    try:
        configuration = read_configuration(disk.read_text(os.path.join(prefix, "pyvenv.cfg"), "surrogateescape"))
    except FileNotFoundError:
        return _locate_without_configuration(prefix, bare)
    except OSError as error:
        raise Broken(f"pyvenv.cfg cannot be read ({error.strerror})", "make it readable, or recreate it") from error
    if not all(map(disk.is_name, configuration.values())):
        raise Broken("pyvenv.cfg holds a NUL character", "recreate the environment")
    try:
        return _locate_virtual(prefix, configuration)
    except ValueError as error:  # a version of thousands of digits
        raise Broken(f"pyvenv.cfg cannot be understood ({parsing.why(error)})", "recreate the environment") from error


def _locate_without_configuration(prefix: str, bare: bool) -> EnvironmentLayout:
    if not disk.is_dir(prefix):
        raise Broken("there is no such folder", "create the environment, or correct the path")
    if disk.is_dir(os.path.join(prefix, "conda-meta")):
        return _locate_conda(prefix)
    if bare:
        layout = _locate_base(prefix, UNKNOWN_VERSION)
        if layout.base_prefix == prefix:  # else it is a virtual environment that lost its pyvenv.cfg
            return layout
    raise Broken(
        "it has no pyvenv.cfg: its Python would silently run as the base interpreter, without the project's packages",
        "recreate the environment; an interpreter's own prefix is taken where [tool.pyfmt.environments] names it",
    )


def _locate_virtual(prefix: str, configuration: dict[str, str]) -> EnvironmentLayout:
    claimed = _claimed_version(configuration)
    executable, windows = _interpreter(prefix, claimed)
    real = disk.realpath(executable)
    implementation, own, threaded = _binary_version(real)
    copied = real.startswith(os.path.join(prefix, ""))
    library = _library(prefix, claimed, (implementation, own, threaded), windows)
    version = _version_of(library, claimed)
    if own is not None and not copied and claimed.major and own != (claimed.major, claimed.minor):
        raise Broken(
            f"its base {real} is Python {own[0]}.{own[1]} now, but the environment was made for {claimed.short}: "
            "it starts without any of its packages",
            f"install Python {claimed.short} again, or recreate the environment",
            claimed,
        )
    home = configuration.get("home", "")
    base_executable = _base_executable(configuration, library, version) if copied else real
    stdlib, base_prefix, libdir = _standard_library(home, base_executable or real, library, windows)
    if not stdlib:
        gone = home or os.path.dirname(real)
        raise Broken(
            f"its base interpreter's standard library ({library}) is not found from {gone}",
            f"install Python {version.short} again, or recreate the environment",
            version,
        )
    if not base_executable:
        raise Broken(
            f"its base interpreter is gone: no {library} in {home or 'the home that pyvenv.cfg does not name'}",
            f"install Python {version.short} again, or recreate the environment",
            version,
        )
    warning = None
    if not home:
        warning = ("pyvenv.cfg names no home, by which Python knows a virtual environment", "recreate the environment")
    elif not disk.is_dir(home):
        warning = (
            f"pyvenv.cfg names a home that does not exist ({home}); the interpreter's link leads to {real}",
            "recreate the environment",
        )
    return EnvironmentLayout(
        prefix=prefix,
        python=version,
        library=library,
        executable=executable,
        base_executable=base_executable,
        base_prefix=base_prefix,
        stdlib=stdlib,
        libdir=libdir,
        system_site=configuration.get("include-system-site-packages", "true").lower() == "true",
        windows=windows,
        warning=warning,
    )


def _locate_conda(prefix: str) -> EnvironmentLayout:
    claimed = UNKNOWN_VERSION
    for name in sorted(disk.listdir(os.path.join(prefix, "conda-meta"))):
        match = _CONDA_PYTHON.match(name)
        if match:
            claimed = PythonVersion(int(match[1]), int(match[2]), int(match[3]))
    return _locate_base(prefix, claimed)


def _locate_base(prefix: str, claimed: PythonVersion) -> EnvironmentLayout:
    """An interpreter in its own prefix, with site-packages of its own."""
    windows = disk.is_file(os.path.join(prefix, "python.exe"))
    if windows:
        executable = os.path.join(prefix, "python.exe")
    else:
        executable, windows = _interpreter(prefix, claimed)
    real = disk.realpath(executable)
    library = _library(prefix, claimed, _binary_version(real), windows)
    version = _version_of(library, claimed)
    if not claimed.major:
        version = replace(version, micro=_micro(os.path.join(prefix, "include", library, "patchlevel.h")))
    stdlib, base_prefix, libdir = _standard_library(os.path.dirname(executable), real, library, windows)
    if not stdlib:
        raise Broken(
            f"it has no standard library for Python {version.short}",
            "install python in it again (conda install python, pixi install)",
            version,
        )
    return EnvironmentLayout(
        prefix, version, library, executable, real, base_prefix, stdlib, libdir, True, windows=windows, own_base=True
    )


def _micro(header: str) -> int:
    """The micro version by the interpreter's own header; 0 where it is not there."""
    try:
        match = re.search(r"#define\s+PY_MICRO_VERSION\s+(\d+)", disk.read_text(header, "replace"))
    except OSError:
        return 0
    return int(match[1]) if match else 0


def _claimed_version(configuration: dict[str, str]) -> PythonVersion:
    """What pyvenv.cfg says: `version_info` (virtualenv, uv) or `version` (venv)."""
    numbers = re.findall(r"\d+", configuration.get("version_info") or configuration.get("version") or "")[:3]
    if len(numbers) < 2:
        return UNKNOWN_VERSION
    implementation = configuration.get("implementation", "CPython")
    name = "PyPy" if implementation.lower() == "pypy" else "CPython"
    return PythonVersion(int(numbers[0]), int(numbers[1]), int(numbers[2]) if len(numbers) > 2 else 0, name)


def _interpreter(prefix: str, claimed: PythonVersion) -> tuple[str, bool]:
    """The environment's interpreter, and whether the layout is that of Windows; raises Broken."""
    dangling = ""
    for folder, names in _SCRIPTS:
        for name in names:
            path = os.path.join(prefix, folder, name)
            if disk.is_file(path):
                return path, folder == "Scripts"
            if not dangling and disk.is_link(path):
                dangling = path
    if dangling:
        raise Broken(
            f"its interpreter {os.path.relpath(dangling, prefix)} is a dangling link: {_first_missing(dangling)} is "
            "gone",
            (
                f"install Python {claimed.short} again, or recreate the environment"
                if claimed.major
                else "recreate the environment"
            ),
            claimed,
        )
    raise Broken("it has no interpreter (no bin/python)", "recreate the environment", claimed)


def _first_missing(link: str) -> str:
    """Where a chain of links ends in nothing."""
    for _ in range(40):  # the limit of Linux for a chain
        if not disk.is_link(link):
            break
        link = os.path.normpath(os.path.join(os.path.dirname(link), disk.readlink(link)))
    return link


def _binary_version(real: str) -> tuple[str, tuple[int, int] | None, str]:
    """Implementation, (major, minor) and "t" of an interpreter by its file's name, or by a sibling link to it."""
    match = _VERSIONED.match(os.path.basename(real))
    if match is None:
        match = _versioned_sibling(real)
    if match is None:
        return "", None, ""
    implementation = "PyPy" if match[1].lower() == "pypy" else "CPython"
    return implementation, (int(match[2]), int(match[3])), match[4]


def _versioned_sibling(real: str) -> re.Match[str] | None:
    """The one `pythonX.Y` beside an unversioned binary that is the same file."""
    folder = os.path.dirname(real)
    try:
        names = [match for match in map(_VERSIONED.match, sorted(disk.listdir(folder))) if match]
        same = [match for match in names if disk.same_file(os.path.join(folder, match[0]), real)]
    except OSError:
        return None  # the folder changed meanwhile, or is not readable: pyvenv.cfg has to do
    return same[0] if len(same) == 1 else None


def _library(
    prefix: str, claimed: PythonVersion, binary: tuple[str, tuple[int, int] | None, str], windows: bool
) -> str:
    """The name of the library folder: of lib's subfolders the one that fits the interpreter."""
    implementation, own, threaded = binary
    wanted = (claimed.major, claimed.minor) if claimed.major else own
    if windows:
        major, minor = wanted or (0, 0)
        return f"python{major}.{minor}"
    # That there is none is said below: there is no site-packages.
    present = [match for match in map(_LIBRARY.match, disk.names_in(os.path.join(prefix, "lib"))) if match]
    present = [match for match in present if disk.is_dir(os.path.join(prefix, "lib", match[0], "site-packages"))]
    if wanted is not None:
        present = [match for match in present if (int(match[2]), int(match[3])) == wanted]
    if len(present) > 1:
        kind = "pypy" if implementation == "PyPy" else "python"
        present = [match for match in present if match[1] == kind and match[4] == threaded]
    if not present:
        says = f"python{wanted[0]}.{wanted[1]}" if wanted else "pythonX.Y"
        raise Broken(f"it has no lib/{says}/site-packages", "recreate the environment", claimed)
    return str(present[0][0])


def _version_of(library: str, claimed: PythonVersion) -> PythonVersion:
    match = _LIBRARY.match(library)
    if match is None:
        return claimed
    major, minor = int(match[2]), int(match[3])
    micro = claimed.micro if (claimed.major, claimed.minor) == (major, minor) else 0
    return PythonVersion(major, minor, micro, "PyPy" if match[1] == "pypy" else "CPython")


def _base_executable(configuration: dict[str, str], library: str, version: PythonVersion) -> str:
    """The base interpreter of an environment whose own is a copy; "" if there is none any more."""
    home = configuration.get("home", "")
    names = (library, f"{library}.exe", f"python{version.major}", "python", "python.exe", "pypy3", "pypy3.exe")
    candidates = [configuration.get("base-executable", ""), configuration.get("executable", "")]
    candidates += [os.path.join(home, name) for name in names if home]
    for candidate in candidates:
        if candidate and disk.is_file(candidate):
            real = disk.realpath(candidate)
            known = _binary_version(real)[1]
            if known is None or known == (version.major, version.minor):
                return real
    return ""


def _standard_library(home: str, executable: str, library: str, windows: bool) -> tuple[str, str, str]:
    """Folder of the standard library, the base prefix and the name of its library folder, by getpath's walk upwards.

    The walk starts at `home`; if nothing is there, at the real interpreter, whose compiled-in prefix it usually is.
    """
    starts = [home, os.path.dirname(executable)] if not library.startswith("pypy") else [os.path.dirname(executable)]
    for start in starts:
        folder = start
        while folder:
            if windows:
                if disk.is_file(os.path.join(folder, "Lib", "os.py")):
                    return os.path.join(folder, "Lib"), folder, "Lib"
            else:
                for libdir in ("lib", "lib64"):
                    stdlib = os.path.join(folder, libdir, library)
                    if disk.is_file(os.path.join(stdlib, "os.py")):
                        return stdlib, folder, libdir
            parent = os.path.dirname(folder)
            folder = parent if parent not in (folder, os.sep) else ""  # getpath never looks into / itself
    return "", "", ""
