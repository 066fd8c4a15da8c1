"""The language server's runs: which one is next, and what the editor shows of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument

from pyfmt import disk
from pyfmt.cli.lsp import calls
from pyfmt.cli.lsp.diagnostics import EditorFinding, OpenDocuments, of_error, of_report
from pyfmt.cli.lsp.folders import EditorFolder, covering
from pyfmt.cli.lsp.helpers import Helper
from pyfmt.cli.lsp.positions import decoded, encoded
from pyfmt.cli.lsp.progress import WorkDone
from pyfmt.cli.lsp.publishing import Publisher
from pyfmt.core.errors import PyfmtError
from pyfmt.core.model import Failure
from pyfmt.core.report import Report
from pyfmt.core.request import Command, Request
from pyfmt.projects.walking import CHECKED_SUFFIXES

_OPEN = 0.1  # seconds: an editor opens several files at once
_TYPING = 0.4  # seconds without a change after which a buffer is linted
_SWEEP = 1.0  # seconds after which all projects are looked at: files that are open come first


@dataclass(frozen=True, slots=True)
class EditorOptions:
    """What the editor's first message asks for (`initializationOptions`)."""

    everything: bool = True  # "diagnosticMode": "workspace", not "openFilesOnly"
    on_change: bool = True  # "lintOnChange"
    on_save: bool = False  # "formatOnSave": the server formats before each save, for editors that do not ask for it


def path_of(uri: str) -> str | None:
    """The absolute path of a document, the links of its folder resolved; None for what is no file."""
    path = to_fs_path(uri)
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)) if path else None


class Runs:  # pylint: disable=too-many-instance-attributes  # the state of a session
    """Runs what is due, one run after the other, and publishes what comes of it."""

    def __init__(self, server: LanguageServer, helper: Helper, quick: Helper, request: Request) -> None:
        self._server = server
        self._helper = helper
        self._quick = quick
        self._request = replace(request, command=Command.CHECK, write=False)
        self.publisher = Publisher(server)
        self.options = EditorOptions()
        self.folders: dict[str, EditorFolder] = {}
        self._wake = asyncio.Event()
        self._homes: dict[str, str | None] = {}  # of folders that are none of the workspace

    # What happens in the editor

    def add_folder(self, path: str) -> EditorFolder:
        """A folder of the editor's workspace."""
        path = os.path.realpath(path)
        folder = self.folders.setdefault(path, EditorFolder(Path(path)))
        self.everything_saved([folder])
        return folder

    def remove_folder(self, path: str) -> None:
        """It is one no more: nothing is shown of it."""
        folder = self.folders.pop(os.path.realpath(path), None)
        if folder is not None:
            for shown in list(folder.shown):
                self._publish(folder, shown, {})

    def everything_saved(self, folders: list[EditorFolder] | None = None) -> None:
        """Anything may be other than it was."""
        for folder in self.folders.values() if folders is None else folders:
            folder.saved(_SWEEP if self.options.everything else None, _OPEN)
            self._wake_in(_OPEN)

    async def saved(self, path: str, opened: bool = False) -> None:
        """A file was saved, or opened."""
        folder = await self.folder_of(path)
        if folder is not None:
            sweep = _SWEEP if self.options.everything and not opened else None
            folder.saved(sweep, _OPEN if opened else 0.0)
            now = time.monotonic()
            folder.changed_due |= dict.fromkeys(self._dirty(folder), now + _TYPING)
            self._wake_in(_OPEN if opened else 0.0)

    async def changed(self, path: str) -> None:
        """What the editor holds of a file is other than it was."""
        folder = await self.folder_of(path) if self.options.on_change else None
        if folder is not None:
            folder.changed_due[path] = time.monotonic() + _TYPING
            self._wake_in(_TYPING)

    async def closed(self, path: str) -> None:
        """A file is no longer open: what is on the disk counts."""
        folder = await self.folder_of(path)
        if folder is not None:
            folder.changed_due.pop(path, None)
            folder.judged.pop(path, None)
            if self.options.everything:
                folder.saved(_SWEEP)
                self._wake_in(_SWEEP)
            else:
                self._publish(folder, path, {})

    async def folder_of(self, path: str) -> EditorFolder | None:
        """The workspace's folder that a file lies in, the innermost; else its monorepo; None where it has none."""
        covers = [folder for folder in self.folders if path.startswith(folder.rstrip(os.sep) + os.sep)]
        if covers:
            return self.folders[max(covers, key=len)]
        parent = os.path.dirname(path)
        if parent not in self._homes:
            self._homes[parent] = await self._home(Path(parent))
        home = self._homes[parent]
        return self.add_folder(home) if home else None

    async def _home(self, parent: Path) -> str | None:
        try:
            found = await asyncio.wrap_future(self._quick.call(None, calls.home_of, self._request, parent))
        except PyfmtError:
            return str(parent)  # the run says what is wrong
        return str(found) if found else None

    # What is run

    async def work(self) -> None:
        """Run whatever is due, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            busy = True
            while busy:
                try:
                    busy = await self._one()
                except Exception as error:  # pylint: disable=broad-exception-caught  # one run's bug is not the others'
                    traceback.print_exc()
                    message = f"pyfmt: a bug of pyfmt, please report it: {type(error).__name__}: {error}"
                    self._server.window_show_message(types.ShowMessageParams(types.MessageType.Error, message))

    def _wake_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._wake.set)

    async def _one(self) -> bool:
        """One run, if any is due: open files before those that are edited, and these before all others."""
        now = time.monotonic()
        folders = list(self.folders.values())
        for folder in folders:
            if folder.saved_due is not None and folder.saved_due <= now:
                folder.saved_due = None
                return await self._check_open(folder)
        for folder in folders:
            due = [path for path, when in folder.changed_due.items() if when <= now]
            if due:
                for path in due:
                    del folder.changed_due[path]
                return await self._check_buffers(folder, due)
        for folder in folders:
            if folder.left or (folder.sweep_due is not None and folder.sweep_due <= now):
                return await self._sweep(folder)
        waiting = [when for folder in folders for when in self._times(folder)]
        if waiting:
            self._wake_in(max(0.01, min(waiting) - now))
        return False

    @staticmethod
    def _times(folder: EditorFolder) -> Iterator[float]:
        yield from folder.changed_due.values()
        yield from (when for when in (folder.saved_due, folder.sweep_due) if when is not None)

    async def _check_open(self, folder: EditorFolder) -> bool:
        documents = self.documents(folder)
        paths = [path for path in {**documents.texts, **documents.cells} if os.path.lexists(path)]
        if paths:
            await self._run(folder, documents, replace(self._request, paths=tuple(paths)))
        return True

    async def _check_buffers(self, folder: EditorFolder, paths: list[str]) -> bool:
        buffers = {path: text for path, text in self._dirty(folder).items() if path in paths}
        now = self._texts(folder)
        if any(path not in buffers and folder.judged.get(path) != now.get(path) for path in paths):
            folder.saved(None)  # it is again what the disk has, and what is shown is about something else
        if buffers:
            documents = replace(self.documents(folder), texts=buffers)
            texts = {path: saved_as(text, disk.bytes_or_none(path)) for path, text in buffers.items()}
            request = replace(self._request, command=Command.LINT, paths=tuple(buffers), texts=texts)
            await self._run(folder, documents, request)
        return True

    async def _sweep(self, folder: EditorFolder) -> bool:
        """A part of a sweep: so much as does not keep a save waiting."""
        if folder.sweep_due is not None:
            folder.sweep_due = None
            try:
                call = self._helper.call(None, calls.parts, self._request, folder.path)
                parts = await asyncio.wrap_future(call)
                folder.begin_sweep(parts)
            except PyfmtError as error:
                self._failed(folder, error, [])
                return True
        paths, began = folder.next_paths(), time.monotonic()
        if paths:
            await self._run(folder, self.documents(folder), replace(self._request, paths=paths))
            folder.took(time.monotonic() - began)
        if not folder.left:
            for path in folder.swept().difference(self._texts(folder)):
                self._publish(folder, path, {})
        return True

    async def _run(self, folder: EditorFolder, documents: OpenDocuments, request: Request) -> None:
        loop = asyncio.get_running_loop()
        done = WorkDone(self._server, "pyfmt")

        def told(said: tuple[int, int, str]) -> None:
            loop.call_soon_threadsafe(done.told, said)

        try:
            call = self._helper.call(told, calls.check, request, folder.path)
            report, said = await asyncio.wrap_future(call)
        except PyfmtError as error:
            self._failed(folder, error, [path for path in request.paths if os.path.isfile(path)])
            return
        finally:
            done.end()
        broken, folder.broken = folder.broken, set()
        for path in broken:  # what follows is about it, or it is in order
            self._publish(folder, path, {})
        self._take(folder, report, documents, covering(request.paths))
        self._tell(folder, [*said, *map(_said_of, report.failures)])

    # What is shown

    def _take(
        self, folder: EditorFolder, report: Report, documents: OpenDocuments, covers: Callable[[str], bool]
    ) -> None:
        """Show what a run has found in the files that it has looked at; not of texts that are others by now."""
        found = of_report(report, documents)
        folder.met |= found.keys()
        now = self._texts(folder)
        for path in dict.fromkeys([*found, *filter(covers, (*folder.shown, *documents.texts))]):
            if path in now and now[path] != documents.texts.get(path):
                continue
            if path in now:
                folder.judged[path] = now[path]
            self._publish(folder, path, found.get(path, {}), documents.uris.get(path))
        for path, shown in found.items():  # a failure at a file that the run was not about: no later one may be, either
            if not covers(path) and not any(each.finding for every in shown.values() for each in every):
                folder.broken.add(path)

    def _failed(self, folder: EditorFolder, error: PyfmtError, paths: list[str]) -> None:
        """A run has come to nothing: say so at what it was about."""
        uris = self._uris()
        for path, shown in of_error(error, paths).items():
            folder.broken.add(path)
            self._publish(folder, path, {uris.get(path) or Path(path).as_uri(): [shown]})
        self._tell(folder, [str(error)])

    def _tell(self, folder: EditorFolder, said: list[str]) -> None:
        for message in folder.new_failures(said):
            self._server.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"pyfmt: {message}"))

    def _publish(
        self,
        folder: EditorFolder,
        path: str,
        found: Mapping[str, list[EditorFinding]],
        own: str | None = None,
    ) -> None:
        """Show this at a file in the place of what is shown; `own` is what the editor calls it, where it is open."""
        before = folder.shown.pop(path, {})
        if found:
            folder.shown[path] = dict(found)
        open_files = {document.uri for document, _ in self._files()}
        for uri in dict.fromkeys([*before, *found, *([own] if own else [])]):
            self.publisher.publish(uri, [each.diagnostic for each in found.get(uri, [])], uri in open_files)

    def shown(self, uri: str) -> list[EditorFinding]:
        """What is shown at a document, as long as it is what was judged."""
        for folder in self.folders.values():
            for path, documents in folder.shown.items():
                if uri in documents:
                    now = self._texts(folder)
                    return documents[uri] if now.get(path) == folder.judged.get(path) else []
        return []

    # What the editor holds

    def _files(self) -> Iterator[tuple[TextDocument, str]]:
        """Each open file and its path; a notebook's cells are none."""
        cells = {cell.document for book in self._server.workspace.notebook_documents.values() for cell in book.cells}
        for document in self._server.workspace.text_documents.values():
            path = None if document.uri in cells else path_of(document.uri)
            if path and (path.endswith(CHECKED_SUFFIXES) or document.language_id == "python"):
                yield document, path

    def document(self, uri: str) -> TextDocument | None:
        """What the editor holds, by the name that it gives it; pygls has another spelling of its own."""
        documents: Mapping[str, TextDocument] = self._server.workspace.text_documents
        return documents.get(unquote(uri))

    def _uris(self) -> dict[str, str]:
        return {path: document.uri for document, path in self._files()}

    def _texts(self, folder: EditorFolder) -> dict[str, str]:
        """The texts of the folder's open files, by path."""
        inside = covering([str(folder.path)])
        return {path: document.source for document, path in self._files() if inside(path)}

    def _dirty(self, folder: EditorFolder) -> dict[str, str]:
        """Those that are not what the disk has."""
        found = {}
        for path, text in self._texts(folder).items():
            saved = disk.bytes_or_none(path)
            if saved is None or saved_as(text, saved) != saved:
                found[path] = text
        return found

    def cells(self, book: types.NotebookDocument) -> list[tuple[str, str]]:
        """What the editor calls each cell of a notebook, and what it holds."""
        documents = [(cell.document, self.document(cell.document)) for cell in book.cells]
        return [(uri, document.source if document else "") for uri, document in documents]

    def documents(self, folder: EditorFolder) -> OpenDocuments:
        """What the editor holds of files that are saved."""
        dirty = self._dirty(folder)
        inside = covering([str(folder.path)])
        cells = {}
        for book in self._server.workspace.notebook_documents.values():
            path = path_of(book.uri)
            if path and inside(path):
                cells[path] = dict(enumerate(self.cells(book), 1))
        return OpenDocuments(
            texts={path: text for path, text in self._texts(folder).items() if path not in dirty},
            cells=cells,
            codec=self._server.workspace.position_codec,
            read=lambda path: decoded(disk.bytes_or_none(path) or b""),
            uris=self._uris(),
        )


def saved_as(text: str, before: bytes | None) -> bytes:
    """What a file holds when the editor has saved it."""
    with contextlib.suppress(UnicodeEncodeError):
        return encoded(text, before)
    return text.encode("utf-8", "surrogatepass")  # the tools say what is wrong with it


def _said_of(failure: Failure) -> str:
    where = f" ({', '.join(failure.projects)})" if failure.projects else ""
    return f"{failure.tool} failed{where}: {failure.reason}"
