"""isort, then black, on one read of a file: bytes in, bytes out."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pyfmt.core.cells import CellPlace
from pyfmt.core.errors import ConfigError
from pyfmt.core.model import Project, ToolConfig
from pyfmt.tools.black import adapter as black
from pyfmt.tools.isort import adapter as isort
from pyfmt.tools.black.adapter import BlackSettings, SourceFault
from pyfmt.tools.black.newer import Find, NotChecked
from pyfmt.tools.isort.adapter import IsortSettings
from pyfmt.tools.program.formatter import RefusedError

_DETAIL_LINES = 20
_BRACKETS = re.compile(rb"[][(){}]")
_DEEPEST = 200  # brackets within each other: MAXLEVEL of CPython's tokenizer


@dataclass(frozen=True, slots=True)
class FormatSettings:
    """What the formatters' answer for a project depends on besides the text; None for a tool that is not wanted."""

    isort: IsortSettings | None
    black: BlackSettings | None

    def wanted(self) -> set[str]:
        """The names of the tools that are wanted."""
        return {name for name, settings in (("isort", self.isort), ("black", self.black)) if settings is not None}

    def has_releases(self) -> bool:
        """Whether one of the tools runs as a program, since its release is chosen."""
        return any(each is not None and each.config.release for each in (self.isort, self.black))


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """A place that cannot be parsed; 1-based, the column in characters."""

    line: int
    column: int | None
    message: str
    cell: CellPlace | None = None  # in a notebook


@dataclass(frozen=True, slots=True)
class ToolFault:
    """A tool that failed on a file: it changed nothing."""

    tool: str
    reason: str  # one line
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FormatResult:
    """What came of one text.

    `data` is None where nothing changes, or where black refuses the text. `settled` is False where the tools would
    change the result again, or where one of them did not finish.
    """

    data: bytes | None = None
    tools: tuple[str, ...] = ()  # which changed it
    syntax: SyntaxFault | None = None
    faults: tuple[ToolFault, ...] = ()
    excluded: tuple[str, ...] = ()  # tools whose own configuration leaves the file out

    @property
    def settled(self) -> bool:
        """Whether the result needs no further change and every tool has had its say."""
        return self.syntax is None and not self.faults


def settings_for(
    project: Project | None, root: Path, configs: Sequence[ToolConfig], newer: Find | None = None
) -> FormatSettings:
    """The settings for a project's files with the wanted tools' configs; without a project only those of the root."""
    found = project if project is not None else Project(name="", path=".")
    by_tool = {config.tool: config for config in configs}
    sorting, styling = by_tool.get("isort"), by_tool.get("black")
    names = (tuple(found.import_roots), tuple(found.first_party))
    return FormatSettings(
        isort=IsortSettings(sorting, str(root), found.path, *names) if sorting is not None else None,
        black=BlackSettings(styling, str(root), found.requires_python, newer) if styling is not None else None,
    )


def prepare(settings: FormatSettings) -> tuple[str, ...]:
    """Import the tools and read their configuration; what they said about it. Raises ConfigError."""
    said: tuple[str, ...] = ()
    if settings.isort is not None:
        isort.load(settings.isort)
        said += isort.notes(settings.isort.config)
    if settings.black is not None:
        said += black.load(settings.black).notes
    return said


def format_bytes(data: bytes, path: str | None, settings: FormatSettings) -> FormatResult:
    """What `isort` and then `black` would write for `data`; raises ConfigError only.

    `path` is relative to the root; it decides about stubs and about what the tools' configurations leave out. None:
    text without a name. What black refuses is left as it is, by isort too: it may be a template, hold merge marks or be
    no Python 3, of which isort alone would make something else. Where isort fails, black still runs. Where isort would
    change black's result again, both run once more, and only a result that both accept is taken; otherwise it is the
    first one, with a fault that says so.
    """
    wanted, excluded = taken(path, settings)
    if wanted.isort is None and wanted.black is None:
        return FormatResult(excluded=excluded)
    impossible = decoding_fault(data) or nesting_fault(data)
    if impossible is not None:
        return FormatResult(syntax=impossible, excluded=excluded)
    return replace(run_chain(data, ToolChain(path, wanted, settings.black is None)), excluded=excluded)


def run_chain(data: bytes, calls: ToolChain) -> FormatResult:
    """What the tools of a chain make of a text together; see `format_bytes`."""
    ordered = calls.sort(data)
    styled = calls.style(ordered.data)
    before = styled.syntax
    if styled.syntax is not None and ordered.data != data:
        original = calls.style(data)
        if original.syntax is None and original.fault is None:  # fine until isort changed it: never write that
            ordered, styled = ToolResult(data, fault=_broken_by_isort(styled.syntax)), original
        before = original.syntax or styled.syntax
    faults = [step.fault for step in (ordered, styled) if step.fault is not None]
    refused = before is not None or styled.fault is not None
    final = data if refused else styled.data
    if calls.settings.isort is not None and not faults and before is None:
        if final != data:
            final, unsettled = _settle(final, calls)
            faults += unsettled
        elif ordered.data != data:  # black takes back what isort does: what is there is no text that both accept
            faults.append(_disagreement(data, calls))
    changed = (("isort", ordered.data != data), ("black", styled.data != ordered.data))
    return FormatResult(
        data=final if final != data else None,
        tools=tuple(tool for tool, by_it in changed if by_it) if final != data else (),
        syntax=before,
        faults=tuple(faults),
    )


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What one tool made of a text: the same text where it failed."""

    data: bytes
    syntax: SyntaxFault | None = None
    fault: ToolFault | None = None


@dataclass(frozen=True, slots=True)
class ToolChain:
    """The tools for one file. `check_alone`: isort, which takes any text, is the only one that was asked for."""

    path: str | None
    settings: FormatSettings
    check_alone: bool

    def sort(self, data: bytes) -> ToolResult:
        """isort, if it is wanted."""
        settings = self.settings.isort
        if settings is None:
            return ToolResult(data)
        return self._made(settings, data, lambda: isort.sort(data, self.path, settings))

    def style(self, data: bytes) -> ToolResult:
        """black, if it is wanted; its parser, if isort is alone and would say nothing about text that is no Python."""
        settings = self.settings.black
        if settings is not None:
            return self._made(settings, data, lambda: black.reformat(data, self.path, settings))
        return ToolResult(data, syntax=self._parsed(data)) if self.check_alone else ToolResult(data)

    def _made(self, settings: IsortSettings | BlackSettings, data: bytes, call: Callable[[], bytes]) -> ToolResult:
        """What a tool makes of a text, as far as `ahead` has not asked for it: by the call, or its chosen release."""
        tool, path = settings.config.tool, self.path or "-.py"
        known = _AHEAD.get((tool, path, data))
        if known is not None:
            return known
        if settings.config.release is None:
            return guarded(tool, data, call)
        return _released({path: data}, settings)[path]

    def _parsed(self, data: bytes) -> SyntaxFault | None:
        """Where the text cannot be parsed; CPython is asked first, since black's parser is slow to import and to
        run."""
        fault = None if _compiles(data) else black.syntax_fault(data)
        return SyntaxFault(fault.line, fault.column, fault.message) if fault is not None else None


# By tool, path and text what comes of it, in this process: see `ahead`.
_AHEAD: dict[tuple[str, str, bytes], ToolResult] = {}


def ahead(files: Mapping[str, bytes], settings: FormatSettings) -> None:
    """Have releases that are chosen format many files in few calls, before `format_bytes` asks for each: by isort, by
    black, and by isort again, which must agree. Raises ConfigError."""
    _AHEAD.clear()
    both = settings.isort is not None and settings.black is not None
    steps = (settings.isort, settings.black, settings.isort if both else None)
    left_out = {path: taken(path, settings)[1] for path in files}
    texts = {path: data for path, data in files.items() if not (decoding_fault(data) or nesting_fault(data))}
    for step in steps:
        if step is None:
            continue
        tool = step.config.tool
        todo = {path: data for path, data in texts.items() if tool not in left_out[path]}
        if step.config.release is not None:
            done = _released({path: data for path, data in todo.items() if (tool, path, data) not in _AHEAD}, step)
        else:
            chains = {path: ToolChain(path, settings, False) for path in todo}
            done = {
                path: chain.sort(todo[path]) if step is settings.isort else chain.style(todo[path])
                for path, chain in chains.items()
            }
        _AHEAD.update({(tool, path, todo[path]): result for path, result in done.items()})
        texts |= {path: _AHEAD[tool, path, data].data for path, data in todo.items()}


def _released(files: Mapping[str, bytes], settings: IsortSettings | BlackSettings) -> dict[str, ToolResult]:
    from pyfmt.tools.releases import made  # deferred: only where one is chosen

    def taken_in(found: bytes | Exception) -> bytes:
        if isinstance(found, Exception):
            raise found
        return found

    found = made(files, settings) if files else {}
    return {path: guarded(settings.config.tool, data, partial(taken_in, found[path])) for path, data in files.items()}


def _compiles(data: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def guarded(tool: str, data: bytes, call: Callable[[], bytes]) -> ToolResult:
    """Run a tool; whatever it raises is an answer."""
    try:
        return ToolResult(call())
    except ConfigError:
        raise
    except MemoryError:  # see runner/processes.py: limit_memory
        return ToolResult(data, fault=ToolFault(tool, "it takes more memory than a process may have"))
    except SourceFault as fault:
        return ToolResult(data, syntax=SyntaxFault(fault.line, fault.column, fault.message))
    except NotChecked as error:
        return ToolResult(data, fault=ToolFault(tool, str(error)))
    except RefusedError as error:
        first, _, rest = str(error).partition("\n")
        return ToolResult(data, fault=ToolFault(tool, first, rest))
    except Exception as error:  # pylint: disable=broad-exception-caught  # a tool's crash must not end the run
        first, _, rest = (str(error).strip() or type(error).__name__).partition("\n")
        frames = "".join(traceback.format_exception(error)).rstrip().splitlines()[-_DETAIL_LINES:]
        named = first if first.startswith(("cannot", "INTERNAL ERROR")) else f"{type(error).__name__}: {first}"
        return ToolResult(data, fault=ToolFault(tool, named, rest.strip() or "\n".join(frames)))


def _broken_by_isort(fault: SyntaxFault) -> ToolFault:
    reason = f"its result could not be parsed ({fault.message}, line {fault.line}), so it was not taken"
    return ToolFault(
        "isort", reason, "add `# isort: skip_file`, or `# isort: off` around the place, and report it to isort"
    )


def _settle(styled: bytes, calls: ToolChain) -> tuple[bytes, list[ToolFault]]:
    """A text that isort and black both accept, looked for once more; else `styled`, with the reason."""
    again = calls.sort(styled)
    if again.data == styled and again.fault is None:
        return styled, []
    second = calls.style(again.data)
    if second.syntax is None and second.fault is None and calls.sort(second.data) == ToolResult(second.data):
        return second.data, []
    return styled, [_disagreement(styled, calls)]


def _disagreement(styled: bytes, calls: ToolChain) -> ToolFault:
    """Which of isort's settings keeps the two from a text that both accept: one that is enough, else all that might."""
    sorting, styling = calls.settings.isort, calls.settings.black
    assert sorting is not None and styling is not None, "one tool alone agrees with itself"
    mode = black.load(styling).mode
    rivals = isort.layout_against(sorting, mode.line_length)
    for name, have, value in rivals:
        alone = replace(sorting, instead=((name, value),))
        chain = replace(calls, settings=replace(calls.settings, isort=alone))
        final = chain.style(chain.sort(styled).data)
        if chain.sort(final.data) == final:
            rivals = ((name, have, value),)
            break
    length = f"its `line-length = {mode.line_length}`"
    fights = [
        f"isort by `{name} = {have}`, black by {length if name == 'line_length' else 'its style'}"
        for name, have, _ in rivals
    ]
    long = [] if fights else _lines_too_long(styled, calls)
    fights += [f"isort keeps `{line}` in one line, black does not" for line in long[:2]]
    fights += [f"and {len(long) - 2} more"] if len(long) > 2 else []
    told = f" ({'; '.join(fights)})" if fights else ""
    reason = f"isort and black do not agree: each would change what the other wrote{told}"
    cures = " and ".join(f"`{name} = {str(value).lower()}`" for name, _, value in rivals)
    if long:
        return ToolFault("isort", reason, f"end {'that line' if len(long) == 1 else 'each of them'} with `# fmt: skip`")
    return ToolFault("isort", reason, f"give isort {cures}" if cures else "")


def _lines_too_long(styled: bytes, calls: ToolChain) -> list[str]:
    """Imports with a comment that isort keeps in one line whatever its length, if the two agree without these."""
    lines = calls.sort(styled).data.splitlines(keepends=True)  # bytes: the file may be in any encoding
    apart = {line for line in lines if b"#" in line}.difference(styled.splitlines(keepends=True))
    ends = [line[len(line.rstrip(b"\r\n")) :] for line in lines]
    skipped = (
        line.removesuffix(end) + b"  # fmt: skip" * (line in apart) + end for line, end in zip(lines, ends, strict=True)
    )
    final = calls.style(calls.sort(b"".join(skipped)).data)
    agreed = bool(apart) and calls.sort(final.data) == final
    return sorted(line.decode("utf-8", "replace").strip() for line in apart) if agreed else []


def taken(path: str | None, settings: FormatSettings) -> tuple[FormatSettings, tuple[str, ...]]:
    """The settings without the tools whose own configuration leaves the file out, and the names of these."""
    if path is None:
        return settings, ()
    sorting, styling = settings.isort, settings.black
    excluded = []
    if sorting is not None and isort.is_skipped(path, sorting):
        sorting = None
        excluded.append("isort")
    if styling is not None and black.is_excluded(path, styling):
        styling = None
        excluded.append("black")
    return FormatSettings(sorting, styling), tuple(excluded)


def decoding_fault(data: bytes) -> SyntaxFault | None:
    """Why Python could not decode the bytes (PEP 263: cookie, byte order mark, else UTF-8); None where it can."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as inner:
            if "unknown encoding" not in str(error):  # no cookie says otherwise, and the first lines are no UTF-8
                return _undecodable(data, inner.start, f"cannot be decoded as utf-8: {inner.reason}")
        return SyntaxFault(1 if b"coding" in data.split(b"\n", 1)[0] else 2, 1, str(error))
    try:
        data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:  # LookupError: a codec that is no text encoding, e.g. "hex"
        if isinstance(error, UnicodeDecodeError):
            return _undecodable(data, error.start, f"cannot be decoded as {encoding}: {error.reason}")
        return SyntaxFault(1 if b"coding" in data.split(b"\n", 1)[0] else 2, 1, str(error))
    return None


def nesting_fault(data: bytes) -> SyntaxFault | None:
    """Where brackets are nested more deeply than Python takes, for which isort and black would need hours."""
    depth = 0
    for found in _BRACKETS.finditer(data):
        depth += 1 if found[0] in b"([{" else -1
        if depth > _DEEPEST:
            break
    else:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)  # what was counted may stand in strings
    except SyntaxError as error:
        return SyntaxFault(error.lineno or 1, error.offset or 1, error.msg)
    except (ValueError, RecursionError, MemoryError):
        return SyntaxFault(1, 1, "its code is nested too deeply")
    return None


def _undecodable(data: bytes, start: int, message: str) -> SyntaxFault:
    before = data[:start]
    line_start = before.rfind(b"\n") + 1
    return SyntaxFault(before.count(b"\n") + 1, len(before[line_start:].decode("utf-8", "replace")) + 1, message)
