"""Modules whose definitions lead to each other in every way that pylint follows: one edit changes one of these."""

from __future__ import annotations

from tests.support.monorepo import Monorepo

LINKS, MORE = "lib/core/acme/core/links.py", "lib/core/acme/core/more_links.py"

# Of each module its definitions in order, and of each of these the texts that it may have.
MODULES: dict[str, tuple[tuple[str, ...], ...]] = {
    LINKS: (
        ("from acme.core.text import Text as Kind", "from acme.core.values import Value as Kind", "Kind = int"),
        ("import enum\nimport functools", "import functools\nimport enum", "import enum, functools"),
        ("def make():\n    return Kind(1)", "def make():\n    return Base()", "def make():\n    return None"),
        (
            'class Base:\n    label = "a"\n\n    def shown(self):\n        return self.label',
            "class Base:\n    def __init__(self):\n        self.shown = 1",
            "class Base:\n    label = 1\n\n    def shown(self, *more):\n        return self.label",
            "class Base:\n    @property\n    def shown(self):\n        return make()",
            "class Base:\n    def shown(self):\n        raise NotImplementedError",
        ),
        ("LIMIT = 3", 'LIMIT = "3"', "LIMIT = make()", "LIMIT: int"),
        (
            "class Derived(Base):\n    pass",
            "class Derived(Base):\n    def shown(self, first):\n        return first",
            "class Derived(Base, Kind):\n    pass",
            "class Derived(Kind):\n    pass",
        ),
        (
            "def configure():\n    item = Base()\n    item.extra = 1",
            "def configure(item):\n    item.extra = 1",
            "def configure():\n    Base.extra = make",
            "def configure():\n    Derived.extra = None",
        ),
        ("CHOICE = make", "if LIMIT:\n    CHOICE = Base\nelse:\n    CHOICE = Derived", "CHOICE = Derived"),
        (
            "def keep(item):\n    return item",
            "def keep(item):\n    return make",
            "def keep(item):\n    @functools.wraps(item)\n    def inner(*all_of_it):\n        return item(*all_of_it)\n"
            "    return inner",
        ),
        ("@keep\ndef kept(first):\n    return first", "def kept(first, second):\n    return first + second"),
        (
            "class Colour(enum.Enum):\n    RED = 1",
            'class Colour(enum.Enum):\n    RED = "1"',
            "class Colour:\n    RED = 1",
        ),
        ("def __getattr__(name):\n    return name", "NOTHING = 1", "def late():\n    global LATE\n    LATE = 1"),
    ),
    MORE: (
        (
            "from acme.core.links import make, Base, LIMIT",
            "from acme.core.links import *",
            "from acme.core import links",
        ),
        ("class Own(Base):\n    pass", "class Own:\n    pass", "def Own():\n    return make()"),
        ("Base.other = 1", "OTHER = 1", "def other():\n    Base.other = make()"),
        ("from dataclasses import dataclass", "def dataclass(item):\n    return item"),
        ("@dataclass\nclass Row:\n    number: int", "@dataclass\nclass Row(Own):\n    number: str"),
        (
            "def through():\n    return make()",
            "def through():\n    return Row(1)",
            "from acme.core.links import kept as through",
        ),
    ),
}
_USES = (
    "from acme.core.links import make\n\nprint(make().bit_length(), make().shown().upper())\n",
    "from acme.core import links\n\nprint(links.Base().extra, links.Base().other, links.LATE, links.NOTHING)\n",
    "from acme.core.links import Derived\n\nprint(Derived().shown(1).real)\n",
    "from acme.core.links import Base\n\n\nclass Sub(Base):\n    def shown(self):\n        return super().shown()\n",
    "from acme.core.links import LIMIT, CHOICE\n\nprint(LIMIT + 1, CHOICE().label.upper())\n",
    "from acme.core import links\n\nprint(links.kept(1), links.Colour.RED.value.real, links.mak)\n",
    "from acme.core import links\n\nprint(getattr(links, 'ma' + 'ke')().nothing, vars(links))\n",
    "from acme.core.more_links import Row, through\n\nprint(Row(1).number.real, through().amount)\n",
    "from acme.core.more_links import *\n\nprint(Own().shown(), LIMIT.real)\n",
    "import acme.core.more_links\n\n\nclass Sub(acme.core.more_links.Own):\n    pass\n\n\nprint(Sub(1).shown())\n",
)
_FOLDERS = ("projects/alpha/alpha", "lib/extra/src/acme/extra")
USERS = {f"{folder}/use_{number}.py": text for number, text in enumerate(_USES) for folder in _FOLDERS}


def put(tree: Monorepo, module: str, place: int, choice: int) -> str:
    """Write another definition at one place of a module, or move it to the end; what was done, in words.

    The modules and their users are written where they are not there.
    """
    for name, parts in MODULES.items():
        if not (tree.root / name).exists():
            tree.write({name: _text(name, [0] * len(parts))})
    tree.write({name: text for name, text in USERS.items() if not (tree.root / name).exists()})
    head = (tree.root / module).read_text("utf-8", "surrogateescape").partition("\n")[0]
    known = [int(number) for number in head.removeprefix("# ").split() if number.isdigit()]
    chosen = known if len(known) == len(MODULES[module]) else [0] * len(MODULES[module])
    place %= len(chosen)
    chosen[place] = choice % len(MODULES[module][place])
    text = _text(module, chosen)
    (tree.root / module).write_text(text, "utf-8", "surrogateescape")
    return f"{module}: {MODULES[module][place][chosen[place]]!r}"


def _text(module: str, chosen: list[int]) -> str:
    parts = (texts[number] for texts, number in zip(MODULES[module], chosen))
    return "\n\n\n".join((f"# {' '.join(map(str, chosen))}", *parts)) + "\n"
