"""Diagnostics on their way to the editor: it is sent them, or it asks for those of the files that are open in it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import unquote

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.lsp.server import LanguageServer


class Publisher:
    """Gives each document's diagnostics to the editor, in one of the two ways and never in both.

    An editor that can be told to ask again asks for those of open files (pull); it is sent those of all others.
    """

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._sent: set[str] = set()  # the documents at which the editor shows something that was sent
        # By URI: what is given when asked, and its number.
        self._held: dict[str, tuple[str, Sequence[types.Diagnostic]]] = {}
        self._count = 0
        self._due = False

    def publish(self, uri: str, diagnostics: Sequence[types.Diagnostic], is_open_file: bool) -> None:
        """Show this at a document, in the place of what is shown there."""
        if is_open_file and self._pulls():
            self._count += 1
            self._held[unquote(uri)] = str(self._count), diagnostics
            if uri in self._sent:
                self._send(uri, [])
            if not self._due:
                self._due = True
                asyncio.get_running_loop().call_soon(self._refresh)
        else:
            self._held.pop(unquote(uri), None)
            self._send(uri, diagnostics)

    def answer(self, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        """What the editor has asked for; until its text was judged, it keeps what it has."""
        number, diagnostics = self._held.get(unquote(params.text_document.uri), (None, ()))
        if number is not None and number == params.previous_result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(number)
        return types.RelatedFullDocumentDiagnosticReport(diagnostics, result_id=number)

    def _pulls(self) -> bool:
        asked = self._server.client_capabilities
        can_refresh = get_capability(asked, "workspace.diagnostics.refresh_support")
        return bool(can_refresh and get_capability(asked, "text_document.diagnostic"))

    def _refresh(self) -> None:
        self._due = False
        self._server.workspace_diagnostic_refresh(None)

    def _send(self, uri: str, diagnostics: Sequence[types.Diagnostic]) -> None:
        (self._sent.add if diagnostics else self._sent.discard)(uri)
        document = self._server.workspace.text_documents.get(unquote(uri))
        version = document.version if document else None
        self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, version))
