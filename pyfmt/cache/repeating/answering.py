"""What a run asked of the disk, kept for the next one: the same command gets the same answer while nothing has changed.

Every start of pyfmt imports this: nothing but what Python has loaded by then, and small modules written in C; not even
`collections.abc` for annotations.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
import zlib

from pyfmt.core.user_cache import user_cache

TYPE_CHECKING = False  # typing's own would have to be imported
if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:  # hashlib's own C modules: hashlib itself takes two milliseconds to import, for OpenSSL
        from _sha2 import sha256  # Python 3.12 and later
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256

Mark = tuple[int, int, int, int, int]  # what tells that a file or a folder's listing is another: see `mark`
_FORMAT = 3
_VALID_SECONDS = 12 * 3600  # then a real run looks again, so that the cache knows what is in use
# What differs from call to call in a shell and says nothing to pyfmt. All other variables belong to the command.
PASSING = frozenset({"_", "OLDPWD", "SHLVL"})


class RecordedRun:
    """A run's questions with their answers, and what it said; made of plain values alone, as marshal keeps them."""

    def __init__(self, text: bytes, exit_code: int) -> None:
        self.text = text
        self.exit_code = exit_code
        self.files: dict[str, Mark] = {}  # followed, by path: opened, listed, or their times taken
        self.links: dict[str, Mark] = {}  # links themselves
        self.kinds: dict[str, int] = {}  # followed: only their type was asked for
        self.kinds_here: dict[str, int] = {}  # not followed
        self.absent: list[str] = []  # followed: nothing was there
        self.absent_here: list[str] = []  # not followed
        self.same: dict[str, int] = {}  # the file must be this inode: the cache's own, which is written to

    def holds(self) -> bool:
        """Whether the disk still has the same answers."""
        stat, lstat = os.stat, os.lstat
        try:
            for look, marks in ((stat, self.files), (lstat, self.links)):
                for path, known in marks.items():
                    found = look(path)
                    now = (found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size, found.st_mode)
                    if now != known:  # written out instead of calling `mark`: 40,000 times in a large tree
                        return False
            kinds = all(stat(path).st_mode & 0o170000 == kind for path, kind in self.kinds.items())
            kinds = kinds and all(lstat(path).st_mode & 0o170000 == kind for path, kind in self.kinds_here.items())
            if not kinds or not all(stat(path).st_ino == inode for path, inode in self.same.items()):
                return False
        except (OSError, ValueError):
            return False
        return not any(map(os.path.exists, self.absent)) and not any(map(os.path.lexists, self.absent_here))

    def paths(self) -> set[str]:
        """All that was asked for."""
        return {*self.files, *self.links, *self.kinds, *self.kinds_here, *self.absent, *self.absent_here}

    def dump(self) -> bytes:
        """All of it as bytes."""
        return marshal.dumps(vars(self))

    @classmethod
    def load(cls, data: bytes) -> RecordedRun | None:
        """What `dump` made bytes of; None for anything else."""
        try:
            record = cls(b"", 0)
            vars(record).update(marshal.loads(data))
        except (ValueError, EOFError, TypeError):
            return None
        return record


def mark(found: os.stat_result) -> Mark:
    """What changes with every change of a file, and of a folder with every name that comes or goes."""
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size, found.st_mode


def command_key(arguments: list[str]) -> bytes:
    """A digest of the command and all that an answer can depend on besides the disk: where, by which Python, with which
    variables.
    """
    screens = [os.get_terminal_size(stream) if os.isatty(stream) else None for stream in (1, 2)]
    environ = sorted((name, value) for name, value in os.environ.items() if name not in PASSING)
    place = (
        os.getcwd(),
        sys.version,
        sys.executable,
        tuple(sys.flags),
        tuple(sys.path),
        sys.stdout.encoding,
        [screen and tuple(screen) for screen in screens],
    )
    # Version 2: the later ones write what they have met before in another way, and that differs from run to run.
    # Only a digest is kept: variables hold secrets, and CI stores caches.
    return sha256(marshal.dumps((_FORMAT, list(arguments), place, environ), 2)).digest()


def folder() -> str:
    """Where answers are kept: in the user's cache folder, since a repository's own is not known before its settings
    are."""
    return os.path.join(user_cache(os.environ, os.path.expanduser("~")), "answers")


def file_for(key: bytes) -> str:
    """The file for a command."""
    return os.path.join(folder(), key.hex())


def pack(key: bytes, record: RecordedRun) -> bytes:
    """A record as it is kept; compression comes with a checksum."""
    return zlib.compress(marshal.dumps((key, time.time(), record.dump())), 1)


def recall(key: bytes) -> RecordedRun | None:
    """What is known of a command, whether it still holds or not."""
    try:
        with open(file_for(key), "rb") as file:
            known, made, data = marshal.loads(zlib.decompress(file.read()))
        if known != key or not 0 <= time.time() - made < _VALID_SECONDS:
            return None
        return RecordedRun.load(data)
    except (OSError, zlib.error, ValueError, EOFError, TypeError):
        return None  # none, or a damaged one


def answer(arguments: list[str]) -> int | None:
    """Say what the last run of this command said, and give its exit code; None where a real run is needed."""
    if os.name != "posix" or None in (sys.stdin, sys.stdout, sys.stderr):
        return None
    record = None
    said = memoryview(b"")
    try:
        record = recall(command_key(arguments))
        said = memoryview(record.text if record else b"")
        if record is None or not record.holds():
            return None
        while said:
            said = said[os.write(1, said) :]
    except OSError:
        # No working folder, nobody who reads, a full disk: the real run says so, unless a part has been said already.
        return None if record is None or len(said) == len(record.text) else 2
    return record.exit_code
