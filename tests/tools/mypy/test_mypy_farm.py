"""The folder of links by which mypy finds what an import hook names otherwise, made by several processes at once."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from pyfmt.tools.mypy.worker.farm import Farm


def _make(parent: str, pairs: list[tuple[str, str]]) -> str:
    return Farm(parent, pairs).folder


def test_processes_that_want_the_same_links_at_once_all_get_them(tmp_path: Path) -> None:
    for name in ("package/inner", "other"):
        (tmp_path / "sources" / name).mkdir(parents=True)
    modules = [tmp_path / "sources" / name / "__init__.py" for name in ("package", "package/inner", "other")]
    for module in modules:
        module.touch()
    # A package whose link must give way to a folder, since another folder's modules are below its name.
    named = {"top": "package", "top.more": "other", "top.inner.deep": "other"}
    pairs = [(module, str(tmp_path / "sources" / folder)) for module, folder in named.items()]
    with multiprocessing.get_context("spawn").Pool(6) as pool:
        for turn in range(40):
            folders = set(pool.starmap(_make, [(str(tmp_path / f"cache{turn}"), pairs)] * 6, chunksize=1))
            (folder,) = map(Path, folders)
            for name in named:
                assert (folder.joinpath(*name.split(".")) / "__init__.py").is_file()
    assert sorted(path for path in (tmp_path / "sources").rglob("*") if path.is_file() or path.is_symlink()) == sorted(
        modules
    )
