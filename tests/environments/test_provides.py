"""What is under a name in a site folder, and what it imports: read in a real environment."""

from __future__ import annotations

from pathlib import Path

from pyfmt.environments.provides import ModuleReader
from tests.support.virtualenvs import Recipe, build
from tests.support.wheels import write_wheel

_MODULE = '''"""Documented.

    from prose we learn nothing
    import of goods
"""
import first, second.deep as s
from third.deep import x

try:
    import fourth
except ImportError:
    from fifth import (
        y,
    )
'''


def test_names_lead_to_what_is_on_the_disk_and_to_what_it_imports(tmp_path: Path) -> None:
    one = write_wheel(
        tmp_path, "one-1.0", {"one/__init__.py": _MODULE, "shared/a.py": "", "one-stubs/__init__.pyi": ""}
    )
    two = write_wheel(tmp_path, "two-1.0", {"shared/b.py": "import deep", "two.py": ""})
    site = build(tmp_path / "venv", Recipe((str(one), str(two)))).site_packages
    (site / "stray.py").write_text("")
    (site / "one/data.txt").write_text("import nothing")
    (site / "shared/again").symlink_to(site / "shared")  # it ends
    (site / "shared/itself").symlink_to("itself")
    reader = ModuleReader()
    found = reader.contents(str(site), "one")
    assert found.places == ("one", "one/__init__.py", "one-stubs", "one-stubs/__init__.pyi")
    assert found.imported == {"first", "second", "third", "fourth", "fifth"}
    shared = reader.contents(str(site), "shared")
    assert shared.places == ("shared", "shared/a.py", "shared/b.py") and shared.imported == {"deep"}
    assert {"stray", "one", "two", "shared"} <= ModuleReader().names(str(site))
    assert reader.contents(str(site), "nothing").places == ()


def test_the_digest_tells_what_a_tool_could_see_alone(tmp_path: Path) -> None:
    digests: list[str] = []
    for text in ("X = 1", "X = 2", "X = 1"):
        folder = tmp_path / str(len(digests))
        folder.mkdir()
        wheel = write_wheel(folder, "one-1.0", {"one/a.py": text})
        site = build(folder / "venv", Recipe((str(wheel),))).site_packages
        digests.append(ModuleReader().contents(str(site), "one").digest)
    assert digests[0] == digests[2] != digests[1]
    (site / "one/data.txt").write_text("")
    (site / "one/__pycache__").mkdir(exist_ok=True)
    assert ModuleReader().contents(str(site), "one").digest == digests[2]
    for more in ("one/a.pyi", "one/py.typed", "one/fast.cpython-311-x86_64-linux-gnu.so"):
        (site / more).write_text("")
        digests.append(ModuleReader().contents(str(site), "one").digest)
    assert len(set(digests[2:])) == 4


def test_a_folder_that_is_not_there_provides_nothing(tmp_path: Path) -> None:
    assert ModuleReader().names(str(tmp_path / "no")) == frozenset()
    assert ModuleReader().contents(str(tmp_path / "no"), "one").places == ()
