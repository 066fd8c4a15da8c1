"""A project with files that make pylint and mypy die, eat memory or hang, and formatters hang.

What real tools do with a source that nobody has thought of is done by plugins of the environment here.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo

ACTING = """
import os, signal, time

def act(name):
    if name == "dies":
        time.sleep(2.5)
        os.kill(os.getpid(), signal.SIGKILL)
    eaten = []
    while name == "eats":
        eaten.append([0] * 100_000)
    while name == "hangs":
        pass
"""
PYLINT_PLUGIN = """
from pylint.checkers import BaseChecker
from acting import act

class Bad(BaseChecker):
    name = "bad"
    msgs = {"C9999": ("unused", "bad-unused", "Never said.")}

    def visit_module(self, node):
        act(node.name.rpartition(".")[2])

def register(linter):
    linter.register_checker(Bad(linter))
"""
MYPY_PLUGIN = """
from mypy.plugin import Plugin
from acting import act

class Bad(Plugin):
    def get_function_hook(self, fullname):
        act(fullname.removeprefix("app.marks."))

def plugin(version):
    return Bad
"""
KINDS = ("dies", "eats", "hangs")
MARKS = '"""Marks."""\n' + "".join(f'\n\ndef {kind}() -> None:\n    """Mark."""\n' for kind in KINDS)
MARK = '"""One."""\n\nfrom app.marks import {kind}\n\n{kind}()\n'
GOOD = '''
    """It says what the others would, too, and imports them."""

    from app import dies, eats, hangs

    WRONG: int = "text"
    print(WRONG, dies, eats, hangs)


    def collect(into: list[int] = []) -> list[int]:
        """Collects."""
        return into
'''
# The formatters need minutes for it, most of them in compiled code that looks for no signal, and a gigabyte.
ENDLESS = '"""Long."""\n' + "x = f( 1,2 )\n" * 400_000


def project(folder: Path, *kinds: str) -> Monorepo:
    """The project "app" with a file for each of those KINDS, and `good.py` that imports them; to be trusted."""
    files: dict[str, str | bytes] = {f"app/{kind}.py": MARK.replace("{kind}", kind) for kind in kinds}
    files |= {"app/__init__.py": '"""App."""\n', "app/marks.py": MARKS, "app/good.py": GOOD}
    tree = trees.one_project(folder, files)
    tree.write({"pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n'})
    tree.write({"configs/mypy.ini": "[mypy]\nplugins = bad_mypy\n"})
    tree.write({"configs/pylintrc": "[MAIN]\nload-plugins = bad_pylint\n"})
    (site,) = (tree.root / "app/.venv/lib").glob("python*/site-packages")
    for name, text in (("acting", ACTING), ("bad_pylint", PYLINT_PLUGIN), ("bad_mypy", MYPY_PLUGIN)):
        (site / f"{name}.py").write_text(text, "utf-8")
    return tree


def processes_of(tree: Monorepo) -> dict[int, str]:
    """All processes of runs in that tree, whoever has started them: number and command. They have its home."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            ours = b"HOME=" + os.fsencode(tree.home) in (place / "environ").read_bytes().split(b"\0")
            dead = (place / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0] == "Z"
            if ours and not dead:
                found[int(place.name)] = (
                    (place / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                )
        except OSError:
            continue  # gone, or somebody else's
    return found
