"""pylint file by file: only files that can see a change are linted anew, and the report is that of a cold run."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cache.comparing import difference, linted
from tests.cache.little_monorepo import FILES, LittleMonorepo
from tests.support.monorepo import Monorepo

CORE, ALPHA = "lib/core/acme/core/", "projects/alpha/alpha/"
PLUGIN = """
    from pylint.checkers import BaseChecker


    class Counting(BaseChecker):
        name = "counting"
        msgs = {"C9999": ("File number %s", "file-number", "Counts files.")}
        count = 0

        def leave_module(self, node):
            type(self).count += 1
            self.add_message("file-number", node=node, args=(self.count,))


    def register(linter):
        linter.register_checker(Counting(linter))
"""


_STATES = itertools.count()


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> LittleMonorepo:
    return LittleMonorepo(tmp_path_factory.mktemp("records"))


@pytest.fixture
def tree(repo: LittleMonorepo) -> Iterator[Monorepo]:
    """The tree of `repo` after a run in which something was linted: a known unit would leave the record as it was."""
    repo.tree.write({**FILES, ALPHA + "state.py": f'"""State {next(_STATES)}."""\n'})
    repo.tree.run("check", "--tool", "pylint")
    yield repo.tree
    for path in sorted((repo.tree.root / "projects/alpha").rglob("new*"), reverse=True):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def append(tree: Monorepo, name: str, text: str) -> None:
    tree.write({name: tree.read(name) + text})


def test_a_leaf_alone_is_linted_anew(tree: Monorepo) -> None:
    append(tree, ALPHA + "main.py", "\n\nprint(undefined_name)\n")
    assert linted(tree) == {"alpha": 2}  # and the test that imports it
    assert not difference(tree, "--tool", "pylint")


def test_of_a_librarys_users_only_those_files_that_can_see_the_change(tree: Monorepo) -> None:
    append(tree, CORE + "text.py", "\n\ndef late() -> int:\n    import os\n    return os.nothing\n")
    assert linted(tree) == {"acme-core": 1}  # nobody looks at that
    tree.write({CORE + "text.py": tree.read(CORE + "text.py").replace("self.content.upper()", "self.content.lower()")})
    # text, and values that looks at the class, for both environments at once; one file of each service
    assert linted(tree) == {"acme-core": 2, "alpha": 1, "beta": 1}
    assert not difference(tree, "--tool", "pylint")


def test_what_a_file_sets_on_the_class_of_another_is_seen_where_the_class_is(tree: Monorepo) -> None:
    append(tree, ALPHA + "main.py", "\n\nprint(Value(1).invented, Value(1).other)\n")
    assert "invented" in tree.run("check", "--tool", "pylint").stdout
    for number, text in enumerate(("Value.invented = 3", "Value.invented = Value(1)", "Value.other = 3", "")):
        source = f'"""Sets."""\n\nfrom acme.core.values import Value\n\n{text}\n'
        tree.write({"projects/alpha/tests/new_setting.py": source})
        said = tree.run("check", "--tool", "pylint").stdout
        assert ("has no 'invented' member" in said) is (number > 1), said
        assert ("has no 'other' member" in said) is (number != 2), said
        assert not difference(tree, "--tool", "pylint"), text


def test_a_module_that_begins_to_shadow_another_counts(tree: Monorepo) -> None:
    tree.write({ALPHA + "new.py": '"""New."""\n\nimport onewheel\n\nonewheel.call(1, 2, 3)\n'})
    assert linted(tree) == {"alpha": 1}
    tree.write({"projects/alpha/tests/new_common.py": "AMOUNT = 1\n"})
    assert linted(tree) == {"alpha": 1}
    append(tree, "projects/alpha/tests/test_main.py", "\n\nimport newer\n")
    assert linted(tree) == {"alpha": 1}
    tree.write({"projects/alpha/newer.py": '"""Newer."""\n'})
    assert linted(tree) == {"alpha": 2}  # the new one, and the test that had missed it
    assert not difference(tree, "--tool", "pylint")
    (tree.root / "projects/alpha/newer.py").unlink()
    assert not linted(tree)  # as it was before: the whole unit is known
    assert not difference(tree, "--tool", "pylint")


def test_a_module_that_is_only_named_as_an_attribute_counts(tree: Monorepo) -> None:
    package = {ALPHA + "new_pkg/__init__.py": "", ALPHA + "new_pkg/sub.py": "def func() -> int:\n    return 1\n"}
    tree.write({**package, ALPHA + "new_user.py": "import alpha.new_pkg\n\nprint(alpha.new_pkg.sub.func())\n"})
    assert "E1101" not in tree.run("check", "--tool", "pylint").stdout
    tree.write({ALPHA + "new_pkg/sub.py": "def renamed() -> int:\n    return 1\n"})
    assert "has no 'func' member" in tree.run("check", "--tool", "pylint").stdout
    assert not difference(tree, "--tool", "pylint")


def test_what_is_inferred_around_the_building_of_a_tree_is_not_kept_for_the_next_file(tmp_path: Path) -> None:
    rows = 'import collections\n\nFIELDS = ["first", "second"]\nRow = collections.namedtuple("Row", FIELDS)\n'
    user = "import rows\n\nprint(rows.Row(1, 2).third)\n"
    derived = "import rows\n\n\nclass More(rows.Row):\n    pass\n"
    project = '[project]\nname = "one"\nversion = "1"\n'
    files = {"pyproject.toml": project, "rows.py": rows, "a_user.py": user, "b_derived.py": derived}
    tree = Monorepo.create(tmp_path / "repo", files)
    tree.environment(".")
    assert "has no 'third' member" in tree.run("check", "--tool", "pylint").stdout
    tree.write({"rows.py": rows.replace("second", "third")})
    assert "has no 'third' member" not in tree.run("check", "--tool", "pylint").stdout
    assert not difference(tree, "--tool", "pylint")


def test_who_first_needs_a_module_that_sets_something_counts(tree: Monorepo) -> None:
    patcher = "from acme.core.values import Value\n\nValue.patched = 1\n"
    needs, plain = "from acme.core import new_patcher\n\nprint(new_patcher.Value)\n", "import os\n\nprint(os.sep)\n"
    user = "from acme.core.values import Value\n\nprint(Value(1).patched)\n"
    tree.write({CORE + "new_patcher.py": patcher, ALPHA + "new_m.py": user})
    for first, last, is_known in ((plain, needs, False), (needs, plain, True), (plain, needs, False)):
        tree.write({ALPHA + "new_b.py": first, ALPHA + "new_z.py": last})
        said = tree.run("check", "--tool", "pylint").stdout
        assert ("new_m.py" in said and "has no 'patched' member" in said) is not is_known, said
        assert not difference(tree, "--tool", "pylint"), (first, last)
    (tree.root / CORE / "new_patcher.py").unlink()


def test_of_two_modules_of_one_name_the_same_one_is_meant(tree: Monorepo) -> None:
    main = "import new_help\n\nprint(new_help.one())\n"
    tree.write(
        {
            "projects/alpha/Anew.py": "X = 1\n",
            "projects/alpha/new_a/new_help.py": "def two() -> int:\n    return 1\n",
            "projects/alpha/new_help.py": "def one() -> int:\n    return 1\n",
            "projects/alpha/new_main.py": main,
        }
    )
    tree.run("check", "--tool", "pylint")
    tree.write({"projects/alpha/new_main.py": main + "# touched\n"})
    assert not difference(tree, "--tool", "pylint")
    (tree.root / "projects/alpha/Anew.py").unlink()


def test_project_wide_checks_are_those_of_all_files(tree: Monorepo) -> None:
    copied = "".join(f"    number += {count}\n" for count in range(9))
    twin = f'"""Twin."""\n\n\ndef copied(number: int) -> int:\n    """Copied."""\n{copied}    return number\n'
    tree.write({ALPHA + "new_one.py": twin, ALPHA + "new_two.py": twin})
    assert "R0801" in tree.run("check", "--tool", "pylint").stdout
    tree.write({ALPHA + "new_two.py": '"""Other."""\n\nimport alpha.new_one\n\nprint(alpha.new_one)\n'})
    assert "R0801" not in tree.run("check", "--tool", "pylint").stdout
    append(tree, ALPHA + "new_one.py", "\n\nimport alpha.new_two\n")
    assert "R0401" in tree.run("check", "--tool", "pylint").stdout
    assert not difference(tree, "--tool", "pylint")


def test_a_part_of_the_files_is_answered_from_the_record(tree: Monorepo) -> None:
    append(tree, ALPHA + "helpers.py", "\n\nprint(undefined_name)\n")
    assert not difference(tree, "--tool", "pylint", ALPHA + "main.py")
    assert not difference(tree, "--tool", "pylint", ALPHA + "helpers.py")
    assert not difference(tree, "--tool", "pylint")


def test_a_plugin_has_the_whole_project_linted(tree: Monorepo) -> None:
    config = str(FILES["configs/pylintrc"]).replace("persistent=no", "persistent=no\n    load-plugins=counting")
    tree.write({"projects/alpha/counting.py": PLUGIN, "configs/pylintrc": config})
    try:
        tree.run("check", "--tool", "pylint", "--trust")
        append(tree, ALPHA + "helpers.py", "\n\nX = 1\n")
        assert linted(tree, "--trust")["alpha"] == 7
        assert not difference(tree, "--tool", "pylint", "--trust")
    finally:
        (tree.root / "projects/alpha/counting.py").unlink()


def test_explain_says_how_many_files_are_concerned(tree: Monorepo) -> None:
    append(tree, CORE + "text.py", "\n\nprint(1)\n")
    told = tree.run("explain", "-v", ALPHA + "main.py").stdout
    assert "1 of 6 files can see that" in told, told


def test_of_what_is_set_on_a_standard_class_only_the_value_counts_and_only_where_it_is_looked_at(
    tree: Monorepo,
) -> None:
    setting = (
        "from string import Template\n\nfrom acme.core import text\n\nTEMPLATE = Template('')\nTEMPLATE.invented = "
    )
    reader = "from string import Template\n\nprint(Template('').invented.real)\n"
    bystander = "from string import Template\n\nprint(Template('').template)\n"
    new = {ALPHA + "new_bystander.py": bystander, ALPHA + "new_reader.py": reader}
    tree.write({ALPHA + "new_setting.py": f"{setting}len(text.__name__)\n", **new})
    said = tree.run("check", "--tool", "pylint").stdout
    assert "invented" not in said and "has no 'real' member" not in said, said
    append(tree, CORE + "text.py", "\n\ndef later() -> int:\n    return 1\n\n\nprint(1)\n")
    assert linted(tree)["alpha"] == 3  # who sets, who looks at the value, and one that has seen the module before
    tree.write({ALPHA + "new_setting.py": f"{setting}str(text.later())\n"})
    assert "has no 'real' member" in tree.run("check", "--tool", "pylint").stdout
    assert not difference(tree, "--tool", "pylint")
    tree.write({ALPHA + "new_setting.py": f"{setting}text.later\n"})
    tree.run("check", "--tool", "pylint")
    tree.write({CORE + "text.py": tree.read(CORE + "text.py").replace("return 1", "return 2")})
    assert linted(tree) == {"acme-core": 1, "alpha": 2}  # who sets, and who looks at the value, not the bystander
    assert not difference(tree, "--tool", "pylint")


def test_what_others_have_set_is_there_for_a_file_that_is_linted_alone(tree: Monorepo) -> None:
    setting = '"""Sets {0}."""\n\nfrom string import Template\n\nTEMPLATE = Template("")\nTEMPLATE.{0} = {1}\n'
    reader = "from string import Template\n\nprint(Template('').first.real, Template('').second, Template('').third)\n"
    tree.write(
        {
            ALPHA + "new_a.py": setting.format("first", "1"),
            ALPHA + "new_b.py": setting.format("second", "'text'"),
            ALPHA + "new_reader.py": reader,
        }
    )
    tree.run("check", "--tool", "pylint")
    for number in range(2):
        append(tree, ALPHA + "new_reader.py", f"print({number})\n")
        assert linted(tree) == {"alpha": 1}
        said = tree.run("check", "--tool", "pylint").stdout
        assert "has no 'third' member" in said and "'first'" not in said and "'second'" not in said, said
        assert not difference(tree, "--tool", "pylint")


def test_what_several_processes_have_noted_is_as_good_as_what_one_has(tree: Monorepo) -> None:
    uses = '"""Uses."""\n\nfrom acme.core.values import Value\n\nprint(Value({0}).invented, Value({0}).amount)\n'
    tree.write({f"{ALPHA}new_{number:02}.py": uses.format(number) for number in range(30)})
    tree.run("cache", "clean")
    tree.run("check", "--tool", "pylint", "--jobs", "3")
    append(tree, CORE + "text.py", "\n\ndef late() -> int:\n    return 1\n")
    assert linted(tree) == {"acme-core": 1}
    tree.write({ALPHA + "new_sets.py": '"""Sets."""\n\nfrom acme.core.values import Value\n\nValue.invented = 3\n'})
    assert linted(tree)["alpha"] >= 31  # all that look at it
    assert not difference(tree, "--tool", "pylint", "--jobs", "1")
    assert "has no 'invented' member" not in tree.run("check", "--tool", "pylint").stdout
