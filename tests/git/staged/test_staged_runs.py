"""`--staged`: what the commit will hold is formatted and linted, and nothing else is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo, command, said

UGLY = '"""Ugly."""\nimport sys\nimport os\nprint( os.sep,sys.path )\n'
NEAT = '"""Ugly."""\n\nimport os\nimport sys\n\nprint(os.sep, sys.path)\n'
WRONG = '"""Wrong."""\n\nNUMBER: int = "text"\n'
RIGHT = '"""Right."""\n\nNUMBER: int = 1\n'
TAIL = "\n\ndef tail() -> None:\n    '''Has a far end.'''\n" + "    print(1)\n" * 8


@pytest.fixture
def tree(tmp_path: Path) -> Monorepo:
    """A committed project "app" with an environment of its own."""
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', "app/base.py": RIGHT})
    tree.write({".gitignore": ".venv\n__pycache__\ngenerated.py\n"})
    tree.git("init", "--quiet")
    commit(tree)
    return tree


def commit(tree: Monorepo) -> None:
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message", "some")


def staged(tree: Monorepo, name: str) -> str:
    return tree.git("show", f":{name}")


def test_only_what_is_staged_is_formatted_and_linted(tree: Monorepo) -> None:
    tree.write({"app/app/ugly.py": UGLY, "app/app/wrong.py": WRONG, "app/app/base.py": WRONG, "app/app/new.py": UGLY})
    tree.git("add", "app/app/ugly.py", "app/app/wrong.py")
    result, report = tree.check("--staged", command_name="run")
    result.expect(1)
    assert [finding["path"] for finding in report["findings"]] == ["app/app/wrong.py"], str(result)
    assert report["root"] == str(tree.root)
    assert staged(tree, "app/app/ugly.py") == NEAT == tree.read("app/app/ugly.py")
    assert tree.read("app/app/new.py") == UGLY
    assert tree.git("status", "--porcelain").splitlines() == [
        " M app/app/base.py",
        "A  app/app/ugly.py",
        "A  app/app/wrong.py",
        "?? app/app/new.py",
    ]


def test_lint_sees_the_index_and_says_the_real_place(tree: Monorepo) -> None:
    tree.write({"app/app/base.py": WRONG})
    tree.git("add", ".")
    tree.write({"app/app/base.py": "# mended, not staged\n" + RIGHT})
    result = tree.run("lint", "--staged").expect(1)
    assert "app/app/base.py:3:15: error: Incompatible" in result.stdout
    tree.git("add", ".")
    tree.write({"app/app/base.py": WRONG})
    tree.run("lint", "--staged").expect(0)


def test_settings_and_locks_are_judged_by_what_is_staged(tree: Monorepo) -> None:
    override = '[[overrides]]\npaths = ["app/app/new.py"]\ndisable = ["C0114"]\n'
    lock = 'version = 1\n[[package]]\nname = "black"\nversion = "1.0"\n'
    tree.write({"pyfmt.toml": override, "app/app/new.py": RIGHT, "app/uv.lock": lock})
    tree.git("add", "pyfmt.toml")
    tree.run("check").expect(0)
    result = tree.run("check", "--staged").expect(2)
    assert f"{tree.root}/pyfmt.toml" in result.stderr and "'app/app/new.py' matches no file" in result.stderr
    tree.git("add", ".")
    result, report = tree.check("--staged")
    result.expect(0)
    assert any("app/uv.lock: black 1.0" in note for note in report["notes"]), report["notes"]


def test_a_module_that_was_not_added_is_missing_and_a_generated_one_is_not(tree: Monorepo) -> None:
    user = (
        '"""Uses others."""\n\nfrom app.forgotten import NAME\nfrom app.generated import VALUE\n\nprint(NAME, VALUE)\n'
    )
    tree.write({"app/app/user.py": user, "app/app/forgotten.py": '"""Forgotten."""\n\nNAME = "x"\n'})
    tree.write({"app/app/generated.py": '"""Generated."""\n\nVALUE = 1\n'})
    tree.git("add", "app/app/user.py")
    result, report = tree.check("--staged")
    result.expect(1)
    assert {finding["line"] for finding in report["findings"]} == {3}, str(result)
    assert "forgotten" in report["findings"][0]["message"]
    tree.git("add", ".")
    tree.run("check", "--staged").expect(0)


# setuptools gives a flat layout an import hook instead of a path, and one under another name to a folder of another
# name.
SETUPTOOLS = """
    [build-system]
    requires = ["setuptools>=64"]
    build-backend = "setuptools.build_meta"

    [project]
    name = "{name}"
    version = "1.0"

    [tool.setuptools]
    packages = ["{name}"]
    package-dir = {{ {name} = "{folder}" }}
"""
LIBRARIES = {"flat": "flat", "other": "sources", "path": "path"}
MORE = '"""More."""\n\n\ndef work() -> int:\n    """Works."""\n    return 1\n'
USER = (
    '"""Uses the libraries."""\n\nimport flat.more\nimport other.more\nimport path.more\n\n'
    "print(flat.more.work(), other.more.work(), path.more.work())\n"
)


def test_an_editable_library_is_seen_as_it_is_staged(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"pyproject.toml": "[tool.pyfmt]\n", ".gitignore": ".venv\n*.egg-info\n"}
    for name, folder in LIBRARIES.items():
        files[f"lib/{name}/pyproject.toml"] = SETUPTOOLS.format(name=name, folder=folder)
        files |= {f"lib/{name}/{folder}/__init__.py": '"""A library."""\n', f"lib/{name}/{folder}/py.typed": ""}
    files["lib/path/pyproject.toml"] = trees.manifest("path", "path")
    files["shop/pyproject.toml"] = trees.manifest("shop", "shop", *LIBRARIES)
    files |= {"shop/shop/__init__.py": '"""Shop."""\n', "shop/shop/main.py": USER}
    tree = Monorepo.create(tmp_path, files)
    tree.environment("shop", editable=[f"lib/{name}" for name in LIBRARIES])
    tree.git("init", "--quiet")
    tree.git("add", ".")
    tree.write({f"lib/{name}/{folder}/more.py": MORE for name, folder in LIBRARIES.items()})
    tree.run("check").expect(0)
    result, report = tree.check("--staged", "shop")
    result.expect(1)
    told = {(finding["line"], finding["rule"]) for finding in said(report)}
    missing = {(line, rule) for line in (3, 4, 5) for rule in ("E0401", "E0611", "import-not-found")}
    assert told == missing | {(7, "E1101")}, str(result)
    tree.git("add", ".")
    # The environment lies below the project in the work tree, and elsewhere than the tree of the index.
    result, shared = tree.check("--staged")
    result.expect(0)
    assert [unit for unit in shared["units"] if unit["tool"] == "pylint" and not unit["cached"]] == []
    again = tree.check("--staged")[1]
    assert [unit for unit in again["units"] if not unit["cached"]] == []


def test_what_is_not_staged_of_a_file_stays_and_stays_unstaged(tree: Monorepo) -> None:
    tree.write({"app/app/part.py": UGLY + TAIL})
    tree.git("add", ".")
    tree.write({"app/app/part.py": UGLY + TAIL + "    print( 'unstaged' )\n"})
    tree.run("format", "--staged").expect(0)
    formatted = NEAT + TAIL.replace("'''", '"""')
    assert staged(tree, "app/app/part.py") == formatted
    assert tree.read("app/app/part.py") == formatted + "    print( 'unstaged' )\n"


def test_a_conflict_is_refused_and_nothing_of_the_file_changes(tree: Monorepo) -> None:
    tree.write({"app/app/part.py": UGLY, "app/app/ugly.py": UGLY})
    tree.git("add", ".")
    mine = UGLY.replace("print(", "print( 'unstaged',")
    tree.write({"app/app/part.py": mine})
    result = tree.run("format", "--staged").expect(2)
    assert "app/app/part.py: what is staged would be reformatted where the work tree has changes" in result.stdout
    assert (staged(tree, "app/app/part.py"), tree.read("app/app/part.py")) == (UGLY, mine)
    assert (staged(tree, "app/app/ugly.py"), tree.read("app/app/ugly.py")) == (NEAT, NEAT)


def test_a_file_that_is_gone_from_the_work_tree_stays_gone(tree: Monorepo) -> None:
    tree.write({"app/app/ugly.py": UGLY})
    tree.git("add", ".")
    (tree.root / "app/app/ugly.py").unlink()
    tree.run("format", "--staged").expect(0)
    assert staged(tree, "app/app/ugly.py") == NEAT
    assert tree.git("status", "--porcelain") == "AD app/app/ugly.py\n"


def test_check_writes_nothing(tree: Monorepo) -> None:
    tree.write({"app/app/ugly.py": UGLY})
    tree.git("add", ".")
    before = tree.git("ls-files", "--stage")
    assert "+import os" in tree.run("check", "--staged", "--diff").expect(1).stdout
    assert tree.git("ls-files", "--stage") == before and tree.read("app/app/ugly.py") == UGLY


def test_a_cache_that_cannot_hold_the_tree_of_the_index_costs_no_run(tree: Monorepo) -> None:
    tree.write({"app/app/ugly.py": UGLY})
    tree.git("add", ".")
    tree.run("format", "--check", "--staged").expect(1)
    (state,) = tree.home.rglob("staged/state.json")
    state.unlink()
    state.joinpath("in the way").mkdir(parents=True)
    tree.run("format", "--staged").expect(0)
    assert staged(tree, "app/app/ugly.py") == NEAT == tree.read("app/app/ugly.py")


def test_line_ends_go_through_gits_conversion(tree: Monorepo) -> None:
    tree.write({".gitattributes": "*.py text eol=crlf\n", "app/app/ugly.py": UGLY.replace("\n", "\r\n").encode()})
    tree.git("add", ".")
    tree.run("format", "--staged").expect(0)
    assert staged(tree, "app/app/ugly.py") == NEAT
    assert tree.read("app/app/ugly.py") == NEAT.replace("\n", "\r\n")


def test_named_files_count_as_they_are_and_folders_for_what_is_staged_in_them(tree: Monorepo) -> None:
    tree.write({"app/app/ugly.py": UGLY, "app/app/other.py": UGLY, "app/app/naïve name.py": UGLY})
    commit(tree)
    tree.write({"app/app/other.py": UGLY + "print()\n", "app/app/new.py": UGLY})
    tree.git("add", "app/app/other.py")
    result, report = tree.check("--staged", ".", "naïve name.py", "new.py", cwd="app/app")
    result.expect(1)
    assert [edit["path"] for edit in report["edits"]] == ["app/app/naïve name.py", "app/app/other.py"], str(result)
    assert "app/app/new.py: not checked, since it is not in the git index" in report["notes"]
    (tree.root / "loop").symlink_to("loop")
    assert "loop/x.py" in tree.run("check", "--staged", "app/app/other.py", "loop/x.py").expect(2).stderr


def test_the_tree_of_the_index_follows_it_and_unchanged_units_are_not_run_again(tree: Monorepo) -> None:
    tree.write(
        {
            "app/app/helper.py": RIGHT,
            "app/app/user.py": '"""Uses."""\n\nfrom app.helper import NUMBER\n\nprint(NUMBER)\n',
        }
    )
    tree.git("add", ".")
    tree.run("lint", "--staged").expect(0)
    again = tree.check("--staged", "--tool", "mypy", command_name="lint")[1]
    assert [unit["cached"] for unit in again["units"]] == [True]
    tree.git("rm", "--quiet", "--cached", "app/app/helper.py")
    result, report = tree.check("--staged", command_name="lint")
    assert sorted(each["rule"] for each in said(report)) == ["E0401", "E0611", "import-not-found"], str(result)
    # A plain run shares the results: the work tree is now what was staged at first.
    tree.git("add", ".")
    tree.run("lint", "--staged").expect(0)
    plain = tree.check("--tool", "mypy", command_name="lint")[1]
    assert [unit["cached"] for unit in plain["units"]] == [True]


def test_an_unborn_branch_an_empty_index_and_no_repository(tmp_path: Path) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n'})
    outcome = tree.run("check", "--staged").expect(2)
    assert "--staged needs a git work tree" in outcome.stderr
    tree.git("init", "--quiet")
    tree.run("check", "--staged").expect(0)
    tree.write({"app/app/ugly.py": UGLY})
    tree.git("add", "app/app/ugly.py")
    assert [edit["path"] for edit in tree.check("--staged")[1]["edits"]] == ["app/app/ugly.py"]


def test_an_unresolved_merge_is_refused(tree: Monorepo) -> None:
    tree.git("switch", "--quiet", "--create", "side")
    tree.write({"app/app/base.py": RIGHT.replace("1", "2")})
    commit(tree)
    tree.git("switch", "--quiet", "-")
    tree.write({"app/app/base.py": RIGHT.replace("1", "3")})
    commit(tree)
    with pytest.raises(AssertionError):
        tree.git("merge", "side")
    assert "unresolved conflicts" in tree.run("check", "--staged").expect(2).stderr


@pytest.mark.parametrize("delay", [0.1, 0.6, 1.2])
def test_an_interrupted_run_changes_nothing_or_everything(tree: Monorepo, delay: float) -> None:
    names = [f"app/app/ugly{number}.py" for number in range(12)]
    tree.write({name: UGLY for name in names})
    tree.git("add", ".")
    with subprocess.Popen(
        [*command(), "run", "--staged"],
        cwd=tree.root,
        env=tree.environment_variables(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        time.sleep(delay)  # wherever the run is by then, the same must hold
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)
    states = {(staged(tree, name), tree.read(name)) for name in names}
    assert states in ({(UGLY, UGLY)}, {(NEAT, NEAT)})
    assert not (tree.root / ".git/index.lock").exists()
    tree.run("run", "--staged").expect(0)
    assert {(staged(tree, name), tree.read(name)) for name in names} == {(NEAT, NEAT)}


def test_a_locked_index_leaves_all_as_it_was(tree: Monorepo) -> None:
    tree.write({"app/app/ugly.py": UGLY})
    tree.git("add", ".")
    (tree.root / ".git/index.lock").touch()
    result = tree.run("format", "--staged").expect(2)
    assert "index.lock" in result.stdout
    (tree.root / ".git/index.lock").unlink()
    assert (staged(tree, "app/app/ugly.py"), tree.read("app/app/ugly.py")) == (UGLY, UGLY)


@pytest.mark.parametrize("other", [("lint", "--add-ignores"), ("format", "-")])
def test_what_is_about_the_work_tree_cannot_be_mixed_with_it(tree: Monorepo, other: tuple[str, ...]) -> None:
    assert "cannot be mixed" in tree.run(*other, "--staged").expect(2).stderr
