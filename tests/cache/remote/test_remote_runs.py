"""Runs of machines that share a cache over HTTP, and over a folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyfmt.cache.remote.entries import Keys, body_of, entry_name, inlined, pack, zstd
from pyfmt.cache.units import UNIT_ANSWER, UnitAnswer
from tests.cache.comparing import timeless
from tests.cache.little_monorepo import LittleMonorepo
from tests.cache.remote.test_entries import PUBLIC, SIGNING
from tests.support.http_cache import PASSWORD, USER, HttpCache, http_cache
from tests.support.monorepo import Monorepo

VALUES = "lib/core/acme/core/values.py"
URL, NAMESPACE, KEY, PUBLIC_KEY = (f"PYFMT_CACHE_{name}" for name in ("REMOTE", "NAMESPACE", "KEY", "PUBLIC_KEY"))


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> LittleMonorepo:
    """The little monorepo, never checked."""
    return LittleMonorepo(tmp_path_factory.mktemp("remote"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HttpCache]:
    """An empty cache."""
    with http_cache(tmp_path / "server") as found:
        yield found


def machine(repo: LittleMonorepo, place: Path) -> Monorepo:
    """A fresh checkout with environments of its own, on a machine where pyfmt never ran."""
    shutil.copytree(repo.tree.root, place / "monorepo", ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    (place / "home").mkdir()
    made = object.__new__(LittleMonorepo)
    made.tree, made.wheels = Monorepo(place / "monorepo", place / "home"), repo.wheels
    made.make_environments()
    return made.tree


def plain(entry: bytes) -> bytes:
    """The value of an unsigned entry, its proof unread."""
    body = body_of(entry, lambda _: None)
    assert body is not None and body.startswith(b"pyfmt2\x21")
    value: bytes = zstd().decompress(body[7 + 0x21 :])
    return value


def forge(tree: Monorepo, server: HttpCache) -> None:
    """In the place of each answer that the tree's last run has sent, one without findings, packed as they are."""
    (store,) = (tree.home / ".cache/pyfmt").rglob("results-1-*.sqlite")
    with contextlib.closing(sqlite3.connect(store)) as database:
        known = [(key, zlib.decompress(value)) for key, value in database.execute("SELECT key, value FROM result")]
    for key, value in known:
        answer = UNIT_ANSWER.unpack(value)
        if answer is not None and answer.findings:
            place = server.folder / "open/ac" / entry_name("main", key)
            assert plain(place.read_bytes()) == value
            green = UNIT_ANSWER.pack(UnitAnswer((), answer.notes))
            place.write_bytes(inlined(pack("main", key, green, Keys())))


def units(report: dict[str, Any]) -> set[bool]:
    """Whether units came from a cache."""
    return {unit["cached"] for unit in report["units"]}


def sources(report: dict[str, Any]) -> list[tuple[str, str, list[str], bool]]:
    """Each unit, and whether its answer came from a cache, or in this run from another environment's."""
    return [(unit["tool"], unit["environment"], unit["projects"], unit["cached"]) for unit in report["units"]]


def test_a_fresh_machine_gives_the_report_of_the_first_without_a_tool(
    repo: LittleMonorepo, tmp_path: Path, server: HttpCache
) -> None:
    first, second = machine(repo, tmp_path / "first"), machine(repo, tmp_path / "second")
    environ = {URL: server.url}
    cold = first.check(environ=environ)[1]
    assert False in units(cold) and server.entries()
    sent = len(server.entries())
    warm = second.check(environ=environ)[1]
    assert units(warm) == {True} and cold["findings"]
    assert {**timeless(warm), "root": ""} == {**timeless(cold), "root": ""}
    assert len(server.entries()) == sent
    shown = second.run("cache", "show").stdout
    assert "0 entries (0.0 kB) sent" in shown and " hits" in shown and "0 refused" in shown, shown
    for entry in server.entries():
        assert str(tmp_path).encode() not in plain(entry.read_bytes())
    second.write({VALUES: second.read(VALUES).replace("def double", "def twice")})
    edited, alone = (second.check(*arguments, environ=environ)[1] for arguments in ((), ("--no-cache",)))
    assert timeless(edited)["findings"] == timeless(alone)["findings"] != timeless(cold)["findings"]


def test_a_server_that_is_away_refuses_or_is_slow_costs_a_note(
    repo: LittleMonorepo, tmp_path: Path, server: HttpCache
) -> None:
    tree = machine(repo, tmp_path / "first")
    alone = tree.check("--no-cache")[1]
    for url, reason in (
        ("http://127.0.0.1:9", "refused"),
        (f"{server.url}/guarded", "401"),
        (f"{server.url}/readonly", "403"),
        ("nosuch://bucket", "nosuch"),
    ):
        shutil.rmtree(tree.home / ".cache", ignore_errors=True)
        result, report = tree.check("--tool", "isort", "--tool", "black", environ={URL: url})
        (note,) = [note for note in report["notes"] if "remote cache" in note]
        assert reason in note and result.code == 1 and report["edits"] == alone["edits"], (url, note)
    environ = {URL: server.url.replace("//", f"//{USER}:{PASSWORD}@") + "/guarded"}
    (tree.root / ".cache").mkdir()
    pushed = tree.run("cache", "push", environ=environ).expect(0)
    assert pushed.stdout.startswith("sent     ") and server.entries("guarded"), pushed
    result, report = tree.check("--tool", "isort", "--tool", "black", environ=environ)
    assert not [note for note in report["notes"] if "remote" in note]
    assert PASSWORD not in result.stdout + result.stderr


def test_what_a_pull_request_writes_turns_nothing_green_on_main(
    repo: LittleMonorepo, tmp_path: Path, server: HttpCache
) -> None:
    """The attacker may write anywhere on the server, and knows every key but the private one."""
    tree = machine(repo, tmp_path / "first")
    main = {URL: server.url, KEY: SIGNING}
    pull = {URL: server.url, PUBLIC_KEY: PUBLIC, NAMESPACE: "pr-1"}
    tree.write({VALUES: tree.read(VALUES).replace("value * 2", 'value + "2"')})
    red = tree.run("check", "--no-cache").expect(1).stdout
    tree.check(environ={URL: server.url})
    forge(tree, server)
    shutil.rmtree(tree.home / ".cache")
    assert not tree.check(environ={URL: server.url})[1]["findings"], "whoever verifies nothing believes it"
    for environ in (pull, main):
        shutil.rmtree(tree.home / ".cache")
        result = tree.run("check", environ=environ)
        assert result.code == 1
        lines = [line for line in result.stdout.splitlines() if not line.startswith("note: ")]
        assert lines == [line for line in red.splitlines() if not line.startswith("note: ")]
        assert "not verified, not used" in result.stdout
    shutil.rmtree(tree.home / ".cache")
    # By now main's own entries stand there, signed: a pull request that has the public key alone, and has written none,
    # reads them.
    report = tree.check(environ={**pull, NAMESPACE: "pr-2"})[1]
    assert units(report) == {True}


def test_what_a_pull_request_left_in_a_folder_is_no_hit_on_main_and_is_not_signed(
    repo: LittleMonorepo, tmp_path: Path, server: HttpCache
) -> None:
    """A runner that keeps its cache: first for a pull request whose server is away, then for the main branch."""
    tree = machine(repo, tmp_path / "first")
    cold = tree.check(environ={URL: "http://127.0.0.1:9", PUBLIC_KEY: PUBLIC, NAMESPACE: "pr-1"})[1]
    again = tree.check(environ={URL: "http://127.0.0.1:9", PUBLIC_KEY: PUBLIC, NAMESPACE: "pr-1"})[1]
    assert units(again) == {True}
    assert len(list((tree.home / ".cache/pyfmt").rglob("results-1-*.sqlite"))) == 1
    assert sources(tree.check(environ={URL: server.url, KEY: SIGNING})[1]) == sources(cold), "nothing of it is known"
    assert units(tree.check(environ={URL: server.url, KEY: SIGNING})[1]) == {True}
    assert tree.run("cache", "show").stdout.count("results  ") == 2
    tree.run("cache", "clean").expect(0)
    assert not list((tree.home / ".cache/pyfmt").rglob("results-1*"))


def written(tree: Monorepo) -> dict[str, float]:
    """When mypy has written what others see of a module, for each environment."""
    found: dict[str, float] = {}
    for store in sorted((tree.home / ".cache/pyfmt").glob("*/mypy/*/*/run0/mypy/*/cache*.db")):
        with contextlib.closing(sqlite3.connect(store)) as database:
            query = "SELECT path, mtime FROM files2 WHERE path = 'acme/core/text.data.ff'"
            found |= {f"{store.parts[-5]}: {path}": float(when) for path, when in database.execute(query)}
    return found


def test_a_fresh_machine_checks_an_edit_with_what_mypy_has_kept_on_another(
    repo: LittleMonorepo, tmp_path: Path, server: HttpCache
) -> None:
    """At the same path, as CI's machines have it; what nobody signed is not taken."""
    tree = machine(repo, tmp_path / "first")
    time.sleep(2.1)  # of names in folders that are younger when it starts, mypy's cache keeps nothing for the next run
    main, pull = {URL: server.url, KEY: SIGNING}, {URL: server.url, PUBLIC_KEY: PUBLIC, NAMESPACE: "pr-1"}
    tree.check(environ=main)
    kept = written(tree)
    assert kept and not list((server.folder / "open/cas").iterdir()), "a run does not wait for this"
    tree.run("cache", "push", environ=pull).expect(0)
    assert not list((server.folder / "open/cas").iterdir()), "who cannot sign does not send it"
    tree.run("cache", "push", environ=main).expect(0)
    pushed = list((server.folder / "open/cas").iterdir())
    assert pushed
    tree.run("cache", "push", environ=main).expect(0)
    tree.write({VALUES: tree.read(VALUES).replace("value * 2", 'value * "2"')})
    red = tree.check("--no-cache")[1]
    for number, (environ, is_taken) in enumerate([(pull, True), ({URL: server.url}, False)]):
        shutil.rmtree(tree.home / ".cache")
        for path in tree.root.rglob("*.py"):  # as a new checkout and new environments have them
            os.utime(path, (number, number))
        found = tree.check(environ=environ)[1]
        assert timeless(found)["findings"] == timeless(red)["findings"]
        assert (written(tree) == kept) == is_taken
    for path in pushed:
        path.write_bytes(path.read_bytes()[:-1])
    shutil.rmtree(tree.home / ".cache")
    damaged = tree.check(environ=pull)[1]
    assert timeless(damaged)["findings"] == timeless(red)["findings"]
    assert any("not verified, not used" in note for note in damaged["notes"])


def test_a_checkout_that_is_not_trusted_names_no_cache(repo: LittleMonorepo, tmp_path: Path) -> None:
    tree, folder = machine(repo, tmp_path / "first"), tmp_path / "shared"
    settings = tree.read("pyproject.toml") + f'[tool.pyfmt.cache]\nremote = "file://{folder}"\n'
    tree.write({"pyproject.toml": settings})
    refused = tree.check("--tool", "isort", "--tool", "black")[1]
    assert [note for note in refused["notes"] if "`pyfmt trust`" in note] and not folder.exists()
    tree.run("trust").expect(0)
    shutil.rmtree(tree.home / ".cache")
    tree.check("--tool", "isort", "--tool", "black")
    assert list(folder.rglob("ac/*"))
    shutil.rmtree(tree.home / ".cache")
    assert units(tree.check("--tool", "isort", "--tool", "black")[1]) == {True}
