"""What a machine of a cluster does: a part of the run, in a folder of its own with environments of its own.

The folder is kept for the next run, with its environments and its cache.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyfmt import disk
from pyfmt.cache.folders import cluster_folder, digest
from pyfmt.cache.store import locked
from pyfmt.cli.cluster import bundle
from pyfmt.core.errors import PyfmtError
from pyfmt.core.files import SETTINGS
from pyfmt.core.graphs import closure
from pyfmt.core.request import Command, Location, Request
from pyfmt.environments.trust import store
from pyfmt.git.renames import git as run_git
from pyfmt.projects.locks.requirements import included_files
from pyfmt.run.workspace import open_workspace
from pyfmt.runner.edits import put

_LOOK = 0.3  # seconds between two looks at whether the answer is still wanted
_END = 30.0  # seconds for pyfmt to end
Wanted = Callable[[], bool]  # whether somebody still waits for the answer


@dataclass(frozen=True, slots=True)
class SharedRun:
    """The run that is shared out."""

    monorepo: str  # a name for the monorepo, the same in each run
    run: str  # a name for this run, the same for all of its parts
    digest: str  # of the sources; "": they are at `folder` on every machine
    folder: str  # where the command was given, if they are; else ""
    arguments: tuple[str, ...]  # the command and its options
    paths: tuple[str, ...]
    times: str  # a JSON report to balance by, the same for all parts; "": none
    trust: bool  # `--trust` was given; else it is remembered where the command was, and so on the workers


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """What a part gave: its exit code, its report in JSON, and what there is to say besides."""

    code: int
    report: str
    said: str


def run_part(
    shared: SharedRun, sources: bytes | None, shard: str, wanted: Wanted = lambda: True, jobs: int | None = None
) -> PartAnswer:
    """Run a part; `jobs`: how many processes it may use where the command does not say.

    Raises PyfmtError where its folder cannot be made ready.
    """
    arguments = [*shared.arguments, f"--shard={shard}", "--output=json"]
    if jobs is not None and not any(argument.startswith("--jobs") for argument in arguments):
        arguments.append(f"--jobs={jobs}")
    with contextlib.ExitStack() as stack:
        if shared.times:
            times = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8"))
            times.write(shared.times)
            times.flush()
            arguments.append(f"--shard-times={times.name}")
        folder, failed = Path(shared.folder), ""
        if shared.digest:
            assert sources is not None
            folder, failed = stack.enter_context(_ready(shared, sources, wanted))
            arguments.append(f"--root={folder}")
        code, report, said = _call([*arguments, "--", *shared.paths], folder, wanted)
    return PartAnswer(code, report, "\n".join(filter(None, [failed, said])))


@contextlib.contextmanager
def _ready(shared: SharedRun, sources: bytes, wanted: Wanted) -> Iterator[tuple[Path, str]]:
    """The folder with these sources and their environments, which nobody changes meanwhile, and what failed."""
    place = cluster_folder(shared.monorepo)
    place.mkdir(parents=True, exist_ok=True)
    while True:
        with locked(place / "lock", shared=True):
            state = _State.read(place)
            if state.is_ready(shared):
                yield place / "tree", state.failed
                return
        with locked(place / "lock"):
            state = _State.read(place)
            if not state.is_ready(shared):  # whoever was quicker may have done it
                _prepare(shared, sources, place, state, wanted)


@dataclass(frozen=True, slots=True)
class _State:
    """What a machine's folder holds."""

    digest: str = ""
    paths: tuple[str, ...] = ()
    recipes: tuple[tuple[str, str], ...] = ()  # project's path, and a digest of what its environment is made from
    failed: str = ""  # environments that could not be made, as `pyfmt envs create` says it
    run: str = ""  # which has made it so

    def is_ready(self, shared: SharedRun) -> bool:
        """Whether a part can be done; what failed in another run is tried again."""
        return self.digest == shared.digest and (not self.failed or self.run == shared.run)

    @classmethod
    def read(cls, place: Path) -> _State:
        """The state that is recorded; an empty one where there is none."""
        try:
            found = json.loads(disk.read_text(place / "state.json"))
            recipes = tuple((path, recipe) for path, recipe in found["recipes"])
            return cls(found["digest"], tuple(found["paths"]), recipes, found["failed"], found["run"])
        except (OSError, ValueError, TypeError, KeyError):
            return cls()

    def write(self, place: Path) -> None:
        """Record it."""
        text = json.dumps({name: getattr(self, name) for name in self.__slots__})
        put(place / "state.json", text.encode())


def _prepare(shared: SharedRun, sources: bytes, place: Path, before: _State, wanted: Wanted) -> None:
    """Bring a machine's folder to the sources of a run, and its environments to what they ask for.

    Raises PyfmtError where an environment could not be made again: it holds what was asked for before.
    """
    tree = place / "tree"
    tree.mkdir(exist_ok=True)
    # Until this is done, the folder holds nothing that could be asked for, and perhaps some of both.
    entries = bundle.entries(sources)
    paths = [path for path, _, _ in entries]
    _State("", tuple({*before.paths, *paths}), before.recipes).write(place)
    bundle.unpack(entries, tree, before.paths)
    _make_index(tree)
    if not shared.trust:
        store(tree)
    recipes, known = _recipes(tree, shared.trust), dict(before.recipes)
    options = [f"--root={tree}", *(["--trust"] if shared.trust else [])]
    if changed := [path for path, recipe in recipes if known.get(path, recipe) != recipe]:
        code, made, said = _call(["envs", "create", *options, "--recreate", "--", *changed], tree, wanted)
        if code:
            raise PyfmtError(f"environments could not be made again: {' '.join(f'{made} {said}'.split())}")
    code, made, said = _call(["envs", "create", *options, "--all"], tree, wanted)
    failed = "\n".join(line for line in f"{made}\n{said}".splitlines() if line) if code else ""
    _State(shared.digest, tuple(paths), tuple(recipes), failed, shared.run).write(place)


def _make_index(tree: Path) -> None:
    """A repository around the sources in which git knows which of them are tracked, and nothing else."""
    git = tree / ".git"
    for name in ("objects", "refs"):
        (git / name).mkdir(exist_ok=True)
    (git / "HEAD").write_text("ref: refs/heads/pyfmt\n", "utf-8")
    (git / "index").unlink(missing_ok=True)
    listed = disk.read_bytes(tree / bundle.INDEX, disk.ANY_SIZE)
    if run_git(tree, "update-index", "-z", "--index-info", given=listed) is None:
        raise PyfmtError("git is needed to know what is tracked, and cannot be run", "", "install git on the workers")


def _recipes(tree: Path, trust: bool) -> list[tuple[str, str]]:
    """For each project a digest of all that its environment is made from: manifests and locks, its own, those of what
    it depends on, and the root's."""
    request = Request(Command.CHECK, Location(str(tree)), trust=trust)
    space = open_workspace(request, tree, os.environ)
    texts = {project.path: _settings_of(tree, project.path) for project in space.projects}
    top, depends_on = _settings_of(tree, "."), space.depends_on
    return [
        (path, digest(top, *(texts[each] for each in sorted(closure([path], depends_on)) if each in texts)))
        for path in sorted(texts)
    ]


def _settings_of(tree: Path, folder: str) -> str:
    """A digest of the manifests, locks and requirements files of a folder, with all that these include."""

    def text(file: str) -> str | None:
        return disk.text_or_none(tree / file)

    listed = [path.relative_to(tree).as_posix() for path in sorted((tree / folder).glob("*requirements*.txt"))]
    files = {os.path.normpath(os.path.join(folder, name)) for name in SETTINGS}
    files |= {each for file in listed for each in included_files(file, text)}
    return digest(*(f"{file}\0{found}" for file in sorted(files) if (found := text(file)) is not None))


def _call(arguments: list[str], folder: Path, wanted: Wanted) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of pyfmt; it is ended where nobody waits for it any more."""
    command = [sys.executable, "-P", "-m", "pyfmt.cli.cluster.child", str(os.getpid()), *arguments]
    environ = {**os.environ, "PYFMT_SERVER": "off"}
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        try:
            while True:
                try:
                    out, err = child.communicate(timeout=_LOOK)
                    return child.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace").strip()
                except subprocess.TimeoutExpired:
                    if not wanted():
                        raise PyfmtError("nobody waits for this part any more") from None
        finally:
            if child.returncode is None:
                child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.communicate(timeout=_END)
                child.kill()
