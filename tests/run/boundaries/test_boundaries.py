"""Who may import whom: whole runs of `pyfmt check` over monorepos that have no environment."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.run.boundaries import trees
from tests.run.boundaries.trees import check, manifest, places
from tests.support.monorepo import ROOT, Monorepo
from tests.support.notebooks import notebook


def test_a_monorepo_in_order_is_clean_and_the_check_is_off_unless_configured(tmp_path: Path) -> None:
    tree = trees.tree(tmp_path)
    assert check(tree) == set()
    tree.write({"pyproject.toml": "[tool.pyfmt]\n", "services/ledger/src/ledger/book.py": "import billing\n"})
    _, report = tree.check("--tool", "black", "--tool", "isort")
    assert (report["findings"], report["tools"]) == ([], ["isort", "black"])
    said = tree.run("check", "--tool", "pyfmt").expect(2).stderr
    assert "boundaries" in said


def test_a_project_imports_another(tmp_path: Path) -> None:
    source = (
        "from typing import TYPE_CHECKING\n"
        "import os, billing.models\n"
        "if TYPE_CHECKING:\n"
        "    from billing import (\n        models,\n        nothing)\n"
        "from services.billing.billing import models\n"
        "from ....billing.billing.models import store\n"
        "__import__('billing')\n"
        "from services import billing\n"
    )
    tree = trees.tree(tmp_path, **{"services/ledger/src/ledger/bad.py": source})
    _, report = tree.check("--tool", "pyfmt")
    bad = "services/ledger/src/ledger/bad.py"
    assert trees.places(report) == {
        (bad, line, column, "PYF001") for line, column in ((2, 12), (4, 5), (7, 1), (8, 1), (9, 12), (10, 1))
    }
    first, second, *_ = report["findings"]
    assert (first["symbol"], first["severity"], first["project"]) == ("project-imports-project", "error", "ledger")
    assert "ledger" in first["message"] and "billing" in first["message"] and "'billing.models'" in first["message"]
    assert (second["end_line"], second["end_column"]) == (6, 17)


def test_a_library_imports_a_project(tmp_path: Path) -> None:
    tree = trees.tree(tmp_path, **{"lib/storage/acme/storage/bad.py": "def f():\n    from ledger import book\n"})
    assert check(tree) == {("lib/storage/acme/storage/bad.py", 2, 5, "PYF002")}


def test_an_undeclared_library_is_told_once_a_file(tmp_path: Path) -> None:
    source = "from acme import events\nimport acme.events\n"
    tree = trees.tree(
        tmp_path,
        **{
            "services/billing/billing/bad.py": source + "from acme import storage\n",
            "services/billing/billing/worse.py": "from acme import storage, events\n",
        },
    )
    found = {
        ("services/billing/billing/bad.py", 1, 1, "PYF003"),
        ("services/billing/billing/worse.py", 1, 27, "PYF003"),
    }
    assert check(tree) == found
    # What only a lock file holds is not declared.
    lock = (
        '[[package]]\nname = "acme-events"\nversion = "1"\n[package.source]\ntype = "directory"\n'
        'url = "../../lib/events"\n'
    )
    tree.write({"services/billing/poetry.lock": lock})
    assert check(tree) == found


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", manifest("billing", "acme.storage", "ACME_Events>=1")),
        ("pyproject.toml", manifest("billing", "acme-storage", more='[dependency-groups]\ndev = ["acme-events"]\n')),
        ("pyproject.toml", '[tool.poetry.dependencies]\na = { path = "../../lib/events" }\nacme-storage = "*"\n'),
        ("requirements-dev.txt", "-r ../common.txt\n"),
        ("requirements.in", "acme-events==1.0  # ours\n"),
        ("requirements.txt", "-e ../../lib/events\n"),
        ("Pipfile", '[source]\nx = 1\n[dev-packages]\ne = { path = "../../lib/events" }\n'),
        ("setup.cfg", "[options]\ninstall_requires =\n    acme-events\n"),
        ("setup.py", "from setuptools import setup\nsetup(extras_require={'x': ['acme-events']})\n"),
    ],
)
def test_a_dependency_is_declared_in_any_manifest(tmp_path: Path, name: str, content: str) -> None:
    tree = trees.tree(tmp_path, **{"services/billing/billing/user.py": "import acme.events\n"})
    assert check(tree) == {("services/billing/billing/user.py", 1, 8, "PYF003")}
    tree.write({f"services/billing/{name}": content, "services/common.txt": "acme-events\n"})
    assert check(tree) == set()


def test_computed_dependencies_are_not_known_and_that_is_said(tmp_path: Path) -> None:
    tree = trees.tree(tmp_path, **{"services/ledger/src/ledger/user.py": "import acme.events\n"})
    tree.write(
        {"services/ledger/pyproject.toml": '[project]\nname = "ledger"\ndynamic = ["version", "dependencies"]\n'}
    )
    result, report = tree.check("--tool", "pyfmt")
    result.expect(0)
    assert any("services/ledger" in note and "computed" in note for note in report["notes"]), report["notes"]
    tree.write({"services/ledger/setup.py": "import setuptools\nsetuptools.setup(install_requires=['acme-storage'])\n"})
    assert check(tree) == {("services/ledger/src/ledger/user.py", 1, 8, "PYF003")}


def test_cycles_between_libraries(tmp_path: Path) -> None:
    tree = trees.tree(
        tmp_path,
        **{
            "lib/queue/pyproject.toml": manifest("acme-queue", "acme-events"),
            "lib/queue/acme/queue/__init__.py": "# One.\n# Two.\nimport acme.events\n",
            "lib/storage/pyproject.toml": manifest("acme-storage", "acme-queue", "acme-events"),
            "lib/storage/tests/test_store.py": "import acme.events\n",  # tests make no cycle
        },
    )
    assert check(tree) == set()
    tree.write(
        {"lib/storage/acme/storage/b.py": "import acme.queue\n", "lib/storage/acme/storage/a.py": "import acme.queue\n"}
    )
    found = {
        ("lib/events/acme/events/__init__.py", 1, 1, "PYF004"),
        ("lib/queue/acme/queue/__init__.py", 3, 8, "PYF004"),
        ("lib/storage/acme/storage/a.py", 1, 8, "PYF004"),
    }
    _, report = tree.check("--tool", "pyfmt")
    assert trees.places(report) == found
    finding = next(f for f in report["findings"] if f["project"] == "acme-storage")
    assert "acme-storage → acme-queue → acme-events → acme-storage" in finding["message"]
    assert finding["also"] == ["lib/events/acme/events/__init__.py", "lib/queue/acme/queue/__init__.py"]
    # A part of a run says what the whole says of its files.
    assert check(tree, "lib/storage/acme/storage/a.py") == found
    assert check(tree, "lib/storage/acme/storage/b.py") == set()
    assert check(tree, "services") == set()


def test_names_lead_where_python_would_look(tmp_path: Path) -> None:
    tree = trees.tree(
        tmp_path,
        **{
            # Third-party, standard library and own modules that a neighbour has as well.
            "services/ledger/redis.py": "",
            "services/ledger/json.py": "",
            "services/ledger/app/__init__.py": "",
            "services/billing/backend/app/__init__.py": "",
            "services/billing/billing/ledger.py": "",
            "services/billing/billing/fine.py": (
                "import json\nimport redis\nimport app\nimport requests.sessions\nfrom tests import nothing\n"
                "from acme import unknown\nimport acme\nfrom . import ledger\nfrom .models import store\n"
                "from .... import nowhere\nfrom services.billing.billing import models\n"
            ),
            # pkgutil's namespaces have an __init__ in every part.
            "libs/one/pyproject.toml": manifest("one"),
            "libs/one/corp/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
            "libs/one/corp/one.py": "import corp.one\nimport corp.two\n",
            "libs/two/pyproject.toml": manifest("two"),
            "libs/two/corp/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
            "libs/two/corp/two.py": "",
        },
    )
    assert check(tree) == {("libs/one/corp/one.py", 2, 8, "PYF003")}
    tree.write({"libs/one/corp/__init__.py": "", "services/billing/billing/bad.py": "import ledger\n"})
    assert check(tree) == {("services/billing/billing/bad.py", 1, 8, "PYF001")}


def test_exceptions_are_allowed_and_needless_ones_are_told(tmp_path: Path) -> None:
    allow = (
        'allow = [{ from = "ledger", to = ["services/b*"], rules = ["PYF001"], reason = "until the split" },\n'
        '         { from = "lib/*", to = "services/*" }]\n'
    )
    tree = trees.tree(tmp_path, **{"services/ledger/src/ledger/bad.py": "import billing\nimport acme.events\n"})
    tree.write({"pyproject.toml": trees.CONFIG + allow})
    result, report = tree.check("--tool", "pyfmt")
    result.expect(1)
    assert trees.places(report) == {("services/ledger/src/ledger/bad.py", 2, 8, "PYF003")}
    assert [note for note in report["notes"] if "allow" in note and "lib/*" in note]
    assert not [note for note in report["notes"] if "ledger" in note]
    override = '\n[[tool.pyfmt.overrides]]\npaths = ["bad.py"]\ndisable = ["undeclared-library"]\n'
    tree.write({"pyproject.toml": trees.CONFIG + allow + override})
    assert check(tree) == set()


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("librarys = ['lib/*']", "did you mean 'libraries'"),
        ("libraries = 'lib'", "libraries: must be a list of strings"),
        ("libraries = ['lob/*']", "'lob/*' matches no project"),
        ("libraries = ['services/*']", "among the libraries and among the projects"),
        ("libraries = []\nprojects = []", "no project is where libraries"),
        ("allow = [{ from = 'ledger' }]", "has no 'to'"),
        ("allow = [{ from = 'ledger', too = 'x' }]", "did you mean 'to'"),
        ("allow = [{ from = 'legder', to = 'billing' }]", "did you mean 'ledger'"),
        ("allow = [{ from = 'ledger', to = 'billing', rules = ['PYF01'] }]", "did you mean 'PYF001'"),
    ],
)
def test_what_the_configuration_cannot_mean(tmp_path: Path, section: str, said: str) -> None:
    tree = trees.tree(tmp_path)
    tree.write({"pyproject.toml": trees.CONFIG + section + "\n"})
    assert said in tree.run("check", "--tool", "pyfmt").expect(2).stderr


def test_kinds_are_the_deepest_globs_and_what_is_neither_is_told(tmp_path: Path) -> None:
    tree = trees.tree(
        tmp_path,
        **{
            "pyproject.toml": trees.CONFIG + 'libraries = ["lib/*", "services/shared/*"]\n',
            "services/shared/core/pyproject.toml": manifest("core"),
            "services/shared/core/core.py": "import billing\n",
            "tools/deploy/pyproject.toml": manifest("deploy"),
            "tools/deploy/deploy.py": "import billing\nimport ledger\n",
        },
    )
    result, report = tree.check("--tool", "pyfmt")
    result.expect(1)
    assert trees.places(report) == {("services/shared/core/core.py", 1, 8, "PYF002")}
    assert any("tools/deploy" in note for note in report["notes"])
    told = json.loads(tree.run("config", "--json").expect(0).stdout)["values"]["boundaries"]["value"]
    assert told["libraries"] == ["lib/*", "services/shared/*"]
    assert "boundaries   library" in tree.run("explain", "-v", "services/shared/core/core.py").expect(0).stdout


def test_it_runs_with_the_other_tools_and_after_formatting(tmp_path: Path) -> None:
    tree = trees.tree(tmp_path, **{"services/ledger/src/ledger/bad.py": "import zlib\nimport billing\nimport abc\n"})
    tree.write({"pyproject.toml": '[tool.pyfmt]\ntools = ["isort", "black"]\n[tool.pyfmt.boundaries]\n'})
    found = {("services/ledger/src/ledger/bad.py", 2, 8, "PYF001")}
    for command in ("check", "lint"):
        result, report = tree.check(command_name=command)
        result.expect(1)
        assert trees.places(report) == found
    result, report = tree.check(command_name="format")
    assert report["findings"] == []
    tree.write({"services/ledger/src/ledger/bad.py": "import zlib\nimport billing\nimport abc\n"})
    _, report = tree.check(command_name="run")
    ((_, line, _, _),) = trees.places(report)
    assert tree.read("services/ledger/src/ledger/bad.py").splitlines()[line - 1] == "import billing"
    assert line == 4
    assert report["tools"][-1] == "pyfmt"


def test_a_cached_run_equals_a_cold_one_through_every_change(tmp_path: Path) -> None:
    bad = "services/ledger/src/ledger/bad.py"
    tree = trees.tree(tmp_path, **{bad: "import billing.models\nimport acme.events\nimport acme.queue\n"})
    steps: list[dict[str, str | None]] = [
        {},
        {bad: "import acme.events\nimport billing.models\n"},
        {"services/billing/billing/__init__.py": None, "services/billing/billing/models.py": None},
        {"lib/storage/acme/storage/new.py": "import acme.events\n"},
        {"services/ledger/src/acme/__init__.py": ""},  # hides the namespace
        {"services/ledger/src/acme/__init__.py": "from pkgutil import extend_path\n"},  # no longer
        {"services/ledger/pyproject.toml": manifest("ledger", "acme-events")},
        {"lib/events/acme/events/__init__.py": "import (\n"},
        {"lib/storage/acme/storage/new.py": None},
    ]
    before = None
    for step in steps:
        for name, content in step.items():
            if content is None:
                (tree.root / name).unlink()
            else:
                tree.write({name: content})
        warm = tree.check("--tool", "pyfmt")[1]
        again = tree.check("--tool", "pyfmt")[1]
        cold = tree.check("--tool", "pyfmt", "--no-cache")[1]
        assert warm["findings"] == again["findings"] == cold["findings"]
        assert warm["notes"] == again["notes"] == cold["notes"]
        assert [unit["cached"] for unit in (*again["units"], *cold["units"])] == [True, False]
        assert warm["findings"] != before  # each step matters
        before = warm["findings"]


def test_what_cannot_be_read_is_never_clean(tmp_path: Path) -> None:
    tree = trees.tree(tmp_path, **{"services/ledger/src/ledger/broken.py": "import billing\nx = (\n"})
    _, report = tree.check("--tool", "pyfmt")
    (finding,) = report["findings"]
    assert (finding["rule"], finding["syntax"], finding["line"]) == ("PYF000", True, 2)
    tree.write({"services/ledger/src/ledger/broken.py": "import billing\ndef f() { braces }\n"})
    assert check(tree) == {("services/ledger/src/ledger/broken.py", 1, 8, "PYF001")}


@pytest.mark.parametrize(
    "name", "json html github github-summary gitlab junit checkstyle rdjson rdjsonl azure text".split()
)
def test_every_format_tells_them(tmp_path: Path, name: str) -> None:
    tree = trees.tree(tmp_path, **{"services/ledger/src/ledger/bad.py": "import billing\n"})
    said = tree.run("check", "--tool", "pyfmt", "--output", name).expect(1).stdout
    assert "PYF001" in said and "bad.py" in said


def test_sarif_describes_the_rules(tmp_path: Path) -> None:
    tree = trees.tree(tmp_path, **{"services/ledger/src/ledger/bad.py": "import billing\n"})
    (run,) = json.loads(tree.run("check", "--tool", "pyfmt", "--output", "sarif").expect(1).stdout)["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert (run["tool"]["driver"]["name"], rule["id"]) == ("pyfmt", "PYF001")
    assert rule["shortDescription"]["text"] == "A project imports the code of another project."
    assert "another such folder" in rule["fullDescription"]["text"]
    assert "Move what both need into a library" in rule["help"]["text"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 1,
        "startColumn": 8,
        "endLine": 1,
        "endColumn": 15,
    }


def test_the_rules_hold_in_the_articles_layout_and_in_cells_of_notebooks(tmp_path: Path) -> None:
    """examples/monorepo: projects, libraries in one namespace, a uv workspace, a template, a data project."""
    tree = Monorepo.create(tmp_path, {})
    shutil.copytree(ROOT / "examples/monorepo", tree.root, dirs_exist_ok=True)
    tree.write({"pyproject.toml": tree.read("pyproject.toml") + "\n[tool.pyfmt.boundaries]\n"})
    worker = "projects/platform/worker/"
    before = {(f"{worker}tests/test_queue.py", 6, 1, "PYF001"), (f"{worker}worker/queue.py", 5, 1, "PYF001")}
    assert check(tree) == before, "no notebook, and no file of the template"

    cells = ["import fraud_ml", "%time import billing\nfrom ledger import book", "from acme import events"]
    tree.write(
        {
            "projects/batch-proc/train.ipynb": notebook(*cells),
            "lib/fraud-ml/fraud_ml/bad.py": "from batch_proc import payments\n",
        }
    )
    result, report = tree.check("--tool", "pyfmt")
    result.expect(1)
    found = {
        (item["cell"]["number"], item["cell"]["line"], item["cell"]["column"], item["rule"])
        for item in report["findings"]
        if item["path"] == "projects/batch-proc/train.ipynb"
    }
    assert found == {(2, 1, 14, "PYF001"), (2, 2, 1, "PYF001"), (3, 1, 1, "PYF003")}
    rest = {place for place in places(report) if not place[0].endswith(".ipynb")}
    assert rest == before | {("lib/fraud-ml/fraud_ml/bad.py", 1, 1, "PYF002")}
