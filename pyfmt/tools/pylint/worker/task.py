"""The pylint task of the worker: lints files of projects that share an environment, which is never run.

Runs in the base interpreter of the environment (Python 3.10 and later), where pyfmt's own pinned pylint is imported
once; standalone: only the standard library at import, and no import of `pyfmt`. Its messages are those that a pylint
installed in the environment gives for each project:
`cd PROJECT && pylint --rcfile SHARED --source-roots IMPORT_ROOTS FILES...`, with the exceptions that `names.py` and
`portions.py` tell of.

The payload (all paths absolute):
    root, rcfile, prefix, environment (a name), search_path, site_packages, foreign (its Python is another one),
    trusted, unused_ignores (report them whatever rcfile says), notebooks (of each the module's name and its text),
    import_roots (first-party folders that the environment's packages come from)
    groups: a list of {project, folder, files, context, import_roots, py_version, home, replay}; each is linted in a
            process of its own, since astroid knows modules by name, and adds what one project sets to the classes of
            others; replay: None, or what an earlier run noted in its effects (`effects.py`); then project-wide messages
            are those about any file of the group, or, where its `wide` or the group's `home` is false, there are none;
            of the files in its `text` nothing but the text is linted
    idle: a folder with an empty one for each processor that has nothing to do; "" or not there: none (`parts.py`)
    without, tries: files that are not linted and whose names are all unknown, and whether the request will be made
                    again if this process ends (`../../worker/limits.py`)
The answer:
    messages: {path (below the root), line, column, end_line, end_column, rule, symbol, category, message, syntax,
              project, also, notes}
    failures: {projects, reason, detail};  notes: texts
    effects: what files set on the classes of others; paths below the environment and the interpreter begin with
             `<environment>/` and `<base>/`: {project, local (no plugin's checkers),
             made: by file, lists of target module, scope in it, attribute, value (texts with the files that they
                   depend on, or null where it cannot be told)
             early, late: lists of a file, a module that sets something and that had to be built for the file's tree, or
                   for its messages, and that module's path
             touched: by target outside of the checkout, the linted files whose imports lead to it, and those that
                   set something
             reads: by linted file, and by file that sets something: the names that were looked up in each module of the
                    checkout, "*" for all of them, "#" for which there are (`reads.py`)
             common: the attributes in `made` that other modules outside of the checkout look at
             tops, asked: top-level names of the checkout, and the names below them that modules outside of it ask for
             texts: by file the rule, line and column of what was said of its text, and not of its tree}
    asked: {project, touches, files, folders, absent, ...}: what was asked of the disk (`../../worker/observing.py`),
           and which names each module asked for (`touched.py`)
    built, trees: the standard modules that had to be built for it (see `learn`), and rows of all that were (`trees.py`)
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import json
import os
import pkgutil
import site
import subprocess
import sys
import tempfile
import traceback
from types import ModuleType
from typing import Any

Json = dict[str, Any]

# What pylint and astroid import only when they come to need it: by then the tools are no longer importable.
LAZY = ("isort", "isort.api", "isort.settings", "isort.place", "dill", "tomlkit", "platformdirs", "mccabe")
STANDARD_LAZY = ("multiprocessing", "concurrent.futures", "zipimport", "logging", "string", "colorsys")

_WARM_SECONDS = 5.0  # for one request: others wait meanwhile

PARTS = "hooks view portions names linter whole effects parts asking replaying values touched reads trees".split()
OBSERVING, LIMITS = "../../worker/observing", "../../worker/limits"

_parts: dict[str, ModuleType] = {}
_observers: list[Any] = []  # one, from `preload` on: what is asked before a fork is asked for everyone
_linters: list[Any] = []  # the one that the next lint takes
_learnt: set[str] = set()
_own_path: list[str] = []
_tool_paths: list[str] = []


def preload(tool_paths: list[str]) -> None:
    """Import pylint from `tool_paths`.

    Afterwards `sys.path` is the standard library alone.
    """
    gc.disable()  # nothing here is garbage, and looking for it takes twice as long as the rest
    _own_path[:] = [path for path in sys.path if path and path not in tool_paths]
    _tool_paths[:] = tool_paths
    sys.path[:] = [*_own_path, *tool_paths]
    importlib.invalidate_caches()
    _add_site_builtins()
    for name in (*LAZY, *STANDARD_LAZY):
        with contextlib.suppress(ModuleNotFoundError):  # dependencies of pylint come and go
            importlib.import_module(name)
    for package in ("lint", "checkers", "reporters", "config", "extensions"):
        _import_all(f"pylint.{package}")
    _import_all("astroid")
    for name in PARTS:
        _parts[name] = _sibling(name)
    _parts["limits"] = _sibling(LIMITS)
    _parts["asking"].listen()
    _parts["reads"].listen()
    _parts["trees"].listen()
    _linters.append(_parts["linter"].new_linter())
    _observers.append(_sibling(OBSERVING).Observer())
    sys.path[:] = _own_path
    _parts["view"].forget_lookups()
    _observers[0].start()
    gc.enable()


def prepare(payload: Json) -> None:
    """Build the trees that this request and probably others need, in the process that forks them."""
    files = [file for group in payload["groups"] for file in group["files"]]  # of the others only duplicates count
    if not os.environ.get("PYFMT_SINGLE") or payload.get("idle"):
        gc.disable()
        with _observers[0].paused():
            names = _parts["view"].import_names(files)
            _parts["view"].warm_up({*_parts["view"].warm_among(names), *_learnt}, _WARM_SECONDS)
            folders = [*payload["search_path"], *payload["import_roots"], *_own_path]
            _parts["trees"].prepare(names, folders, _WARM_SECONDS)
        gc.enable()
        gc.freeze()


def learn(answer: Json) -> None:
    """What a request had to build itself, since what it imports does, is built for the next ones."""
    _learnt.update(answer.get("built", ()))
    _parts["trees"].hear(answer.get("trees", ()))


def learnt() -> list[str]:
    """What a server that stays (`../../worker/warm.py`) can build for later runs, as far as this one knows."""
    return sorted({*_learnt, *_parts["view"].warmed()})


def build() -> bool:
    """Build one more tree of what was learnt, while nobody waits; whether there are more."""
    return bool(_parts["view"].build_one(_learnt))


def look(more: Any, mark: Any) -> Any:
    """See `Observer.look`."""
    return _observers[0].look(more, mark)


def _add_site_builtins() -> None:
    """Give the builtins what `site` adds to them (`copyright`, `exit`, …), which this interpreter started without.

    pylint takes the names that must not be redefined from its own interpreter. The environment's code still does not
    run.
    """
    site.setquit()
    site.setcopyright()
    site.sethelper()


def _import_all(name: str) -> None:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        if not module.name.endswith("__main__") and ".test" not in module.name:
            importlib.import_module(module.name)


def _sibling(name: str) -> ModuleType:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("_pyfmt_pylint_" + os.path.basename(name), path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run(payload: Json) -> Json:
    """Lint the payload's groups and answer with what pylint says; see the module's docstring."""
    gc.disable()  # trees are never freed before the end, and looking for garbage takes a third to a half of the time
    sys.dont_write_bytecode = True
    groups = payload["groups"]
    forks = hasattr(os, "fork") and os.environ.get("PYFMT_NO_FORK") != "1"
    if len(groups) == 1 or not forks:
        return _merged([_lint(payload, groups[0]) if len(groups) == 1 else _spawned(payload, each) for each in groups])
    return _merged([_forked(payload, group) for group in groups])


def _merged(answers: list[Json]) -> Json:
    merged: Json = {"messages": [], "failures": [], "notes": [], "effects": [], "built": [], "trees": [], "asked": []}
    for answer in answers:
        for key, values in merged.items():
            values += [value for value in answer.get(key, ()) if key == "messages" or value not in values]
    return merged


def _forked(payload: Json, group: Json) -> Json:
    """The answer for one group, from a child process; a child that dies is a failure of that group alone."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "w", encoding="ascii") as stream:
                json.dump(_lint(payload, group), stream)
            status = 0
        except BaseException as error:  # pylint: disable=broad-exception-caught  # the log must hold it
            if isinstance(error, MemoryError) and _parts["limits"].exhausted():
                status = _parts["limits"].EXIT_MEMORY
            else:
                traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, encoding="ascii") as stream:
        text = stream.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    _parts["limits"].pass_on(status, payload)
    return _answer_of(text, status, group, "")


def _spawned(payload: Json, group: Json) -> Json:
    """The same where there is no fork: a new interpreter that does what this one did."""
    command = [sys.executable, "-s", "-S", os.path.abspath(__file__), *_tool_paths]
    text = json.dumps({**payload, "groups": [group]})
    done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=False)
    return _answer_of(done.stdout, done.returncode, group, done.stderr)


def _answer_of(text: str, status: int, group: Json, detail: str) -> Json:
    if status == 0:
        return dict(json.loads(text))
    ended = f"was killed by signal {-status}" if status < 0 else f"ended with {status}"
    return _failed(group, f"pylint's process {ended}", detail)


def _failed(group: Json, reason: str, detail: str) -> Json:
    tail = "\n".join(detail.strip().splitlines()[-20:])
    failure = {"projects": [group["project"]], "reason": reason, "detail": tail}
    return {"messages": [], "failures": [failure], "notes": [], "effects": []}


def _lint(payload: Json, group: Json) -> Json:
    """Lint one project in this process, which must do nothing else afterwards."""
    view, linting = _parts["view"], _parts["linter"]
    os.chdir(group["folder"])
    quiet = _observers[0].paused
    with quiet():  # what they hold is an absolute path, and part of the key
        finders = _parts["hooks"].EditableFinders(payload["site_packages"], payload.get("moved"))
    view.enter_environment(payload, _own_path, finders, [*group["import_roots"], *payload["import_roots"]], quiet)
    _parts["portions"].join()
    _parts["portions"].prefer_sources()
    _parts["portions"].go_up_by_name()
    linter = _linters.pop()
    try:
        linting.configure(linter, payload["rcfile"], group.get("py_version"), bool(payload.get("trusted")))
    except linting.ConfigBroken as error:
        rcfile = _relative(payload["rcfile"], payload["root"])
        return _failed(group, f"pylint cannot use its configuration {rcfile}", str(error))
    linting.set_source_roots(linter, _parts["names"].ModuleNames(group["import_roots"]))
    if payload.get("unused_ignores"):
        linter.enable("useless-suppression")
    linting.keep_tracebacks(linter)
    linting.NOTEBOOKS.update(payload["notebooks"])
    of_config, linter.said = linter.said, []
    if any(message.msg_id == "F0011" for message, *_ in of_config):
        return _about_config(payload, group, linter, of_config)
    linting.keep_out(linter, payload.get("without", ()), payload["root"], _parts["limits"])
    files, others = (
        _lintable([file for file in group[kind] if file not in payload.get("without", ())], group)
        for kind in ("files", "context")
    )
    _make_room(view, linter, [*files, *others])
    replay = group.get("replay")
    if replay:
        linter.text_only = frozenset(os.path.join(payload["root"], file) for file in replay.get("text", ()))
        others += [file for file in files if os.path.abspath(file) in linter.text_only]
        files = [file for file in files if file not in others]
    wide = _parts["whole"].ProjectWide(linter, group.get("home", True) and (replay is None or replay["wide"]))
    effects = _new_effects(payload, replay)
    touched = _parts["touched"].Askers()
    parts = _parts["parts"].Parts({} if replay else payload, _parts, _observers[0], (linter, wide, effects, touched))
    with linting.deep_recursion():
        linter.lint(files, others, wide, effects, parts)
    answer = _about_config(payload, group, linter, of_config)
    _add_messages(answer, payload, group, linter)
    told = effects.told(linter, _tops(payload, group, finders, linter.search_path([*files, *others])), parts.effects)
    told["texts"] = linting.texts(linter, {file: _relative(file, payload["root"]) for file in group["files"]})
    answer["effects"].append({"project": group["project"], **told})
    reported = {os.path.abspath(file) for file in (*files, *(others if replay else ()))}
    answer["messages"] += [message.row(payload["root"], group["project"]) for message in wide.messages(reported)]
    answer["built"] = parts.built()
    answer["trees"] = _parts["trees"].made(group["files"])
    answer["asked"] = [{"project": group["project"], **_asked(payload, touched)}]
    return answer


def _tops(payload: Json, group: Json, finders: Any, roots: list[str]) -> Any:
    """The top-level names of the checkout's own modules."""
    roots = [group["folder"], *group["import_roots"], *payload["import_roots"], *roots]
    with _observers[0].paused():  # no message depends on it
        return _parts["asking"].tops_below(roots, finders.mapping)


def _new_effects(payload: Json, replay: Json | None) -> Any:
    effects = _parts["effects"]
    siblings = effects.Siblings(_parts["asking"], _parts["replaying"], _parts["values"])
    places = effects.RecordedPaths(payload["root"], payload["prefix"])
    reads = _parts["reads"].Reads(places, _observers[0].paused, _parts["values"].Watched)
    _parts["asking"].watching.append(reads)
    return effects.Effects(siblings, places, replay, reads)


def _asked(payload: Json, touched: Any) -> Json:
    """What was asked of the disk, but for pyfmt's own business, and who asked for which names."""
    seen = tuple(os.path.join(path, "") for path in payload["search_path"])
    own = [path for path in _tool_paths if not os.path.join(path, "").startswith(seen)]
    asked: Json = _observers[0].asked(
        [*own, os.path.join(os.path.dirname(__file__), "../../.."), tempfile.gettempdir()]
    )
    asked["files"] = [path for path in asked["files"] if path != payload["rcfile"]]
    asked["touches"] = touched.told(lambda path: _relative(path, payload["root"]))
    return asked


def _lintable(paths: list[str], group: Json) -> list[str]:
    """Paths relative to the project, sorted; without stubs beside their module, for which pylint reads the module."""
    kept = (path for path in paths if not (path.endswith(".pyi") and os.path.exists(path[:-1])))
    return sorted(os.path.relpath(path, group["folder"]) for path in kept)


def _make_room(view: ModuleType, linter: Any, files: list[str]) -> None:
    """Forget the shared trees if the project has modules that hide standard ones (`queue.py`): then nothing of them
    holds."""
    from astroid import MANAGER

    if view.shadowed(MANAGER.astroid_cache, linter.search_path(files)):
        transforms = MANAGER._transform.transforms  # astroid's own and those of plugins, which load only once
        MANAGER.clear_cache()
        MANAGER._transform.transforms = transforms
        view.forget_lookups()
        view.fill_importer_cache()


def _about_config(payload: Json, group: Json, linter: Any, messages: list[Any]) -> Json:
    """What the configuration itself gave rise to: broken parts are failures, outdated ones notes."""
    rcfile = _relative(payload["rcfile"], payload["root"])
    notes = [f"{note} ({payload['environment']})" for note in linter.notes]
    answer: Json = {"messages": [], "failures": [], "effects": [], "notes": notes}
    for message, *_ in messages:
        text = f"{rcfile}: {message.msg} [{message.msg_id} {message.symbol}]"
        # Options of a plugin that was left out are unknown without it: its note says enough.
        if message.msg_id in ("W0012", "R0022") or (message.msg_id == "E0015" and linter.left_out):
            answer["notes"].append(text)
        else:
            answer["failures"].append({"projects": [group["project"]], "reason": text, "detail": ""})
    return answer


def _add_messages(answer: Json, payload: Json, group: Json, linter: Any) -> None:
    linting = _parts["linter"]
    reported = {os.path.abspath(path) for path in group["files"]}
    for message, in_bytes, _ in linter.said:
        path = os.path.abspath(message.abspath)
        if message.msg_id in linting.CRASHES:
            where = _relative(path, payload["root"])
            detail = linter.crashes.get(path, message.msg)
            last = detail.strip().splitlines()[-1]
            if "RecursionError" in detail:  # where it gave up says nothing
                last, detail = "its code is nested too deeply for pylint (RecursionError)", ""
            answer["failures"] += _failed(group, f"pylint crashed on {where}: {last}", detail)["failures"]
        elif path in reported:
            text, syntax = message.msg, message.msg_id in linting.SYNTAX and not message.msg.startswith("Cannot import")
            answer["messages"].append(
                {
                    "path": _relative(path, payload["root"]),
                    **linting.place(message, in_bytes),
                    "rule": message.msg_id,
                    "symbol": message.symbol,
                    "category": message.category,
                    "message": text,
                    "syntax": syntax,
                    "project": group["project"],
                    "also": [],
                    "notes": [],
                }
            )


def _relative(path: str, root: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/") if path.startswith(root) else path


if __name__ == "__main__":  # a group of its own, where there is no fork
    sys.path[:] = [
        entry for entry in sys.path if os.path.abspath(entry or ".") != os.path.dirname(os.path.abspath(__file__))
    ]
    preload(sys.argv[1:])
    with contextlib.redirect_stdout(sys.stderr):
        outcome = run(json.load(sys.stdin))
    json.dump(outcome, sys.stdout)
