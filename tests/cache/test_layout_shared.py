"""After a change of layout a file is linted in one of the environments that said the same of it before, and only where
nothing but its places can have changed: each of these cases says something else in one of four environments."""

from __future__ import annotations

from pathlib import Path

from tests.cache.comparing import linted, said
from tests.end_to_end.test_dependents import said as findings
from tests.support.monorepo import Monorepo
from tests.support.virtualenvs import Recipe, build

_EXT = '''"""Ext {number}, another one in each environment."""


class More:
    """More."""

    def {name}(self) -> int:
        """One."""
        return {number}
'''
_MODULES = {
    "plain": "print(ext.More().right())\n",
    "hidden": "print(ext.More().right())  # pylint: disable=no-member\n",
    "next_hidden": "# pylint: disable-next=no-member\nprint(ext.More().right())\n",
    "wrapped": "print(ext.More().right())\n",
    "derived": '\nclass Most(ext.More):\n    """Most."""\n\n    def right(self):\n        print()\n        return 1\n',
}
# Twice in the library, which is told by its lines: R0801.
_AGAIN = "\n".join(f"print('line {number} of two files')" for number in range(6)) + "\n"
_BEGINNING = '"""Some."""\n\nimport ext\n\n'
_LINTS = ("check", "--tool", "pylint")


def _tree(folder: Path) -> Monorepo:
    manifest = '[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.10"\n'
    needs = 'dependencies = ["lib"]\n[tool.uv.sources]\nlib = {{ path = "../lib", editable = true }}\n'
    files: dict[str, str] = {
        "pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n',
        "configs/pylintrc": "[MESSAGES CONTROL]\ndisable=line-too-long\n",
        "lib/pyproject.toml": manifest.format(name="lib"),
    }
    files |= {f"lib/{name}.py": _BEGINNING + text for name, text in _MODULES.items()}
    for name in ("plain", "wrapped"):
        files[f"lib/{name}.py"] += _AGAIN
    imports = "".join(f"import {name}\n" for name in sorted(_MODULES))
    for name in ("one", "two", "three"):
        files[f"{name}/pyproject.toml"] = (manifest + needs).format(name=name)
        files[f"{name}/app.py"] = f'"""App."""\n\n{imports}\nprint({", ".join(_MODULES)})\n'
    tree = Monorepo.create(folder, dict(files))
    tree.git("init", "--quiet")
    for number, name in enumerate(("lib", "one", "two", "three")):
        site = build(tree.root / name / ".venv", Recipe()).site_packages
        (site / "ext.py").write_text(_EXT.format(number=number, name="wrong" if name == "two" else "right"))
        if name != "lib":
            (site / "lib.pth").write_text(f"{tree.root / 'lib'}\n")
    return tree


def _edited(tree: Monorepo, name: str, before: str, after: str) -> None:
    text = tree.read(f"lib/{name}.py")
    assert before in text
    tree.write({f"lib/{name}.py": text.replace(before, after, 1)})


def _is_told(tree: Monorepo, *expected: tuple[str | int, ...]) -> None:
    """What pylint says of missing members, and that a cold run says just what is said."""
    report = tree.check("--tool", "pylint")[1]
    told = findings(report, "pylint", "E1101").items()
    assert {(Path(path).stem, line, *only) for (path, line), only in told} == set(expected)
    assert said(tree, "--tool", "pylint") == said(tree, "--no-cache", "--tool", "pylint")


def test_a_change_of_layout_is_linted_once_for_all_who_said_the_same(tmp_path: Path) -> None:
    tree, two = _tree(tmp_path), "two/.venv"
    tree.run(*_LINTS)
    for name in ("plain", "hidden"):
        _edited(tree, name, "print", "\n# TODO what is found in the text is new everywhere\nprint")
    assert linted(tree) == {"lib": 3}, "both at home; of two, which said something else, only the one of which it did"
    _edited(tree, "next_hidden", "print", "# the pragma is of this line now\nprint")
    _edited(tree, "wrapped", "print(ext.More().right())", "print(\n    ext.More().right()\n)")
    assert linted(tree) == {"lib": 8}, "both in each"
    _is_told(tree, ("plain", 7, two), ("wrapped", 6, two), ("next_hidden", 7, two))

    # In one of them what is installed has changed as well; elsewhere all is as it was.
    (ext,) = (tree.root / "one/.venv").glob("lib/*/site-packages/ext.py")
    ext.write_text(_EXT.format(number=9, name="wrong"))
    _edited(tree, "plain", "# TODO", "# no more\n# TODO")
    assert linted(tree) == {"lib": 7, "one": 1}, "home and two, all in one"
    _edited(tree, "hidden", "  # pylint: disable=no-member", "")
    assert linted(tree) == {"lib": 4}
    both = {("plain", 8), ("wrapped", 6), ("next_hidden", 7), ("hidden", 7)}
    _is_told(tree, *((name, line, "one/.venv", two) for name, line in both))

    # How many lines a function has decides whether pylint asks for what it overrides.
    tree.write({"configs/pylintrc": tree.read("configs/pylintrc") + "[BASIC]\ndocstring-min-length=3\n"})
    tree.run(*_LINTS)
    _edited(tree, "derived", "        print()\n", "        print()\n\n")
    assert linted(tree) == {"lib": 4}
    report = tree.check("--tool", "pylint")[1]
    assert findings(report, "pylint", "C0116") == {("lib/derived.py", 9): ["one/.venv", two]}
    assert said(tree, "--tool", "pylint") == said(tree, "--no-cache", "--tool", "pylint")
