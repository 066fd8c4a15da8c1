"""A linked work tree is judged in the main one's environments, and sees its own libraries there."""

from __future__ import annotations

from pathlib import Path

from tests.support.monorepo import Monorepo

LIBRARY = '"""Storage."""\n\n\ndef {0}(key: str) -> str:\n    """What is kept."""\n    return key\n'
USER = (
    '"""A."""\n\nimport iniconfig\nfrom acme_storage import {0}\nfrom hooked import VALUE\n\n'
    "print(iniconfig.__name__, {0}(VALUE))\n"
)
MANIFEST = '[build-system]\nrequires = ["{1}"]\nbuild-backend = "{2}"\n[project]\nname = "{0}"\nversion = "1"\n'
HOOKED = MANIFEST.format("hooked", "setuptools", "setuptools.build_meta") + '[tool.setuptools]\npackages = ["hooked"]\n'


def test_a_linked_work_tree_has_the_main_ones_environments_and_its_own_libraries(tmp_path: Path) -> None:
    made = Monorepo.create(
        tmp_path / "main",
        {
            "pyproject.toml": "[tool.pyfmt]\n",
            ".gitignore": ".venv/\n*.egg-info/\n",
            "lib/storage/pyproject.toml": MANIFEST.format("acme-storage", "hatchling", "hatchling.build"),
            "lib/storage/acme_storage/__init__.py": LIBRARY.format("kept"),
            "lib/hooked/pyproject.toml": HOOKED,
            "lib/hooked/hooked/__init__.py": '"""Comes by an import hook."""\n\nVALUE = 1\n',
            "services/a/pyproject.toml": MANIFEST.format("a", "hatchling", "hatchling.build"),
            "services/a/a.py": USER.format("kept"),
        },
    )
    made.environment("services/a", "iniconfig", editable=("lib/storage", "lib/hooked"))
    made.git("init", "--quiet")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "first")
    made.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "other")
    linked = Monorepo((tmp_path / "linked").resolve(), made.home)
    linked.write(
        {
            "lib/storage/acme_storage/__init__.py": LIBRARY.format("fetched"),
            "lib/hooked/hooked/__init__.py": '"""Comes by an import hook."""\n\nVALUE = "key"\n',
            "services/a/a.py": USER.format("fetched"),
        }
    )
    result, report = linked.check()
    assert (result.code, report["findings"], report["failures"], report["skipped"]) == (0, [], [], []), result
    note = f"this linked work tree has the environments of {made.root}; `pyfmt envs create` makes its own"
    assert [each for each in report["notes"] if "linked" in each] == [note]
    units = linked.check()[1]["units"]
    assert {unit["cached"] for unit in units} == {True}, "what was mapped is remembered"
    here = {item["path"] for item in made.check()[1]["findings"]}
    assert here == {"services/a/a.py"}, "in the main tree VALUE is a number"
    linked.git("add", "--all")
    staged = linked.check("--staged")
    assert (staged[0].code, staged[1]["findings"], staged[1]["skipped"]) == (0, [], []), staged[0]
    linked.write({"lib/hooked/hooked/__init__.py": '"""Comes by an import hook."""\n\nVALUE = 2\n'})
    assert linked.check()[1]["findings"] and not linked.check("--staged")[1]["findings"]
    assert "main work tree" in linked.run("envs").expect(0).stdout
    planned = linked.run("envs", "create", "--dry-run").expect(0)
    assert "services/a/.venv" in planned.stdout + planned.stderr, planned


def test_a_setting_of_the_root_leads_to_the_main_tree_too(tmp_path: Path) -> None:
    text = '[tool.pyfmt.environments]\na = "envs/a"\n'
    made = Monorepo.create(
        tmp_path / "main",
        {
            "pyproject.toml": text,
            ".gitignore": "envs/\n",
            "a/pyproject.toml": MANIFEST.format("a", "hatchling", "hatchling.build"),
            "a/a.py": "",
        },
    )
    made.environment(".", folder="envs/a")
    made.git("init", "--quiet")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "first")
    made.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = Monorepo((tmp_path / "linked").resolve(), made.home)
    for own in (False, True):  # whatever else the project could find: the setting decides here as it does there
        if own:
            linked.environment("a")
        told = linked.run("envs", "--json").expect(0).json
        assert told["projects"][1]["environment"]["path"] == str(made.root / "envs/a")


def test_a_checkout_below_the_root_is_formatted_only_where_it_is_named(tmp_path: Path) -> None:
    made = Monorepo.create(tmp_path, {"pyproject.toml": "[tool.pyfmt]\n", "a.py": "x=1\n", "vendor/lib/b.py": "x=1\n"})
    made.git("init", "--quiet")
    made.git("init", "--quiet", "vendor/lib")
    note = "not formatted, since they are separate checkouts that nobody named: vendor/lib"
    report = made.check("--tool", "black")[1]
    assert ([edit["path"] for edit in report["edits"]], report["notes"]) == (["a.py"], [note])
    made.run("format", "vendor").expect(0)
    made.run("format").expect(0)
    assert (made.read("a.py"), made.read("vendor/lib/b.py")) == ("x = 1\n", "x=1\n")
    for path in ("vendor/lib", "vendor/lib/b.py"):  # which is a root of its own, unless the user says otherwise
        assert [edit["path"] for edit in made.check("--tool", "black", path)[1]["edits"]] == ["b.py"]
        named = made.check("--tool", "black", "--root", ".", "a.py", path)[1]
        assert [edit["path"] for edit in named["edits"]] == ["vendor/lib/b.py"]
