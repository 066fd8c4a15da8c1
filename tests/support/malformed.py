"""Ways in which a file can be damaged or hostile, each put in a file's place."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path], None]
_TOO_LARGE = 65 * 1024 * 1024  # bytes, of which none is written


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path) -> None:
    (path / "inside").mkdir(parents=True)


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's name is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def _endless(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(_TOO_LARGE)


# What is no file that could be read, whatever its format.
UNREADABLE: dict[str, Damage] = {
    "pipe": _pipe,
    "folder": _folder,
    "dangling": _dangling,
    "loop": _loop,
    "device": _device,
    "socket": _socket,
    "endless": _endless,
}


def text(content: str | bytes) -> Damage:
    """A file with that content."""

    def write(path: Path) -> None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


# What is no TOML that could be understood.
TOML: dict[str, Damage] = {
    "nested arrays": text("x = " + "[" * 2000 + "]" * 2000),
    "nested tables": text("x = " + "{a = " * 2000 + "1" + "}" * 2000),
    "dotted key": text(".".join(["a"] * 50_000) + " = 1"),
    "dotted table": text("[" + ".".join(["a"] * 50_000) + "]\n"),
    "dotted inside": text("x = {" + ".".join(["'a'"] * 20_000) + " = 1}"),
    "NUL": text("x = 1\n\0"),
    "not UTF-8": text(b"x = '\xff'\n"),
    "UTF-16": text("x = 1\n".encode("utf-16")),
    "merge marks": text("<<<<<<< ours\nx = 1\n=======\nx = 2\n>>>>>>> theirs\n"),
    "cut off": text('[project]\nname = "a'),
    "twice": text("x = 1\nx = 2\n"),
    "huge number": text(f"x = {'9' * 5000}\n"),
    "garbage": text(bytes(range(256)) * 8),
}

# What is no JSON that could be understood.
JSON: dict[str, Damage] = {
    "nested arrays": text("[" * 100_000),
    "nested objects": text('{"a":' * 100_000 + "1" + "}" * 100_000),
    "NUL": text('{"a": 1}\0'),
    "not UTF-8": text(b'{"a": "\xff\xfe"}'),
    "merge marks": text("<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n"),
    "cut off": text('{"url": "file'),
    "huge number": text("9" * 5000),
    "garbage": text(bytes(range(256)) * 8),
    "empty": text(""),
}

DEEP = 100_000
# Sources that make a parser, a formatter or a checker run out of stack, memory or time.
SOURCES: dict[str, str | bytes] = {
    "lists": "x = " + "[" * DEEP + "]" * DEEP + "\n",
    "few lists": "x = " + "[" * 150 + "]" * 150 + "\n",
    "parentheses": "x = " + "(" * DEEP + ")" * DEEP + "\n",
    "open only": "x = " + "[" * DEEP + "\n",
    "dicts": "x = " + "{1: " * DEEP + "0" + "}" * DEEP + "\n",
    "mixed": "x = " + "[(" * 20_000 + ")]" * 20_000 + "\n",
    "nots": "x = " + "not " * 5000 + "True\n",
    "minuses": "x = " + "-" * 5000 + "1\n",
    "calls": "x = f" + "()" * 5000 + "\n",
    "attributes": "x = a" + ".b" * 5000 + "\n",
    "subscripts": "x = a" + "[0]" * 5000 + "\n",
    "sums": "x = " + "1 + " * 5000 + "1\n",
    "lambdas": "x = " + "lambda: " * 3000 + "1\n",
    "conditions": "x = " + "1 if a else " * 3000 + "1\n",
    "elifs": "if a:\n    pass\n" + "elif a:\n    pass\n" * 3000,
    "indents": "".join(" " * level + "if a:\n" for level in range(99)) + " " * 99 + "pass\n",
    "too many indents": "".join(" " * level + "if a:\n" for level in range(500)) + " " * 500 + "pass\n",
    "NUL": b"x = 1\n\0\n",
    "not UTF-8": b"x = '\xff'\n",
    "unknown encoding": "# coding: nonsense\nx = 1\n",
    "strange encoding": "# coding: hex\nx = 1\n",
    "long line": "x = '" + "a" * 1_000_000 + "'\n",
    "long number": "x = " + "9" * 20_000 + "\n",
    "garbage": bytes(range(256)) * 8,
    "merge marks": "<<<<<<< ours\nx = 1\n=======\nx = 2\n>>>>>>> theirs\n",
}
