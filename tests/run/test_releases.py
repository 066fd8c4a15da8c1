"""What of a root's lock an installer is given for a release that the configuration chooses: nothing that is not the
tool's, since what is installed runs, and nobody has trusted the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyfmt import config
from pyfmt.core.errors import ConfigError
from pyfmt.core.request import Command, Request
from pyfmt.environments import trust
from pyfmt.run.releases import with_releases

_HEAD = 'version = 1\nrequires-python = ">=3.10"\n'
_PYPI = "https://pypi.org/simple"


def _package(name: str, version: str, index: str = _PYPI, needs: str = "", digest: str = "aa") -> str:
    needed = f'dependencies = [{{ name = "{needs}" }}]\n' if needs else ""
    wheel = f'{{ url = "{index}/{name}-1-py3-none-any.whl", hash = "sha256:{digest}" }}'
    source = f'source = {{ registry = "{index}" }}'
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\n{source}\n{needed}wheels = [{wheel}]\n'


def _pins(root: Path, *packages: str) -> tuple[str, ...]:
    (root / "pyfmt.toml").write_text('[versions]\nblack = "lock"\n', "utf-8")
    (root / "uv.lock").write_text("\n".join([_HEAD, *packages]), "utf-8")
    settings = with_releases(config.load(Request(Command.CHECK), root))
    [release] = [each.release for each in settings.tool_configs if each.release]
    return release.pins


def test_the_lock_gives_hashes_of_what_the_tool_asks_for(tmp_path: Path) -> None:
    packages = (
        _package("black", "23.12.1", needs="click"),
        _package("click", "8.1.7", needs="colorama"),
    )
    pins = _pins(tmp_path, *packages, _package("colorama", "0.4.6", digest="bb"))
    assert sorted(pins) == [
        "black==23.12.1 --hash=sha256:aa",
        "click==8.1.7 --hash=sha256:aa",
        "colorama==0.4.6 --hash=sha256:bb",
    ]


def test_an_index_of_the_lock_is_asked_only_with_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = "https://example.invalid/simple"
    packages = (
        _package("black", "23.12.1", index, "click"),
        _package("click", "8.1.7", index),
    )
    plain = {"black==23.12.1 --hash=sha256:aa", "click==8.1.7 --hash=sha256:aa"}
    assert {*_pins(tmp_path, *packages)} == plain
    monkeypatch.setattr(trust, "store_file", lambda: tmp_path.with_name(f"{tmp_path.name}-trusted.json"))
    trust.store(tmp_path)
    assert {*_pins(tmp_path, *packages)} == {*plain, f"--extra-index-url {index}"}


@pytest.mark.parametrize(
    "needed",
    [
        _package("evil", "1.0"),
        _package("click", "1.0\\n-e /evil"),
        _package("click", "1.0", digest="aa\\n-e /evil"),
    ],
)
def test_what_is_not_the_tools_is_not_installed(tmp_path: Path, needed: str) -> None:
    name = needed.split('"')[1]
    assert not _pins(tmp_path, _package("black", "23.12.1", needs=name), needed)


def test_a_version_that_is_another_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="which is no release"):
        _pins(
            tmp_path,
            _package("black", "23.12.1\\n-e /evil", needs="click"),
            _package("click", "8.1.7"),
        )
