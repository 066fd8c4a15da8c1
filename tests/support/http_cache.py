"""A plain HTTP cache on the loopback interface: WsgiDAV's server, which keeps what is PUT as files."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import until

USER, PASSWORD = "ci", "letmein"
# Takes a port that is free, and says which one as soon as it listens there.
_SERVER = """
import os, sys
from cheroot import wsgi
from wsgidav.server.server_cli import run
told, sys.argv = sys.argv[1], ["wsgidav", *sys.argv[2:]]

prepare = wsgi.Server.prepare

def prepare_and_tell(server):
    prepare(server)
    with open(told + ".part", "w") as file:
        file.write(str(server.bind_addr[1]))
    os.replace(told + ".part", told)

wsgi.Server.prepare = prepare_and_tell
run()
"""
_SETTINGS = """
host: 127.0.0.1
port: 0
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
    settings, port = place / "settings.yaml", place / "port"
    settings.write_text(_SETTINGS.format(place=place, user=USER, password=PASSWORD), encoding="utf-8")
    command = [sys.executable, "-c", _SERVER, str(port), "--config", str(settings)]
    with open(place / "log", "wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            until(lambda: port.exists() or server.poll() is not None)
            assert server.poll() is None, (place / "log").read_text(encoding="utf-8")
            yield HttpCache(f"http://127.0.0.1:{port.read_text()}", place)
        finally:
            server.terminate()
