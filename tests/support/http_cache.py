"""A plain HTTP cache on the loopback interface: WsgiDAV's server, which keeps what is PUT as files."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

USER, PASSWORD = "ci", "letmein"
_SERVER = """
import sys
from wsgidav.server.server_cli import run
sys.argv[0] = "wsgidav"
run()
"""
_SETTINGS = """
host: 127.0.0.1
port: {port}
provider_mapping:
  "/": "{place}/open"
  "/guarded": "{place}/guarded"
  "/readonly":
    root: "{place}/readonly"
    readonly: true
simple_dc:
  user_mapping:
    "*": true
    "/guarded":
      {user}:
        password: {password}
lock_storage: false
verbose: 1
"""


@dataclass(frozen=True)
class HttpCache:
    """A server, and the folder of what it holds."""

    url: str
    folder: Path

    def entries(self, below: str = "open") -> list[Path]:
        """The files of all entries."""
        return sorted(path for path in (self.folder / below).rglob("*") if path.is_file())


@contextlib.contextmanager
def http_cache(place: Path) -> Iterator[HttpCache]:
    """A running server."""
    for name in ("open", "guarded", "readonly"):
        for kind in ("ac", "cas"):
            (place / name / kind).mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = place / "settings.yaml"
    settings.write_text(_SETTINGS.format(place=place, port=port, user=USER, password=PASSWORD), encoding="utf-8")
    command = [sys.executable, "-c", _SERVER, "--config", str(settings)]
    with open(place / "log", "wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            for _ in range(400):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                assert server.poll() is None, (place / "log").read_text(encoding="utf-8")
                time.sleep(0.05)
            else:
                raise TimeoutError((place / "log").read_text(encoding="utf-8"))
            yield HttpCache(f"http://127.0.0.1:{port}", place)
        finally:
            server.terminate()
