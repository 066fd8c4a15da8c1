"""The disk is asked through `pyfmt/disk.py`, and processes are started in few places, by the syntax trees of modules.

A question that does not go through there is none of those by which a remembered answer is compared with the disk. A
pipe, a device or a file without end holds up whoever reads it raw, and a program of the checkout runs where somebody
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

_QUESTIONS = {
    "os": {"stat", "lstat", "scandir", "listdir", "access", "readlink", "walk", "fwalk"},
    "path": {
        "exists",
        "lexists",
        "isfile",
        "isdir",
        "islink",
        "ismount",
        "samefile",
        "getmtime",
        "getsize",
        "realpath",
    },
}
_PATH_QUESTIONS = frozenset(
    {"exists", "is_file", "is_dir", "is_symlink", "stat", "lstat", "glob", "rglob", "iterdir", "resolve"}
)
_OTHERS = frozenset({"disk", "entry", "scripts", "selection", "composer"})  # what has methods of such names

_Node = TypeVar("_Node", bound=ast.AST)

# Where the disk is asked by other ways, how often, and why no answer depends on it. A folder ends in "/": it is no part
# of a run whose answer is remembered whole.
ASKED: dict[str, tuple[int, str]] = {
    "cache/memory.py": (1, "pyfmt's own code, for the cache's keys"),
    "cache/repeating/witness.py": (9, "it notes what is asked, and keeps it"),
    "cache/shared_folders.py": (4, "the cache's own folders"),
    "cache/store.py": (7, "the cache's own file"),
    "cache/tool_folders.py": (6, "the cache's own folders"),
    "cli/": (75, "what is written, the words of a command line, and commands that are always carried out"),
    "disk.py": (16, "it is the one that asks"),
    "environments/creating/": (49, "it makes environments"),
    "git/staged/": (9, "a staged tree is always looked at again"),
    "run/boundaries/reading.py": (2, "pyfmt's own code, for the cache's keys"),
    "run/contents/": (7, "as a staged tree, and what an editor holds"),
    "runner/edits.py": (5, "it is the one that writes; a run that has written is not repeated"),
    "runner/tool_environments.py": (3, "the cache's own folders"),
    "runner/warm.py": (5, "the server's socket, and this process"),
    "tools/versions.py": (3, "pyfmt's own code, and what is installed beside it: listed, which an audit event tells"),
}

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
    "reports/json.py": (1, "pyfmt's own file"),
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


def asks(call: ast.Call) -> bool:
    """Whether a call asks the disk by itself what is there."""
    before, name = name_of(call.func)
    if before == "os":
        return name in _QUESTIONS["os"]
    function = call.func
    if before == "?" and isinstance(function, ast.Attribute) and isinstance(function.value, ast.Attribute):
        before = function.value.attr
        if before == "path" and name_of(function.value)[0] == "os":
            return name in _QUESTIONS["path"]
    if before in ("", *_OTHERS) or (before == "self" and name == "resolve"):
        return False
    return name in _PATH_QUESTIONS


def room_of(module: str) -> str:
    """What stands for a module in `ASKED`."""
    return next((room for room in ASKED if room.endswith("/") and module.startswith(room)), module)


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


def test_the_disk_is_asked_through_its_module_alone() -> None:
    found = counted(room_of(module) for module, call in nodes(ast.Call) if asks(call))
    assert found == {module: count for module, (count, _) in ASKED.items()}


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
    assert len(ASKED) <= 15 and sum(count for count, _ in ASKED.values()) <= 202


def test_each_way_to_read_or_start_is_seen() -> None:
    seen = """open(p); io.open(p); os.open(p, 0); p.open(); p.read_text(); (a / b).read_bytes(); tomllib.load(f)
tomllib.loads(t); json.load(f)"""
    assert all(reads(node) for node in ast.walk(ast.parse(seen)) if isinstance(node, ast.Call))
    not_seen = "disk.read_text(p); json.loads(t); webbrowser.get(p); parser.read_string(t)"
    assert not any(reads(node) for node in ast.walk(ast.parse(not_seen)) if isinstance(node, ast.Call))
    asked = "os.stat(p); os.path.realpath(p); os.scandir(p); p.is_file(); (a / b).resolve(); folder.glob('*')"
    assert all(asks(node) for node in ast.walk(ast.parse(asked)) if isinstance(node, ast.Call))
    not_asked = "disk.stat(p); disk.glob(p, '*'); entry.is_dir(); os.path.join(a, b); is_file(p); self.resolve()"
    assert not any(asks(node) for node in ast.walk(ast.parse(not_asked)) if isinstance(node, ast.Call))
    started = "subprocess.run(a); subprocess.Popen(a); os.system(a); os.execv(a, b)"
    assert all(starts(node) for node in ast.walk(ast.parse(started)) if isinstance(node, ast.Call))
