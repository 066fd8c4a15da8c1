"""The hooks, with the real pre-commit and the real prek in real git repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end import trees
from tests.git.staged.test_staged_dependents import two_projects
from tests.support.monorepo import Monorepo

UGLY = '"""Ugly."""\nimport sys\nimport os\nprint( os.sep,sys.path )\n'
NEAT = '"""Ugly."""\n\nimport os\nimport sys\n\nprint(os.sep, sys.path)\n'
WRONG = '"""Wrong."""\n\nNUMBER: int = "text"\n'

CONFIG = """
    repos:
      - repo: {repository}
        rev: {revision}
        hooks:
          - id: {hook}
"""
FORMAT_STAGED = "pyfmt-staged\n            args: [--tool, isort, --tool, black]"


class Hooked:
    """A monorepo under git whose commits go through one hook."""

    def __init__(self, tree: Monorepo, hook: str, repository: tuple[Path, str], home: Path) -> None:
        self.tree, self.home = tree, home
        config = CONFIG.format(repository=repository[0], revision=repository[1], hook=hook)
        tree.write({".pre-commit-config.yaml": config, ".gitignore": ".venv\n"})
        tree.git("init", "--quiet")
        tree.git("add", "--all")

    def pre_commit(self) -> subprocess.CompletedProcess[str]:
        """`pre-commit run` over the staged files."""
        more = {"PRE_COMMIT_HOME": str(self.home)}
        return subprocess.run(
            [sys.executable, "-P", "-m", "pre_commit", "run", "--verbose", "--color", "never"],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.tree.root,
            env=self.tree.environment_variables(more),
        )


@pytest.mark.parametrize(("hook", "written"), [("pyfmt", True), ("pyfmt-format", True), ("pyfmt-check", False)])
def test_staged_files_are_seen_and_a_file_to_reformat_fails_the_hook(
    hook: str, written: bool, hook_repository: tuple[Path, str], pre_commit_home: Path, tmp_path: Path
) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', "app/ugly.py": UGLY})
    hooked = Hooked(tree, hook, hook_repository, pre_commit_home)
    tree.write({"app/app/unstaged.py": UGLY})
    done = hooked.pre_commit()
    assert done.returncode == 1, done.stdout + done.stderr
    assert tree.read("app/app/ugly.py") == (NEAT if written else UGLY), done.stdout
    assert tree.read("app/app/unstaged.py") == UGLY
    tree.write({"app/app/ugly.py": NEAT})
    tree.git("add", "app/app/ugly.py")
    done = hooked.pre_commit()
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_lints_with_the_projects_environment_not_with_its_own(
    hook_repository: tuple[Path, str], pre_commit_home: Path, tmp_path: Path
) -> None:
    source = '"""Imports what only the hook\'s own environment has."""\n\nimport pathspec\n\nprint(pathspec)\n'
    tree = trees.one_project(
        tmp_path, {"app/__init__.py": '"""App."""\n', "app/main.py": source, "app/wrong.py": WRONG}
    )
    done = Hooked(tree, "pyfmt-check", hook_repository, pre_commit_home).pre_commit()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "import-not-found" in done.stdout, done.stdout
    assert "assignment" in done.stdout


def test_a_project_without_environment_fails_the_hook(
    hook_repository: tuple[Path, str], pre_commit_home: Path, tmp_path: Path
) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n'})
    shutil.rmtree(tree.root / "app/.venv")
    done = Hooked(tree, "pyfmt", hook_repository, pre_commit_home).pre_commit()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "pyfmt envs create" in done.stdout


class Framework:
    """A committed repository with a hook installed by one of the frameworks; its commits are real."""

    def __init__(self, tool: str, tree: Monorepo, repository: tuple[Path, str], home: Path, hook: str) -> None:
        self.tool, self.tree, self.home = tool, tree, home
        more = {"PRE_COMMIT_HOME": str(home), "PREK_HOME": str(home), "GIT_CONFIG_COUNT": "0"}
        self.tree.environ |= more | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        config = CONFIG.format(repository=repository[0], revision=repository[1], hook=hook)
        self.tree.write({".pre-commit-config.yaml": config, ".gitignore": ".venv\n"})
        self.tree.git("init", "--quiet")
        self.tree.git("add", "--all")
        self.tree.git("commit", "--quiet", "--message", "before the hook")
        subprocess.run([tool, "install"], check=True, cwd=self.tree.root, env=self.tree.environment_variables())

    def commit(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """`git commit` with its hook."""
        author = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
        return subprocess.run(
            ["git", *author, "commit", "--message", "some", *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=cwd or self.tree.root,
            env=self.tree.environment_variables(),
        )

    def refused(self, *arguments: str, cwd: Path | None = None) -> None:
        """A commit that the hook does not let through, since it formats a file."""
        done = self.commit(*arguments, cwd=cwd)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "files were modified by this hook" in done.stdout + done.stderr

    def accepted(self, *arguments: str) -> None:
        """A commit that the hook lets through."""
        done = self.commit(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    def staged(self, name: str) -> str:
        """What the index has."""
        return self.tree.git("show", f":{name}")


@pytest.fixture(scope="module", params=["pre-commit", "prek"])
def framework(
    request: pytest.FixtureRequest,
    hook_repository: tuple[Path, str],
    pre_commit_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Framework:
    folder = tmp_path_factory.mktemp(request.param)
    home = pre_commit_home if request.param == "pre-commit" else folder / "prek-home"
    tree = trees.one_project(folder, {"app/__init__.py": '"""App."""\n', "app/ugly.py": UGLY})
    return Framework(request.param, tree, hook_repository, home, FORMAT_STAGED)


@pytest.fixture
def hooked(framework: Framework) -> Framework:
    """The framework's repository, everything in it committed."""
    framework.tree.git("reset", "--quiet", "--hard")
    framework.tree.git("clean", "--quiet", "--force", "-d")
    return framework


def test_bad_formatting_stops_a_commit_until_it_is_added(hooked: Framework) -> None:
    name = "app/app/with blanks and ümläuts.py"
    hooked.tree.write({name: UGLY})
    hooked.tree.git("add", ".")
    hooked.refused()
    assert hooked.tree.read(name) == NEAT
    assert hooked.staged(name) == UGLY  # the index is the framework's
    hooked.tree.git("add", ".")
    hooked.accepted()


def test_a_partly_staged_file_keeps_what_is_not_staged(hooked: Framework) -> None:
    far = "\n" * 2 + "# far\n" * 9
    hooked.tree.write({"app/app/part.py": UGLY + far})
    hooked.tree.git("add", ".")
    hooked.tree.write({"app/app/part.py": UGLY + far + "print( 'unstaged' )\n"})
    hooked.refused()
    assert hooked.tree.read("app/app/part.py") == NEAT + far + "print( 'unstaged' )\n"
    hooked.tree.write({"app/app/part.py": NEAT + far})
    hooked.tree.git("add", ".")
    hooked.tree.write({"app/app/part.py": NEAT + far + "print( 'unstaged' )\n"})
    hooked.accepted()
    assert hooked.tree.git("show", "HEAD:app/app/part.py") == NEAT + far
    assert hooked.tree.git("status", "--porcelain") == " M app/app/part.py\n"


def test_a_partly_staged_file_whose_changes_meet_the_formatting_loses_nothing(hooked: Framework) -> None:
    hooked.tree.write({"app/app/near.py": UGLY})
    hooked.tree.git("add", ".")
    mine = UGLY.replace("print(", "print( 'unstaged',")
    hooked.tree.write({"app/app/near.py": mine})
    assert hooked.commit().returncode == 1
    assert (hooked.staged("app/app/near.py"), hooked.tree.read("app/app/near.py")) == (UGLY, mine)


def test_a_merge_commit_goes_through_the_hook(hooked: Framework) -> None:
    tree = hooked.tree
    tree.write({"app/app/both.py": '"""Both."""\n'})
    tree.git("add", ".")
    hooked.accepted()
    tree.git("switch", "--quiet", "--create", "side")
    tree.write({"app/app/both.py": '"""Both, here."""\n'})
    tree.git("add", ".")
    hooked.accepted()
    tree.git("switch", "--quiet", "-")
    tree.write({"app/app/both.py": '"""Both, there."""\n'})
    tree.git("add", ".")
    hooked.accepted()
    with pytest.raises(AssertionError):
        tree.git("merge", "side")
    tree.write({"app/app/both.py": UGLY})
    tree.git("add", ".")
    hooked.refused()
    assert tree.read("app/app/both.py") == NEAT
    tree.git("add", ".")
    hooked.accepted()
    assert len(tree.git("rev-list", "--parents", "--max-count=1", "HEAD").split()) == 3


def test_a_linked_work_tree_has_the_hook_and_its_own_index(hooked: Framework) -> None:
    other = hooked.tree.root.parent / "linked"
    hooked.tree.git("worktree", "add", "--quiet", str(other))
    (other / "app/app/linked.py").write_text(UGLY)
    hooked.tree.git("-C", str(other), "add", ".")
    hooked.refused(cwd=other)
    assert (other / "app/app/linked.py").read_text() == NEAT
    assert hooked.tree.git("status", "--porcelain") == ""


def test_a_rename_is_checked_under_the_new_name(hooked: Framework) -> None:
    # "ugly.py" was committed before there was a hook.
    hooked.tree.git("mv", "app/app/ugly.py", "app/app/moved.py")
    hooked.refused()
    assert hooked.tree.read("app/app/moved.py") == NEAT
    hooked.tree.git("add", ".")
    hooked.accepted()
    assert "app/app/ugly.py" not in hooked.tree.git("ls-files")


def test_an_empty_commit_goes_through(hooked: Framework) -> None:
    hooked.accepted("--allow-empty")


def test_all_files_are_taken_as_handed_over(hooked: Framework) -> None:
    tool = "prek" if "prek" in str(hooked.tree.root) else "pre-commit"
    hooked.tree.write({"app/app/ugly.py": NEAT})  # which no other test must have done before
    hooked.tree.git("add", ".")
    hooked.tree.git("commit", "--quiet", "--no-verify", "--allow-empty", "--message", "neat")
    done = subprocess.run(
        [tool, "run", "--all-files"],
        check=False,
        capture_output=True,
        text=True,
        cwd=hooked.tree.root,
        env=hooked.tree.environment_variables(),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_commit_that_breaks_dependents_is_refused(
    framework: Framework, hook_repository: tuple[Path, str], tmp_path: Path
) -> None:
    """A function of a library is renamed, then its module removed: the projects that import it have not changed."""
    tree = two_projects(tmp_path)
    hooked = Framework(framework.tool, tree, hook_repository, framework.home, "pyfmt-affected")
    library, user = "lib/storage/storage/files.py", "shop/shop/main.py"
    before = tree.read(library)
    tree.write({library: before.replace("def read", "def load")})
    tree.git("add", library)
    done = hooked.commit()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "[mypy:attr-defined, pylint:E0611]" in done.stdout + done.stderr
    tree.git("rm", "--quiet", "--force", library)
    done = hooked.commit()
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{user}:3:" in done.stdout + done.stderr
    tree.write({user: '"""Shop."""\n'})
    tree.git("add", user)
    hooked.accepted()
    assert library not in tree.git("ls-files")


def test_what_the_frameworks_take_for_python_is_checked_or_left_out_with_a_note(
    hook_repository: tuple[Path, str], pre_commit_home: Path, tmp_path: Path
) -> None:
    """Their tags (identify) know more names than .py; one strange file never blocks the others."""
    nix = "#!/usr/bin/env nix-shell\n#! nix-shell -i python3 -p python3\n"
    ugly: dict[str, str | bytes] = {f"app/{name}": UGLY for name in ("site.wsgi", "gui.pyw", "wscript", "plain.py")}
    scripts: dict[str, str | bytes] = {"app/nix": nix + UGLY, "app/tool": "#!/usr/bin/env python3\n" + UGLY}
    tree = trees.one_project(
        tmp_path, {"app/__init__.py": '"""App."""\n', ".pdbrc": "alias p print\n", **ugly, **scripts}
    )
    for name in scripts:
        (tree.root / "app" / name).chmod(0o755)
    done = Hooked(tree, "pyfmt-format", hook_repository, pre_commit_home).pre_commit()
    assert "app/.pdbrc: not checked, since it holds commands of pdb" in done.stdout, done.stdout
    for name in ugly:
        assert tree.read(f"app/{name}") == NEAT, done.stdout
    for name in scripts:
        assert tree.read(f"app/{name}").endswith("print(os.sep, sys.path)\n"), done.stdout
    tree.git("add", "--all")
    done = Hooked(tree, "pyfmt-staged", hook_repository, pre_commit_home).pre_commit()
    assert done.returncode == 0, done.stdout + done.stderr
