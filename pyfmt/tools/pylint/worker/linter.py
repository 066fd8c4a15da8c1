"""pylint's linter, made to answer with values: what it says, with final places, and what it could not do.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from astroid.builder import AstroidBuilder, open_source_file
from astroid.exceptions import AstroidError
from astroid.manager import AstroidManager
from pylint.config import config_file_parser
from pylint.config.config_initialization import _config_initialization
from pylint.lint import pylinter
from pylint.lint import run as pylint_run
from pylint.lint.base_options import _make_run_options
from pylint.lint.expand_modules import _is_ignored_file
from pylint.lint.utils import augmented_sys_path
from pylint.reporters.collecting_reporter import CollectingReporter
from pylint.reporters.progress_reporters import ProgressReporter
from pylint.typing import FileItem

# What pyfmt decides, whatever the shared configuration says: none of these changes what is found.
FORCED = ("--jobs=1", "--persistent=n", "--score=n", "--reports=n", "--recursive=n", "--output-format=text")

CRASHES = ("F0001", "F0002")
SYNTAX = ("E0001", "F0010")
_UNKNOWN = "from typing import Any\ndef __getattr__(name: str) -> Any: ...\n"

# Absolute path to the module's name and the Python text of each notebook; nobody imports one.
NOTEBOOKS: dict[str, tuple[str, str]] = {}


class SaidMessage(NamedTuple):
    """A message, and where it comes from."""

    message: Any
    in_bytes: bool  # whether its columns count bytes
    of_tree: bool  # whether it was said of the file's tree; else of its text


class ConfigBroken(Exception):
    """The shared configuration cannot be read, so that nothing was linted; the text says why."""


class RecordingLinter(pylinter.PyLinter):
    """A linter that keeps its messages, leaves out what may not run, and knows the units of its columns."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        self.said: list[SaidMessage] = []
        self.notes: list[str] = []
        self.crashes: dict[str, str] = {}  # absolute path -> traceback
        self.trusted = False
        self.names: Any = None  # ModuleNames of the project
        self.quiet = False
        self.walking = False  # through a tree
        self.text_only: frozenset[str] = frozenset()  # absolute paths of files whose trees are not linted
        self._light: list[Any] = []  # their trees, of which nothing is inferred
        self.left_out: list[str] = []  # plugins
        self.limits: Any = None
        self._effects: Any = None
        super().__init__(*arguments, **keywords)

    def load_plugin_modules(self, modnames: Iterable[str], force: bool = False) -> None:
        """Load pylint's own extensions always, other plugins from the environment only if it is trusted."""
        own = [name for name in modnames if name.partition(".")[0] == "pylint"]
        super().load_plugin_modules(own, force)
        for name in modnames:
            if name in own or not name:
                continue
            if self.trusted:
                self._load_foreign(name, force)
            else:
                self._leave_out(name, "the environment is not trusted to run code")

    def _load_foreign(self, name: str, force: bool) -> None:
        try:
            super().load_plugin_modules([name], force)
        except Exception as error:  # pylint: disable=broad-exception-caught  # its code is not ours
            self._leave_out(name, f"it cannot be loaded ({type(error).__name__}: {error})")
            return
        if isinstance(self._dynamic_plugins.get(name), ModuleNotFoundError):
            self._leave_out(name, f"it is not installed there ({self._dynamic_plugins[name]})")

    def _leave_out(self, name: str, why: str) -> None:
        self._dynamic_plugins.pop(name, None)
        self.left_out.append(name)
        self.notes.append(f"pylint plugin {name} left out: {why}")

    def _load_reporters(self, reporter_names: str) -> None:
        """Keep the reporter that collects: a configured output format may open files."""

    def _add_one_message(self, message_definition: Any, line: Any, node: Any, *others: Any) -> None:
        """Note whether the place comes from a tree (UTF-8 bytes) or from tokens (characters)."""
        if self.quiet:
            return
        before = len(self.reporter.messages)
        super()._add_one_message(message_definition, line, node, *others)
        new = self.reporter.messages[before:]
        self.said += [SaidMessage(message, node is not None, self.walking) for message in new]

    def _check_astroid_module(self, node: Any, walker: Any, rawcheckers: Any, tokencheckers: Any) -> bool | None:
        """Note what is said of the tree, and leave out that of a file whose text alone is linted."""
        walk: Any = _TreeWalk(self, None if node in self._light else walker)
        return super()._check_astroid_module(node, walk, rawcheckers, tokencheckers)

    def lint(self, files: Sequence[str], others: Sequence[str], wide: Any, effects: Any, parts: Any) -> None:
        """Lint `files` as `PyLinter.check` would lint them together with `others`, which only feed `wide`; of those of
        them in `text_only` the text is linted.

        Paths are relative to the working folder, as `ignore-paths` is meant to see them. `parts`: see `parts.py`.
        """
        self.initialize()
        self._effects = effects
        with augmented_sys_path(self.search_path([*files, *others])):
            every = self._items(sorted([*files, *others]))
            linted = {os.path.abspath(file) for file in files}
            built = linted | {os.path.abspath(file) for file in effects.needed(files, others)}
            items = [item for item in every if os.path.abspath(item.filepath) in built]
            names = {item.name: item.filepath for item in reversed(every)}
            effects.wait({os.path.abspath(path): name for name, path in names.items()})
            _first_of_a_name(names)
            progress = ProgressReporter(False)
            with self._astroid_module_checker() as check:
                trees = self._get_asts(effects.building(items), None, progress)
                chosen = {item: tree for item, tree in trees.items() if os.path.abspath(item.filepath) in linted}
                for share in parts.share(chosen):
                    self._lint_files(share, check, progress)
                self._lint_files(self._texts(every, wide.tree), check, progress)
            if wide.wanted:
                self.quiet = True  # these files are not reported
                wide.add_context(item for item in every if os.path.abspath(item.filepath) not in linted)
                self.quiet = False

    def _lint_file(self, file: FileItem, module: Any, check_astroid_module: Any) -> None:
        """Tell the effects of it first."""
        if module not in self._light:
            self._effects.linting(file.filepath)
        with self.limits.at(os.path.abspath(file.filepath)):
            super()._lint_file(file, module, check_astroid_module)

    def _texts(self, items: Iterable[FileItem], light_tree: Any) -> dict[FileItem, Any]:
        """The trees of files whose text alone is linted, for the places of their comments."""
        chosen = [item for item in items if os.path.abspath(item.filepath) in self.text_only]
        trees = {item: light_tree(item) for item in chosen}
        self._light = [tree for tree in trees.values() if tree is not None]
        return {item: tree or self.get_ast(item.filepath, item.name) for item, tree in trees.items()}

    def _items(self, files: Iterable[str]) -> list[FileItem]:
        """What pylint's `_iterate_file_descrs` makes of files, but each by the name that it is imported by."""
        config = self.config
        ignored = (config.ignore, config.ignore_patterns, self._ignore_paths)
        chosen = (file for file in files if not _is_ignored_file(file, *ignored))
        return [FileItem(name, os.path.normpath(file), name) for file in chosen for name in (self._name(file),)]

    def _name(self, file: str) -> str:
        notebook = NOTEBOOKS.get(os.path.abspath(file))
        return notebook[0] if notebook else str(self.names.name(file))

    def get_ast(self, filepath: str, modname: str, data: str | None = None) -> Any:
        """The tree of a file, of a notebook that of its cells."""
        notebook = NOTEBOOKS.get(os.path.abspath(filepath))
        return super().get_ast(filepath, modname, notebook[1] if notebook else data)

    def search_path(self, files: Iterable[str]) -> list[str]:
        """The folders that go before `sys.path` for `files`: what they are imported from."""
        return list(self.names.search_path(files))


class _TreeWalk:
    """A walk of pylint's through a tree, during which what is said is of the tree; `walker` None: there is none."""

    def __init__(self, linter: RecordingLinter, walker: Any) -> None:
        self._linter = linter
        self._walker = walker

    def walk(self, module: Any) -> None:
        """Walk through a module."""
        if self._walker is not None:
            self._linter.walking = True
            try:
                self._walker.walk(module)
            finally:
                self._linter.walking = False


def _first_of_a_name(files: dict[str, str]) -> None:
    """Let a module's name mean the first of the project's files that has it, as it does where all their trees are
    built.

    With only some of them built, astroid would look for it on the search path, or take a module of the interpreter.
    """
    original = AstroidManager.ast_from_module_name

    def ast_from_module_name(this: Any, modname: str | None, *others: Any, **options: Any) -> Any:
        if modname in files and modname not in this.astroid_cache:
            with contextlib.suppress(AstroidError):
                this.ast_from_file(files.pop(modname), modname, source=True)
        return original(this, modname, *others, **options)

    setattr(AstroidManager, "ast_from_module_name", ast_from_module_name)


def new_linter() -> RecordingLinter:
    """A linter with pylint's own checkers, not configured yet; pylint must be importable while it is made."""
    run = pylint_run.Run.__new__(pylint_run.Run)
    run._rcfile, run._output, run._plugins, run.verbose = None, None, [], False
    run.linter = linter = RecordingLinter(_make_run_options(run), CollectingReporter(), pylint_run.Run.option_groups)
    linter.load_default_plugins()
    return linter


def configure(linter: RecordingLinter, rcfile: str, py_version: str | None, trusted: bool) -> None:
    """Configure a new linter by `rcfile` for the working folder; raises ConfigBroken with what pylint says of it.

    `py_version` ("3.10") counts only if the file does not set one.
    """
    linter.trusted = trusted
    reporter = CollectingReporter()  # a new one, since it strips the working folder from paths
    linter.set_reporter(reporter)
    output = io.StringIO()
    try:
        with _own_config(linter, py_version), contextlib.redirect_stderr(output), contextlib.redirect_stdout(output):
            _config_initialization(linter, list(FORCED), reporter, config_file=rcfile)
    except SystemExit as error:
        raise ConfigBroken(output.getvalue().strip() or f"pylint ends with {error.code}") from error
    except Exception as error:
        raise ConfigBroken(f"{type(error).__name__}: {error}") from error
    linter.config.jobs, linter.config.from_stdin = 1, False
    _restrain(linter)


def set_source_roots(linter: RecordingLinter, names: Any) -> None:
    """Make a project's import roots pylint's `source-roots`; `names` are its ModuleNames."""
    asked = [os.path.relpath(root) for root in linter.config.source_roots if os.path.abspath(root) not in names.roots]
    if asked:
        where = ", ".join(f"`{root}`" for root in sorted(asked))
        linter.notes.append(f"pylint's source-roots are the project's import roots, of which {where} is none")
    linter.names, linter.config.source_roots = names, names.roots


@contextlib.contextmanager
def deep_recursion() -> Any:
    """Give pylint the depth that it has as a command: where inference gives up must not depend on our own frames."""
    frame: Any = sys._getframe()
    depth = 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    sys.setrecursionlimit(sys.getrecursionlimit() + depth)
    yield


@contextlib.contextmanager
def _own_config(linter: RecordingLinter, py_version: str | None) -> Iterator[None]:
    """While open, configuration files are read without their `init-hook` (unless trusted), and with `py_version`."""
    parser = config_file_parser._ConfigurationFileParser
    original = parser.parse_config_file

    def parse(self: Any, file_path: Path | None) -> tuple[dict[str, str], list[str]]:
        data, arguments = original(self, file_path)
        if "init-hook" in data and not linter.trusted:
            del data["init-hook"]
            place = arguments.index("--init-hook")
            del arguments[place : place + 2]
            linter.notes.append("pylint's init-hook was not run: the environment is not trusted to run code")
        if py_version and "py-version" not in data:
            arguments = [*arguments, "--py-version", py_version]
        return data, arguments

    setattr(parser, "parse_config_file", parse)
    try:
        yield
    finally:
        setattr(parser, "parse_config_file", original)


def _restrain(linter: RecordingLinter) -> None:
    """Import no compiled modules of an environment that is not trusted, whatever the configuration asks for."""
    config = linter.config
    names = sorted({*config.extension_pkg_allow_list, *config.extension_pkg_whitelist})
    if linter.trusted or not (names or config.unsafe_load_any_extension):
        return
    config.extension_pkg_allow_list, config.extension_pkg_whitelist = (), ()
    config.unsafe_load_any_extension = False
    asked = ", ".join(names) or "unsafe-load-any-extension"
    linter.notes.append(f"pylint did not import compiled modules ({asked}): the environment is not trusted to run code")


def keep_out(linter: RecordingLinter, without: Sequence[str], root: str, limits: Any) -> None:
    """Let files of the checkout say when they are read or linted (`limits.py`), and those of `without` be modules of
    which nothing is known; paths are absolute."""
    linter.limits = limits
    original, inside = AstroidBuilder.file_build, os.path.join(root, "")

    def file_build(this: Any, path: str, modname: str | None = None) -> Any:
        if path in without:
            return this.string_build(_UNKNOWN, modname or "", path)
        if not path.startswith(inside):
            return original(this, path, modname)
        with limits.at(path):
            return original(this, path, modname)

    setattr(AstroidBuilder, "file_build", file_build)


def keep_tracebacks(linter: RecordingLinter) -> None:
    """Take pylint's crash reports for `linter.crashes`, where pylint would write a file into the user's home."""

    def keep(error: Exception, filepath: str, crash_file_path: str) -> Path:
        del crash_file_path
        if isinstance(error.__cause__ or error, MemoryError) and linter.limits.exhausted():
            raise MemoryError from error  # nothing else can be linted in this process
        linter.crashes[os.path.abspath(filepath)] = traceback.format_exc()
        return Path("the failure's detail")

    setattr(pylinter, "prepare_crash_report", keep)


def place(message: Any, in_bytes: bool) -> dict[str, Any]:
    """Line and columns of a message: 1-based, in characters, within the line, the end exclusive; None if unknown.

    pylint counts columns from 0, in UTF-8 bytes where they come from a tree and in characters where they come from
    tokens; those of a syntax error come from CPython, which counts characters from 1.
    """
    text = _lines(message.abspath or "")
    line, start, end_line, end = message.line, message.column, message.end_line, message.end_column
    if message.msg_id in SYNTAX and not in_bytes:
        start = max(start - 1, 0)
    place_of = _from_bytes if in_bytes else _from_characters
    return {
        "line": line,
        "column": place_of(text, line, start),
        "end_line": end_line,
        "end_column": None if end_line is None or end is None else place_of(text, end_line, end),
    }


def _from_bytes(text: Sequence[str], line: int, column: int) -> int:
    if not 1 <= line <= len(text):
        return column + 1
    return len(text[line - 1].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore")) + 1


def _from_characters(text: Sequence[str], line: int, column: int) -> int:
    if not 1 <= line <= len(text):
        return column + 1
    return min(column, len(text[line - 1])) + 1


def texts(linter: RecordingLinter, files: Mapping[str, str]) -> dict[str, list[list[Any]]]:
    """Of each file (by its absolute path: its name in the answer) the rule, line and column of all that was said of its
    text, and not of its tree.

    A file is not there where the two cannot be told apart, or where what is suppressed is told, too.
    """
    if any(map(linter.is_message_enabled, ("useless-suppression", "suppressed-message"))):
        return {}
    found: dict[bool, dict[str, list[list[Any]]]] = {False: {file: [] for file in files}, True: {}}
    for message, in_bytes, of_tree in linter.said:
        where = place(message, in_bytes)
        row = [message.msg_id, where["line"], where["column"]]
        found[of_tree].setdefault(os.path.abspath(message.abspath), []).append(row)
    both = {file for file, rows in found[True].items() if any(row in rows for row in found[False].get(file, ()))}
    return {name: found[False][file] for file, name in files.items() if file not in both}


@lru_cache(maxsize=8)
def _lines(path: str) -> list[str]:
    """The lines of a source file as Python's parser counts them; none if it cannot be read."""
    if path in NOTEBOOKS:
        return NOTEBOOKS[path][1].split("\n")
    try:
        stream, _, data = open_source_file(path)
        stream.close()
    except (OSError, SyntaxError, LookupError, UnicodeError):
        return []
    return str(data).split("\n")
