"""The writer of users' files: atomic, keeps what a file is, loses nothing."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyfmt.core.errors import EditError
from pyfmt.runner import edits

ROOT = Path(__file__).resolve().parents[2]
within = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _child(code: str, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    command = [sys.executable, "-P", "-c", start + code, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, **options)  # type: ignore


@within
@given(before=st.binary(max_size=200), after=st.binary(max_size=200))
def test_the_file_holds_exactly_the_new_bytes(tmp_path: Path, before: bytes, after: bytes) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(before)
    edits.write(file, before, after)
    assert file.read_bytes() == after
    assert _names(tmp_path) == ["a.py"]


@within
@given(now=st.binary(max_size=50), before=st.binary(max_size=50), after=st.binary(max_size=50))
def test_a_file_that_holds_something_else_is_left_as_it_is(
    tmp_path: Path, now: bytes, before: bytes, after: bytes
) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(now)
    if now in (before, after):
        edits.write(file, before, after)
        assert file.read_bytes() == after
    else:
        with pytest.raises(EditError, match="changed while"):
            edits.write(file, before, after)
        assert file.read_bytes() == now
    assert _names(tmp_path) == ["a.py"]


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o4750])
def test_the_mode_is_kept(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"old")
    file.chmod(mode)
    edits.write(file, b"old", b"new")
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"old")
    os.chown(file, 12345, 23456)
    edits.write(file, b"old", b"new")
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 23456)


def test_a_symbolic_link_stays_one_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "links").mkdir()
    file = tmp_path / "real" / "a.py"
    file.write_bytes(b"old")
    (tmp_path / "links" / "b.py").symlink_to(tmp_path / "links" / "c.py")
    (tmp_path / "links" / "c.py").symlink_to("../real/a.py")
    edits.write(tmp_path / "links" / "b.py", b"old", b"new")
    assert file.read_bytes() == b"new"
    assert (tmp_path / "links" / "b.py").is_symlink() and (tmp_path / "links" / "c.py").is_symlink()
    assert _names(tmp_path / "real") == ["a.py"] and _names(tmp_path / "links") == ["b.py", "c.py"]


def test_another_hard_link_keeps_the_old_content(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"old")
    os.link(file, tmp_path / "snapshot.py")
    edits.write(file, b"old", b"new")
    assert file.read_bytes() == b"new"
    assert (tmp_path / "snapshot.py").read_bytes() == b"old"


def test_a_name_of_the_greatest_length_is_written(tmp_path: Path) -> None:
    file = tmp_path / ("a" * 252 + ".py")
    file.write_bytes(b"old")
    edits.write(file, b"old", b"new")
    assert file.read_bytes() == b"new"


def test_a_vanished_file_is_not_made_again(tmp_path: Path) -> None:
    with pytest.raises(EditError, match="vanished"):
        edits.write(tmp_path / "gone.py", b"old", b"new")
    assert not _names(tmp_path)


def test_a_dangling_link_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "dangling.py").symlink_to("nowhere.py")
    (tmp_path / "folder.py").mkdir()
    for name in ("dangling.py", "folder.py"):
        with pytest.raises(EditError, match=name):
            edits.write(tmp_path / name, b"", b"new")
    assert _names(tmp_path) == ["dangling.py", "folder.py"]


def test_a_full_disk_leaves_the_file_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"old")
    code = """
import resource, signal
from pathlib import Path
from pyfmt.core import errors
from pyfmt.runner import edits
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    edits.write(Path(sys.argv[1]), b"old", b"x" * 100_000)
except errors.EditError as error:
    print(error)
"""
    done = _child(code, str(file))
    assert "a.py" in done.stdout and "cannot be written: File too large" in done.stdout, done.stderr
    assert file.read_bytes() == b"old"
    assert _names(tmp_path) == ["a.py"]


@pytest.mark.parametrize("protect", ["file", "folder"])
def test_a_write_protected_file_or_folder_is_left_alone(tmp_path: Path, protect: str) -> None:
    folder = tmp_path / "sub"
    folder.mkdir()
    file = folder / "a.py"
    file.write_bytes(b"old")
    file.chmod(0o444 if protect == "file" else 0o666)
    folder.chmod(0o555 if protect == "folder" else 0o777)
    code = """
import os
from pathlib import Path
from pyfmt.core import errors
from pyfmt.runner import edits
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write anywhere
try:
    edits.write(Path(sys.argv[1]), b"old", b"new")
except errors.EditError as error:
    print("refused:", error)
"""
    for parent in (*tmp_path.parents, tmp_path):  # the other user has to get there
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & stat.S_IXOTH:
            parent.chmod(parent.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)
    done = _child(code, str(file))
    assert done.stdout.startswith("refused:"), done.stdout + done.stderr
    assert file.read_bytes() == b"old"
    assert _names(folder) == ["a.py"]


def test_a_reader_never_sees_a_part_and_an_interrupt_leaves_no_temporary_file(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    contents = [bytes([letter]) * 200_000 for letter in b"ab"]
    file.write_bytes(contents[0])
    code = """
import itertools
from pathlib import Path
from pyfmt.runner import edits
contents = [bytes([letter]) * 200_000 for letter in b"ab"]
print("started", flush=True)
try:
    for number in itertools.count():
        edits.write(Path(sys.argv[1]), contents[number % 2], contents[1 - number % 2])
except KeyboardInterrupt:
    pass
"""
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    with subprocess.Popen([sys.executable, "-P", "-c", start + code, str(file)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == b"started\n"
        seen = {file.read_bytes() for _ in range(300)}
        time.sleep(0.05)
        writer.send_signal(signal.SIGINT)
    assert seen <= set(contents)
    assert file.read_bytes() in contents
    assert _names(tmp_path) == ["a.py"]


texts = st.lists(st.sampled_from(["x = 1", "y\r", "", "ü", "\x0c", "z\x0bz", "a\rb", "é  "]), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(before=texts, after=texts, ends=st.tuples(st.booleans(), st.booleans()))
def test_git_applies_a_diff_to_get_the_new_bytes(
    tmp_path: Path, before: list[str], after: list[str], ends: tuple[bool, bool]
) -> None:
    old = ("\n".join(before) + "\n" * ends[0]).encode()
    new = ("\n".join(after) + "\n" * ends[1]).encode()
    diff = edits.unified_diff(old, new, "some folder/a.py")
    assert (diff == "") == (old == new)
    if not old or not new or old == new:  # git has other words for files that begin or end to be
        return
    (tmp_path / "some folder").mkdir(exist_ok=True)
    (tmp_path / "some folder" / "a.py").write_bytes(old)
    command = ["git", "-c", "core.whitespace=cr-at-eol", "apply", "--unsafe-paths", "--whitespace=nowarn", "-"]
    environ = os.environ | {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    done = subprocess.run(command, cwd=tmp_path, input=diff.encode(), env=environ, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode() + diff
    assert (tmp_path / "some folder" / "a.py").read_bytes() == new


def test_a_diff_shows_latin_1_as_text_and_undecodable_bytes_escaped() -> None:
    cookie = b"# coding: latin-1\n"
    assert "+x = 'caf\u00e9'" in edits.unified_diff(cookie, cookie + b"x = 'caf\xe9'\n", "a.py")
    assert "+x = '\\xe9'" in edits.unified_diff(b"y = 'ok'\n", b"x = '\xe9'\n", "a.py")
