"""One call of mypy's main with its output captured, in a forked child where possible (standard library only)."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

_ASKED = "asked.json"
_LONG, _LOOK = 1.0, 0.05  # seconds until checking takes long, and between two looks then


class Surroundings(NamedTuple):
    """What mypy finds around it."""

    cwd: str
    import_roots: Sequence[str]  # MYPYPATH
    prepare: Callable[[], None]  # called in the process that runs mypy, right before
    observer: Any  # an Observer (observing.py); has noted by the end what mypy asked
    limits: Any  # limits.py


def call(arguments: list[str], surroundings: Surroundings, scratch: str) -> tuple[int, str, str]:
    """Run mypy's main: its exit code (negative: killed by a signal), its stdout and its stderr.

    In a child process where possible: a crash, even of native code, is then only an exit code.
    """
    out, err = os.path.join(scratch, "out"), os.path.join(scratch, "err")
    if hasattr(os, "fork") and os.environ.get("PYFMT_NO_FORK") != "1":
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            _child(arguments, surroundings, (out, err, os.path.join(scratch, _ASKED)))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        _take_asked(surroundings.observer, os.path.join(scratch, _ASKED))
    else:
        status = _in_process(arguments, surroundings, (out, err))
    return status, _text(out), _text(err)


def say_where(observer: Any, limits: Any, inside: str) -> None:
    """In the process that runs mypy: say which file of the folder `inside` it is at, by `limits.py`.

    Reading is watched. Checking is compiled code that nobody can watch: where it takes long, the file that mypy's
    messages would be about is looked for among all objects.
    """

    def reading(path: str) -> None:
        if path.startswith(inside) and path.endswith((".py", ".pyi")):
            limits.note(path)

    def look() -> None:
        time.sleep(_LONG)
        kind = importlib.import_module("mypy.errors").Errors
        known = [each for each in gc.get_objects() if isinstance(each, kind)]
        while True:
            for each in known:
                reading(os.path.abspath(each.file))
            time.sleep(_LOOK)

    observer.reading = reading
    threading.Thread(target=look, daemon=True).start()


def _take_asked(observer: Any, path: str) -> None:
    """What the child noted; where it has left nothing, it died, and what it asked is not known."""
    try:
        with open(path, encoding="utf-8") as file:
            observer.add(json.load(file))
        os.unlink(path)
    except (OSError, ValueError):
        observer.unseen.add("a process of mypy's ended early")


def _child(arguments: list[str], surroundings: Surroundings, outputs: tuple[str, str, str]) -> None:
    """In the forked child: run mypy and never come back."""
    status = 70
    try:
        for descriptor, path in zip((1, 2), outputs):
            target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(target, descriptor)
            os.close(target)
        # New streams: those of the parent may hold unwritten text, or be files of its own.
        # pylint: disable-next=consider-using-with  # they live as long as the process
        sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        # pylint: disable-next=consider-using-with
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        status = _main(arguments, surroundings)
        sys.stdout.flush()
        sys.stderr.flush()
        with open(outputs[2], "w", encoding="utf-8") as file:
            json.dump(surroundings.observer.asked(), file)
    finally:
        os._exit(status)


def _in_process(arguments: list[str], surroundings: Surroundings, outputs: tuple[str, str]) -> int:
    with contextlib.ExitStack() as stack:
        for path, redirect in zip(outputs, (contextlib.redirect_stdout, contextlib.redirect_stderr), strict=True):
            file = stack.enter_context(open(path, "w", encoding="utf-8", errors="backslashreplace"))
            stack.enter_context(redirect(file))
        stack.enter_context(_restored())
        return _main(arguments, surroundings)


@contextlib.contextmanager
def _restored() -> Iterator[None]:
    cwd, environ, plain_stat = os.getcwd(), dict(os.environ), os.stat
    try:
        yield
    finally:
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environ)
        os.stat = plain_stat


def _main(arguments: list[str], surroundings: Surroundings) -> int:
    """mypy.main.main with everything around it set; its exit code, 70 where it raised something else."""
    for name in [name for name in os.environ if name.startswith("MYPY")]:
        del os.environ[name]
    os.environ["MYPYPATH"] = os.pathsep.join(surroundings.import_roots)
    os.chdir(surroundings.cwd)
    surroundings.prepare()
    try:
        importlib.import_module("mypy.main").main(args=arguments, stdout=sys.stdout, stderr=sys.stderr, clean_exit=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException as error:  # pylint: disable=broad-exception-caught  # it belongs into the answer
        if isinstance(error, MemoryError) and surroundings.limits.exhausted():
            return int(surroundings.limits.EXIT_MEMORY)
        traceback.print_exc()
        return 70
    return 0


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
