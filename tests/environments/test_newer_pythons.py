"""Pythons that are newer than those of most machines: environments of a real 3.14 and 3.15, pyfmt itself on 3.14."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from pathlib import Path

from pyfmt.core.model import Health
from pyfmt.environments.reading import read
from tests.environments.places import call, hand_made, own_search_path, uv, write
from tests.support.monorepo import ROOT, START, Monorepo, findings
from tests.support.newer_pythons import newer_pythons

MODULE = '''
    """In the newest syntax, with the newest of the standard library, and two faults."""

    import annotationlib
    import compression.zstd
    import json
    from string.templatelib import Template

    import iniconfig


    def shout(text: str) -> Template:
        """Say it."""
        try:
            print(annotationlib, compression.zstd, iniconfig)
        except ValueError, TypeError:
            pass
        return t"{text} {NAME}"


    NAME: int  = "later"
'''


def test_real_3_14_and_3_15_are_made_read_formatted_and_linted(tmp_path: Path) -> None:
    pythons = dict(zip(("older", "newer"), newer_pythons("3.14", "3.15"), strict=True))
    tree = Monorepo.create(tmp_path, {"pyfmt.toml": 'projects = ["older", "newer"]\n'})
    tree.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *(str(found.parent) for found in pythons.values())])
    for name, python in pythons.items():
        version = python.name.removeprefix("python")
        lines = f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = "=={version}.*"\n'
        manifest = f'{lines}dependencies = ["iniconfig"]\n[tool.uv]\npackage = false\n'
        tree.write({f"{name}/pyproject.toml": manifest, f"{name}/{name}.py": MODULE})
    tree.run("envs", "create").expect(0)
    tree.run("format").expect(0)
    result, report = tree.check("--tool", "pylint", "--tool", "mypy")
    result.expect(1)
    assert {(path, line, rule) for path, line, rule, _ in findings(report)} == {
        (f"{name}/{name}.py", *fault) for name in pythons for fault in ((5, "W0611"), (20, "assignment"))
    }

    assert all('\nNAME: int = "later"\n' in tree.read(f"{name}/{name}.py") for name in pythons)

    # pyfmt itself may run on 3.14.
    prefix = tmp_path / "pyfmt-3.14"
    call(uv(), "venv", "-q", "--python", pythons["older"], prefix)
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    call(uv(), "pip", "install", "-q", "--python", prefix / "bin/python", *needs)
    command = [str(prefix / "bin/python"), "-P", "-c", START, "check", "--output", "json"]
    command += ["--tool", "pylint", "--tool", "mypy"]
    done = subprocess.run(command, cwd=tree.root, env=tree.environment_variables(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    assert findings(json.loads(done.stdout)) == findings(report)

    # PEP 829, as the interpreter itself has it: what `.start` adds and takes away is known from 3.15 on.
    for name, suppressed in (("older", False), ("newer", True)):
        prefix = tree.root / name / ".venv"
        site = next(prefix.glob("lib/python*/site-packages"))
        write(
            site,
            {
                "a.pth": "more\nimport sets_path; sets_path.go()\n",
                "a.start": "# at start-up\nplain.module:go\n",
                "more/x.py": "",
                "plain/module.py": "def go():\n    print('started')\n",
                "sets_path.py": "import sys\n\n\ndef go():\n    sys.path.append('/tmp')\n",
            },
        )
        own = own_search_path(prefix / "bin/python")
        environment = read(prefix, tree.root)
        assert ("/tmp" in own, environment.health) == (not suppressed, Health.OK if suppressed else Health.WARNING)
        assert list(environment.search_path) == [entry for entry in own if entry != "/tmp"]


def test_a_free_threaded_environment_is_read(tmp_path: Path) -> None:
    site = hand_made(tmp_path, "3.14t")
    write(site, {"extra.pth": "more\n", "more/x.py": "", "thing-1.0.dist-info/METADATA": "Name: thing\nVersion: 1.0\n"})
    environment = read(tmp_path / ".venv", tmp_path)
    assert (environment.health, environment.reason) == (Health.OK, "")
    assert (environment.python.major, environment.python.minor) == (3, 14)
    assert environment.search_path[-2:] == (str(site), str(site / "more"))
    assert [item.name for item in environment.distributions] == ["thing"]
