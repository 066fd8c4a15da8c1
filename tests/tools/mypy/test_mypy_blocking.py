"""A file that mypy cannot get past hides nothing of the others."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from pyfmt.core.model import Severity
from tests.conftest import MakeEnvironment, MakeMonorepo
from tests.tools.mypy.checking import Checker, said, sound, told
from tests.tools.mypy.test_mypy_against_loop import service

WRONG = "x: int = ''\n"


def test_every_syntax_error_is_told_and_the_other_files_are_checked(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    files: dict[str, str | bytes] = {
        "p/pyproject.toml": service("p"),
        "p/p/__init__.py": "",
        "p/p/bad_one.py": "def broken(:\n    pass\n",
        "p/p/bad_two.py": "def name() -> str:\n    return ''\nbreak\n",
        "p/p/bad_three.py": b"x = '\xe4'\n",
        "p/p/bad_four.py": "from ...... import a\n",
        "p/p/good.py": WRONG,
        "p/p/user.py": """
            from p.bad_one import thing
            from p import between

            def size() -> int:
                return thing.size

            def text() -> str:
                return between.thing.size

            thing.size  # type: ignore[attr-defined]
            y: str = 1
            """,
        "p/p/between.py": "from .bad_one import thing\n",
        "p/p/apart.py": "z = 1  # type: ignore[assignment]\n",
    }
    strict = "[mypy]\nwarn_return_any = True\nwarn_unused_ignores = True\n"
    tree = monorepo(files | {"mypy.ini": strict})
    checker = Checker(tree, {"p": str(kept_environment().prefix)}, config=tree.root / "mypy.ini")

    reading = checker.check()

    assert not reading.failures, told(reading.failures)
    found = {(finding.path, finding.line, finding.rule) for finding in reading.findings}
    assert found == {
        ("p/p/bad_one.py", 1, "syntax"),
        ("p/p/bad_two.py", 3, "misc"),
        ("p/p/bad_three.py", 1, "syntax"),
        ("p/p/bad_four.py", 1, "misc"),
        ("p/p/good.py", 1, "assignment"),
        ("p/p/user.py", 11, "assignment"),
        ("p/p/apart.py", 1, "unused-ignore"),
    }
    assert {finding.path for finding in reading.findings if finding.syntax} >= {"p/p/bad_one.py", "p/p/bad_three.py"}


def test_a_syntax_error_outside_the_reported_files_is_a_note(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    tree = monorepo(
        {"p/pyproject.toml": service("p"), "p/a.py": "def broken(:\n", "p/b.py": "import a\n\na.x.y\n" + WRONG}
    )
    reading = Checker(tree, {"p": str(kept_environment().prefix)}, selected={"p": ["p/b.py"]}).check()

    assert {(path, rule) for path, _, rule, _ in sound(reading)} == {("p/b.py", "assignment")}
    assert [note for note in reading.notes if note.startswith("p/a.py:1: ")], reading.notes


def test_a_dependency_that_mypy_cannot_parse_is_a_failure(monorepo: MakeMonorepo) -> None:
    tree = monorepo({"p/pyproject.toml": service("p"), "p/a.py": "import typed\n\n" + WRONG})
    environment = tree.environment("p")
    package = environment.site_packages / "typed"
    package.mkdir()
    (package / "py.typed").touch()
    (package / "__init__.py").write_text("def broken(:\n", encoding="utf-8")

    reading = Checker(tree, {"p": "p/.venv"}).check()

    assert {finding.rule for finding in reading.findings} == {"assignment"}
    assert "typed/__init__.py:1" in told(reading.failures)


def test_a_package_folder_with_an_impossible_name_is_a_failure_of_its_own(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    tree = monorepo(
        {
            "p/pyproject.toml": service("p"),
            "p/good.py": WRONG,
            "p/data/foo-bar/__init__.py": "",
            "p/data/foo-bar/inside.py": WRONG,
        }
    )
    reading = Checker(tree, {"p": str(kept_environment().prefix)}).check()

    assert {finding.path for finding in reading.findings} == {"p/good.py"}
    assert "p/data/foo-bar holds an __init__.py" in told(reading.failures)
    assert "2 files" in told(reading.failures)


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses such names")
def test_a_file_name_that_is_no_utf8_is_a_failure_of_its_own(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    tree = monorepo({"p/pyproject.toml": service("p"), "p/good.py": WRONG, "p/bad\udcff.py": WRONG})
    reading = Checker(tree, {"p": str(kept_environment().prefix)}).check()

    assert {finding.path for finding in reading.findings} == {"p/good.py"}
    assert "p/bad\\udcff.py is not checked" in told(reading.failures)


def test_two_files_of_one_module_are_loud_and_hide_nothing_else(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    """Planning keeps them apart; here its packs are put together again."""
    tree = monorepo(
        {
            "p/pyproject.toml": service("p"),
            "p/run.py": WRONG,
            "p/some-folder/run.py": WRONG,
            "p/other.py": WRONG,
        }
    )
    checker = Checker(tree, {"p": str(kept_environment().prefix)})
    first, second = checker.plan()
    part = replace(first.parts[0], files=first.files + second.files)

    class Together(Checker):
        """Both units as one."""

        def plan(self):  # type: ignore[no-untyped-def]
            return (replace(first, parts=(part,)),)

    reading = Together(tree, checker.environments).check()

    assert "p/other.py" in {finding.path for finding in reading.findings}
    assert "p/run.py" in told(reading.failures) and "p/some-folder/run.py" in told(reading.failures)
    apart = checker.check()
    assert {path for path, *_ in sound(apart)} == {"p/run.py", "p/some-folder/run.py", "p/other.py"}


def test_a_source_beside_its_stub_is_passed_over_as_mypy_does(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    tree = monorepo(
        {
            "p/pyproject.toml": service("p"),
            "p/thing.py": WRONG,
            "p/thing.pyi": "def f() -> int: ...\n",
            "p/user.py": "import thing\n\nx: str = thing.f()\n",
        }
    )
    reading = Checker(tree, {"p": str(kept_environment().prefix)}).check()

    assert {path for path, *_ in sound(reading)} == {"p/user.py"}


def test_notes_hang_on_their_errors_and_revealed_types_stand_alone(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    tree = monorepo(
        {
            "p/pyproject.toml": service("p"),
            "p/a.py": """
                class A:
                    def m(self, x: int) -> None: ...
                class B(A):
                    def m(self, x: str) -> None: ...
                reveal_type(1)
                import nope
                """,
        }
    )
    reading = Checker(tree, {"p": str(kept_environment().prefix)}).check()

    override, reveal, missing = sorted(reading.findings, key=lambda finding: finding.line)
    assert override.rule == "override" and override.severity is Severity.ERROR
    assert "This violates the Liskov substitution principle" in override.notes
    assert (reveal.severity, reveal.rule) == (Severity.INFO, "misc")
    assert reveal.message == 'Revealed type is "Literal[1]?"'
    assert missing.rule == "import-not-found"
    assert missing.notes == ()  # "See https://..." comes once in a run of mypy, with whatever file is the first
    assert said([missing]) == {("p/a.py", 6, "import-not-found", missing.message)}
