"""How far a run is, for the editor."""

from __future__ import annotations

import uuid

from lsprotocol import types
from pygls.lsp.server import LanguageServer


class WorkDone:
    """The progress of one run; the editor hears of it where it takes long enough to tell, and can show it."""

    def __init__(self, server: LanguageServer, title: str) -> None:
        window = server.client_capabilities.window
        self._can = bool(window and window.work_done_progress)
        self._progress = server.work_done_progress
        self._title = title
        self._token = f"pyfmt-{uuid.uuid4()}"
        self._asked = self._began = self._ended = False

    def told(self, said: tuple[int, int, str]) -> None:
        """So many units are done, of so many, and what runs now; in the event loop's thread."""
        if not self._can or self._ended:
            return
        if not self._asked:
            self._asked = True
            self._progress.create(self._token, self._begin)
        elif self._began:
            done, total, brief = said
            percentage = 100 * done // max(1, total)
            self._progress.report(self._token, types.WorkDoneProgressReport(message=brief, percentage=percentage))

    def _begin(self, *_: object) -> None:
        if not self._ended:
            self._began = True
            self._progress.begin(self._token, types.WorkDoneProgressBegin(title=self._title, percentage=0))

    def end(self) -> None:
        """It is over."""
        self._ended = True
        if self._began:
            self._progress.end(self._token, types.WorkDoneProgressEnd())
