"""A command whose every question to the disk has the same answer as last time is answered without a run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cache.little_monorepo import FILES, LittleMonorepo
from tests.support.monorepo import ROOT, Monorepo

VALUES = "lib/core/acme/core/values.py"
MAIN = "projects/alpha/alpha/main.py"
SITE = "projects/alpha/.venv/lib"
# Runs the command, and tells on stderr which modules that took. Times are trusted at once, so that nobody has to wait
# for two seconds after each edit: what is edited here is edited long after it was read.
_TOLD = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
sys.argv[0] = "pyfmt"
from pyfmt.cli.start import main
if "exact" not in os.environ:
    import pyfmt.cache.repeating.witness
    pyfmt.cache.repeating.witness._RACY_NS = 0
code = main()
print(*sorted(sys.modules), file=sys.stderr)
sys.exit(code)
"""
# The same without what that imports for itself.
_PLAIN = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
sys.argv[0] = "pyfmt"
from pyfmt.cli.start import main
code = main()
sys.stderr.write(" ".join(sorted(sys.modules)))
sys.exit(code)
"""

# Prints what the process asks of the disk while it is watched, by standing in for the functions of os and os.path, and
# that is not in the record of the run.
_UNSEEN = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
sys.argv[0] = "pyfmt"
from pyfmt import disk
from pyfmt.cache.repeating import witness
asked, noted, own = dict(), set(), []

def standing_in(function):
    def stand_in(path=".", *rest, **named):
        if disk._observers and not isinstance(path, int):
            asked[os.fsdecode(path)] = function.__name__
            own[:] = disk._observers[0]._own
        return function(path, *rest, **named)
    return stand_in

for module, names in ((os, ("stat", "lstat", "readlink", "scandir", "listdir", "access")),
                      (os.path, ("exists", "lexists", "isfile", "isdir", "islink"))):
    for name in names:
        setattr(module, name, standing_in(getattr(module, name)))

def save(key, record):
    for questions in (record.files, record.links, record.kinds, record.kinds_here, record.absent, record.absent_here):
        noted.update(questions)

witness._save = save
witness._RACY_NS = 0
from pyfmt.cli.main import main
main()
absent = tuple(path + "/" for path in noted if not os.path.lexists(path))  # nor can there be anything below
unseen = [path for path in asked if path not in noted and not path.startswith((*absent, *own))]
print(len(asked), len(noted), *sorted(unseen), file=sys.stderr)
"""


def run(tree: Monorepo, *arguments: str, program: str = _TOLD, **variables: str) -> tuple[int, str, set[str]]:
    """Exit code, text, and the modules that were imported."""
    time.sleep(0.02)  # longer than the clock of time stamps stands still
    command = [sys.executable, "-P", "-c", program, *arguments]
    environ = tree.environment_variables(variables)
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tree.root, env=environ)
    return done.returncode, done.stdout, set(done.stderr.split())


def is_repeated(tree: Monorepo, *arguments: str, **variables: str) -> bool:
    """Whether a command is answered without a run."""
    return "pyfmt.cli.main" not in run(tree, *arguments, **variables)[2]


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> LittleMonorepo:
    """The little monorepo after one whole run."""
    made = LittleMonorepo(tmp_path_factory.mktemp("repeating"))
    made.tree.write({"projects/alpha/linked.txt": "", "elsewhere.txt": ""})
    (made.tree.root / "projects/alpha/alpha/linked.py").symlink_to("main.py")
    made.tree.check()
    return made


@pytest.fixture
def tree(repo: LittleMonorepo) -> Iterator[Monorepo]:
    """The tree of `repo`, with an answer to `pyfmt check` that holds."""
    run(repo.tree, "check")
    assert is_repeated(repo.tree, "check")
    yield repo.tree
    repo.tree.write(dict(FILES))


def test_the_same_answer_without_a_run(tree: Monorepo) -> None:
    real = tree.run("check", "--jobs", "1")  # another command: nobody has asked it before
    code, text, modules = run(tree, "check", program=_PLAIN)
    assert (code, text) == (real.code, real.stdout)
    bare = run(tree, program="import sys; print(*sorted(sys.modules), file=sys.stderr)")[2]
    own = {"pyfmt", "pyfmt.cli", "pyfmt.cli.start", "pyfmt.cache", "pyfmt.cache.repeating"}
    own |= {"pyfmt.cache.repeating.answering", "pyfmt.core", "pyfmt.core.user_cache"}
    assert modules - bare <= own | {"__future__", "_sha2", "_sha256", "marshal", "zlib"}


@pytest.mark.parametrize("arguments", [("check",), ("lint", "lib"), ("format", "--check")])
def test_each_question_to_the_disk_is_noted(tree: Monorepo, arguments: tuple[str, ...]) -> None:
    run(tree, *arguments)
    command = [sys.executable, "-P", "-c", _UNSEEN, *arguments]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=tree.root, env=tree.environment_variables({})
    )
    asked, noted, *unseen = done.stderr.split()
    assert unseen == []
    assert int(asked) > 100 and int(noted) > 100


def test_findings_and_their_exit_code_are_said_again(tree: Monorepo) -> None:
    tree.write({MAIN: "import os\n"})
    first = run(tree, "check")
    assert "pyfmt.cli.main" in first[2] and first[0] and "W0611" in first[1]
    second = run(tree, "check")
    assert "pyfmt.cli.main" not in second[2] and second[:2] == first[:2]


def same_size_and_times(tree: Monorepo) -> None:
    path = tree.root / VALUES
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"Values.", b"values,"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def site(tree: Monorepo) -> Path:
    """The site folder of alpha's environment."""
    (found,) = (tree.root / SITE).glob("python3*/site-packages")
    return found


def installed(tree: Monorepo) -> None:
    (site(tree) / "new-1.0.dist-info").mkdir()


def uninstalled(tree: Monorepo) -> None:
    (site(tree) / "new-1.0.dist-info").rmdir()


def path_file(tree: Monorepo) -> None:
    with next(site(tree).glob("*.pth")).open("a") as file:
        file.write("\n")


def environment_setting(tree: Monorepo) -> None:
    with (tree.root / "projects/alpha/.venv/pyvenv.cfg").open("a") as file:
        file.write("\n")


def swapped(tree: Monorepo) -> None:
    one, other = tree.root / VALUES, tree.root / "lib/core/acme/core/text.py"
    aside = tree.root / "lib/core/acme/core/aside"
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def relinked(tree: Monorepo) -> None:
    link = tree.root / "projects/alpha/alpha/linked.py"
    link.unlink()
    link.symlink_to("../linked.txt")


def emptied_cache(tree: Monorepo) -> None:
    tree.run("cache", "clean").expect(0)


def text_edit(name: str, text: str) -> Callable[[Monorepo], None]:
    """An edit that writes a file."""
    return lambda tree: tree.write({name: text})


EDITS: dict[str, Callable[[Monorepo], object]] = {
    "a file's content": text_edit(VALUES, "import os\n"),
    "content alone, with the old size and time": same_size_and_times,
    "touched": lambda tree: os.utime(tree.root / VALUES),
    "two files change places": swapped,
    "a new module": text_edit("lib/core/acme/core/new.py", ""),
    "a module goes": lambda tree: (tree.root / "lib/core/acme/core/new.py").unlink(),
    "a new folder in a package": text_edit("projects/beta/src/beta/inner/one.py", ""),
    "a new project": text_edit("projects/gamma/pyproject.toml", '[project]\nname = "gamma"\n'),
    "a manifest": text_edit("projects/gamma/pyproject.toml", '[project]\nname = "gamma2"\n'),
    "an ignore file appears": text_edit("projects/alpha/.gitignore", "alpha/\n"),
    "an ignore file of the repository": text_edit(".git/info/exclude", "beta/\n"),
    "a configuration appears": text_edit("pyfmt.toml", ""),
    "the shared configuration": text_edit("configs/pylintrc", "[MAIN]\n"),
    "a link's target": relinked,
    "installed": installed,
    "uninstalled": uninstalled,
    "a path file": path_file,
    "an environment's settings": environment_setting,
    "an environment moves away": lambda tree: (tree.root / "projects/beta/.venv").rename(
        tree.root / "projects/beta/old"
    ),
    "an environment comes back": lambda tree: (tree.root / "projects/beta/old").rename(
        tree.root / "projects/beta/.venv"
    ),
    "an emptied cache": emptied_cache,
}


@pytest.mark.parametrize("edit", EDITS)
def test_every_edit_is_seen(repo: LittleMonorepo, edit: str) -> None:
    quick = ("check", "--tool", "isort")  # it reads the projects, the environments and all files, too
    run(repo.tree, *quick)
    assert is_repeated(repo.tree, *quick)
    EDITS[edit](repo.tree)
    assert not is_repeated(repo.tree, *quick), edit
    (repo.tree.root / "pyfmt.toml").unlink(missing_ok=True)  # it would take the place of pyproject.toml


def test_variables_and_folders_belong_to_the_command(tree: Monorepo) -> None:
    assert not is_repeated(tree, "check", VIRTUAL_ENV=str(tree.root / "projects/beta/.venv"))
    assert not is_repeated(tree, "check", "lib")
    assert is_repeated(tree, "check", OLDPWD="/somewhere")
    assert is_repeated(tree, "check")


@pytest.mark.parametrize("option", ["--no-cache", "--verbose", "--statistics", "--output=json"])
def test_what_tells_of_the_run_itself_is_never_repeated(tree: Monorepo, option: str) -> None:
    for _ in range(2):
        assert not is_repeated(tree, "check", "--tool", "isort", option)


def test_an_answer_made_of_files_written_just_now_is_not_kept(tree: Monorepo) -> None:
    arguments = ("check", "--tool", "black")
    soon = time.time() + 3600  # however long it takes until the command has started
    os.utime(tree.root / VALUES, (soon, soon))
    assert not is_repeated(tree, *arguments, exact="")
    assert not is_repeated(tree, *arguments, exact="")


def test_a_run_that_writes_is_not_kept_and_the_one_after_it_is(tree: Monorepo) -> None:
    tree.write({MAIN: "x  = 1\n"})
    arguments = ("format", "projects/alpha")
    assert [is_repeated(tree, *arguments) for _ in range(3)] == [False, False, True]


def test_what_happens_in_a_folder_above_changes_no_answer(tree: Monorepo) -> None:
    run(tree, "check", "lib")
    assert is_repeated(tree, "check", "lib")
    beside = tree.root.parent / "another program's file"
    beside.touch()
    assert is_repeated(tree, "check", "lib")
    beside.unlink()


def test_another_python_that_compiles_our_code_changes_no_answer(tree: Monorepo) -> None:
    compiled = ROOT / "pyfmt/tools/__pycache__" / f"registry.cpython-{uuid4().hex}.pyc"
    compiled.parent.mkdir(exist_ok=True)
    try:
        compiled.write_bytes(b"")
        assert is_repeated(tree, "check")
    finally:
        compiled.unlink()
    assert is_repeated(tree, "check")


def test_damaged_answers_are_not_given_and_few_are_kept(tree: Monorepo) -> None:
    folder = tree.home / ".cache/pyfmt/answers"
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-10])
    assert not is_repeated(tree, "check")
    assert is_repeated(tree, "check")
    for number in range(30):
        (folder / f"old{number}").write_bytes(b"")
    assert not is_repeated(tree, "check", "--tool", "isort", "lib")
    assert len(list(folder.iterdir())) == 16
    assert is_repeated(tree, "check", "--tool", "isort", "lib")


def test_nobody_who_reads_is_no_crash(tree: Monorepo) -> None:
    command = [sys.executable, "-P", "-c", _TOLD, "check"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command, check=False, stdout=full, stderr=subprocess.PIPE, cwd=tree.root, env=tree.environment_variables()
        )
    assert done.returncode == 2 and b"standard output" in done.stderr, done.stderr


def test_no_secret_of_the_environment_is_kept_and_nobody_else_reads_the_answers(tree: Monorepo) -> None:
    run(tree, "check", A_TOKEN="5ecret-of-ci")
    assert is_repeated(tree, "check", A_TOKEN="5ecret-of-ci")
    folder = tree.home / ".cache/pyfmt/answers"
    assert folder.stat().st_mode & 0o077 == 0
    for path in (path for path in folder.iterdir() if not path.name.startswith("old")):
        assert path.stat().st_mode & 0o077 == 0
        assert b"5ecret" not in zlib.decompress(path.read_bytes())


def test_where_the_cache_lies_among_sources_nothing_is_repeated(tree: Monorepo) -> None:
    before = tree.read("pyproject.toml")
    try:
        tree.write({"pyproject.toml": before.rstrip() + '\ncache-dir = "lib/core"\n'})
        run(tree, "check")
        assert not is_repeated(tree, "check")
        for folder in (".", "..", "lib/.."):
            tree.write({"pyproject.toml": before.rstrip() + f'\ncache-dir = "{folder}"\n'})
            done = tree.run("check")
            assert done.code == 2 and "cache-dir must be a folder for the cache alone" in done.stderr, done
    finally:
        tree.write({"pyproject.toml": before})


@pytest.mark.parametrize("ignored", [False, True])
def test_what_git_writes_for_itself_is_no_change(tmp_path: Path, ignored: bool) -> None:
    files: dict[str, str | bytes] = {"pyproject.toml": "[tool.pyfmt]\n", "good.py": "X = 1\n"}
    tree = Monorepo.create(tmp_path, files | ({".gitignore": "made.py\n", "made.py": ""} if ignored else {}))
    tree.git("init", "--quiet")
    tree.git("add", "pyproject.toml")
    command = ("format", "--check")
    run(tree, *command)
    (tree.root / ".git/index.lock").write_text("")
    (tree.root / ".git/index.lock").unlink()
    assert is_repeated(tree, *command)
    tree.git("add", "--all")
    # Where Python files are ignored, another index may track one of them.
    assert is_repeated(tree, *command) != ignored
    assert is_repeated(tree, *command)
