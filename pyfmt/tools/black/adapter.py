"""black, in process: its options from its own reader, its exclusions, and bytes in, bytes out."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyfmt import disk
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.errors import ConfigError
from pyfmt.core.model import ToolConfig
from pyfmt.tools.black import newer

# pylint: disable=no-name-in-module,c-extension-no-member  # black is compiled, pylint cannot look inside

if TYPE_CHECKING:
    import black
    from black.mode import TargetVersion

# black is imported inside the functions that need it: it costs 70 to 160 ms, and a run with nothing to format
# must not pay them.

_CURE = "mend [tool.black] in this file; `black --help` lists what it may hold"
_F_STRING = re.compile(r"(?i)\b[fr]*[ft][fr]*['\"]")


@dataclass(frozen=True, slots=True)
class BlackSettings:
    """What black's answer for a project depends on besides the text; `root` is absolute."""

    config: ToolConfig
    root: str
    requires_python: str | None = None
    newer: newer.Find | None = None  # a newer Python of this machine than the running one


@dataclass(frozen=True)
class BlackOptions:
    """black's own options, as its command line would have converted them."""

    mode: black.Mode
    fast: bool
    include: re.Pattern[str]
    excludes: tuple[re.Pattern[str], ...]
    notes: tuple[str, ...]  # what black said while it read the file


class SourceFault(Exception):
    """A text that is no Python: `line` and `column` are 1-based, columns count characters."""

    def __init__(self, line: int, column: int | None, message: str) -> None:
        super().__init__(f"{line}:{column or 0}: {message}")
        self.line = line
        self.column = column
        self.message = message


@lru_cache(maxsize=None)
def load(settings: BlackSettings) -> BlackOptions:
    """The options for a project; raises ConfigError where black itself would refuse the file.

    Read once per process: the file is not expected to change during a run.
    """
    import black  # lazy: start-up, see above
    from black.const import DEFAULT_EXCLUDES

    params, notes = _read(settings.config)

    versions = params["target_version"]
    # black also infers them from the `[project]` beside its table
    if settings.requires_python and "target-version" not in table(settings.config):
        versions = _infer(settings.requires_python) or versions
    mode = black.Mode(
        target_versions=set(versions),
        line_length=params["line_length"],
        is_pyi=params["pyi"],
        is_ipynb=False,
        skip_source_first_line=params["skip_source_first_line"],
        string_normalization=not params["skip_string_normalization"],
        magic_trailing_comma=not params["skip_magic_trailing_comma"],
        preview=params["preview"],
        unstable=params["unstable"],
        python_cell_magics=set(params["python_cell_magics"]),
        enabled_features=set(params["enable_unstable_feature"]),
    )
    default = black.re_compile_maybe_verbose(DEFAULT_EXCLUDES)
    excludes = (params["exclude"] or default, params["extend_exclude"], params["force_exclude"])
    return BlackOptions(
        mode=mode,
        fast=params["fast"],
        include=params["include"],
        excludes=tuple(pattern for pattern in excludes if pattern is not None),
        notes=notes,
    )


def _read(config: ToolConfig) -> tuple[dict[str, Any], tuple[str, ...]]:
    """black's own reading of its file: the converted parameters of its command, and what it said."""
    import black  # lazy: start-up
    import click

    said = io.StringIO()
    arguments = ["--config", config.path] if config.release is None else [*_shared(config), "--config", os.devnull]
    try:
        with contextlib.redirect_stderr(said):
            context = black.main.make_context("black", [*arguments, "-"])
    except click.ClickException as error:
        raise ConfigError(error.format_message(), config.path, _CURE) from error
    params = context.params
    version = str(vars(black)["__version__"])  # which black does not export for type checkers
    required = params["required_version"]  # which another release judges by itself
    if required and required not in (version, version.split(".", maxsplit=1)[0]):
        what = f"black {required} is required (required-version), and pyfmt runs black {version}"
        raise ConfigError(what, config.path, "install the pyfmt that pins this black, or change required-version")
    if params["enable_unstable_feature"] and not (params["preview"] or params["unstable"]):
        raise ConfigError("enable-unstable-feature requires preview", config.path, _CURE)
    notes = tuple(f"black: {line.strip()}" for line in said.getvalue().splitlines() if line.strip())
    return params, notes


def _shared(config: ToolConfig) -> list[str]:
    """The options of a configuration that all releases have: what files there are, and what isort must agree with."""
    given = table(config)
    names = ("line-length", "include", "exclude", "extend-exclude", "force-exclude")
    comma = ["--skip-magic-trailing-comma"] if given.get("skip-magic-trailing-comma") else []
    return [*comma, *(word for name in names if name in given for word in (f"--{name}", str(given[name])))]


def table(config: ToolConfig) -> dict[str, Any]:
    """The options that a configuration sets, by their names with `-`."""
    found = disk.read_toml(config.path).get("tool", {}).get("black", {})
    return {key.replace("--", "").replace("_", "-"): value for key, value in found.items()}


def _infer(requires_python: str) -> list[TargetVersion] | None:
    """black's own inference from requires-python; None where it says nothing."""
    from black.files import infer_target_version  # lazy: start-up

    return infer_target_version({"project": {"requires-python": requires_python}})


def is_excluded(path: str, settings: BlackSettings) -> bool:
    """Whether `black .`, run from the root, leaves `path` (relative to the root) out by its own configuration.

    A script without a Python suffix is taken where somebody named it, which `include` does not judge, as for black
    itself.
    What .gitignore names never comes here: the walk leaves it out for every tool, as git itself does.
    """
    options = load(settings)
    folder, _, _ = path.rpartition("/")
    if folder and _folder_excluded(folder, settings):
        return True
    if _matches(path, settings):
        return True
    named = not path.endswith((".py", ".pyi", NOTEBOOK_SUFFIX))
    return not (named or options.include.search(f"/{path}")) or _points_outside(path, settings.root)


@lru_cache(maxsize=None)
def _folder_excluded(folder: str, settings: BlackSettings) -> bool:
    parent, _, _ = folder.rpartition("/")
    return bool(parent and _folder_excluded(parent, settings)) or _matches(f"{folder}/", settings)


def _matches(shown: str, settings: BlackSettings) -> bool:
    """The rules of black.files.gen_python_files for one file or folder; `shown` has a final "/" for a folder."""
    from black.files import path_is_excluded  # lazy: start-up

    return any(path_is_excluded(f"/{shown}", pattern) for pattern in load(settings).excludes)


def _points_outside(path: str, root: str) -> bool:
    """black leaves out links that point outside the root, and what cannot be resolved."""
    from black.files import resolves_outside_root_or_cannot_stat  # lazy: start-up

    return resolves_outside_root_or_cannot_stat(Path(root, path), disk.resolved(root))


def reformat(data: bytes, path: str | None, settings: BlackSettings) -> bytes:
    """What `black` would write for `data`; the same bytes where nothing changes.

    Raises SourceFault where black cannot parse the text, and whatever black raises where it fails otherwise (its
    result is not equivalent or not stable). Syntax that is newer than the running Python is checked by a newer one;
    NotChecked where there is none.
    """
    import black.parsing  # lazy: start-up
    import black.report

    options = load(settings)
    mode = _mode_for(path, options.mode)
    # The steps of black.format_file_in_place, with its handling of the first line, encoding and line endings.
    header, body = _split_header(data, mode)
    text, encoding, newline = black.decode_bytes(body, mode)
    try:
        result = black.format_file_contents(text, fast=options.fast, mode=mode)
    except black.report.NothingChanged:
        return data
    except black.parsing.InvalidInput as error:
        if "INTERNAL ERROR" in (error.context or ""):  # black cannot parse what black wrote
            raise
        raise _fault(error, header, text) from error
    except (black.parsing.SourceASTParseError, black.parsing.ASTSafetyError) as error:
        result = _checked_elsewhere(text, header, mode, (error, settings.newer))
    return _encoded(header.decode(encoding), result, encoding, newline)


def _checked_elsewhere(text: str, header: bytes, mode: black.Mode, given: tuple[Exception, newer.Find | None]) -> str:
    """The result where the running Python is too old to check it; else raises what is wrong."""
    import black  # lazy: start-up

    error, find = given
    fault = _python_fault(text, mode)
    if fault is not None:
        raise _moved(fault, header) from error
    if _compile_error(text) is None and _compile_error(black.format_str(text, mode=mode)) is None:
        raise error
    try:
        return newer.reformat(text, mode, find)
    except newer.NewerSyntaxError as found:
        raise _moved(_from_python(found.error, text), header) from error


def _encoded(head: str, result: str, encoding: str, newline: str) -> bytes:
    """The bytes that black would write: line endings are those of the first line."""
    if newline != "\n" and head.endswith(newline):
        head = head[: -len(newline)] + "\n"
    buffer = io.BytesIO()
    with io.TextIOWrapper(buffer, encoding, newline=newline, write_through=True) as stream:
        stream.write(head + result)
        stream.flush()
        return buffer.getvalue()


def syntax_fault(data: bytes) -> SourceFault | None:
    """Where black's parser, which knows the syntax of every Python 3, refuses the text; None where it does not.

    Raises what decoding raises.
    """
    import black  # lazy: start-up
    from black.parsing import InvalidInput, lib2to3_parse

    text, _, _ = black.decode_bytes(data, black.Mode())
    try:
        lib2to3_parse(text.lstrip())
    except InvalidInput as error:
        return _fault(error, b"", text)
    return None


def _mode_for(path: str | None, mode: black.Mode) -> black.Mode:
    from dataclasses import replace  # black.Mode is a compiled dataclass

    return replace(mode, is_pyi=True) if path is not None and path.endswith(".pyi") else mode


def _split_header(data: bytes, mode: black.Mode) -> tuple[bytes, bytes]:
    if not mode.skip_source_first_line:
        return b"", data
    header = io.BytesIO(data).readline()
    return header, data[len(header) :]


def _fault(error: Any, header: bytes, text: str) -> SourceFault:
    """black's InvalidInput with its place in the whole file.

    black strips the white space at the start before it parses, and counts from there; its columns begin with 0.
    """
    lines = text.split("\n")
    stripped = text[: len(text) - len(text.lstrip())].count("\n")
    line = min((error.lineno or 1) + stripped, len(lines))
    column = min((error.column or 0) + 1, len(lines[line - 1]) + 1)
    detail = (error.details or "").strip().rsplit("\n", 1)[-1]
    kind, _, said = detail.partition(": ")
    message = f"cannot parse: {said}" if kind in ("ParseError", "TokenError") and said else "cannot parse"
    return _moved(_explained(SourceFault(line, column, message), text), header)


def _moved(fault: SourceFault, header: bytes) -> SourceFault:
    return SourceFault(fault.line + 1, fault.column, fault.message) if header else fault


def _explained(fault: SourceFault, text: str) -> SourceFault:
    """The fault in CPython's words, which are better, where it surely means the same place.

    The running Python may be older than the text and stumble over valid syntax further up: then black is right.
    """
    error = _compile_error(text)
    if error is None or not error.lineno:
        return fault
    surely = "was never closed" in error.msg or error.msg.startswith("unterminated")
    if error.lineno != fault.line and not surely:
        return fault
    return _from_python(error, text)


def _from_python(error: SyntaxError, text: str) -> SourceFault:
    lines = text.split("\n")
    line = min(max(error.lineno or 1, 1), len(lines))
    column = min(max(error.offset or 1, 1), len(lines[line - 1]) + 1)
    return SourceFault(line, column, error.msg)


def _compile_error(text: str) -> SyntaxError | None:
    import warnings  # only on the way to an error

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except SyntaxError as error:
            return error
        except (ValueError, RecursionError, MemoryError):  # null bytes before Python 3.12; nested too deeply
            return None
    return None


def _python_fault(text: str, mode: black.Mode) -> SourceFault | None:
    """The syntax error that black's lenient parser let through; None where the running Python is just too old for
    it."""
    import black  # lazy: start-up
    from black.parsing import lib2to3_parse

    error = _compile_error(text)
    if error is None:
        return None
    node = lib2to3_parse(text.lstrip(), mode.target_versions)
    # In names of black: the versions that have every feature the text uses.
    needed = black.detect_target_versions(node, future_imports=black.get_future_imports(node))
    fault = _from_python(error, text)
    # f-strings got a new grammar in 3.12 (PEP 701) that black does not count as a feature.
    doubtful = sys.version_info < (3, 12) and _F_STRING.search("\n".join(text.split("\n")[: fault.line]))
    if doubtful or not any(version.value == sys.version_info.minor for version in needed):
        return None
    return fault
