"""The store: whatever happens to its file, it never fails a run and never gives a value that was not put."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from pyfmt.cache import store as store_module
from pyfmt.cache.store import FILE_NAME, Store
from tests.support.monorepo import ROOT

VALUES = {bytes([number]) * 32: b"value %d " % number * 200 for number in range(200)}


def filled(folder: Path) -> Path:
    """A cache folder with VALUES in it; the database's file."""
    with Store(folder) as store:
        store.put(VALUES)
        assert store.get(VALUES) == VALUES
    return folder / FILE_NAME


def python(code: str, *arguments: str | Path) -> list[str]:
    """A command that runs `code` with pyfmt importable and the arguments in `sys.argv`."""
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    return [sys.executable, "-P", "-c", start + textwrap.dedent(code), *map(str, arguments)]


def test_what_stores_of_other_checkouts_know_is_taken_over_and_they_stay_as_they_are(tmp_path: Path) -> None:
    filled(tmp_path / "one")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / FILE_NAME).write_bytes(b"no database")
    before = {path: path.read_bytes() for path in tmp_path.glob("*/*.sqlite")}
    with Store(tmp_path / "three", others=tmp_path) as store:
        assert store.get(VALUES, shared=False) == {}, "what holds at one place alone"
        assert store.get([*VALUES, b"unknown"]) == VALUES and not store.trouble
    with Store(tmp_path / "three") as store:
        assert store.get(VALUES) == VALUES, "kept"
    with Store(tmp_path / "four", group="believes-others", others=tmp_path) as store:
        assert store.get(VALUES) == {}, "who believes other machines has other stores"
    assert before == {path: path.read_bytes() for path in before}


SECTOR = 512  # bytes: what a disk writes at once


@pytest.mark.parametrize("damage", ["zeroed", "flipped", "cut"])
def test_a_damaged_sector_costs_at_most_the_values(tmp_path: Path, damage: str) -> None:
    some = dict(list(VALUES.items())[:8])
    with Store(tmp_path) as store:
        store.put(some)
        store.put_stats({f"{number}.py": (b"mark", b"digest") for number in range(20)}, ())
    file = tmp_path / FILE_NAME
    whole = file.read_bytes()
    assert not Path(f"{file}-wal").exists(), "all is in the one file"
    for start in range(0, len(whole), SECTOR):
        sector = whole[start : start + SECTOR]
        changed = {"zeroed": bytes(len(sector)), "flipped": bytes(byte ^ 0xFF for byte in sector), "cut": b""}[damage]
        rest = b"" if damage == "cut" else whole[start + SECTOR :]
        for leftover in tmp_path.iterdir():
            leftover.unlink()
        file.write_bytes(whole[:start] + changed + rest)
        for _ in range(3):  # where damage is met, that run goes on without; the next one has a new file
            with Store(tmp_path) as store:
                assert store.get(some).items() <= some.items(), start
                assert all(mark == (b"mark", b"digest") or damage == "flipped" for mark in store.stats().values())
                store.put(some)
                store.put_stats({"a.py": (b"mark", b"digest")}, ["0.py"])
                store.size()
                store.shrink()
        with Store(tmp_path) as store:
            assert store.get(some) == some and store.trouble == "", start
            assert store.stats()["a.py"] == (b"mark", b"digest")


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_file_costs_only_its_values(tmp_path: Path, seed: int) -> None:
    file = filled(tmp_path)
    chance = random.Random(seed)
    data = bytearray(file.read_bytes())
    if seed % 3 == 0:
        data = data[: chance.randrange(1, len(data))]
    elif seed % 3 == 1:
        data[: chance.choice((16, 100, 4096))] = chance.randbytes(100)
    else:
        for _ in range(40):
            place = chance.randrange(len(data))
            data[place : place + 8] = chance.randbytes(8)
    file.write_bytes(data)
    for _ in range(3):  # where damage is met, that run goes on without; the next one has a new file
        with Store(tmp_path) as store:
            found = store.get(VALUES)
            assert all(VALUES[key] == value for key, value in found.items())
            store.put(VALUES)
            store.put_stats({"a.py": (b"mark", b"digest")}, ())
    with Store(tmp_path) as store:
        assert store.get(VALUES) == VALUES
        assert store.trouble == ""


def test_what_is_no_database_at_all_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("this is no database, whatever its name says" * 100)
    with Store(tmp_path) as store:
        store.put(VALUES)
        assert store.get(VALUES) == VALUES


def test_a_database_that_another_process_made_anew_is_not_thrown_away(tmp_path: Path) -> None:
    filled(tmp_path)
    old = Store(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    filled(tmp_path)
    old._discard()  # pylint: disable=protected-access  # what it does when it meets damage
    old.close()
    with Store(tmp_path) as store:
        assert store.get(VALUES) == VALUES


def test_while_another_process_has_it_locked_the_run_goes_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled(tmp_path)
    code = """
        import sqlite3
        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        print("locked", flush=True)
        sys.stdin.read()
    """
    monkeypatch.setattr(store_module, "_BUSY_SECONDS", 0.2)
    with subprocess.Popen(python(code, file), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "locked\n"
        with Store(tmp_path) as store:
            assert store.get(VALUES) == VALUES  # readers are not kept out
            store.put({b"new": b"value"})
            assert "locked" in store.trouble
            assert store.get(VALUES) == {}
        other.communicate()
    with Store(tmp_path) as store:
        assert store.get(VALUES) == VALUES


def test_a_writer_that_is_killed_leaves_all_of_a_put_or_nothing(tmp_path: Path) -> None:
    code = """
        from pathlib import Path
        from pyfmt.cache.store import Store
        store = Store(Path(sys.argv[1]))
        print("ready", flush=True)
        for turn in range(1_000_000):
            store.put({b"%d-%d" % (turn, part): bytes([part]) * 5000 for part in range(20)})
    """
    for attempt in range(5):
        with subprocess.Popen(python(code, tmp_path), stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
            time.sleep(0.05 + attempt * 0.07)
            writer.send_signal(signal.SIGKILL)
        with Store(tmp_path) as store:
            turns = range(3000)
            found = store.get(b"%d-%d" % (turn, part) for turn in turns for part in range(20))
            for turn in turns:
                assert len([part for part in range(20) if b"%d-%d" % (turn, part) in found]) in (0, 20)
            assert store.trouble == ""
        with sqlite3.connect(tmp_path / FILE_NAME) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    code = """
        from pathlib import Path
        from pyfmt.cache.store import Store
        name = sys.argv[2].encode()
        with Store(Path(sys.argv[1])) as store:
            for turn in range(30):
                store.put({b"%b %d %d" % (name, turn, part): name * 100 for part in range(10)})
                store.put_stats({f"{sys.argv[2]}{turn}": (b"m", b"d")}, ())
            print(store.trouble, end="")
    """
    with ExitStack() as stack:
        commands = [python(code, tmp_path, str(number)) for number in range(6)]
        writers = [stack.enter_context(subprocess.Popen(it, stdout=subprocess.PIPE, text=True)) for it in commands]
        assert [writer.communicate()[0] for writer in writers] == [""] * 6
    with Store(tmp_path) as store:
        assert store.size()[0] == 6 * 30 * 10
        assert len(store.stats()) == 6 * 30


def test_where_nothing_can_be_written_the_run_goes_on_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Store(tmp_path / "file" / "cache") as store:
        store.put(VALUES)
        assert store.get(VALUES) == {} and store.stats() == {} and store.size()[0] == 0
        assert "cannot be used" in store.trouble
        store.shrink()


def test_a_folder_of_somebody_else_is_no_error(tmp_path: Path) -> None:
    file = filled(tmp_path / "cache")
    code = """
        import os
        from pathlib import Path
        from pyfmt.cache.store import Store
        Store(Path(sys.argv[1], "warm-up")).close()  # nobody may not be allowed to import anything later
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        with Store(Path(sys.argv[1])) as store:
            store.put({b"key": b"value"})
            print(len(store.get([b"key"])), bool(store.trouble))
    """
    for place in tmp_path.resolve().parents:
        if place.stat().st_uid == os.geteuid() and place != Path(place.root) and "pytest" in place.name:
            place.chmod(0o755)
    tmp_path.chmod(0o755)
    before = file.read_bytes()
    file.parent.chmod(0o555)
    file.chmod(0o444)
    done = subprocess.run(python(code, file.parent), check=False, capture_output=True, text=True)
    file.parent.chmod(0o755)
    assert done.stdout == "0 True\n", done
    assert file.read_bytes() == before


def test_on_a_full_disk_the_run_goes_on_without(tmp_path: Path) -> None:
    filled(tmp_path)
    code = """
        from pathlib import Path
        import os
        from pyfmt.cache.store import Store
        with Store(Path(sys.argv[1])) as store:
            store.put({b"%d" % number: os.urandom(20_000) for number in range(100)})
            print(bool(store.trouble), store.get([b"1"]))
    """
    limit = 300_000
    done = subprocess.run(
        python(code, tmp_path),
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.stdout == "True {}\n", done
    with Store(tmp_path) as store:
        assert store.get(VALUES) == VALUES
        assert store.trouble == ""


def test_over_its_limit_the_least_recently_used_go(tmp_path: Path) -> None:
    def entries(first: int) -> dict[bytes, bytes]:
        return {b"%d" % number: os.urandom(10_000) for number in range(first, first + 20)}

    store = Store(tmp_path, limit=600_000)
    day = 86_400
    for age, first in ((5, 0), (4, 20), (3, 40)):
        store._now = int(time.time()) - age * day  # pylint: disable=protected-access  # a run of an earlier day
        store.put(entries(first))
    store.close()
    with Store(tmp_path, limit=600_000) as store:
        assert len(store.get(b"%d" % number for number in range(20))) == 20  # used again: now the youngest
        store.put(entries(60))
        store.shrink()
        left = {number for number in range(80) if store.get([b"%d" % number])}
        assert not left & set(range(20, 60))
        assert len(left) >= 20
    assert (tmp_path / FILE_NAME).stat().st_size < 600_000


def test_a_name_that_is_no_text_is_no_error(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put_stats({"a\nb.py": (b"m", b"d")}, ())
        assert store.stats() == {"a\nb.py": (b"m", b"d")}
