"""Site folders and their .pth files, followed as site.py does, without running their import lines."""

from __future__ import annotations

import ast
import os
import re
import stat
import sys
from dataclasses import dataclass, field
from typing import NamedTuple

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.environments.editable import HOOKS
from pyfmt.environments.layout import EnvironmentLayout

_MARKS = (".dist-info", ".egg-info", ".egg-link", ".pth", ".start", ".py")
_EGG_START = re.compile(r"^import sys; sys\.__plen = len\(sys\.path\)")
_EGG_END = re.compile(r"^import sys; new=sys\.path\[sys\.__plen:\]; del sys\.path\[sys\.__plen:\];")
# What a line, or a module that it imports, must mention to be able to change the search path.
_SUSPICIOUS = re.compile(
    r"\bsys\s*\.\s*path\b|\baddsitedir\b|\baddpackage\b|\bpath_hooks\b|\bmeta_path\b|\bfrom\s+sys\s+import\b"
    r"|\bb64decode\b|\brunpy\b|\bsetattr\s*\(|\bmarshal\b"
)
# Lines of well-known tools that leave sys.path as it is, by what only they contain (seen in their distributions).
_HARMLESS = (
    "import _virtualenv",  # virtualenv and uv: distutils configuration
    "SETUPTOOLS_USE_DISTUTILS",  # setuptools: distutils-precedence.pth
    "sys._getframe(1).f_locals['sitedir']",  # setuptools: *-nspkg.pth, extends the packages' own __path__
    "coverage.process_startup",  # coverage
    "COV_CORE_SOURCE",  # pytest-cov
)
_LARGEST = 200_000  # characters of a module that are looked at


class Mark(NamedTuple):  # a tuple, since there are thousands and a frozen dataclass takes three times as long
    """An entry of a site folder that says what is installed."""

    name: str
    mtime_ns: int
    size: int


@dataclass(frozen=True, slots=True)
class SiteFolder:
    """One listing of a site folder."""

    path: str
    names: tuple[str, ...]  # every entry, sorted
    marks: tuple[Mark, ...]  # metadata folders, .pth, single modules (finders among them); sorted by name


def scan(path: str) -> SiteFolder | None:
    """The listing of the site folder at `path`; None if there is no such folder."""
    names: list[str] = []
    marks: list[Mark] = []
    try:
        with disk.scandir(path) as entries:
            for entry in entries:
                name = entry.name
                names.append(name)
                if name.endswith(_MARKS):
                    try:
                        status = entry.stat()
                    except OSError:
                        continue  # a dangling link, an editor's lock: nothing is installed by it
                    # A folder's size depends on the file system: it is no part of what is installed.
                    size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
                    marks.append(Mark(name, status.st_mtime_ns, size))
    except OSError:
        return None  # not there, or gone meanwhile: site.py ignores it as well
    names.sort()
    marks.sort()
    return SiteFolder(path, tuple(names), tuple(marks))


@dataclass(slots=True)
class SearchPath:
    """sys.path as site.py builds it up."""

    entries: list[str]
    start_files: bool = False  # whether `.start` files count (PEP 829, Python 3.15)
    known: set[str] = field(default_factory=set)
    sites: list[SiteFolder] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)  # .pth file -> why it could not be read
    # .pth or .start file, line that may change the path
    unknown_lines: list[tuple[str, str]] = field(default_factory=list)
    plen: int = 0  # setuptools' old easy-install.pth keeps its state in sys
    egginsert: int = 0

    def __post_init__(self) -> None:
        self.known.update(map(os.path.normcase, self.entries))

    def add(self, path: str) -> None:
        """Append `path` unless it is there already."""
        key = os.path.normcase(path)
        if key not in self.known:
            self.known.add(key)
            self.entries.append(path)

    def add_site(self, path: str, skip_hidden: bool) -> None:
        """site.addsitedir: the folder, and what its .pth files name, in the order of their names."""
        folder = scan(path)
        if folder is None:
            return
        self.add(path)
        if any(site.path == path for site in self.sites):
            return
        self.sites.append(folder)
        for name in folder.names:
            if name.endswith(".pth") and not (skip_hidden and name.startswith(".")):
                self._add_pth(folder, name)
        for name in folder.names if self.start_files else ():
            if name.endswith(".start") and not name.startswith("."):
                self._add_start(folder, name)

    def replace(self, answer: tuple[str, ...]) -> None:
        """Take what the interpreter itself says instead of what was read; its site folders stay the ones known."""
        self.entries = list(answer)
        self.known = set(map(os.path.normcase, answer))
        self.unknown_lines = []

    def _lines(self, file: str) -> list[str]:
        """The lines of a .pth or .start file that say something; none of one that site.py ignores as well."""
        try:
            content = disk.read_bytes(file)
        except OSError as error:
            if disk.exists(file):  # a dangling link is nothing that could be read, such as an editor's lock
                self.unread[file] = parsing.why(error)
            return []
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
        return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]

    def _add_start(self, folder: SiteFolder, name: str) -> None:
        """The entry points `package.module:callable` that are called at start-up, after all .pth files."""
        file = os.path.join(folder.path, name)
        for line in self._lines(file):
            module, colon, function = line.strip().partition(":")
            if colon and function and not is_harmless(f"import {module}", folder):
                self.unknown_lines.append((file, line))

    def _add_pth(self, folder: SiteFolder, name: str) -> None:
        file = os.path.join(folder.path, name)
        replaced = self.start_files and f"{name.removesuffix('.pth')}.start" in folder.names
        for line in self._lines(file):
            if line.startswith(("import ", "import\t")):
                if not replaced:
                    self._import_line(folder, file, line)
                continue
            target = os.path.abspath(os.path.join(folder.path, line.rstrip()))
            if os.path.normcase(target) not in self.known and disk.exists(target):
                self.add(target)

    def _import_line(self, folder: SiteFolder, file: str, line: str) -> None:
        if _EGG_START.match(line):
            self.plen = len(self.entries)
        elif _EGG_END.match(line):
            new = self.entries[self.plen :]
            del self.entries[self.plen :]
            self.entries[self.egginsert : self.egginsert] = new
            self.egginsert += len(new)
        elif not is_harmless(line, folder):
            self.unknown_lines.append((file, line))


def is_harmless(line: str, folder: SiteFolder) -> bool:
    """Whether an import line of a .pth cannot add to sys.path, as far as its text and that of its modules tell.

    Import hooks of editable installs count as harmless: `editable.mappings` reads what they provide.
    """
    if any(sign in line for sign in _HARMLESS):
        return True
    if _SUSPICIOUS.search(line):
        return False
    try:
        tree = parsing.parse_python(line.strip())
    except (SyntaxError, ValueError):
        return True  # site.py reports the error and goes on without the rest of the file
    if _runs_unseen_code(tree):
        return False
    for module in _imported(tree):
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names or top.startswith(HOOKS):
            continue
        source = _source(folder, module)
        if source is not None and _SUSPICIOUS.search(source):
            return False
    return True


def _runs_unseen_code(tree: ast.AST) -> bool:
    """Whether there is an `exec` or `eval` of anything but a string that stands in the line itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("exec", "eval"):
            if not (node.args and isinstance(node.args[0], ast.Constant)):
                return True
    return False


def _imported(tree: ast.AST) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


def _source(folder: SiteFolder, module: str) -> str | None:
    """The start of a module's source in a site folder; "sys.path" (suspicious) for a compiled one; None if absent."""
    base = os.path.join(folder.path, *module.split("."))
    for file in (f"{base}.py", os.path.join(base, "__init__.py")):
        try:
            return disk.read_text(file, "replace")[:_LARGEST]
        except OSError:
            continue  # the next spelling
    top = module.partition(".")[0]
    compiled = any(name.startswith(f"{top}.") and name.endswith((".so", ".pyd")) for name in folder.names)
    return "sys.path" if compiled else None


def build(layout: EnvironmentLayout) -> SearchPath:
    """The search path of an environment: site.py's main(), without sitecustomize."""
    path = SearchPath([], start_files=(layout.python.major, layout.python.minor) >= (3, 15))
    for entry in layout.standard_path:
        path.add(entry)
    rules = _site_rules(layout)
    virtual = not layout.own_base
    if virtual:
        for site in _site_folders(layout, layout.prefix, rules):
            path.add_site(site, rules.skip_hidden)
    if layout.system_site:
        path.add_site(users_folder(layout), rules.skip_hidden)
        for site in _site_folders(layout, layout.base_prefix, rules):
            path.add_site(site, rules.skip_hidden)
    return path


@dataclass(frozen=True, slots=True)
class _SiteRules:
    """What differs between the site.py of different Pythons and distributions."""

    debian: bool = False  # dist-packages
    skip_hidden: bool = False  # .pth files whose name begins with a dot (security fix of 2024)


def _site_rules(layout: EnvironmentLayout) -> _SiteRules:
    """Read from the base's own site.py, since distributions patch it."""
    try:
        text = disk.read_text(os.path.join(layout.stdlib, "site.py"), "replace")
    except OSError:
        return _SiteRules(skip_hidden=layout.python.minor >= 13)
    return _SiteRules("dist-packages" in text, 'startswith(".")' in text)


def _site_folders(layout: EnvironmentLayout, prefix: str, rules: _SiteRules) -> list[str]:
    """site.getsitepackages for one prefix, in a virtual environment."""
    if layout.windows:
        return [prefix, os.path.join(prefix, "Lib", "site-packages")]
    libdirs = [layout.libdir] if layout.libdir == "lib" else [layout.libdir, "lib"]
    if not rules.debian:
        return [os.path.join(prefix, libdir, layout.library, "site-packages") for libdir in libdirs]
    # Debian's PyPy has dropped the last kind, which its CPython still has.
    old = libdirs if layout.python.implementation == "CPython" else []
    return [
        os.path.join(prefix, "lib", layout.library, "site-packages"),
        os.path.join(prefix, "local", "lib", layout.library, "dist-packages"),
        os.path.join(prefix, "lib", "python3", "dist-packages"),
        *(os.path.join(prefix, libdir, layout.library, "dist-packages") for libdir in old),
    ]


def users_folder(layout: EnvironmentLayout) -> str:
    """The user's own site folder for this Python (site.getusersitepackages)."""
    base = os.environ.get("PYTHONUSERBASE") or os.path.join(os.path.expanduser("~"), ".local")
    return os.path.join(base, "lib", layout.library, "site-packages")
