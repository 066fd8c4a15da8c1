"""Which project a dotted name is of."""

from __future__ import annotations

from pyfmt.core.model import Project
from pyfmt.imports.owners import ImportedName, ImportTarget, Modules


def _found(project: Project, name: str, shared: str = "") -> ImportTarget | None:
    """What a name leads to from a project that is alone; `shared`: an `__init__` that others may add to its package."""
    return Modules([project], (), lambda file: file == shared).absolute(project.path, ImportedName(name))


def test_a_file_whose_stem_is_no_name_is_no_module() -> None:
    files = ("app/1st/deep.py", "app/own.py", "app/settings.prod.py", "app/settings/base.py")
    project = Project("app", "app", files, import_roots=("app",))
    assert _found(project, "own") == ImportTarget("app", "own")
    assert _found(project, "settings.prod") is None
    assert _found(project, "1st.deep") is None


def test_a_folder_of_such_files_has_a_name_all_the_same() -> None:
    project = Project("app", "app", ("app/scripts/run-it.py",), import_roots=("app",))
    assert _found(project, "scripts") == ImportTarget("app", "scripts")
    assert _found(project, "scripts.run") is None


def test_of_two_modules_of_one_name_that_in_the_first_import_root_counts() -> None:
    """Whichever file comes first: `json` is the module of src, and not the package of lib that others extend."""
    files = ("app/lib/first.py", "app/lib/json/__init__.py", "app/src/json.py")
    project = Project("app", "app", files, import_roots=("app/src", "app/lib"))
    assert _found(project, "json", "app/lib/json/__init__.py") == ImportTarget("app", "json")
    turned = Project("app", "app", files, import_roots=("app/lib", "app/src"))
    assert _found(turned, "json", "app/lib/json/__init__.py") is None  # the standard library's, which comes first
