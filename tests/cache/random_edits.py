"""Random edits of the little monorepo; each is plain data, so that hypothesis can make and shrink a sequence of
them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import black

from tests.cache import linked_definitions
from tests.cache.little_monorepo import ENVIRONMENTS, FILES, WHEELS, LittleMonorepo, dedented
from tests.cache.unseen_places import PLACES, user_of

SNIPPETS = (
    "import os\n",
    "import sys as system, json\n",
    "from acme.core.values import Value\n\nValue.invented = 3\n",
    "from acme.core.values import Value\n\nprint(Value(1).invented)\n",
    "from acme.core.text import *\n",
    "from acme import extra\n\nprint(extra.Value)\n",
    "import acme.extra.more\n\nprint(acme.extra.more.MORE)\n",
    "import onewheel\n\nonewheel.call('text')\n",
    "import twowheel\n\nprint(twowheel.VALUE + 1)\n",
    "import twowheel.deep\nimport queue_of\n",
    "from acme import third\n\nprint(third.THIRD)\n",
    "import generated.things\nfrom generated import other\n",
    "import missing_module\n",
    "import common\n\nprint(common.AMOUNT.real)\n",
    "import alpha.main\n\nprint(alpha.main.run(1))\n",
    "from beta import helpers\n\nhelpers.join([1])\n",
    "X: int = 'no number'\n",
    "Y: int = 'ignored'  # type: ignore\n",
    "Z = 1  # type: ignore\n",
    "def bare(a, b = {  }):\n  return a\n",
    "def broken(:\n",
    "# pylint: disable=all\n",
    "try:\n    import twowheel\nexcept ImportError:\n    twowheel = None\n",
    "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from acme.core.values import Value\n\n\n"
    "def f(v: 'Value') -> int:\n    return v.amount\n",
    "def copied(number: int) -> int:\n    number += 1\n    number += 2\n    number += 3\n    number += 4\n"
    "    return number\n",
    "from acme.core.values import double\n\nassert double(1) is None\n",
    "import queue\n\nprint(queue.SIZE)\n",
    "__all__ = ['nothing']\n",
    "def __getattr__(name: str) -> int:\n    return 1\n",
)
REMARKS = ("# a remark\n", "# TODO later\n", "\n\n", "# pylint: disable=unused-import\n", "# FIXME: a pragma?\n")
MODULES = (
    "main",
    "helpers",
    "values",
    "text",
    "extra",
    "queue",
    "onewheel",
    "common",
    "missing_module",
    "typing",
    "new",
)
FOLDERS = (
    "lib/core",
    "lib/core/acme",
    "lib/core/acme/core",
    "lib/extra/src",
    "lib/extra/src/acme/extra",
    "projects/alpha",
    "projects/alpha/alpha",
    "projects/alpha/alpha/generated",
    "projects/alpha/generated",
    "projects/alpha/tests",
    "projects/beta/src",
    "projects/beta/src/beta",
    "projects/beta/src/generated",
    "projects/beta/tests",
    "tools",
    ".",
)


@dataclass(frozen=True)
class Edit:
    """What to do, and three numbers that say to what; meaningful for every tree."""

    kind: str
    first: int
    second: int
    third: int


Action = Callable[[LittleMonorepo, Edit], str]
KINDS: dict[str, Action] = {}


def _kind(action: Action) -> Action:
    KINDS[action.__name__] = action
    return action


def apply(edit: Edit, repo: LittleMonorepo) -> str:
    """Do it; what was done, in words."""
    return KINDS[edit.kind](repo, edit)


def _sources(repo: LittleMonorepo) -> list[Path]:
    root = repo.tree.root
    found = [path for suffix in ("*.py", "*.pyi") for path in root.rglob(suffix)]
    return sorted(path for path in found if ".venv" not in path.parts and path.is_file() and not path.is_symlink())


def _source(repo: LittleMonorepo, number: int) -> Path | None:
    sources = _sources(repo)
    return sources[number % len(sources)] if sources else None


def _text(path: Path) -> str:
    """A file's text; what is no UTF-8 in it is written again as it was by `_write`."""
    return path.read_text("utf-8", "surrogateescape")


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", "surrogateescape")


def _told(repo: LittleMonorepo, path: Path) -> str:
    return path.relative_to(repo.tree.root).as_posix()


@_kind
def append(repo: LittleMonorepo, edit: Edit) -> str:
    """Adds a snippet at the end of a file."""
    path = _source(repo, edit.first)
    if path is None:
        return "nothing"
    snippet = SNIPPETS[edit.second % len(SNIPPETS)]
    _write(path, _text(path) + "\n\n" + snippet)
    return f"append to {_told(repo, path)}: {snippet!r}"


@_kind
def add(repo: LittleMonorepo, edit: Edit) -> str:
    """A new module, or another content for it: it may shadow one of the standard library or of a package."""
    suffix = ".pyi" if edit.second % 7 == 0 else ".py"
    path = repo.tree.root / FOLDERS[edit.first % len(FOLDERS)] / (MODULES[edit.second % len(MODULES)] + suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        path.unlink()
    _write(path, f'"""New."""\n\n{SNIPPETS[edit.third % len(SNIPPETS)]}')
    return f"write {_told(repo, path)}: {SNIPPETS[edit.third % len(SNIPPETS)]!r}"


@_kind
def comments(repo: LittleMonorepo, edit: Edit) -> str:
    """A comment or blank lines before a line of a file, or the comments of it go."""
    path = _source(repo, edit.first)
    if path is None:
        return "nothing"
    lines = _text(path).splitlines(keepends=True)
    if edit.third % 5 == 0:
        _write(path, "".join(line for line in lines if not line.lstrip().startswith("#")))
        return f"remove comments from {_told(repo, path)}"
    place = edit.second % (len(lines) + 1)
    indent = re.match(" *", lines[place] if place < len(lines) else "")
    text = (indent[0] if indent else "") + REMARKS[edit.third % len(REMARKS)]
    _write(path, "".join([*lines[:place], text, *lines[place:]]))
    return f"insert at line {place + 1} of {_told(repo, path)}: {text!r}"


@_kind
def latin(repo: LittleMonorepo, edit: Edit) -> str:
    """A comment with a byte that is no UTF-8, in a file that says so, or does not; or the comment goes."""
    path = _source(repo, edit.first)
    if path is None:
        return "nothing"
    coding, remark = "# -*- coding: latin-1 -*-\n", "# caf\udce9\n"
    text = _text(path)
    if remark in text:
        _write(path, text.replace(remark, "").replace(coding, "", 1))
        return f"remove what is no UTF-8 from {_told(repo, path)}"
    lines = text.splitlines(keepends=True)
    place = edit.second % (len(lines) + 1)
    says = edit.third % 4 > 0
    _write(path, "".join([coding * says, *lines[:place], remark, *lines[place:]]))
    return f"insert what is no UTF-8 at line {place + 1} of {_told(repo, path)}{', which says so' * says}"


@_kind
def decorated(repo: LittleMonorepo, edit: Edit) -> str:
    """A comment or blank lines between a decorator and what it decorates; a decorated function, if there is none."""
    path = _source(repo, edit.first)
    if path is None:
        return "nothing"
    text = _text(path)
    if not re.search(r"^ *@\w", text, re.MULTILINE):
        text += "\n\nimport functools\n\n\n@functools.cache\ndef decorated(number: int) -> int:\n    return 1\n"
    lines = text.splitlines(keepends=True)
    places = [index for index, line in enumerate(lines, 1) if re.match(r" *@\w", line)]
    place = places[edit.second % len(places)]
    indent = re.match(" *", lines[place - 1])
    remark = (indent[0] if indent else "") + REMARKS[edit.third % len(REMARKS)]
    _write(path, "".join([*lines[:place], remark, *lines[place:]]))
    return f"insert below the decorator at line {place} of {_told(repo, path)}: {remark!r}"


@_kind
def told_suppressions(repo: LittleMonorepo, edit: Edit) -> str:
    """pylint tells comments that suppress nothing, and no fixme; or the other way round."""
    del edit
    path = repo.tree.root / "configs/pylintrc"
    text, told, others = _text(path), "fixme\nenable=useless-suppression\n", "useless-suppression\n"
    _write(path, text.replace(told, others) if told in text else text.replace(others, told))
    return "toggle useless-suppression in configs/pylintrc"


@_kind
def package(repo: LittleMonorepo, edit: Edit) -> str:
    """A folder that is a package, a namespace package, or not even that; or its `__init__.py` goes."""
    folder = repo.tree.root / FOLDERS[edit.first % len(FOLDERS)]
    if edit.third % 3:
        folder /= MODULES[edit.second % len(MODULES)]
    init = folder / "__init__.py"
    folder.mkdir(parents=True, exist_ok=True)
    if init.exists():
        init.unlink()
        return f"remove {_told(repo, init)}"
    if edit.third % 4 == 0:
        return f"make folder {_told(repo, folder)}"
    init.write_text("VALUE = 1\n" if edit.third % 2 else "")
    return f"write {_told(repo, init)}"


@_kind
def delete(repo: LittleMonorepo, edit: Edit) -> str:
    """Removes a file, or a folder with all that is in it."""
    path = _source(repo, edit.first)
    if path is None:
        return "nothing"
    if edit.second % 6 == 0 and path.parent.name in ("core", "extra", "generated", "tests", *MODULES):
        shutil.rmtree(path.parent)
        return f"remove folder {_told(repo, path.parent)}"
    path.unlink()
    return f"remove {_told(repo, path)}"


@_kind
def rename(repo: LittleMonorepo, edit: Edit) -> str:
    """Gives a file another name, in its folder or in another one."""
    path = _source(repo, edit.first)
    if path is None:
        return "nothing"
    folder = path.parent if edit.third % 2 else repo.tree.root / FOLDERS[edit.third % len(FOLDERS)]
    target = folder / (MODULES[edit.second % len(MODULES)] + path.suffix)
    folder.mkdir(parents=True, exist_ok=True)
    os.replace(path, target)
    return f"rename {_told(repo, path)} to {_told(repo, target)}"


@_kind
def move_import(repo: LittleMonorepo, edit: Edit) -> str:
    """An import statement goes into a function at the end, or back to the top."""
    path = _source(repo, edit.first)
    if path is None:
        return "nothing"
    lines = _text(path).splitlines()
    places = [index for index, line in enumerate(lines) if re.match(r"\s*(import|from) ", line)]
    if not places:
        return "nothing"
    line = lines.pop(places[edit.second % len(places)])
    if edit.third % 2:
        lines += ["", "", f"def late_{len(lines)}() -> None:", f"    {line.strip()}"]
    else:
        lines.insert(1, line.strip())
    _write(path, "\n".join(lines) + "\n")
    return f"move {line.strip()!r} in {_told(repo, path)}"


@_kind
def signature(repo: LittleMonorepo, edit: Edit) -> str:
    """Other types in the first signature that has them."""
    path = _source(repo, edit.first)
    if path is None:
        return "nothing"
    swaps = (
        ("int", "str"),
        ("str", "int"),
        ("-> int", "-> None"),
        ("value: ", "number: "),
        ("def double", "def twice"),
    )
    old, new = swaps[edit.second % len(swaps)]
    _write(path, _text(path).replace(old, new, 1 + edit.third % 2))
    return f"{old} to {new} in {_told(repo, path)}"


@_kind
def same_size(repo: LittleMonorepo, edit: Edit) -> str:
    """Another content of the same size, with the time that the file had."""
    path = _source(repo, edit.first)
    if path is None:
        return "nothing"
    before = path.stat()
    _write(path, _text(path).replace("int", "str").replace("1", "2"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return f"same size and time: {_told(repo, path)}"


@_kind
def layout(repo: LittleMonorepo, edit: Edit) -> str:
    """Comments and blank lines between others, or what black makes of a file for some length of lines."""
    path = _source(repo, edit.first)
    if path is None:
        return "nothing"
    text = _text(path)
    if edit.second % 2:
        length = (40, 60, 88, 120)[edit.third % 4]
        with contextlib.suppress(ValueError):  # black's word for what cannot be parsed
            text = black.format_str(
                text, mode=black.Mode(line_length=length, magic_trailing_comma=bool(edit.third % 3))
            )
        _write(path, text)
        return f"black with lines of {length} in {_told(repo, path)}"
    lines = text.split("\n")
    place = edit.third % len(lines)
    lines[place] += ("  # a comment", "\n\n# a comment", "  # type: ignore", "\n# mypy: ignore-errors")[edit.third % 4]
    _write(path, "\n".join(lines))
    return f"a comment at line {place + 1} of {_told(repo, path)}"


@_kind
def touch(repo: LittleMonorepo, edit: Edit) -> str:
    """A new time, the same content."""
    path = _source(repo, edit.first)
    if path is None:
        return "nothing"
    path.touch()
    return f"touch {_told(repo, path)}"


@_kind
def back(repo: LittleMonorepo, edit: Edit) -> str:
    """A file of the beginning as it was, or all of them."""
    names = sorted(FILES)
    chosen = names if edit.second % 10 == 0 else [names[edit.first % len(names)]]
    repo.tree.write({name: FILES[name] for name in chosen})
    return f"back: {', '.join(chosen) if len(chosen) == 1 else 'everything'}"


@_kind
def generate(repo: LittleMonorepo, edit: Edit) -> str:
    """A module that git ignores: importable, and not checked."""
    places = (
        "projects/alpha/alpha/_version.py",
        "projects/beta/src/beta/_version.py",
        "projects/alpha/generated/things.py",
        "projects/beta/src/generated/other.py",
        "lib/core/acme/core/_version.py",
    )
    path = repo.tree.root / places[edit.first % len(places)]
    if edit.second % 4 == 0:
        path.unlink(missing_ok=True)
        return f"remove {_told(repo, path)}"
    texts = ('VERSION = "1"\n', "VERSION = 1\n", "VERSION: str\n", "def broken(:\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, texts[edit.third % len(texts)])
    return f"generate {_told(repo, path)}: {texts[edit.third % len(texts)]!r}"


@_kind
def install(repo: LittleMonorepo, edit: Edit) -> str:
    """Another version of a package in one of the environments, or a package less."""
    environment = ENVIRONMENTS[edit.first % 2]
    distribution, version = sorted(WHEELS)[edit.second % len(WHEELS)].split("-")
    if edit.third % 3 == 0:
        repo.pip(environment, "uninstall", distribution)
        return f"uninstall {distribution} in {environment}"
    repo.pip(environment, "install", f"{distribution}=={version}")
    return f"install {distribution} {version} in {environment}"


@_kind
def install_library(repo: LittleMonorepo, edit: Edit) -> str:
    """The extra library, editable, into the environment that does not have it; or out of it."""
    if edit.first % 3 == 0:
        repo.pip(ENVIRONMENTS[edit.second % 2], "uninstall", "acme-extra")
        return f"uninstall acme-extra in {ENVIRONMENTS[edit.second % 2]}"
    if not (repo.tree.root / "lib/extra/src/acme/extra/__init__.py").exists():
        return "nothing"
    repo.pip(ENVIRONMENTS[edit.second % 2], "install", "--no-deps", "--editable", str(repo.tree.root / "lib/extra"))
    return f"install acme-extra in {ENVIRONMENTS[edit.second % 2]}"


@_kind
def configure(repo: LittleMonorepo, edit: Edit) -> str:
    """Other settings in a shared configuration, or in a project's own for mypy."""
    choices: tuple[tuple[str, str, str], ...] = (
        ("configs/pylintrc", "fixme", "fixme,\n    missing-function-docstring,unused-import"),
        ("configs/pylintrc", "min-similarity-lines=4", "min-similarity-lines=3"),
        ("configs/mypy.ini", "strict = True", "strict = False"),
        ("configs/mypy.ini", "warn_unreachable = True", "disable_error_code = attr-defined\nmypy_path = tools"),
        ("configs/black.toml", "100", "60"),
        ("configs/isort.cfg", "profile = black", "profile = google"),
        ("configs/isort.cfg", "profile = black", "profile = black\nknown_third_party = acme"),
        ("pyproject.toml", 'configs = "configs"', 'configs = "configs"\nexclude = ["tools/"]'),
        ("pyproject.toml", 'configs = "configs"', 'configs = "configs"\nprojects = ["projects/*"]'),
    )
    name, old, new = choices[edit.first % len(choices)]
    path = repo.tree.root / name
    text = _text(path)
    _write(path, text.replace(new, old) if new in text else text.replace(old, new))
    return f"toggle {new!r} in {name}"


@_kind
def project_config(repo: LittleMonorepo, edit: Edit) -> str:
    """A section for mypy, or another requires-python, in a project's manifest."""
    name = ("lib/core", "projects/alpha", "projects/beta")[edit.first % 3] + "/pyproject.toml"
    text = dedented(str(FILES[name]))
    if edit.second % 3 == 1:
        text += '\n[[tool.mypy.overrides]]\nmodule = "acme.*"\ndisallow_untyped_defs = false\nignore_errors = true\n'
    elif edit.second % 3 == 2:
        text = text.replace('">=3.10"', '">=3.12"')
    (repo.tree.root / name).write_text(text)
    return f"variant {edit.second % 3} of {name}"


@_kind
def link(repo: LittleMonorepo, edit: Edit) -> str:
    """A symbolic link to a module or folder, or it goes."""
    folder = repo.tree.root / ("projects/alpha/alpha", "projects/beta/src", "projects/alpha/tests")[edit.first % 3]
    place = folder / ("linked.py" if edit.second % 2 else "missing_module")
    target = repo.tree.root / ("lib/core/acme/core/values.py" if edit.second % 2 else "lib/core/acme/core")
    if place.is_symlink():
        place.unlink()
        return f"remove link {_told(repo, place)}"
    if place.exists():
        return "nothing"
    folder.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)
    return f"link {_told(repo, place)}"


@_kind
def marker(repo: LittleMonorepo, edit: Edit) -> str:
    """py.typed of the library comes and goes; or a compiled module does."""
    places = ("lib/core/acme/core/py.typed", "projects/alpha/missing_module.abi3.so", "projects/beta/src/new.pyc")
    path = repo.tree.root / places[edit.first % len(places)]
    if path.exists():
        path.unlink()
        return f"remove {_told(repo, path)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return f"write {_told(repo, path)}"


@_kind
def unseen(repo: LittleMonorepo, edit: Edit) -> str:
    """A module comes, or is another one, where no manifest, lock or RECORD tells of it; or a file that imports it."""
    name = sorted(PLACES)[edit.first % len(PLACES)]
    place = PLACES[name]
    user = repo.tree.root / place.file
    if edit.second % 3 == 0 and user.exists():
        user.unlink()
        return f"remove {place.file}"
    version = ("one", "two")[edit.third % 2]
    place.put(repo, version)
    repo.tree.write({place.file: user_of(name)})
    return f"{name}: {version}, and {place.file}"


@_kind
def definition(repo: LittleMonorepo, edit: Edit) -> str:
    """Another definition in a module of a library, of which its users look at one or two."""
    names = sorted(linked_definitions.MODULES)
    return linked_definitions.put(repo.tree, names[edit.first % 3 // 2], edit.second, edit.third)
