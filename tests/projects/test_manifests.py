"""What manifests say, however they are written."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from pyfmt.projects.manifests import Manifest, poetry_range, read_manifest
from tests.projects.trees import write


def manifest(folder: Path, **files: str | bytes) -> Manifest:
    names = {"pyproject": "pyproject.toml", "setup_cfg": "setup.cfg", "setup_py": "setup.py"}
    write(folder, {names[key]: text for key, text in files.items()})
    return read_manifest(folder, tuple(names[key] for key in files))


def test_a_standard_pyproject(tmp_path: Path) -> None:
    found = manifest(
        tmp_path,
        pyproject="""
        [project]
        name = "Acme_Storage.X"
        requires-python = ">=3.10"
        dependencies = ["pydantic<2", "acme-events @ file:///srv/acme%20events ; python_version > '3'"]
        [project.optional-dependencies]
        s3 = ["boto3"]
        [dependency-groups]
        dev = ["pytest", {include-group = "more"}]
        [tool.uv]
        dev-dependencies = ["ruff"]
        [tool.uv.sources]
        events = { path = "../events", editable = true }
        Acme_Queue = { workspace = true }
        both = [{ path = "../one", marker = "a" }, { path = "../two" }]
        [tool.pdm.dev-dependencies]
        local = ["-e file:///${PROJECT_ROOT}/../queue#egg=queue"]
        """,
    )
    assert (found.distribution, found.requires_python, found.problem) == ("Acme_Storage.X", ">=3.10", "")
    assert set(found.path_dependencies) == {"/srv/acme events", "../events", "../one", "../two", "../queue"}
    assert found.workspace_dependencies == ("acme-queue",)
    assert {"pydantic<2", "boto3", "pytest", "ruff"} < set(found.requirements)


def test_build_requirements_are_those_of_pep_518_else_setuptools(tmp_path: Path) -> None:
    assert manifest(tmp_path, pyproject="[project]\nname='a'").build_requires == ("setuptools",)
    found = manifest(tmp_path, pyproject="[build-system]\nrequires = ['hatchling>=1', 'hatch-vcs']")
    assert found.build_requires == ("hatchling>=1", "hatch-vcs")
    cfg = "[options]\nsetup_requires =\n  cffi"
    assert manifest(tmp_path, setup_cfg=cfg, pyproject="").build_requires == ("setuptools", "cffi")


def test_a_poetry_pyproject(tmp_path: Path) -> None:
    found = manifest(
        tmp_path,
        pyproject="""
        [tool.poetry]
        name = "billing"
        packages = [{ include = "billing", from = "lib/python" }, { include = "tests" }]
        [tool.poetry.dependencies]
        python = "^3.9"
        storage = { path = "../../lib/storage", develop = true }
        many = [{ path = "a", markers = "x" }, { version = "1" }]
        remote = { git = "https://example.org/x.git" }
        acme-events = "^1.0"
        [tool.poetry.group.dev.dependencies]
        helper = { path = "../helper" }
        [tool.poetry.dev-dependencies]
        old = { path = "../old" }
        """,
    )
    assert (found.distribution, found.requires_python) == ("billing", ">=3.9,<4")
    assert set(found.path_dependencies) == {"../../lib/storage", "a", "../helper", "../old"}
    assert found.source_folders == ("lib/python",)
    assert set(found.requirements) == {"acme-events>=1.0,<2", "many==1.*"}


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ("[tool.setuptools.package-dir]\n'' = 'src'", ("src",)),
        ("[tool.setuptools.packages.find]\nwhere = ['./lib/', 'more']", ("lib", "more")),
        ("[tool.setuptools]\npackages = ['a']", ()),
        ("[tool.pdm.build]\npackage-dir = 'python'", ("python",)),
        ("[tool.uv.build-backend]\nmodule-root = ''", ()),
        ("[tool.uv.build-backend]\nmodule-root = 'python'", ("python",)),
        ("[tool.maturin]\npython-source = 'py'", ("py",)),
        ("[tool.hatch.build.targets.wheel]\npackages = ['src/a', 'lib/python/b/', 'c']", ("src", "lib/python")),
        ("[tool.hatch.build.targets.wheel]\nsources = ['src']", ("src",)),
        ("[tool.hatch.build.targets.wheel.sources]\n'src/a' = 'b'", ()),
    ],
)
def test_the_source_folders_of_each_build_backend(tmp_path: Path, text: str, folders: tuple[str, ...]) -> None:
    assert manifest(tmp_path, pyproject=text).source_folders == folders


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("x @ {root:uri}/../lib", "../lib"),
        ("x @ {root:parent:parent:uri}/lib/x", "../../lib/x"),
        ("x @ file:../lib", "../lib"),
    ],
)
def test_direct_references_to_folders(tmp_path: Path, line: str, path: str) -> None:
    found = manifest(tmp_path, pyproject=f"[project]\nname = 'a'\ndependencies = ['{line}']").path_dependencies
    assert [str((tmp_path / item).resolve()) for item in found] == [str((tmp_path / path).resolve())]


def test_a_setup_cfg(tmp_path: Path) -> None:
    found = manifest(
        tmp_path,
        setup_cfg="""
[metadata]
name = notify
[options]
python_requires = >=3.8
package_dir =
    = source
install_requires =
    requests>=2 ; python_version < "4"
    lib @ file:///srv/lib
[options.packages.find]
where = ./more
[options.extras_require]
test = pytest
    %(not interpolated
""",
    )
    assert (found.distribution, found.requires_python) == ("notify", ">=3.8")
    assert found.source_folders == ("source", "more")
    assert found.path_dependencies == ("/srv/lib",)
    assert "pytest" in found.requirements


def test_a_setup_py_is_read_and_never_run(tmp_path: Path) -> None:
    found = manifest(
        tmp_path,
        setup_py=f"""
import setuptools
open({str(tmp_path / "ran")!r}, "w")
NAME = "computed"
setuptools.setup(name="legacy", version=NAME, python_requires=">=3.8", package_dir={{"": "lib"}},
                 install_requires=["a", "b @ file:../b"], extras_require={{"x": ["c"]}}, odd={{[]: 1}}, **NAME)
""",
    )
    assert (found.distribution, found.requires_python, found.source_folders) == ("legacy", ">=3.8", ("lib",))
    assert (found.requirements, found.path_dependencies) == (("a", "b @ file:../b", "c"), ("../b",))
    assert not (tmp_path / "ran").exists()


COMPUTED = """
import os
from setuptools import setup
version = "2.11.0"
install_requires = ["six", f"acme>={version}"]
if not os.environ.get("SNAP"):
    install_requires.extend([f"certbot>={read_version()}", "zope%s" % ".interface"])
    install_requires.append("attrs>={}".format(unknown))
install_requires += ["idna>=" + minimum()]
docs = ["sphinx==%s" % version]
extras = {"docs": docs}
extras["test"] = ["pytest", *docs]

def main():
    setup(name="plugin", version=version, install_requires=install_requires, extras_require=extras)
"""


@pytest.mark.parametrize(
    "call",
    [
        "import setuptools as s\ns.setup",
        "from setuptools import setup as make\nmake",
        "from distutils import core as c\nc.setup",
        "import distutils.core as dc\ndc.setup",
        "import distutils.core\ndistutils.core.setup",
        "__import__('setuptools').setup",
        "import importlib\nimportlib.import_module('setuptools').setup",
    ],
)
def test_setup_is_seen_under_any_name(tmp_path: Path, call: str) -> None:
    found = manifest(tmp_path, setup_py=f"{call}(name='a', install_requires=['click'])\n")
    assert (found.distribution, found.needs, found.computed, found.calls_setup) == ("a", ("click",), False, True)


def test_a_setup_py_that_builds_its_requirements_from_its_own_constants_is_known(tmp_path: Path) -> None:
    found = manifest(tmp_path, setup_py=COMPUTED)
    assert found.needs == ("six", "acme>=2.11.0", "certbot", "zope.interface", "attrs", "idna")
    assert found.requirements[6:] == ("sphinx==2.11.0", "pytest")
    assert not found.computed


@pytest.mark.parametrize(
    ("source", "needs", "computed"),
    [
        ("setup(install_requires=['a'] + more())", ("a",), True),
        ("setup(install_requires=['a', *more(), f'{b}>=1'])", ("a",), True),
        ("a = ['a']\na.extend(x for x in y)\nsetup(install_requires=a)", ("a",), True),
        ("a = more()\na += ['a']\nsetup(install_requires=a)", (), True),
        ("a = ['a']\na = a + ['b']\nsetup(install_requires=a)", ("a", "b"), False),
        ("a = ['a']\n" + "a = a + a\n" * 60 + "setup(install_requires=a)", (), True),
        ("a = 'x'\n" + "a = f'{a}{a}'\n" * 60 + "setup(install_requires=[a])", (), True),
        ("setup(install_requires=['a>=%9999999999s' % 1, 'b>={:>9999999999}'.format(1)])", (), True),
        ("setup(install_requires=['{0.__class__.x}'.format('')])", (), True),
        ("setup(**metadata)", (), True),
    ],
)
def test_what_only_running_a_setup_py_would_tell_is_said_to_be_computed(
    tmp_path: Path, source: str, needs: tuple[str, ...], computed: bool
) -> None:
    found = manifest(tmp_path, setup_py=source)
    assert (found.needs, found.computed) == (needs, computed)


def test_the_requirements_file_that_a_setup_py_reads_is_known(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a\n", "utf-8")
    source = "lines = open('requirements.txt').read().splitlines()\nsetup(install_requires=[x for x in lines if x])"
    found = manifest(tmp_path, setup_py=source)
    assert (found.requirements_files, found.computed) == (("requirements.txt",), True)


def test_reading_a_setup_py_says_nothing_of_its_style(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert manifest(tmp_path, setup_py='x = "\\d"\nsetup(name="a")').distribution == "a"


def test_a_setup_py_that_is_no_python_is_left_to_the_tools(tmp_path: Path) -> None:
    unknown = Manifest(computed=True, build_requires=("setuptools",))  # which builds it, whatever it says
    assert manifest(tmp_path, setup_py="print 'old'") == unknown
    assert manifest(tmp_path, setup_py=b"a\0b") == unknown


def test_the_manifests_complete_each_other(tmp_path: Path) -> None:
    found = manifest(
        tmp_path,
        pyproject="[build-system]\nrequires = []",
        setup_cfg="[metadata]\nname = from-cfg",
        setup_py="setup(name='from-py', python_requires='>=3.9')",
    )
    assert (found.distribution, found.requires_python) == ("from-cfg", ">=3.9")


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"pyproject": "[project"}, "pyproject.toml cannot be read: "),
        ({"pyproject": b"a = '\xff'"}, "pyproject.toml cannot be read: "),
        ({"setup_cfg": "no section"}, "setup.cfg cannot be read: "),
        ({"setup_cfg": "[a]\nx = 1\nx = 2"}, "setup.cfg cannot be read: "),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, files: dict[str, str | bytes], problem: str) -> None:
    found = manifest(tmp_path, **files).problem
    assert found.startswith(problem) and "\n" not in found


JSON = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.sampled_from(["", "a", "../b", "src", "x @ file:///y", ">=3"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["path", "from", "find", "", "x"]), inner, max_size=3),
    ),
    max_leaves=6,
)
PLACES = [
    "project.name", "project.dependencies", "project.optional-dependencies", "project.requires-python",
    "dependency-groups",
    "tool.poetry", "tool.poetry.packages", "tool.poetry.dependencies", "tool.poetry.group", "tool.uv.sources",
    "tool.uv.dev-dependencies", "tool.setuptools.packages", "tool.setuptools.package-dir",
    "tool.hatch.build.targets.wheel",
    "tool.pdm.dev-dependencies", "tool.pdm.build", "tool.uv.build-backend", "tool", "project",
]  # fmt: skip


def toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{key}' = {toml(item)}" for key, item in value.items()) + "}"
    return f"'{value}'" if isinstance(value, str) else str(value)


@settings(deadline=None)
@given(place=st.sampled_from(PLACES), value=JSON)
def test_no_shape_of_a_table_is_too_much(tmp_path_factory: pytest.TempPathFactory, place: str, value: object) -> None:
    folder = tmp_path_factory.getbasetemp() / "shapes"
    found = manifest(folder, pyproject=f"{place} = {toml(value)}")
    assert found.problem == ""
    assert all(isinstance(item, str) for item in (*found.requirements, *found.path_dependencies, *found.source_folders))


@pytest.mark.parametrize(
    ("constraint", "admitted", "refused"),
    [
        ("^3.10", "3.10 3.12", "3.9 4.0"),
        ("~3.10", "3.10.4", "3.11 3.9"),
        ("~3", "3.9", "4.0"),
        (">=3.8,<3.12", "3.8 3.11", "3.12"),
        (">= 3.8 , < 3.12", "3.8 3.11", "3.12"),
        (">=3.8 <3.12", "3.8 3.11", "3.12"),
        ("~=3.9", "3.9 3.11", "4.0 3.8"),
        ("!=3.9.*,>=3.8", "3.8 3.10", "3.9.1"),
        ("3.11", "3.11.7", "3.12"),
        ("3.11.2", "3.11.2", "3.11.3"),
    ],
)
def test_poetrys_ranges(constraint: str, admitted: str, refused: str) -> None:
    specifier = SpecifierSet(poetry_range(constraint) or "")
    assert all(version in specifier for version in admitted.split())
    assert not any(version in specifier for version in refused.split())


@pytest.mark.parametrize("constraint", [None, "*", "^3.8 || ^3.10", "", "three"])
def test_what_is_no_single_range_is_left_open(constraint: str | None) -> None:
    assert poetry_range(constraint) is None
