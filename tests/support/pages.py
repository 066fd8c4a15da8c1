"""The pages of the documentation, their commands, and what the commands print.

`python -m tests.support.pages` (`make docs`) writes the output of every command in a ```console block anew.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.support.monorepo import ROOT, Monorepo

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("**/*.md")])
EXAMPLE = ROOT / "examples/monorepo"

# In an indented block, behind `$ ` in a console block, or as a step of a CI's file.
_COMMAND = re.compile(r"^(?: {4,}|\$ |\s+- (?:run: )?)((?:pyfmt|git|echo)(?: [^=\n].*)?)$", re.MULTILINE)
_SESSION = re.compile(r"^```console\n\$ ([^\n]+)\n.*?^```$", re.MULTILINE | re.DOTALL)
# With names to be replaced, or what waits for an event, and has tests of its own in tests/cli.
_NOT_RUN = re.compile(r"\$\{\{|--watch|^pyfmt lsp|\[[A-Z]|\b(?:FILE|HOST|REV|SPEC)\b")


def commands(page: Path) -> list[str]:
    """The commands that `page` shows in blocks, in its order, comments included (the shell knows them); none of
    reference.md, whose examples are those that the commands' help shows (tests/cli/test_reference.py)."""
    if page.name == "reference.md":
        return []
    found = [match[1].rstrip() for match in _COMMAND.finditer(page.read_text("utf-8"))]
    return [line for line in found if not _NOT_RUN.search(line)]


def example(folder: Path) -> Monorepo:
    """examples/monorepo with its environments in a repository: `main`, also at the origin, and the branch `work`."""
    tree = Monorepo.create(folder, {})
    shutil.copytree(EXAMPLE, tree.root, dirs_exist_ok=True, ignore=_generated)
    tree.git("init", "--quiet", "--initial-branch", "main")
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message", "first")
    tree.git("update-ref", "refs/remotes/origin/main", "HEAD")
    tree.git("checkout", "--quiet", "-b", "work")
    tree.run("envs", "create", "--all").expect(0)
    tree.environ["PATH"] = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    return tree


def with_changes(tree: Monorepo) -> None:
    """Makes a commit that changes a library, and a staged change of a service."""
    for name, message in (("lib/storage/acme/storage/files.py", "work"), ("projects/ledger/src/ledger/book.py", "")):
        tree.write({name: (text := tree.read(name)) + "# More.\n", "buffer": text})
        tree.git("add", name)
        if message:
            tree.git("commit", "--quiet", "--message", message)


def reset(tree: Monorepo) -> None:
    """Takes back whatever a page's commands did; what is ignored (the environments) stays."""
    tree.git("reset", "--quiet", "--hard", "main")
    tree.git("clean", "--quiet", "-d", "--force")


def shell(tree: Monorepo, line: str) -> subprocess.CompletedProcess[str]:
    """What a shell makes of `line` in the tree's root."""
    variables = tree.environment_variables()
    return subprocess.run(
        ["sh", "-c", line],
        cwd=tree.root,
        env=variables,
        stdin=subprocess.DEVNULL,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def with_outputs(text: str, run: Callable[[str], str]) -> str:
    """`text` with the output of each console block's command as `run` gives it: what stands before the first empty
    line, which is where a report's table begins."""

    def made(match: re.Match[str]) -> str:
        said = run(match[1])
        return f"```console\n$ {match[1]}\n{said.partition(chr(10) * 2)[0].rstrip()}\n```"

    return _SESSION.sub(made, text)


def _generated(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in (".venv", "__pycache__") or name.endswith(".egg-info")}


def _main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        tree = example(Path(scratch))
        for page in PAGES:
            page.write_text(with_outputs(page.read_text("utf-8"), lambda line: shell(tree, line).stdout), "utf-8")


if __name__ == "__main__":
    _main()
