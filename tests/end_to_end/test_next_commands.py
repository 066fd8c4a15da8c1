"""The exact next command: it works from the folder in which the user stands, and asks the same question."""

from __future__ import annotations

import shlex

import pytest

from tests.support.monorepo import Monorepo, Result

UGLY = "x = ( 1)\n"
TREE = {
    "pyproject.toml": "[tool.pyfmt]\n",
    **{
        f"projects/{name}/pyproject.toml": f'[project]\nname = "{name}"\nversion = "1"\n'
        for name in ("one", "two", "three")
    },
    **{f"projects/{name}/{name}.py": "X = 1\n" for name in ("one", "two", "three")},
}


@pytest.fixture(name="tree")
def _tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    return Monorepo.create(tmp_path_factory.mktemp("next"), TREE)


def next_command(said: Result) -> list[str]:
    """The words of the only next command that is a run's, behind `pyfmt`."""
    [line] = [line for line in said.stdout.splitlines() if line.startswith("next: pyfmt ")]
    return shlex.split(line.removeprefix("next: pyfmt "))


@pytest.mark.parametrize("folder", [".", "projects", "projects/one", "projects/two", "projects/two/.."])
def test_the_printed_command_works_where_it_was_printed(tree: Monorepo, folder: str) -> None:
    tree.write({"projects/one/one.py": UGLY})
    words = next_command(tree.run("check", "--tool", "black", cwd=folder).expect(1))
    tree.run(*words, cwd=folder).expect(0)
    assert tree.read("projects/one/one.py") == "x = 1\n"


def test_the_printed_command_works_outside_of_the_monorepo(tree: Monorepo) -> None:
    tree.write({"projects/one/one.py": UGLY, "other.toml": "[tool.pyfmt]\ntools = ['black']\n"})
    root, config = f"../{tree.root.name}", f"../{tree.root.name}/other.toml"
    words = next_command(tree.run("check", "--root", root, "--config", config, cwd="../home").expect(1))
    assert words == ["format", "--config", config, "--root", root, f"{root}/projects/one"]
    tree.run(*words, cwd="../home").expect(0)
    assert tree.read("projects/one/one.py") == "x = 1\n"


def test_the_printed_command_asks_the_same_question(tree: Monorepo) -> None:
    tree.git("init", "--quiet")
    tree.write({"projects/one/one.py": UGLY, "projects/two/two.py": UGLY})
    tree.git("add", "projects/one")
    words = next_command(tree.run("check", "--staged", "--tool", "black", cwd="projects/one").expect(1))
    assert words == ["format", "--tool", "black", "--staged", "."]
    tree.run(*words, cwd="projects/one").expect(0)
    assert (tree.read("projects/one/one.py"), tree.read("projects/two/two.py")) == ("x = 1\n", UGLY)


def test_only_what_was_looked_at_is_counted(tree: Monorepo) -> None:
    clean = tree.run("check", "--tool", "black", "projects/one").expect(0)
    assert "all clean (1 file in 1 project)" in clean.stdout
    assert "all clean (1 file in 1 project)" in tree.run("check", "--tool", "black", "projects/one").expect(0).stdout
    assert "(3 files in 3 projects)" in tree.run("check", "--tool", "black").expect(0).stdout
    tree.write({"projects/one/one.py": UGLY})
    for output in ("text", "github-summary", "html"):
        said = tree.run("check", "--tool", "black", "--output", output, "projects/one").expect(1).stdout
        assert "1 file in 1 project" in said and "more project" not in said, said
        said = tree.run("check", "--tool", "black", "--output", output).expect(1).stdout
        assert "3 files in 3 projects" in said and (output == "html" or "2 more projects: clean" in said), said
