"""`pyfmt cache`: where the cache lies, what is in it, how it is removed, and what a remote one still has to get."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from pyfmt import config
from pyfmt.cache.folders import repository_folder
from pyfmt.cache.sending import last_traffic, send
from pyfmt.cache.store import STEM, Store
from pyfmt.cache.tool_folders import STAMP, with_folders
from pyfmt.cli.request import plain_request
from pyfmt.core.errors import EXIT_CLEAN, EXIT_FAILURE, PyfmtError
from pyfmt.core.request import Request
from pyfmt.reports.escaping import printable_text
from pyfmt.run.remote_cache import URL, open_remote

EXAMPLES = (
    ("pyfmt cache show", "what is kept for this repository"),
    ("pyfmt cache clean", "remove it"),
    ("pyfmt cache push", "send to the remote cache what runs had no time for"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with it."""
    parser.add_argument(
        "action",
        choices=("show", "clean", "dir", "push"),
        metavar="ACTION",
        help="show what is in it, clean it, print its dir, or push to the remote cache what runs had no time to send",
    )


def run(options: argparse.Namespace) -> int:
    """Show, remove, or name the cache of the repository."""
    request = plain_request(options)
    if options.action == "push":
        return push(request, Path.cwd(), os.environ)
    place = folder(request, Path.cwd())
    if options.action == "dir":
        print(place)
    else:
        print(printable_text(show(place) if options.action == "show" else clean(place)))
    return EXIT_CLEAN


def folder(request: Request, cwd: Path) -> Path:
    """The cache folder of the repository; raises PyfmtError."""
    settings = config.load(request, cwd)
    return repository_folder(settings.root, settings.cache_dir)


def push(request: Request, cwd: Path, environ: Mapping[str, str]) -> int:
    """Send what is still to be sent, however long it takes; 2 where that is not possible. Raises PyfmtError."""
    from pyfmt.cache import shared_folders  # deferred: only where there is one

    settings = config.load(request, cwd)
    remote = open_remote(settings, request, environ)
    if remote is None:
        raise PyfmtError("there is no remote cache", "[tool.pyfmt.cache] remote", f"name one there, or in {URL}")
    with Store(repository_folder(settings.root, settings.cache_dir), remote=remote, group=remote.group) as store:
        rest = send(store, remote, None)
        shared_folders.push(store, remote)
        print("\n".join(filter(None, [f"sent     {remote.traffic.entries_sent} entries", remote.note])))
    return EXIT_FAILURE if rest or remote.note else EXIT_CLEAN


def show(place: Path) -> str:
    """What a cache folder holds."""
    lines = [f"folder   {place}"]
    for path in sorted(place.glob(f"{STEM}*.sqlite")):
        with Store(place, group=path.stem.removeprefix(STEM).removeprefix("-")) as store:
            count, size = store.size()
            lines.append(f"results  {count} in {_amount(size)}" + (f" ({store.trouble})" if store.trouble else ""))
            lines += last_traffic(store)
    for name in with_folders():
        if (place / name).is_dir():
            sizes = (path.stat().st_size for path in (place / name).rglob("*") if path.is_file())
            lines.append(f"{name.ljust(8)} {_amount(sum(sizes))}")
    return "\n".join(lines if len(lines) > 1 else [*lines, "empty: nothing has been cached yet"])


def clean(place: Path) -> str:
    """Remove what pyfmt has put into a cache folder, and nothing else; raises PyfmtError where it cannot."""
    own = [
        *place.glob(f"{STEM}*"),
        *place.glob(STAMP),
        *(place / name for name in with_folders() if (place / name).is_dir()),
    ]
    try:
        for path in own:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    except OSError as error:
        raise PyfmtError(
            f"the cache cannot be removed: {error.strerror}", str(place), "correct its permissions"
        ) from error
    return f"removed  {place}" if own else f"nothing to remove in {place}"


def _amount(size: int) -> str:
    """Bytes as a person reads them."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
