"""`pyfmt versions` over three managers' locks and a real environment, and the policy in every format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyfmt.reports.registry import FORMATS
from tests.support.monorepo import Monorepo
from tests.support.wheels import write_wheel

# `billing` is kept by its own manifest and by a library's, `notify` by what it has installed.
FILES: dict[str, str | bytes] = {
    "pyproject.toml": """
        [tool.pyfmt.versions-policy]
        one-version = ["GRPCio", "pydantic", "grpci"]
        internal = "one"
        """,
    "lib/storage/pyproject.toml": """
        [project]
        name = "acme-storage"
        version = "1.2.0"
        dependencies = ["pydantic<2", "certifi"]
        """,
    "lib/storage/acme_storage.py": "VALUE = 1\n",
    "lib/events/pyproject.toml": """
        [project]
        name = "acme-events"
        version = "1.1.0"
        """,
    "lib/events/acme_events.py": "VALUE = 1\n",
    "projects/billing/pyproject.toml": """
        [tool.poetry]
        name = "billing"
        version = "0.1.0"
        [tool.poetry.dependencies]
        python = "^3.10"
        pydantic = "^1.9"
        acme-storage = { path = "../../lib/storage", develop = true }
        acme-events = { path = "../../lib/events", develop = true }
        [tool.poetry.group.dev.dependencies]
        grpcio = "~1.60"
        """,
    "projects/billing/poetry.lock": """
        [[package]]
        name = "pydantic"
        version = "1.10.2"
        groups = ["main"]
        [[package]]
        name = "grpcio"
        version = "1.60.0"
        groups = ["dev"]
        [[package]]
        name = "acme-storage"
        version = "1.0.0"
        groups = ["main"]
        [package.source]
        type = "directory"
        url = "../../lib/storage"
        [[package]]
        name = "acme-events"
        version = "1.1.0"
        groups = ["main"]
        [package.source]
        type = "directory"
        url = "../../lib/events"
        [metadata]
        lock-version = "2.1"
        python-versions = "^3.10"
        content-hash = "0"
        """,
    "projects/billing/billing.py": "VALUE = 1\n",
    "projects/ledger/pyproject.toml": """
        [project]
        name = "ledger"
        version = "0.1.0"
        dependencies = ["pydantic>=2", "grpcio", "acme-storage"]
        """,
    "projects/ledger/uv.lock": """
        version = 1
        [[package]]
        name = "ledger"
        version = "0.1.0"
        source = { virtual = "." }
        dependencies = [
            { name = "pydantic" },
            { name = "grpcio", marker = "python_full_version >= '3.8'" },
            { name = "acme-storage" },
        ]
        [[package]]
        name = "pydantic"
        version = "2.1.1"
        source = { registry = "https://pypi.org/simple" }
        [[package]]
        name = "grpcio"
        version = "1.62.1"
        source = { registry = "https://pypi.org/simple" }
        [[package]]
        name = "acme-storage"
        version = "0.9.0"
        source = { registry = "https://pypi.example/simple" }
        """,
    "projects/ledger/ledger.py": "VALUE = 1\n",
    "projects/notify/pyproject.toml": """
        [project]
        name = "notify"
        version = "0.1.0"
        dependencies = ["letters"]
        """,
    "projects/notify/notify.py": "VALUE = 1\n",
    "projects/web/pyproject.toml": """
        [project]
        name = "web"
        version = "0.1.0"
        dependencies = ["grpcio==1.62.1"]
        """,
    "projects/web/requirements.txt": "grpcio==1.62.1\ncertifi==2024.1\n",
    "projects/web/web.py": "VALUE = 1\n",
}


@pytest.fixture(name="tree", scope="module")
def _tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    folder = tmp_path_factory.mktemp("versions")
    tree = Monorepo.create(folder, FILES)
    wheels = [
        write_wheel(folder, "grpcio-1.60.1", {"grpc.py": ""}),
        write_wheel(folder, "letters-3.0", {"letters.py": ""}, "Requires-Dist: grpcio (<1.61)\n"),
    ]
    tree.environment("projects/notify", *map(str, wheels))
    # What pip leaves of an update that was interrupted keeps nothing apart.
    (site,) = tree.root.glob("projects/notify/.venv/lib/*/site-packages")
    tree.write({f"{site.relative_to(tree.root)}/~etters-2.0.dist-info/METADATA": "Requires-Dist: grpcio (<1)\n"})
    return tree


def test_the_matrix_says_who_has_what_and_whose_constraint_keeps_it_apart(tree: Monorepo) -> None:
    found = tree.run("versions", "--output", "json").expect(0).json
    by_name = {each["name"]: each for each in found["distributions"]}
    assert [each["name"] for each in found["distributions"]] == ["grpcio", "pydantic"]
    assert [(each["path"], each["locked"], each["installed"]) for each in by_name["grpcio"]["projects"]] == [
        ("projects/billing", ["1.60.0"], None),
        ("projects/ledger", ["1.62.1"], None),
        ("projects/notify", [], "1.60.1"),
        ("projects/web", ["1.62.1"], None),
    ]
    apart = [(each["path"], each["constraint"], each["by"]) for each in by_name["grpcio"]["apart"]]
    assert apart == [
        ("projects/billing", "grpcio<1.61,>=1.60", "its pyproject.toml"),
        ("projects/notify", "grpcio<1.61", "letters 3.0"),
    ]
    apart = [(each["path"], each["constraint"], each["by"]) for each in by_name["pydantic"]["apart"]]
    assert apart == [
        ("projects/billing", "pydantic<2,>=1.9", "its pyproject.toml"),
        ("projects/billing", "pydantic<2", "lib/storage/pyproject.toml"),
    ]
    # What is installed from its folder is what is there: the number that a lock noted once says nothing.
    uses = {each["project"]: {use["path"]: use for use in each["uses"]} for each in found["libraries"]}
    storage = uses["acme-storage"]
    assert storage["projects/billing"] == {"path": "projects/billing", "version": "1.2.0", "from": "folder"}
    assert storage["projects/ledger"] == {"path": "projects/ledger", "version": "0.9.0", "from": "locked"}


def test_every_shape_of_the_matrix_names_them(tree: Monorepo, tmp_path: Path) -> None:
    page, markdown = tmp_path / "page.html", tmp_path / "VERSIONS.md"
    text = tree.run("versions", "-o", "text", "-o", f"html={page}", "-o", f"markdown={markdown}").expect(0).stdout
    assert "pydantic      billing  pydantic<2          lib/storage/pyproject.toml" in text
    assert "<td>billing</td><td>pydantic&lt;2</td><td>lib/storage/pyproject.toml</td>" in page.read_text("utf-8")
    assert r"| billing | pydantic\<2 | lib/storage/pyproject.toml |" in markdown.read_text("utf-8")
    assert "valid formats: text, markdown, json, html" in tree.run("versions", "-o", "sarif").expect(2).stderr


def test_the_policy_makes_findings_in_every_format(tree: Monorepo, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in FORMATS}
    outputs = [word for name, file in files.items() for word in ("--output", f"{name}={file}")]
    tree.run("versions", "--check", *outputs).expect(1)
    report = json.loads(files["json"].read_text("utf-8"))
    found = [(each["path"], each["line"], each["rule"], each["message"]) for each in report["findings"]]
    storage = "acme-storage is 0.9.0 here (locked), and 1.2.0 in lib/storage"
    assert sorted(found) == [
        (
            "lib/events/pyproject.toml",
            3,
            "PYF021",
            "acme-events is 1.1.0; the others of the monorepo's libraries are 1.2.0",
        ),
        ("projects/billing/pyproject.toml", 6, "PYF020", "pydantic is 1.10.2 here; 1 other project has 2.1.1"),
        ("projects/billing/pyproject.toml", 10, "PYF020", "grpcio is 1.60.0 here; 2 other projects have 1.62.1"),
        ("projects/ledger/pyproject.toml", 4, "PYF022", storage),
        ("projects/notify/pyproject.toml", 1, "PYF020", "grpcio is 1.60.1 here; 2 other projects have 1.62.1"),
    ]
    notes = {each["path"]: each["notes"] for each in report["findings"] if "grpcio" in each["message"]}
    assert notes["projects/notify/pyproject.toml"] == ["kept by grpcio<1.61 by letters 3.0"]
    assert "versions-policy: no two projects have grpci" in report["notes"]
    for name, file in files.items():
        assert "pydantic is 1.10.2 here" in file.read_text("utf-8") or name == "azure", name
    partly = tree.run("check", "--tool", "pyfmt", "projects/ledger", "--output", "json").expect(1).json
    assert [each["rule"] for each in partly["findings"]] == ["PYF022"]


def test_a_baseline_accepts_findings_and_what_is_not_known_is_never_clean(tree: Monorepo, tmp_path: Path) -> None:
    own = tree.copied(tmp_path)
    own.run("baseline", "write", "--tool", "pyfmt").expect(0)
    own.run("versions", "--check").expect(1)
    own.run("versions", "--check", "--baseline").expect(0)
    lock = FILES["projects/billing/poetry.lock"]
    assert isinstance(lock, str)
    own.write({"projects/billing/poetry.lock": lock.replace("1.60.0", "1.62.1")})
    own.run("baseline", "prune", "--tool", "pyfmt").expect(0)
    assert "grpcio is" not in own.read("projects/billing/.pyfmt-baseline.jsonl")
    own.write({"projects/billing/poetry.lock": "[[package"})
    broken = own.run("versions", "--check", "--baseline").expect(2).stdout
    assert "projects/billing/poetry.lock cannot be read" in broken
    assert own.run("versions", "--output", "json").expect(2).json["unread"][0]["path"] == "projects/billing"
    (own.root / "projects/web/requirements.txt").unlink()
    web = own.read("projects/web/pyproject.toml")
    own.write({"projects/web/pyproject.toml": web.replace('["', '["acme-events", "').replace("grpcio", "GRPCIO")})
    said = own.run("versions", "--check").expect(2).stdout
    assert "which version it has of grpcio is not known" in said
