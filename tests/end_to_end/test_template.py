"""A new service is clean at once: services of every kind are made of the template that `pyfmt init` writes."""

from __future__ import annotations

import itertools
import subprocess
import tomllib
from pathlib import Path

from tests.end_to_end.trees import manifest
from tests.environments.places import uv
from tests.support.monorepo import ROOT, Monorepo, findings

SCHEMA = "tools/ci/project.schema.json"
LIBRARY: dict[str, str | bytes] = {
    "lib/acme-storage/pyproject.toml": manifest("acme-storage", "acme_storage"),
    "lib/acme-storage/acme_storage/__init__.py": '"""Storage."""\n',
    "pyproject.toml": f"""
        [tool.pyfmt]
        project-schema = "{SCHEMA}"
        """,
    SCHEMA: (ROOT / "examples/monorepo" / SCHEMA).read_bytes(),
    ".gitignore": ".venv\n",
}


def test_services_of_every_kind_are_clean_at_once(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, LIBRARY)
    tree.git("init", "--quiet")
    tree.run("init", "--hook", "none", "--template", "pippy", "--yes").expect(0)
    assert "stays as it is" in tree.run("init", "--hook", "none", "--template", "pippy", "--yes").expect(0).stdout
    made: list[str] = []
    for database, channel, library in itertools.product(("no", "yes"), ("", "#shop"), ("", "acme-storage")):
        name = f"new-{len(made)}"
        made.append(name)
        answers = [f"name={name}", f"database={database}", f"channel={channel}", f"library={library}"]
        call = [uv(), "tool", "run", "cookiecutter", "tools/pippy", "--no-input", "--output-dir", "projects", *answers]
        subprocess.run(call, cwd=tree.root, env=tree.environment_variables(), check=True, capture_output=True)
    tree.run("envs", "create", "--all").expect(0)
    assert "all clean" in tree.run("check").expect(0).stdout
    rows = {row["project"]: row for row in tree.run("affected", "--github-matrix").expect(0).json["include"]}
    assert [rows[name]["values"].get("channel", "") for name in made] == ["", "", "#shop", "#shop"] * 2
    for name in made:
        folder = tree.root / "projects" / name
        copied = [line.split()[1] for line in (folder / "Dockerfile").read_text("utf-8").splitlines() if "COPY" in line]
        needs = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
        # What changes seldom comes first, and a library is copied where it is needed.
        assert copied[0].endswith("pyproject.toml") and ("lib/acme-storage" in copied[1:-1]) == bool(needs)
        assert all((tree.root / path).exists() for path in copied)
        tests = [str(folder / ".venv/bin/python"), "-m", "unittest"]
        subprocess.run(tests, cwd=folder, env=tree.environment_variables(), check=True, capture_output=True)

    # Boundaries hold between them: services 1, 3, ... have the library, and each has its package.
    tree.write({"pyproject.toml": tree.read("pyproject.toml") + "\n[tool.pyfmt.boundaries]\n"})
    assert "all clean" in tree.run("check", "--tool", "pyfmt").expect(0).stdout
    tree.write({"projects/new-0/new_0/bad.py": "import acme_storage\nimport new_1\n"})
    tree.write({"lib/acme-storage/acme_storage/bad.py": "import new_1\n"})
    found = findings(tree.check("--tool", "pyfmt")[1])
    assert {(path.rpartition("/")[0], line, rule) for path, line, rule, _ in found} == {
        ("projects/new-0/new_0", 1, "PYF003"),
        ("projects/new-0/new_0", 2, "PYF001"),
        ("lib/acme-storage/acme_storage", 1, "PYF002"),
    }
