"""The language server: what the editor says, and what it is answered."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from pyfmt import __version__, disk
from pyfmt.cli.lsp import calls
from pyfmt.cli.lsp.cells import as_notebook, cell_of
from pyfmt.cli.lsp.diagnostics import quick_fixes, rules_at
from pyfmt.cli.lsp.helpers import Helper
from pyfmt.cli.lsp.positions import decoded, edits, encoded, lines_of
from pyfmt.cli.lsp.workspace import EditorOptions, Runs, path_of
from pyfmt.core.errors import EXIT_CLEAN, PyfmtError
from pyfmt.core.request import Command, Request
from pyfmt.run.baseline_files import NAME as BASELINE

_WATCHED = ("**/*.{py,pyi,ipynb,toml,cfg,ini,lock}", "**/requirements*.{txt,in}", "**/.gitignore", f"**/{BASELINE}")
# All cells: VS Code would leave out those of languages that are not named, and the others would have wrong numbers.
_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    [types.NotebookDocumentFilterWithNotebook("jupyter-notebook")], save=True
)


def serve(request: Request, helpers: tuple[Helper, Helper]) -> int:
    """Serve the editor at standard input and output until it leaves."""
    # Whole texts: pygls counts the lines of a change by str.splitlines, which ends one at a form feed, too.
    server = LanguageServer("pyfmt", __version__, types.TextDocumentSyncKind.Full, _NOTEBOOKS)
    Answers(server, helpers, request).register()
    # The end of a session closes this stream. Whatever else is printed goes to the editor's log.
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    server.start_io(stdout=output)
    return EXIT_CLEAN


class Answers:
    """What each message of the editor leads to."""

    def __init__(self, server: LanguageServer, helpers: tuple[Helper, Helper], request: Request) -> None:
        self._server = server
        self._quick = helpers[1]
        self._request = request
        self._runs = Runs(server, *helpers, request)
        self._texts: dict[str, str] = {}  # of rules
        self._working: asyncio.Task[None] | None = None

    def register(self) -> None:
        """Tell pygls which message leads to what; it writes on the functions, which methods do not allow."""
        feature, server = self._server.feature, self._server
        feature(types.INITIALIZE)(partial(self._initialize))
        feature(types.INITIALIZED)(partial(self._initialized))
        opened = partial(self._runs.saved, opened=True)
        for message, take in (
            (types.TEXT_DOCUMENT_DID_OPEN, opened),
            (types.TEXT_DOCUMENT_DID_CHANGE, self._runs.changed),
            (types.TEXT_DOCUMENT_DID_SAVE, self._runs.saved),
            (types.TEXT_DOCUMENT_DID_CLOSE, self._runs.closed),
            (types.NOTEBOOK_DOCUMENT_DID_OPEN, opened),
            (types.NOTEBOOK_DOCUMENT_DID_SAVE, self._runs.saved),
            (types.NOTEBOOK_DOCUMENT_DID_CLOSE, self._runs.closed),
        ):
            feature(message)(partial(self._heard, take))
        feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(partial(self._files_changed))
        feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(partial(self._folders_changed))
        feature(types.TEXT_DOCUMENT_FORMATTING)(partial(self._format))
        feature(types.TEXT_DOCUMENT_WILL_SAVE_WAIT_UNTIL)(partial(self._before_save))
        feature(types.TEXT_DOCUMENT_HOVER)(partial(self._hover))
        kinds = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
        feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)(partial(self._code_actions))
        asked = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False)
        feature(types.TEXT_DOCUMENT_DIAGNOSTIC, asked)(partial(self._runs.publisher.answer))
        server.command("pyfmt.checkWorkspace")(partial(self._check_workspace))

    def _initialize(self, params: types.InitializeParams) -> None:
        asked: Any = params.initialization_options
        if isinstance(asked, dict):
            self._runs.options = EditorOptions(
                everything=asked.get("diagnosticMode", "workspace") != "openFilesOnly",
                on_change=bool(asked.get("lintOnChange", True)),
                on_save=bool(asked.get("formatOnSave", False)),
            )

    async def _initialized(self, _params: types.InitializedParams) -> None:
        self._working = asyncio.create_task(self._runs.work())
        for folder in self._server.workspace.folders.values():
            if path := path_of(folder.uri):
                self._runs.add_folder(path)
        if not self._server.workspace.folders and self._server.workspace.root_path:
            self._runs.add_folder(self._server.workspace.root_path)
        capabilities = self._server.client_capabilities.workspace
        watched = capabilities.did_change_watched_files if capabilities else None
        if watched and watched.dynamic_registration:
            options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(g) for g in _WATCHED])
            registration = types.Registration("pyfmt-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            await self._server.client_register_capability_async(types.RegistrationParams([registration]))

    async def _heard(self, take: Callable[[str], Awaitable[None]], params: Any) -> None:
        """A document's or a notebook's message, for what takes the path of its file."""
        document = getattr(params, "notebook_document", None) or params.text_document
        if path := path_of(document.uri):
            await take(path)

    async def _files_changed(self, params: types.DidChangeWatchedFilesParams) -> None:
        # Of what is open, the editor itself says when it is saved.
        if any(self._runs.document(change.uri) is None for change in params.changes):
            self._runs.everything_saved()

    async def _folders_changed(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        for folder in params.event.removed:
            if path := path_of(folder.uri):
                self._runs.remove_folder(path)
        for folder in params.event.added:
            if path := path_of(folder.uri):
                self._runs.add_folder(path)

    async def _check_workspace(self, *_arguments: object) -> None:
        self._runs.everything_saved()

    async def _format(self, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        return await self._formatted(params.text_document.uri)

    async def _before_save(self, params: types.WillSaveTextDocumentParams) -> list[types.TextEdit] | None:
        return await self._formatted(params.text_document.uri) if self._runs.options.on_save else None

    async def _formatted(self, uri: str) -> list[types.TextEdit] | None:
        """What the formatters change in a document; None where it stays as it is, since they could not."""
        book, document = self._server.workspace.get_notebook_document(cell_uri=uri), self._runs.document(uri)
        path = path_of(book.uri if book else uri)
        if path is None or document is None:
            return None
        text = document.source
        cells = self._runs.cells(book) if book else []
        number = next((number for number, (each, _) in enumerate(cells, 1) if each == uri), 0)
        if number and document.language_id != "python":
            return None
        try:
            data = (
                as_notebook([each for _, each in cells], number) if number else encoded(text, disk.bytes_or_none(path))
            )
            request = replace(self._request, command=Command.FORMAT, write=True)
            folder = await self._runs.folder_of(path)
            cwd = folder.path if folder else Path(path).parent  # as runs have it
            call = self._quick.call(None, calls.formatted, request, data, path, cwd)
            result = await asyncio.wrap_future(call)
        except (PyfmtError, UnicodeEncodeError) as error:
            self._say(types.MessageType.Error, f"{path} was not formatted: {error}")
            return None
        if result.message:
            # What cannot be parsed is a diagnostic anyway, and is saved often while it is written.
            kind = types.MessageType.Error if result.exit_code > 1 else types.MessageType.Log
            self._say(kind, f"{path} was not formatted: {result.message}")
            return None
        after = cell_of(result.output, number) if number else decoded(result.output)
        return edits(text, after, self._server.workspace.position_codec)

    def _say(self, kind: types.MessageType, message: str) -> None:
        if kind is types.MessageType.Log:
            self._server.window_log_message(types.LogMessageParams(kind, f"pyfmt: {message}"))
        else:
            self._server.window_show_message(types.ShowMessageParams(kind, f"pyfmt: {message}"))

    async def _code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        document = self._runs.document(uri)
        shown = self._runs.shown(uri)
        if document is None or not shown:
            return []
        return quick_fixes(shown, uri, document.source, params.range, self._server.workspace.position_codec)

    async def _hover(self, params: types.HoverParams) -> types.Hover | None:
        uri = params.text_document.uri
        document = self._runs.document(uri)
        if document is None:
            return None
        codec = self._server.workspace.position_codec
        rules = rules_at(self._runs.shown(uri), lines_of(document.source), params.position, codec)
        for rule in rules:
            if rule not in self._texts:
                call = self._quick.call(None, calls.explained, rule)
                self._texts[rule] = await asyncio.wrap_future(call)
        texts = [f"```text\n{self._texts[rule]}\n```" for rule in rules if self._texts[rule]]
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(texts))) if texts else None
