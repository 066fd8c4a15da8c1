"""An editor: pygls' own client, and what it was told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.uris import to_fs_path

from tests.runner.test_worker_server import alive, children_of, eventually
from tests.support.monorepo import Monorepo, command
from tests.support.waiting import PATIENCE

_T = TypeVar("_T")


class Editor:
    """A session of an editor with `pyfmt lsp`; paths are relative to the monorepo's root."""

    def __init__(self, tree: Monorepo) -> None:
        self.tree = tree
        self.client = LanguageClient("an editor", "1")
        self.shown: dict[str, list[types.Diagnostic]] = {}  # by URI, as it was published last
        self.times: dict[str, int] = {}  # how often
        self.messages: list[str] = []
        self.progress: list[Any] = []
        self.registered: list[str] = []
        self.capabilities = types.ServerCapabilities()
        self.refreshed = 0  # how often the editor was told to ask again
        self._version = 0
        self.process: asyncio.subprocess.Process | None = None
        feature = self.client.feature
        feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(partial(self._publish))
        feature(types.WINDOW_SHOW_MESSAGE)(partial(self._message))
        feature(types.WINDOW_LOG_MESSAGE)(partial(self._message))
        feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)(lambda _params: None)
        feature(types.PROGRESS)(lambda params: self.progress.append(params.value))
        feature(types.CLIENT_REGISTER_CAPABILITY)(partial(self._register))
        feature(types.WORKSPACE_DIAGNOSTIC_REFRESH)(partial(self._refresh))

    def _publish(self, params: types.PublishDiagnosticsParams) -> None:
        self.shown[params.uri] = list(params.diagnostics)
        self.times[params.uri] = self.times.get(params.uri, 0) + 1

    def _message(self, params: types.ShowMessageParams) -> None:
        self.messages.append(params.message)

    def _register(self, params: types.RegistrationParams) -> None:
        self.registered += [each.method for each in params.registrations]

    def _refresh(self, _params: None) -> None:
        self.refreshed += 1

    def uri(self, path: str) -> str:
        """What the editor calls a file."""
        return (self.tree.root / path).as_uri()

    def of(self, path: str) -> list[types.Diagnostic]:
        """What is shown at a file."""
        return self.shown.get(self.uri(path), [])

    def codes(self, path: str) -> list[str]:
        """The rules of what is shown at a file."""
        return [str(each.code) for each in self.of(path)]

    def paths(self) -> list[str]:
        """The files at which something is shown."""
        places = [Path(to_fs_path(uri) or "") for uri, shown in self.shown.items() if shown]
        return sorted(str(place.relative_to(self.tree.root)) for place in places)

    async def until(self, wanted: Callable[[], _T]) -> _T:
        """Wait for something, and give it."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < end:
            if found := wanted():
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(f"it never came to this:\n{self.messages}\n{self.shown}")

    async def told(self, *words: str) -> list[str]:
        """The messages with all of these words, waited for: each comes by itself, after what is shown at files."""
        return await self.until(lambda: [each for each in self.messages if all(word in each for word in words)])

    def open(self, path: str) -> None:
        """Open a file."""
        document = types.TextDocumentItem(self.uri(path), "python", self._next(), self.tree.read(path))
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def change(self, path: str, text: str) -> None:
        """Edit without saving."""
        identifier = types.VersionedTextDocumentIdentifier(uri=self.uri(path), version=self._next())
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))

    def save(self, path: str, text: str | None = None) -> None:
        """Edit, where there is a text, and save."""
        if text is not None:
            self.change(path, text)
            (self.tree.root / path).write_bytes(text.encode())
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(self.identifier(path)))

    def identifier(self, path: str) -> types.TextDocumentIdentifier:
        """How messages name a file, or a notebook's cell by its URI."""
        return types.TextDocumentIdentifier(path if ":" in path else self.uri(path))

    def _next(self) -> int:
        self._version += 1
        return self._version

    async def format(self, path: str) -> Sequence[types.TextEdit] | None:
        """What formatting would change."""
        options = types.FormattingOptions(4, True)
        return await self.client.text_document_formatting_async(
            types.DocumentFormattingParams(self.identifier(path), options)
        )

    async def before_save(self, path: str) -> Sequence[types.TextEdit] | None:
        """What the server changes before a save."""
        return await self.client.text_document_will_save_wait_until_async(
            types.WillSaveTextDocumentParams(self.identifier(path), types.TextDocumentSaveReason.Manual)
        )

    async def pull(self, path: str, known: str | None = None) -> types.DocumentDiagnosticReport:
        """The diagnostics of a file, asked for; `known` is the number of what the editor has."""
        return await self.client.text_document_diagnostic_async(
            types.DocumentDiagnosticParams(self.identifier(path), previous_result_id=known)
        )

    async def fixes(self, path: str, where: types.Range) -> list[types.CodeAction]:
        """The quick fixes for a place."""
        context = types.CodeActionContext([])
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(self.identifier(path), where, context)
        )
        return [each for each in found or [] if isinstance(each, types.CodeAction)]

    async def hover(self, path: str, line: int, character: int) -> str:
        """What hovering over a place (from 0) shows."""
        found = await self.client.text_document_hover_async(
            types.HoverParams(self.identifier(path), types.Position(line, character))
        )
        return found.contents.value if found and isinstance(found.contents, types.MarkupContent) else ""


def applied(text: str, changes: Sequence[types.TextEdit], encoding: str = "utf-16-le", unit: int = 2) -> str:
    """A text with changes, whose positions count units (of so many bytes) of an encoding, as the protocol says it."""
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]

    def offset(position: types.Position) -> int:
        assert position.line < len(starts), position
        rest = text[starts[position.line] :]
        before = rest.encode(encoding)[: unit * position.character].decode(encoding)
        assert not re.search(r"[\r\n]", before) and len(before.encode(encoding)) == unit * position.character, position
        return starts[position.line] + len(before)

    for change in sorted(changes, key=lambda each: -offset(each.range.start)):
        text = text[: offset(change.range.start)] + change.new_text + text[offset(change.range.end) :]
    return text


@asynccontextmanager
async def editing(
    tree: Monorepo,
    folders: Sequence[Path] = (),
    options: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    **capabilities: Any,
) -> AsyncIterator[Editor]:
    """Start `pyfmt lsp` as an editor does, and end it as an editor does: no process may be left."""
    editor = Editor(tree)
    program, *arguments = command()
    await editor.client.start_io(
        program, *arguments, "lsp", env=tree.environment_variables(environ), cwd=str(tree.home)
    )
    process = editor.client._server  # pylint: disable=protected-access  # pygls gives it to nobody
    assert process is not None
    try:
        asked = types.InitializeParams(
            capabilities=types.ClientCapabilities(
                window=types.WindowClientCapabilities(work_done_progress=True), **capabilities
            ),
            workspace_folders=[types.WorkspaceFolder(path.as_uri(), path.name) for path in folders or [tree.root]],
            initialization_options=dict(options or {}),
        )
        editor.capabilities = (await editor.client.initialize_async(asked)).capabilities
        editor.client.initialized(types.InitializedParams())
        editor.process = process
        yield editor
        started = [child for each in children_of(process.pid) for child in (each, *children_of(each))]
        await editor.client.shutdown_async(None)
        editor.client.exit(None)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
        assert eventually(lambda: not [pid for pid in started if alive(pid)])
    finally:
        if process.returncode is None:
            process.kill()
        await editor.client.stop()  # type: ignore[no-untyped-call]
