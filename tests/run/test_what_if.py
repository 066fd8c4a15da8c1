"""`pyfmt what-if` with packages of PyPI, beside environments in which the upgrade is really installed."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from tests.support.monorepo import Monorepo
from tests.support.virtualenvs import HERE

BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
FILES: dict[str, str | bytes] = {
    "pyproject.toml": "[tool.pyfmt]\nmerge-equivalent = false\n",
    ".gitignore": ".venv/\n",
    "lib/storage/pyproject.toml": f"""
        [project]
        name = "acme-storage"
        version = "1.0"
        dependencies = ["pydantic<2"]
        {BUILD.replace(chr(10), chr(10) + " " * 8)}
        """,
    "lib/storage/src/acme_storage/py.typed": "",
    "lib/storage/src/acme_storage/__init__.py": '''
        """Storage."""

        from pydantic import BaseModel
        from pydantic.main import ModelMetaclass


        class Row(BaseModel):
            """A row."""

            number: int


        print(ModelMetaclass)
        ''',
    "billing/pyproject.toml": f"""
        [project]
        name = "billing"
        version = "1.0"
        dependencies = ["acme-storage", "click<8", "docopt"]
        [dependency-groups]
        dev = ["typing-extensions"]
        [tool.uv.sources]
        acme-storage = {{ path = "../lib/storage", editable = true }}
        {BUILD.replace(chr(10), chr(10) + " " * 8)}
        """,
    "billing/billing/__init__.py": '''
        """Billing."""

        import click
        import docopt
        from acme_storage import Row
        from pydantic.utils import lenient_issubclass

        click.echo(Row(number="one").copy(), docopt, lenient_issubclass)
        ''',
    "notify/pyproject.toml": '[project]\nname = "notify"\nversion = "1.0"\ndependencies = ["fastapi==0.95.0"]\n',
    "notify/notify.py": '"""Notify."""\n',
    "web/pyproject.toml": '[project]\nname = "web"\nversion = "1.0"\ndependencies = ["iniconfig"]\n',
    "web/web.py": '"""Web."""\n',
}


def _keys(findings: list[dict[str, Any]]) -> Counter[tuple[object, ...]]:
    return Counter(
        tuple(item[key] for key in ("path", "line", "column", "tool", "rule", "message")) for item in findings
    )


def test_what_is_foretold_is_what_the_upgrade_brings(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, FILES)
    tree.git("init", "--quiet")
    environment = tree.environment("billing", "pydantic==1.10.13", "click==7.1.2", editable=("lib/storage", "billing"))
    names = sorted(path.name for path in environment.site_packages.iterdir())
    change = "pydantic>=2,<2.8"

    found = tree.run("what-if", change, "-o", "json=what-if.json", "-o", "markdown", "-q").expect(2)
    answer = json.loads(tree.read("what-if.json"))
    billing, notify = answer["environments"]
    assert (billing["projects"], notify["projects"], answer["unchanged"]) == (["billing"], ["notify"], ["web"])
    assert "fastapi==0.95.0 depends on" in notify["not_looked_at"][0] and not billing["not_looked_at"]
    assert billing["not_composed"] == ["docopt: it has no wheel"]
    changes = {item["name"]: (item["before"], item["after"]) for item in billing["changes"]}
    assert changes["pydantic"][0] == "1.10.13" and changes["pydantic"][1].startswith("2.7.")
    assert changes["pydantic-core"][0] is None and "click" not in changes, "what can stay stays"
    assert "- pydantic 1.10.13 -\\> 2.7" in found.stdout and "not composed: docopt" in found.stdout
    assert sorted(path.name for path in environment.site_packages.iterdir()) == names
    assert tree.git("status", "--porcelain", "--untracked-files=all").count("??") == len(FILES) + 1

    text = tree.run("what-if", change, "--project", "billing").expect(1).stdout
    assert "would be new:" in text and "ModelMetaclass" in text and "notify" not in text

    before = tree.check("billing", "lib", command_name="lint")[1]["findings"]
    environment.install(change)
    after = tree.check("billing", "lib", command_name="lint")[1]["findings"]
    assert _keys(billing["new"]) == _keys(after) - _keys(before) != Counter()
    assert _keys(billing["gone"]) == _keys(before) - _keys(after)
    assert {item["path"].partition("/")[0] for item in billing["new"]} == {"lib", "billing"}

    same = tree.run("what-if", change, "--project", "billing").expect(0).stdout
    assert same == "0 would be new, 0 would be gone, nothing to change in 1 project\n"


def test_lowest_versions_another_python_and_pins_of_a_requirements_file(tmp_path: Path) -> None:
    other = "3.12" if HERE != "3.12" else "3.11"
    tree = Monorepo.create(
        tmp_path,
        {
            "pyproject.toml": '[tool.pyfmt]\ntools = ["pylint"]\n',
            "tool/pyproject.toml": """
                [project]
                name = "tool"
                version = "1"
                dependencies = ["click>=7", "iniconfig"]
                """,
            "tool/tool.py": '''
                """A tool."""

                import distutils

                import click.shell_completion

                print(click, distutils)
                ''',
            "pins/requirements.txt": "click==7.1.2  # by a lock\niniconfig==1.1.1\nmarkupsafe==2.0.1\n",
            "pins/setup.py": "from setuptools import setup\n\nsetup(name='pins')\nopen('it-ran', 'w')\n",
            "pins/pins.py": '"""Pins."""\n\nfrom click import get_os_args\n\nprint(get_os_args)\n',
        },
    )
    tree.environment("tool", "click==8.1.7", "iniconfig==2.0.0", python="3.11")
    lowest = tree.run("what-if", "--resolution", "lowest-direct", "--project", "tool", "-o", "json").expect(1).json
    (tool,) = lowest["environments"]
    assert {"name": "click", "before": "8.1.7", "after": "7.0"} in tool["changes"]
    assert [item["message"] for item in tool["new"]] == ["Unable to import 'click.shell_completion'"]
    newer = tree.run("what-if", "--python", other, "--project", "tool").expect(1 if other == "3.12" else 0).stdout
    assert "Python 3.11" in newer and f"-> {other}." in newer
    assert "distutils" in newer and "would be new: 1" in newer

    (pins,) = tree.run("what-if", "click>=8,<8.2", "--project", "pins", "-o", "json").expect(1).json["environments"]
    assert [(c["name"], c["before"]) for c in pins["changes"]] == [("click", "7.1.2")], "pins of a lock do not hold it"
    assert [item["rule"] for item in pins["new"]] == ["E0611"]
    (said,) = pins["not_composed"]
    assert said.startswith("markupsafe: 2.0.1 could not be had as a wheel, ") and said.endswith(" is in its place")
    assert "markupsafe 2.0.1 could not be had as a wheel" in tree.run("what-if", "markupsafe>=3").expect(2).stdout
    assert not list(tree.root.rglob("it-ran"))

    refused = tree.run("what-if", "click @ https://example.org/click.whl").expect(2).stderr
    assert "only a name and versions" in refused
    assert "nothing is to be different" in tree.run("what-if").expect(2).stderr
    assert "no Python 3.99 was found" in tree.run("what-if", "--python", "3.99", "--project", "pins").expect(2).stdout


def test_a_checkout_names_no_index_and_brings_no_plugins(tmp_path: Path) -> None:
    index = tmp_path / "index"
    named = f'name = "own"\nurl = "file://{index}"\ndefault = true\n'
    tree = Monorepo.create(
        tmp_path,
        {
            "pyproject.toml": '[tool.pyfmt]\ntools = ["mypy"]\n[[tool.uv.index]]\n' + named,
            "uv.toml": f"[[index]]\n{named}",
            "mypy.ini": "[mypy]\nplugins = pydantic.mypy\n",
            "app/requirements.txt": f"--index-url file://{index}\niniconfig>=2\npydantic<2\n",
            "app/setup.cfg": "[metadata]\nname = app\n[options]\ninstall_requires =\n  iniconfig>=2  # a comment\n"
            "  pydantic<2\n  zipp @ https://example.org/zipp.zip\n  noted>=what\n",
            "app/app.py": '"""App."""\n',
        },
    )
    (index / "iniconfig").mkdir(parents=True)
    (index / "iniconfig/index.html").write_text('<a href="iniconfig-9.0-py3-none-any.whl">iniconfig-9.0</a>', "utf-8")
    answer = tree.run("what-if", "pydantic==2.7.4", "-o", "json").expect(0).json
    (app,) = answer["environments"]
    assert app["not_composed"] == ["noted>=what: it cannot be read", "zipp: it comes from a URL, not from an index"]
    assert "pydantic" in {change["name"] for change in app["changes"]}, "resolved by the user's own index"
    assert any(
        "is not trusted to run code, since nobody has installed what is in it" in note for note in answer["notes"]
    )
    trusted = tree.run("what-if", "--trust", "pydantic==2.7.4", "-o", "json").expect(0).json
    assert not trusted["notes"]
    made = list((tree.home / ".cache/pyfmt/what-if").glob("*/app/lib/*/site-packages/iniconfig-*"))
    assert made and not [path for path in made if "9.0" in path.name]
    for mark in tree.home.glob(".cache/pyfmt/what-if/*/*/.pyfmt-composed"):
        os.utime(mark, (0, 0))
    said = tree.run("what-if", "nothing-of-that-name", "--project", "app").expect(2).stderr
    assert "none of the projects has it" in said
    assert not list((tree.home / ".cache/pyfmt/what-if").glob("*/app")), "what nobody asks for goes"


def test_what_a_manifest_says_stays_in_its_folder_and_no_stranger_names_an_index(tmp_path: Path) -> None:
    project = f'{BUILD}[project]\nname = "{{}}"\nversion = "{{}}"\ndependencies = ["iniconfig"]\n[tool.uv]\n'
    tree = Monorepo.create(
        tmp_path,
        {
            "pyproject.toml": '[tool.pyfmt]\ntools = ["pylint"]\n',
            "up/pyproject.toml": project.format("up", "1.dist-info/../../../../../pwn"),
            "slash/pyproject.toml": project.format("../slash", "1"),
            "work/pyproject.toml": '[tool.uv.workspace]\nmembers = ["a", "b"]\n',
            "work/a/pyproject.toml": project.format("twin", "1"),
            "work/b/pyproject.toml": project.format("twin", "1"),
            "tmp/uv.toml": 'index-url = "http://127.0.0.1:9/simple"\n',
            "pipenv/setup.cfg": "[metadata]\nname = piped\n",
            "pipenv/Pipfile": "[packages]\niniconfig = '*'\n",
            "pipenv/Pipfile.lock": json.dumps(
                {
                    "_meta": {"sources": [{"name": "own", "url": "http://127.0.0.1:9/simple"}]},
                    "default": {"iniconfig": {"version": "==2.0.0"}},  # its index is that of the file
                }
            ),
            **{f"{folder}/main.py": '"""Nothing."""\n' for folder in ("up", "slash", "work/a", "work/b", "pipenv")},
        },
    )
    tree.environ["TMPDIR"] = str(tree.root / "tmp")
    found = tree.run("what-if", "iniconfig<2", "--resolution", "highest", "-o", "json").expect(2).json["environments"]
    said = {tuple(each["projects"]): "; ".join(each["not_looked_at"]) for each in found}
    assert said.pop(("up",)) == "" and not list(tmp_path.rglob("pwn*")) and len(said) == 3
    assert said.pop(("piped",)).startswith("iniconfig: it comes from no index that is trusted")
    trusted = tree.run("what-if", "--trust", "iniconfig<2", "--project", "piped").expect(2).stdout
    assert "127.0.0.1:9" in trusted, "it is asked where the lock says"
    assert any("is no name of a distribution" in text for text in said.values())
    assert any("are both called twin" in text for text in said.values())
    tree.environ["XDG_CACHE_HOME"] = str(tree.root / "cache")
    assert "cache folder is in the checkout" in tree.run("what-if", "iniconfig<2").expect(2).stderr


def test_what_cannot_be_foretold_is_no_nothing_to_change(tmp_path: Path) -> None:
    project = '[project]\nname = "{}"\nversion = "1"\ndependencies = ["{}"]\n'
    tree = Monorepo.create(
        tmp_path,
        {
            "pyproject.toml": '[tool.pyfmt]\ntools = ["pylint"]\n',
            "url/pyproject.toml": project.format("url", "click @ https://127.0.0.1:9/click-8.0-py3-none-any.whl"),
            "own/pyproject.toml": project.format("own", "iniconfig"),
            "broken/setup.cfg": "[metadata\nname = broken\n",
            "computed/setup.py": "from setuptools import setup\n\n"
            "setup(name='computed', install_requires=open('x').read())\n",
            **{f"{name}/main.py": '"""Nothing."""\n' for name in ("url", "own", "broken", "computed")},
        },
    )
    found = tree.run("what-if", "click>=8", "-o", "json").expect(2).json
    said = {each["projects"][0]: "; ".join(each["not_looked_at"]) for each in found["environments"]}
    assert found["unchanged"] == ["own"] and sorted(said) == ["broken", "computed", "url"]
    assert "click: it comes from a URL" in said["url"] and "setup.cfg" in said["broken"]
    assert "computes its requirements" in said["computed"]
    own = tree.run("what-if", "own>=2", "--project", "own", "-o", "json").expect(2).json["environments"]
    assert own[0]["not_looked_at"][0].startswith("own: it is a project of the monorepo")
    assert "did you mean 'iniconfig'" in tree.run("what-if", "inicnfig", "--project", "own").expect(2).stderr
