"""`--staged --with-dependents`: what the staged change breaks elsewhere stops the commit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo, rules

LIBRARY = '"""Files."""\n\n\ndef read() -> int:\n    """Reads."""\n    return 1\n'
SHOP = '"""Shop."""\n\nfrom storage.files import read\n\nprint(read())\n'
MAIN = "shop/shop/main.py"
FILES: dict[str, str | bytes] = {
    "pyproject.toml": "[tool.pyfmt]\n",
    ".gitignore": ".venv\n",
    "lib/storage/pyproject.toml": trees.manifest("storage", "storage"),
    "lib/storage/storage/__init__.py": '"""Storage."""\n',
    "lib/storage/storage/py.typed": "",
    "lib/storage/storage/files.py": LIBRARY,
    "shop/pyproject.toml": trees.manifest("shop", "shop", "storage"),
    "shop/shop/__init__.py": '"""Shop."""\n',
    MAIN: SHOP,
    "other/pyproject.toml": trees.manifest("other", "other"),
    "other/other/__init__.py": '"""Has nothing to do with it."""\n',
}


def two_projects(folder: Path) -> Monorepo:
    """A committed library and the shop that imports it."""
    tree = Monorepo.create(folder, FILES)
    tree.environment("shop", editable=["lib/storage", "shop"])
    tree.environment("other")
    tree.git("init", "--quiet")
    tree.git("add", ".")
    tree.git("commit", "--quiet", "--message", "all")
    return tree


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    return two_projects(tmp_path_factory.mktemp("dependents"))


@pytest.fixture(name="tree")
def _tree(made: Monorepo) -> Iterator[Monorepo]:
    yield made
    made.git("reset", "--quiet", "--hard")


def test_a_function_that_is_renamed_in_the_index_breaks_its_users(tree: Monorepo) -> None:
    tree.write({"lib/storage/storage/files.py": LIBRARY.replace("def read", "def load")})
    tree.git("add", ".")
    tree.write({"lib/storage/storage/files.py": LIBRARY})  # mended, not staged
    tree.run("check", "--staged").expect(0)
    result, report = tree.check("--staged", "--with-dependents")
    result.expect(1)
    assert rules(report, MAIN) == rules(report) == ["attr-defined"], str(result)
    assert all("other" not in unit["projects"] for unit in report["units"]), str(result)
    tree.write({MAIN: SHOP.replace("import read", "import load as read")})
    tree.git("add", MAIN)
    tree.run("run", "--staged", "--with-dependents").expect(0)


def test_a_module_that_is_deleted_or_moved_breaks_its_users(tree: Monorepo) -> None:
    tree.git("rm", "--quiet", "lib/storage/storage/files.py")
    result, report = tree.check("--staged", "--with-dependents", command_name="run")
    result.expect(1)
    assert set(rules(report)) <= {"E0401", "import-not-found", "attr-defined"}, str(result)
    assert rules(report, MAIN) == rules(report) != [], str(result)
    tree.git("reset", "--quiet", "--hard")
    tree.git("mv", "lib/storage/storage/files.py", "lib/storage/storage/moved.py")
    assert rules(tree.check("--staged", "--with-dependents")[1], MAIN)


def test_the_index_is_compared_with_any_commit(tree: Monorepo) -> None:
    tree.write({"lib/storage/storage/files.py": LIBRARY.replace("def read", "def load")})
    tree.git("commit", "--quiet", "--all", "--message", "breaks")
    tree.write({"shop/shop/new.py": '"""Not staged."""\n\nNUMBER: int = ""\n'})
    tree.run("check", "--staged", "--with-dependents").expect(0)
    for more, environ in (
        (("--since", "HEAD~1"), {}),
        # As `pre-commit run --from-ref HEAD~1` and a push say it.
        (("--with-dependents",), {"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": "HEAD~1"}),
    ):
        result, report = tree.check("--staged", *more, environ=environ)
        result.expect(1)
        assert rules(report) == ["attr-defined"] == rules(report, MAIN), str(result)
    (tree.root / "shop/shop/new.py").unlink()
    tree.git("reset", "--quiet", "--hard", "HEAD~1")


def test_without_staged_it_is_refused(tree: Monorepo) -> None:
    assert "goes with --staged" in tree.run("check", "--with-dependents").expect(2).stderr
