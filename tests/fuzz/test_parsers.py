"""Whatever is in a file, its parser returns, or raises the one error that its callers handle.

`make fuzz` draws many more: PYFMT_FUZZ is the number for each format; what failed is kept in .hypothesis.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfmt.core.errors import ConfigError, PyfmtError, StagedError, UsageError
from pyfmt.core.notebooks import Notebook, NotebookError, plain
from pyfmt.environments import editable, layout, scripts, sites
from pyfmt.git import index, repository
from pyfmt.imports.parse import read_module
from pyfmt.projects import locks, manifests
from pyfmt.projects.ignoring import IgnoreFile, ignore_lines
from pyfmt.projects.locks import choosing, requirements
from pyfmt.reports import json as json_report
from pyfmt.reports.options import RenderOptions
from pyfmt.run import baseline_files
from pyfmt.tools.mypy import config as mypy_config
from tests.environments.places import hand_made
from tests.fuzz.mutating import CORPUS, mutations, reached
from tests.reports.models import RICH

EXAMPLES = int(os.environ.get("PYFMT_FUZZ", "40"))
Parser = Callable[[bytes], object]


def text_of(data: bytes) -> str:
    """As `disk.read_text` would give it, where it gives any."""
    return data.decode("utf-8", "surrogateescape")


def lock(name: str) -> Parser:
    def parse(data: bytes) -> None:
        read = locks.read_text(name, data.decode("utf-8", "replace"))
        choosing.reachable(read, read.packages)

    return parse


def in_folder(name: str, use: Callable[[Path], object]) -> Parser:
    """A parser that finds the file by itself."""

    def parse(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / name).write_bytes(data)
            use(Path(folder))

    return parse


def locate(data: bytes) -> None:
    """The environment beside it is sound, so that all of it is read."""
    with tempfile.TemporaryDirectory() as folder:
        hand_made(Path(folder), "3.11")
        (Path(folder) / ".venv/pyvenv.cfg").write_bytes(data)
        layout.locate(f"{folder}/.venv")


def report(data: bytes) -> None:
    json_report.read(text_of(data), "one.json")


def notebook(data: bytes) -> None:
    """What is written back is what was there, but for the cells that are given anew."""
    read = Notebook(data)
    assert read.rewritten({}) == data
    sources = {cell.number: f"{cell.source}\n# é" for cell in read.cells}
    assert {cell.number: cell.source for cell in Notebook(read.rewritten(sources)).cells} == sources
    read_module(read.module(plain).text.encode("utf-8", "surrogatepass"))


def ignores(data: bytes) -> None:
    rules = IgnoreFile(ignore_lines(text_of(data)))
    for path in ("build/x.py", "keep/a/b/x.py", "é.pyc"):
        rules.verdict(path, path.rpartition("/")[2], False)


LOCKS = ("poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
PARSERS: dict[str, tuple[Parser, tuple[type[Exception], ...]]] = {
    **{name: (lock(name), (locks.LockError,)) for name in LOCKS},
    "requirements.txt": (lambda data: requirements.read("requirements.txt", lambda _: text_of(data)), ()),
    "pyvenv.cfg": (locate, (layout.Broken,)),
    "x.pth": (in_folder("x.pth", lambda folder: sites.SearchPath([]).add_site(str(folder), True)), ()),
    "finder.py": (lambda data: editable.mappings(text_of(data)), ()),
    "pyproject.toml": (in_folder("pyproject.toml", lambda at: manifests.read_manifest(at, ("pyproject.toml",))), ()),
    "setup.cfg": (in_folder("setup.cfg", lambda at: manifests.read_manifest(at, ("setup.cfg",))), ()),
    "setup.py": (in_folder("setup.py", lambda at: manifests.read_manifest(at, ("setup.py",))), ()),
    "baseline.jsonl": (lambda data: baseline_files.parse(data, "a"), (ConfigError,)),
    "report.json": (report, (UsageError,)),
    "diff.raw": (lambda data: list(repository.parse_raw(data)), (repository.Unknown,)),
    "entries.raw": (index.parse_entries, (StagedError,)),
    "mypy.ini": (lambda data: mypy_config.parse("mypy.ini", "/a", text_of(data)), (ConfigError,)),
    "imports.py": (read_module, ()),
    "notebook.ipynb": (notebook, (NotebookError,)),
    "gitignore": (ignores, ()),
    "script.py": (lambda data: scripts.metadata(text_of(data)), (ValueError,)),
}  # fmt: skip


def sample(name: str) -> bytes:
    if name == "report.json":  # it changes with the format
        return json_report.render(RICH, RenderOptions()).encode()
    return (CORPUS / name).read_bytes()


def test_each_sample_of_the_corpus_has_a_parser() -> None:
    assert {path.name for path in CORPUS.iterdir()} | {"report.json"} == set(PARSERS)


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_returns_or_raises_what_its_callers_handle(name: str) -> None:
    parse, allowed = PARSERS[name]
    parse(sample(name))  # which is sound: else nothing behind its fault would be reached

    @settings(max_examples=EXAMPLES, derandomize=EXAMPLES <= 40)
    @given(st.one_of(mutations(sample(name)), st.binary(max_size=60)))
    def hold(data: bytes) -> None:
        with contextlib.suppress(*allowed):
            hypothesis.target(float(reached(lambda: parse(data))), label="lines")

    hold()  # pylint: disable=no-value-for-parameter  # hypothesis gives it


def test_the_errors_are_those_that_a_run_tells() -> None:
    assert all(issubclass(error, PyfmtError) for error in (ConfigError, StagedError, UsageError))
