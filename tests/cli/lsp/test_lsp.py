"""`pyfmt lsp` says what the command says, in an editor: one monorepo with real environments, several sessions."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from lsprotocol import types

from tests.cli.lsp.editor import Editor, applied, editing
from tests.end_to_end.trees import manifest
from tests.runner.test_worker_server import alive, children_of, eventually
from tests.support.monorepo import Monorepo
from tests.support.notebooks import notebook

pytestmark = pytest.mark.slow

API = '''
    """What services call."""


    def double(value: int) -> int:
        """Twice the value."""
        return 2 * value
'''
USE = '''
    """A service."""

    from core.api import double

    TOTAL: int = double(21)
'''
# Columns of the findings: behind characters of two UTF-16 units and of three UTF-8 bytes.
ASTRAL = '''
    """Text beyond the basic plane."""

    PAIR = ("\N{GRINNING FACE}\N{GRINNING FACE}\N{EURO SIGN}", undefined_name); NUMBER: int = "\N{GRINNING FACE}"
'''
CELLS = ("import  os\nVALUE = 1\n", "print( VALUE, missing )", "half = (")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """A library, a service that depends on it, a notebook, and a project without an environment."""
    made = Monorepo.create(
        tmp_path_factory.mktemp("lsp of \N{LATIN SMALL LETTER E WITH ACUTE}, 100%41"),  # an editor's URIs quote it
        {
            "pyproject.toml": "[tool.pyfmt]\n",
            ".gitignore": ".venv/\n",
            "core/pyproject.toml": manifest("core", "core"),
            "core/core/__init__.py": "",
            "core/core/api.py": API,
            "core/core/text.py": ASTRAL,
            "billing/pyproject.toml": manifest("billing", "billing", "core"),
            "billing/billing/__init__.py": "",
            "billing/billing/use.py": USE,
            "billing/train.ipynb": notebook(("# Title", "markdown"), *CELLS),
            "lone/pyproject.toml": manifest("lone", "lone"),
            "lone/lone/__init__.py": "X=1\n",
        },
    )
    made.git("init", "--quiet")
    made.environment("core")
    made.environment("billing", editable=["core"])
    return made


@pytest.fixture(autouse=True)
def as_it_was(tree: Monorepo) -> Iterator[None]:
    """What a session saves is undone."""
    paths = [path for path in tree.root.rglob("*") if path.is_file() and not {".venv", ".git"} & {*path.parts}]
    before = {path: path.read_bytes() for path in paths}
    yield
    for path, content in before.items():
        path.write_bytes(content)


def units(text: str, column: int) -> int:
    """A column from 1 in characters as UTF-16 units from 0."""
    return len(text[: column - 1].encode("utf-16-le")) // 2


def told(tree: Monorepo, report: Mapping[str, Any]) -> set[tuple[str, int, int, str, str]]:
    """The findings of a JSON report, and the files to reformat, as an editor shows them."""
    found = set()
    for each in report["findings"]:
        line = tree.read(each["path"]).split("\n")[each["line"] - 1]
        start = units(line, each["column"]) if each["column"] else len(line) - len(line.lstrip())
        found.add((each["path"], each["line"] - 1, start, each["symbol"], each["message"]))
    for each in report["edits"]:
        found.add((each["path"], 0, 0, "reformat", f"{' and '.join(each['tools'])} would reformat this file"))
    return found


def shown(editor: Editor) -> set[tuple[str, int, int, str, str]]:
    """The same, of what an editor shows; without what says that something was not checked."""
    return {
        (path, each.range.start.line, each.range.start.character, str(each.code), said(each.message))
        for path in editor.paths()
        for each in editor.of(path)
        if each.code not in ("skipped", "failed")
    }


def said(message: str) -> str:
    """A message without what machine formats add: the place in a notebook, notes, the cure."""
    message = message.split("\n")[0].partition("; `pyfmt format` does it")[0]
    return message.split(": ", 1)[1] if message.startswith("cell ") else message


def test_only_the_server_imports_the_protocol_and_says_where_it_is_not_installed() -> None:
    code = """
import sys
from pyfmt.cli.parser import build_parser
build_parser()
assert not {"pygls", "lsprotocol", "cattrs", "multiprocessing"} & {*sys.modules}
sys.modules["pygls"] = None
from pyfmt.cli.main import main
sys.exit(main(["lsp"]))
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 2 and "pip install 'pyfmt-monorepo[lsp]'" in done.stderr, done


def test_an_editor_shows_what_the_command_says_of_the_whole_monorepo(tree: Monorepo) -> None:
    report = tree.check()[1]

    async def session() -> None:
        watched = types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
        async with editing(tree, workspace=types.WorkspaceClientCapabilities(did_change_watched_files=watched)) as it:
            it.open("core/core/text.py")
            it.open("billing/billing/use.py")
            await it.until(lambda: shown(it) == told(tree, report) and "lone/pyproject.toml" in it.paths())
            assert {"skipped"} == {*it.codes("lone/pyproject.toml")}
            (name,) = [each for each in it.of("core/core/text.py") if "undefined_name" in each.message]
            line = tree.read("core/core/text.py").split("\n")[name.range.start.line]
            inside = line.encode("utf-16-le")[2 * name.range.start.character : 2 * name.range.end.character]
            assert inside.decode("utf-16-le") == "undefined_name"
            await it.until(lambda: it.registered == ["workspace/didChangeWatchedFiles"])
            # A file that comes from elsewhere, while others are open.
            tree.write({"core/core/more.py": '"""More."""\n\nimport os\n'})
            event = types.FileEvent(it.uri("core/core/more.py"), types.FileChangeType.Created)
            it.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
            await it.until(lambda: it.codes("core/core/more.py") == ["unused-import"])
            (tree.root / "core/core/more.py").unlink()
            event = types.FileEvent(it.uri("core/core/more.py"), types.FileChangeType.Deleted)
            it.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
            await it.until(lambda: not it.of("core/core/more.py") and shown(it) == told(tree, report))

    asyncio.run(session())


def test_saving_a_library_shows_what_breaks_in_open_dependents(tree: Monorepo) -> None:
    broken = tree.read("core/core/api.py").replace("value: int) -> int", "value: str) -> str")

    async def session() -> None:
        async with editing(tree, options={"diagnosticMode": "openFilesOnly"}) as it:
            for path in ("core/core/api.py", "billing/billing/use.py"):
                it.open(path)
                await it.until(lambda path=path: it.times.get(it.uri(path)))  # type: ignore[misc]
            it.save("core/core/api.py", broken)
            await it.until(lambda: {"arg-type", "assignment"} <= {*it.codes("billing/billing/use.py")})
            wanted = told(tree, tree.check("core/core/api.py", "billing/billing/use.py")[1])
            await it.until(lambda: shown(it) == wanted)  # each file is told by itself
            _assert_progress(it.progress)
            # An error of the configuration is shown where it stands, at what was not checked, and once in a message.
            tree.write({"pyproject.toml": '[tool.pyfmt]\njobs = "many"\n'})
            it.save("core/core/api.py")
            await it.until(lambda: it.of("pyproject.toml"))
            assert it.of("pyproject.toml")[0].range.start.line == 1
            for path in ("core/core/api.py", "billing/billing/use.py"):
                await it.until(lambda path=path: it.codes(path) == ["failed"])  # type: ignore[misc]
            assert len(await it.told("jobs")) == 1
            # A tool that fails, since it has no time: never silence.
            tree.write({"pyproject.toml": "[tool.pyfmt]\ntimeout = 0.001\n"})
            it.save("core/core/api.py", broken + "\n\nOTHER = 1\n")
            await it.until(lambda: any("0.001" in each.message for each in it.of("core/core/api.py")))
            await it.until(lambda: not it.of("pyproject.toml"))
            assert await it.told("0.001")
            tree.write({"pyproject.toml": "[tool.pyfmt]\n"})
            it.save("core/core/api.py", broken.replace("str", "int"))
            await it.until(lambda: not it.paths())

    asyncio.run(session())


def _assert_progress(said: list[Any]) -> None:
    """Each run of a tool begins, says how far it is, and ends before the next."""
    assert said[0] == {"kind": "begin", "title": "pyfmt", "percentage": 0}
    reports = [each for each in said if each["kind"] == "report"]
    assert {"core", "billing"} & {word for each in reports for word in each["message"].split()}, said
    assert all(0 <= each["percentage"] <= 100 for each in reports)
    kinds = [each["kind"] for each in said if each["kind"] != "report"]
    assert "end" in kinds and kinds == (["begin", "end"] * len(kinds))[: len(kinds)], said


def test_buffers_are_formatted_and_linted_as_standard_input_is(tree: Monorepo) -> None:
    path = "billing/billing/use.py"
    text = tree.read(path).replace("int =", "str   =")

    async def session() -> None:
        async with editing(tree, options={"formatOnSave": True}) as it:
            it.open(path)
            await it.until(lambda: it.times.get(it.uri(path)))
            it.change(path, text)
            await it.until(lambda: it.codes(path) == ["assignment"])
            assert tree.read(path) != text
            (found,) = it.of(path)
            (fix,) = await it.fixes(path, found.range)
            assert fix.edit is not None and fix.edit.changes is not None
            accepted = applied(text, fix.edit.changes[it.uri(path)])
            assert accepted.endswith("double(21)  # type: ignore[assignment]\n")
            it.change(path, accepted)
            await it.until(lambda: not it.of(path))
            assert "assignment" in await it.hover(path, 4, accepted.split("\n")[4].index("assignment"))
            edits = await it.format(path)
            assert edits and len(edits) == 1 and await it.before_save(path) == edits
            formatted = applied(accepted, edits)
            assert formatted == tree.run("format", "-", "--stdin-filename", path, stdin=accepted).stdout
            it.save(path, formatted)
            assert not await it.format(path)
            # What cannot be parsed stays as it is.
            it.change(path, "def (:\n")
            assert await it.format(path) is None
            await it.until(lambda: it.of(path) and it.of(path)[0].severity == types.DiagnosticSeverity.Error)
            # The process that runs is killed: that is said, and the one that formats is another.
            assert it.process is not None
            running = min(children_of(it.process.pid), key=lambda pid: (_started(pid), pid))
            os.kill(running, signal.SIGKILL)
            assert eventually(lambda: not alive(running))
            it.save(path, accepted)
            await it.until(lambda: it.codes(path) == ["failed"])
            assert await it.told("has ended", "start it again")
            assert await it.format(path) == edits

    asyncio.run(session())


def _started(pid: int) -> int:
    """When a process was started, in ticks; numbers of processes begin anew at some time."""
    return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[19])


def test_a_notebook_is_told_and_formatted_in_its_cells_where_the_editor_has_them(tree: Monorepo) -> None:
    path = "billing/train.ipynb"

    async def session() -> None:
        cells_too = types.NotebookDocumentClientCapabilities(types.NotebookDocumentSyncClientCapabilities())
        async with editing(tree, options={"diagnosticMode": "openFilesOnly"}, notebook_document=cells_too) as it:
            # What VS Code sends: cells of all languages, whose names are quoted.
            sync = it.capabilities.notebook_document_sync
            assert isinstance(sync, types.NotebookDocumentSyncOptions)
            assert [*sync.notebook_selector] == [types.NotebookDocumentFilterWithNotebook("jupyter-notebook")]
            cells = ["# Title", *CELLS]
            uris = [f"vscode-notebook-cell:{quote(str(tree.root / path))}#W{number}%3D" for number in range(len(cells))]
            kinds = [types.NotebookCellKind.Markup, *[types.NotebookCellKind.Code] * len(CELLS)]
            book = types.NotebookDocument(
                it.uri(path), "jupyter-notebook", 1, [types.NotebookCell(*each) for each in zip(kinds, uris)]
            )
            languages = ["markdown", *["python"] * len(CELLS)]
            texts = [types.TextDocumentItem(uri, kind, 1, text) for uri, kind, text in zip(uris, languages, cells)]
            it.client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(book, texts))
            # One cell is no Python: the tools that read the whole notebook say so there, and the others are formatted.
            (found,) = await it.until(lambda: it.shown.get(uris[3]) or [])
            assert found.severity == types.DiagnosticSeverity.Error and found.range.start.line == 0
            wanted = [None, "import os\n\nVALUE = 1", "print(VALUE, missing)", None]
            for uri, text, after in zip(uris, cells, wanted):
                edits = await it.format(uri)
                assert (applied(text, edits) if edits else None) == after, (uri, edits, it.messages)
            assert await it.told("train.ipynb was not formatted")
            tree.write({path: notebook(("# Title", "markdown"), *CELLS[:2], "HALF = 1")})
            change = types.NotebookDocumentChangeEvent(
                cells=types.NotebookDocumentCellChanges(
                    text_content=[
                        types.NotebookDocumentCellContentChanges(
                            types.VersionedTextDocumentIdentifier(uri=uris[3], version=2),
                            [types.TextDocumentContentChangeWholeDocument("HALF = 1")],
                        )
                    ]
                )
            )
            it.client.notebook_document_did_change(
                types.DidChangeNotebookDocumentParams(
                    types.VersionedNotebookDocumentIdentifier(version=2, uri=it.uri(path)), change
                )
            )
            saved = types.DidSaveNotebookDocumentParams(types.NotebookDocumentIdentifier(it.uri(path)))
            it.client.notebook_document_did_save(saved)
            (found,) = await it.until(lambda: it.shown.get(uris[2]) or [])
            await it.until(lambda: not it.shown[uris[3]])
            assert found.message.startswith('Name "missing"')
            assert (found.range.start.line, found.range.start.character, found.range.end.character) == (0, 14, 21)
            (fix,) = await it.fixes(uris[2], found.range)
            assert fix.edit is not None and fix.edit.changes is not None
            assert applied(cells[2], fix.edit.changes[uris[2]]) == f"{cells[2]}  # type: ignore[name-defined]"
            await it.until(lambda: it.codes(path) == ["reformat"])  # which is about no cell
            closed = [types.TextDocumentIdentifier(uri) for uri in uris]
            it.client.notebook_document_did_close(
                types.DidCloseNotebookDocumentParams(types.NotebookDocumentIdentifier(it.uri(path)), closed)
            )
            await it.until(lambda: not it.of(path) and not it.shown[uris[2]])

    asyncio.run(session())


def test_an_editor_that_asks_for_the_diagnostics_of_open_files_is_sent_all_others(tree: Monorepo) -> None:
    path = "core/core/text.py"

    async def session() -> None:
        async with editing(
            tree,
            options={"lintOnChange": False},  # it would be linted while this one looks at what was known before
            text_document=types.TextDocumentClientCapabilities(diagnostic=types.DiagnosticClientCapabilities()),
            workspace=types.WorkspaceClientCapabilities(
                diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
            ),
        ) as it:
            await it.until(lambda: "undefined-variable" in it.codes(path) or "name-defined" in it.codes(path))
            sent = it.of(path)
            it.open(path)
            await it.until(lambda: it.refreshed)
            report = await it.pull(path)
            assert isinstance(report, types.RelatedFullDocumentDiagnosticReport) and [*report.items] == sent
            assert not it.of(path)  # each thing once
            # Until something else is known, what the editor has moves with what is typed.
            it.change(path, "\n" + tree.read(path))
            again = await it.pull(path, report.result_id)
            assert isinstance(again, types.RelatedUnchangedDocumentDiagnosticReport)
            before = it.refreshed
            it.save(path, '"""Text."""\n')
            await it.until(lambda: it.refreshed > before)
            after = await it.pull(path, report.result_id)
            assert isinstance(after, types.RelatedFullDocumentDiagnosticReport) and not after.items
            (tree.root / path).write_text('"""Text."""\n\nimport os\n')
            it.client.text_document_did_close(types.DidCloseTextDocumentParams(it.identifier(path)))
            await it.until(lambda: it.codes(path) == ["unused-import"])
            assert await it.before_save("core/core/api.py") is None  # which only "formatOnSave" wants

    asyncio.run(session())


def test_several_roots_and_a_file_that_lies_in_none(tree: Monorepo, tmp_path: Path) -> None:
    other = Monorepo.create(
        tmp_path, {"pyproject.toml": manifest("other", "other") + "\n[tool.pyfmt]\n", "other/a.py": "import os\n"}
    )
    other.environment(".")
    (tmp_path / "home/stray.py").write_text("import os\n")

    async def session() -> None:
        async with editing(
            tree, [tree.root / "billing", other.root, other.home], environ={"PYTHONPATH": str(tmp_path)}
        ) as it:
            theirs = (other.root / "other/a.py").as_uri()
            await it.until(lambda: "unused-import" in [each.code for each in it.shown.get(theirs, [])])
            await it.until(lambda: it.of("billing/train.ipynb"))
            assert not it.of("core/core/text.py")  # beside the folder
            assert not it.shown.get((other.home / "stray.py").as_uri())  # which nothing says is a monorepo's
            it.open("core/core/text.py")
            await it.until(lambda: any("undefined_name" in each.message for each in it.of("core/core/text.py")))
            # An upgrade of a tool: what this process has in memory is not what a command would run.
            (tmp_path / "black-99.dist-info").mkdir()
            it.save("core/core/text.py")
            await it.until(lambda: it.codes("core/core/text.py") == ["failed"])
            assert await it.told("has changed meanwhile", "start it again")

    asyncio.run(session())
