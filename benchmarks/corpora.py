"""The corpora: monorepos of real code, each made of a few sdists of PyPI that depend on each other (corpora.toml).

`make` downloads what a corpus names, checks each file's digest, unpacks it to `packages/NAME` and gives every package
an environment of its own (`pyfmt envs create --all`); a corpus that was made before is taken as it is. Nothing of them
is committed. `python -m benchmarks.corpora` writes the newest versions and their digests into corpora.toml.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("corpora.toml")
_FILES = "https://files.pythonhosted.org/packages/"
PYFMT = str(Path(sys.executable).with_name("pyfmt"))
_ROOT = """[tool.pyfmt]
merge-equivalent = false  # the oracle is each tool alone
exclude = {exclude}
"""


@dataclass(frozen=True)
class Sdist:
    """A source distribution and where it is; `digest` is its SHA-256."""

    name: str
    version: str
    url: str
    digest: str


@dataclass(frozen=True)
class Corpus:
    """A monorepo that can be made; nothing published after `newest` (ISO date) is installed into it.

    `exclude` are its packages' own fixtures: projects that are damaged on purpose, or examples of former years.
    """

    name: str
    newest: str
    sdists: tuple[Sdist, ...]
    exclude: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Changes with whatever the tree is made of."""
        said = repr((_ROOT, self)).encode()
        return f"{self.name}-{hashlib.sha256(said).hexdigest()[:12]}"


def listed() -> dict[str, Corpus]:
    """Every corpus of corpora.toml by its name, the smallest first."""
    content = tomllib.loads(LIST.read_text("utf-8"))
    newest = content.pop("newest")
    return {
        name: Corpus(name, newest, tuple(Sdist(**item) for item in table["sdists"]), tuple(table.get("exclude", ())))
        for name, table in content.items()
    }


def home() -> Path:
    """Where corpora lie: `PYFMT_CORPORA`, else the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("PYFMT_CORPORA") or Path(cache) / "pyfmt-corpora")


def make(corpus: Corpus, another: str = "") -> Path:
    """The corpus' tree, with its environments; made where it is not there yet. `another`: one at another path.

    Raises SystemExit where a file cannot be had, or is another than the one listed. An environment that could not be
    made is said and left out: pyfmt fails for its project, and for no other.
    """
    place = home() / f"{corpus.key}{another}"
    if (place / "made").exists():
        return place / "tree"
    shutil.rmtree(place, ignore_errors=True)
    tree = place / "tree"
    tree.mkdir(parents=True)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda sdist: unpack(sdist, tree / "packages" / sdist.name), corpus.sdists))
    (tree / "pyproject.toml").write_text(_ROOT.format(exclude=json.dumps(corpus.exclude)), "utf-8")
    (tree / ".gitignore").write_text(".venv/\n", "utf-8")
    author = ("-c", "user.name=corpus", "-c", "user.email=corpus@example.org", "-c", "commit.gpgsign=false")
    for words in (
        ("init", "--quiet"),
        ("add", "--all", "--force", ":!*/.venv"),
        (*author, "commit", "--quiet", "--no-verify", "--message", "as unpacked"),
    ):
        subprocess.run(["git", *words], cwd=tree, check=True)
    environ = os.environ | {"UV_EXCLUDE_NEWER": corpus.newest}
    with (place / "environments.txt").open("w") as said:
        command = [PYFMT, "envs", "create", "--all", "--trust"]
        done = subprocess.run(command, cwd=tree, env=environ, stdout=said, stderr=said, check=False)
    if done.returncode:
        print(f"{corpus.name}: not every environment could be made: {place / 'environments.txt'}", flush=True)
    (place / "made").touch()
    return tree


def unpack(sdist: Sdist, folder: Path) -> None:
    """Download an sdist and unpack it as `folder`; raises SystemExit where it is another file than the one listed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unpacked = folder.with_name(f".{folder.name}")
    with tarfile.open(fileobj=io.BytesIO(_fetched(sdist))) as archive:
        archive.extractall(unpacked, filter="data")
    (inside,) = unpacked.iterdir()
    inside.rename(folder)
    unpacked.rmdir()


def _fetched(sdist: Sdist) -> bytes:
    kept = home() / "sdists" / sdist.url.rpartition("/")[2]
    if kept.exists():
        content = kept.read_bytes()
    else:
        with urllib.request.urlopen(sdist.url, timeout=120) as answer:
            content = answer.read()
    if hashlib.sha256(content).hexdigest() != sdist.digest:
        raise SystemExit(f"{sdist.url}: not the file that {LIST.name} lists; remove {kept} where it is damaged")
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
    return content


def _newest(name: str) -> Sdist:
    with urllib.request.urlopen(f"https://pypi.org/pypi/{name}/json", timeout=60) as answer:
        said = json.load(answer)
    (found,) = [item for item in said["urls"] if item["packagetype"] == "sdist"]
    url = _FILES + found["url"].rpartition("/packages/")[2]  # a mirror of the index names its own
    return Sdist(name, said["info"]["version"], url, found["digests"]["sha256"])


def main() -> None:
    """Write the newest versions into corpora.toml, for the names that are there."""
    tomorrow = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(1)
    lines = ["# Written by `python -m benchmarks.corpora`; the smallest first.", f'newest = "{tomorrow}"']
    with ThreadPoolExecutor(8) as pool:
        for corpus in listed().values():
            lines += ["", f"[{corpus.name}]"]
            lines += [f"exclude = {json.dumps(corpus.exclude)}"] if corpus.exclude else []
            lines.append("sdists = [")
            for found in pool.map(_newest, [sdist.name for sdist in corpus.sdists]):
                url, digest = f'url = "{found.url}"', f'digest = "{found.digest}"'
                lines.append(f'    {{ name = "{found.name}", version = "{found.version}", {url}, {digest} }},')
            lines.append("]")
    LIST.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
