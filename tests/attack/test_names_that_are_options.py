"""A file of the checkout is never an option, whoever passes its name: pre-commit, prek, a shell's `*`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyfmt.cli import given_names
from pyfmt.cli.parser import build_parser, with_command
from pyfmt.core.errors import UsageError
from tests.end_to_end import trees
from tests.support.monorepo import Monorepo

UGLY = "#!/usr/bin/env python3\nimport sys\nimport os\nprint( os.sep,sys.path )\n"
NEAT = "#!/usr/bin/env python3\nimport os\nimport sys\n\nprint(os.sep, sys.path)\n"
# Each a name that a framework passes as it is, since `identify` tags it as Python.
NAMES = ("--trust", "--config=evil.py", "--root=evil.py", "--output=html=evil.py", "--no-cache", "-q")
HOOK = {"PRE_COMMIT": "1"}


@pytest.fixture(name="here")
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("line", "environ"),
    [
        ("check --trust lib", {}),
        ("--trust check lib", {}),
        ("envs create --trust billing", {}),
        ("baseline write --trust lib", {}),
        ("check lib -q --output json=x.json", {}),
        ("check --tool black --config x.toml -- lib", HOOK),
        ("check -- lib --trust", HOOK),
        ("trust", {}),
        ("format -", {}),
    ],
)
def test_what_can_only_be_meant_in_one_way_is_taken(line: str, environ: dict[str, str]) -> None:
    given_names.check(line.split(), environ)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("line", "environ", "message"),
    [
        ("check lib --trust", {}, "only before the first path"),
        ("lib --trust", {}, "only before the first path"),
        ("check --trust lib", HOOK, "refused in a hook"),
        ("check --trust", HOOK, "refused in a hook"),
        ("trust", HOOK, "refused in a hook"),
        ("check lib --config=x.toml", HOOK, "option after a path"),
        ("check lib -q", HOOK, "option after a path"),
        ("check lib --output html=x", HOOK, "option after a path"),
    ],
)
def test_what_a_hook_could_have_passed_is_refused(line: str, environ: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        given_names.check(line.split(), environ)


@pytest.mark.parametrize("name", [*NAMES, "-", "--", "trust"])
@pytest.mark.parametrize("environ", [{}, HOOK])
def test_a_word_that_is_an_option_and_a_file_is_refused(here: Path, name: str, environ: dict[str, str]) -> None:
    (here / name).write_text("")
    words = [name] if name == "trust" else ["check", name, "lib"]
    with pytest.raises(UsageError) as caught:
        given_names.check(words, environ)
    assert name in str(caught.value)


@pytest.mark.parametrize("name", [*NAMES, "--"])
def test_behind_two_dashes_it_is_a_path(here: Path, name: str) -> None:
    (here / name).write_text("")
    arguments = ["check", "--", "a.py", name]
    given_names.check(arguments, HOOK)
    options = build_parser().parse_args(with_command(arguments))
    assert options.paths == ["a.py", f"./{name}"]
    assert (options.trust, options.config, options.root, options.outputs) == (False, None, None, [])


class Clone:
    """A clone of a hostile repository: everything in it is in the git index, its environment too."""

    def __init__(self, folder: Path, hook: str, arguments: str) -> None:
        self.mark = folder / "mark"
        self.tree = trees.one_project(folder, {"app/__init__.py": '"""App."""\n'})
        self.tree.write(
            {
                "pyfmt.toml": 'configs = "configs"\nprojects = ["app", "."]\n',
                "configs/pylintrc": f"[MAIN]\ninit-hook=open({str(self.mark)!r}, 'w').close()\n",
                "evil.py": f"[tool.pyfmt]\nconfigs = 'configs' # {UGLY!r}\n",
                "pyproject.toml": trees.manifest("root", "root"),
                **dict.fromkeys(NAMES, UGLY),
                ".pre-commit-config.yaml": hook + arguments,
            }
        )
        for name in NAMES:
            (self.tree.root / name).chmod(0o755)
        (self.tree.root / "evil.py").write_text('"""Evil."""\n')
        self.tree.git("init", "--quiet")
        self.tree.git("add", "--all", "--force")

    def hook(self, tool: str, home: Path) -> subprocess.CompletedProcess[str]:
        """`pre-commit run --all-files`, or prek's."""
        more = {"PRE_COMMIT_HOME": str(home), "PREK_HOME": str(home)}
        return subprocess.run(
            [str(Path(sys.executable).parent / tool), "run", "--all-files", "--verbose", "--color", "never"],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.tree.root,
            env=self.tree.environment_variables(more),
        )


@pytest.fixture(name="home", params=["pre-commit", "prek"])
def _home(request: pytest.FixtureRequest, pre_commit_home: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    yield request.param, (pre_commit_home if request.param == "pre-commit" else tmp_path / "prek-home")


CONFIG = "repos:\n  - repo: {}\n    rev: {}\n    hooks:\n      - id: pyfmt\n"


def test_the_trap_works(tmp_path: Path) -> None:
    """Else the next test could not fail."""
    clone = Clone(tmp_path, "", "")
    clone.tree.run("check", "app")
    assert not clone.mark.exists()
    clone.tree.run("check", "--trust", "app/__init__.py", cwd="app")
    assert clone.mark.exists()


def test_a_hook_never_takes_a_name_for_an_option(
    home: tuple[str, Path], hook_repository: tuple[Path, str], tmp_path: Path
) -> None:
    clone = Clone(tmp_path, CONFIG.format(*hook_repository), "")
    done = clone.hook(*home)
    assert not clone.mark.exists(), done.stdout
    assert "not trusted to run code" in done.stdout, done.stdout + done.stderr
    for name in NAMES:
        assert clone.tree.read(name) == NEAT, done.stdout
    assert (clone.tree.root / "evil.py").read_text() == '"""Evil."""\n'


def test_nor_where_its_configuration_forgets_the_dashes(
    home: tuple[str, Path], hook_repository: tuple[Path, str], tmp_path: Path
) -> None:
    clone = Clone(tmp_path, CONFIG.format(*hook_repository), "        args: [--tool, pylint]\n")
    done = clone.hook(*home)
    assert done.returncode == 1
    assert "is an option, and the name of a file here" in done.stdout, done.stdout + done.stderr
    assert not clone.mark.exists()


def test_every_hook_ends_its_options() -> None:
    from tests.support.monorepo import ROOT

    lines = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8").splitlines()
    assert lines.count('  args: ["--"]') == sum(line.startswith("- id: ") for line in lines) > 0


def test_init_writes_hooks_that_end_their_options(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"app/pyproject.toml": trees.manifest("app", "app")})
    tree.git("init", "--quiet")
    tree.run("init", "--yes").expect(0)
    made = tree.read(".pre-commit-config.yaml")
    # From a repository the hook is its own, with its own `args`.
    assert 'args: ["--"]' in made or "repo: local" not in made
