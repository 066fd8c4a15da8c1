"""Files are read through `pyfmt/disk.py`, and processes are started in few places: by the syntax trees of all modules.

A pipe, a device or a file without end holds up whoever reads it raw, and a program of the checkout runs where somebody
starts one without thinking of it. The tables hold what has a reason, and may only shrink.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pyfmt

PACKAGE = Path(pyfmt.__file__).parent
_READERS = frozenset({"open", "read_text", "read_bytes"})
_PARSERS = {"tomllib": {"load", "loads"}, "json": {"load"}, "io": {"open"}, "os": {"open"}}
_STARTERS = frozenset({"Popen", "run", "call", "check_call", "check_output", "getoutput"})

_Node = TypeVar("_Node", bound=ast.AST)

# How many of them, and why.
FILES: dict[str, tuple[int, str]] = {
    "disk.py": (1, "it is the one that reads"),
    "core/parsing.py": (1, "it is the one that parses TOML, with a bound on its depth"),
    "cache/memory.py": (1, "pyfmt's own code, for the cache's keys"),
    "cache/repeating/answering.py": (1, "the cache's own file, at start-up, where nothing else is imported"),
    "cache/repeating/witness.py": (1, "it writes the cache's own file"),
    "cache/store.py": (1, "it looks whether the cache's own file can be written"),
    "cache/tool_folders.py": (1, "locks in the cache's own folders"),
    "cli/init/__init__.py": (2, "it writes a new file, and nothing where there is one"),
    "cli/init/contents.py": (2, "what it has written itself, and what its own installation says"),
    "cli/main.py": (2, "the null device"),
    "cli/output.py": (2, "it writes reports; the null device"),
    "environments/creating/marker.py": (1, "a lock in the folder that it makes"),
    "environments/trust.py": (1, "the user's own file of what is trusted"),
    "git/staged/tree.py": (2, "a lock and a note in the cache's own folder"),
    "reports/html.py": (1, "pyfmt's own files"),
    "reports/schema.py": (1, "pyfmt's own file"),
    "run/boundaries/reading.py": (1, "pyfmt's own code, for the cache's keys"),
    "runner/answers.py": (3, "what a worker has left in the run's own folder"),
    "runner/edits.py": (3, "it is the one that writes; it has looked that it is a regular file"),
    "runner/server.py": (1, "the worker's log in the run's own folder"),
    "runner/tool_environments.py": (1, "a lock in the cache's own folder"),
}
PROCESSES: dict[str, tuple[int, str]] = {
    "cli/cluster/task.py": (1, "pyfmt itself, on a worker of a cluster"),
    "environments/ask_interpreter.py": (1, "an environment that cannot be read from disk, where it is trusted"),
    "environments/creating/installers.py": (1, "uv and pip, for `pyfmt envs create`"),
    "git_call.py": (1, "every call of git"),
    "tools/black/newer.py": (1, "a newer Python of the machine, isolated, for black's check of what it wrote"),
    "runner/processes.py": (3, "every worker, one that outlives its run too, and their end on Windows"),
}


def nodes(kind: type[_Node]) -> Iterator[tuple[str, _Node]]:
    """What is of a kind in all modules but those of workers, which import nothing of pyfmt."""
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        if "worker" not in inside.parts:
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, kind):
                    yield inside.as_posix(), node


def name_of(function: ast.expr) -> tuple[str, str]:
    """What is called: the name before the dot ("" for none, "?" for an expression), and the last one."""
    if isinstance(function, ast.Name):
        return "", function.id
    if isinstance(function, ast.Attribute):
        return function.value.id if isinstance(function.value, ast.Name) else "?", function.attr
    return "?", ""


def reads(call: ast.Call) -> bool:
    """Whether a call opens, reads or parses a file by itself."""
    before, name = name_of(call.func)
    if before in _PARSERS:
        return name in _PARSERS[before]
    if before == "":
        return name == "open"
    return name in _READERS and before not in ("disk", "self")


def starts(call: ast.Call) -> bool:
    """Whether a call starts a process other than a fork of this one."""
    before, name = name_of(call.func)
    if before == "subprocess":
        return name in _STARTERS
    return before == "os" and name.startswith(("exec", "spawn", "posix_spawn", "system", "popen"))


def counted(found: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(found).items()))


def test_files_are_read_through_disk_alone() -> None:
    found = counted(module for module, call in nodes(ast.Call) if reads(call))
    assert found == {module: count for module, (count, _) in FILES.items()}


def test_processes_are_started_in_few_places() -> None:
    found = counted(module for module, call in nodes(ast.Call) if starts(call))
    assert found == {module: count for module, (count, _) in PROCESSES.items()}


def test_no_call_hides_behind_another_name() -> None:
    """A call is seen by the name of its module alone."""
    modules = {*_PARSERS, "subprocess"}
    taken = [(at, node.module) for at, node in nodes(ast.ImportFrom) if not node.level and node.module in modules]
    renamed = [(at, name.name) for at, node in nodes(ast.Import) for name in node.names if name.asname]
    assert not taken and not [each for each in renamed if each[1] in modules]


def test_the_tables_only_shrink() -> None:
    assert len(FILES) <= 21 and sum(count for count, _ in FILES.values()) <= 30
    assert len(PROCESSES) <= 6


def test_each_way_to_read_or_start_is_seen() -> None:
    seen = """open(p); io.open(p); os.open(p, 0); p.open(); p.read_text(); (a / b).read_bytes(); tomllib.load(f)
tomllib.loads(t); json.load(f)"""
    assert all(reads(node) for node in ast.walk(ast.parse(seen)) if isinstance(node, ast.Call))
    not_seen = "disk.read_text(p); json.loads(t); webbrowser.get(p); parser.read_string(t)"
    assert not any(reads(node) for node in ast.walk(ast.parse(not_seen)) if isinstance(node, ast.Call))
    started = "subprocess.run(a); subprocess.Popen(a); os.system(a); os.execv(a, b)"
    assert all(starts(node) for node in ast.walk(ast.parse(started)) if isinstance(node, ast.Call))
