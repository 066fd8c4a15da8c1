"""pyfmt's own rules: what each means, and why it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyfmt.core.model import Finding, Outcome, Severity

TOOL = "pyfmt"  # the tool of findings that pyfmt itself makes


@dataclass(frozen=True, slots=True)
class OwnCheck:
    """What came of a check of pyfmt's own rules, and what there is to say besides."""

    outcome: Outcome
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of pyfmt's own; `what` and `why` are paragraphs, `cure` says how to mend a finding."""

    id: str
    symbol: str
    severity: Severity
    title: str  # one sentence without a full stop
    what: str
    why: str
    cure: str

    def finding(self, path: str, line: int, message: str, project: str, **more: Any) -> Finding:
        """A finding of this rule about a line; `more` are further fields of it, such as the columns."""
        place: dict[str, Any] = {"column": None, "end_line": None, "end_column": None, **more}
        return Finding(
            path=path,
            line=line,
            tool=TOOL,
            rule=self.id,
            symbol=self.symbol,
            severity=self.severity,
            message=message,
            project=project,
            **place,
        )


UNREADABLE = Rule(
    "PYF000",
    "unreadable-imports",
    Severity.ERROR,
    "the imports of this file cannot be read",
    "The file is neither Python that can be parsed nor a text that can be split into statements, so pyfmt does not "
    "know what it imports. A file in a newer syntax than that of the Python that runs pyfmt is no such file: its "
    "import statements are read one by one.",
    "What was not checked is never reported as clean.",
    "Mend the syntax error that the message names; the other tools report it as well.",
)
PROJECT_IMPORTS_PROJECT = Rule(
    "PYF001",
    "project-imports-project",
    Severity.ERROR,
    "a project imports the code of another project",
    "A folder that counts as a project (`projects` in [tool.pyfmt.boundaries]) imports a module that belongs to "
    "another such folder: by its name, by its path from the monorepo's root, or relatively. Imports below `if "
    "TYPE_CHECKING` and inside functions count, and so do `importlib.import_module` and `__import__` with a literal "
    "name.",
    "Each project is deployed by itself, with its own environment. Code that reaches into another project works "
    "only where both lie side by side, gets packages that its own environment does not promise, and makes it "
    "impossible to change or deploy one project without the other.",
    "Move what both need into a library, or talk to the other project through its interface. A deliberate exception "
    "goes into `allow` of [tool.pyfmt.boundaries], with its reason.",
)
LIBRARY_IMPORTS_PROJECT = Rule(
    "PYF002",
    "library-imports-project",
    Severity.ERROR,
    "a library imports the code of a project",
    "A folder that counts as a library (`libraries` in [tool.pyfmt.boundaries]) imports a module of a folder that "
    "counts as a project. Imports below `if TYPE_CHECKING` and inside functions count.",
    "Dependencies go from projects to libraries. A library that imports a project can be used by no other project, "
    "and everything that uses the library depends on that project from then on.",
    "Hand the library what it needs (an argument, a callback, a protocol), or move the code into a library.",
)
UNDECLARED_DEPENDENCY = Rule(
    "PYF003",
    "undeclared-library",
    Severity.ERROR,
    "an internal library is imported but is no declared dependency",
    "The file imports a module of one of the monorepo's libraries, and no manifest of the file's own project "
    "(pyproject.toml, "
    "setup.cfg, setup.py, Pipfile, requirements*.txt or .in; any group) names that library. That another dependency "
    "brings it, or that a lock file holds it, is not enough. It is reported once for each file and library. Where the "
    "dependencies are computed when the project is built, they are not known, and nothing is reported.",
    "The import works only by chance: in a fresh environment, in a container, or after the other dependency has "
    "dropped the library, it fails. Tools that ask what a change affects cannot see it.",
    "Add the library to the project's dependencies, or stop importing it.",
)
LIBRARY_CYCLE = Rule(
    "PYF004",
    "library-cycle",
    Severity.WARNING,
    "libraries import each other in a cycle",
    "The import is part of a cycle between libraries: by following imports from library to library one comes back "
    "to this one. It is reported at the first import of each library of the cycle that leads to the next. "
    "Imports below `if TYPE_CHECKING` count; those of tests (folders `test` and `tests`, test_*.py, *_test.py, "
    "conftest.py) do not, since nobody imports a library's tests.",
    "Libraries in a cycle are one library in truth: none can be installed, tested, released or understood without the "
    "others, and an import at the wrong moment finds a half-made module.",
    "Move what both need into a third library, or turn one direction round by handing the value in.",
)
USELESS_DIRECTIVE = Rule(
    "PYF010",
    "useless-format-comment",
    Severity.WARNING,
    "a comment that holds back black or isort holds back nothing",
    "`# fmt: off`, `# fmt: on`, `# fmt: skip`, `# isort: off`, `# isort: on`, `# isort: skip` or `# isort: skip_file` "
    "can be removed, and black and isort write the same text as before, but for blank lines beside the comment. An "
    "`off` is judged together with the `on` that ends it. All comments that are reported for a file can be removed "
    "together: where one of two is enough, the first one is reported. It is reported only where `--unused-ignores` is "
    "given.",
    "A comment that suppresses nothing today hides the next change of its lines from the formatters, and lets readers "
    "believe in a layout that needs protection where there is none. Often it never worked: black heeds `# fmt: skip` "
    "only at the end of a statement, and `# fmt: off` only on a separate line.",
    "Remove the comment, or both of the pair.",
)

SEVERAL_VERSIONS = Rule(
    "PYF020",
    "several-versions",
    Severity.ERROR,
    "a distribution has another version here than in the other projects",
    "A distribution that `one-version` of [tool.pyfmt.versions-policy] names has several versions in the monorepo. "
    "What the project's lock file says counts; where it has none, what is installed in its environment. The version "
    "that most projects have is taken for the one, of two the newer; each project with another one is reported.",
    "Services that talk to each other, or share a library, are tested with one version and deployed with another: "
    "what works in one of them fails in the next (grpcio and protobuf), and one security update becomes several.",
    "Lock the version of the others. The notes say whose constraint keeps it apart, and where that stands; `pyfmt "
    "versions` shows them all.",
)
SEVERAL_INTERNAL_VERSIONS = Rule(
    "PYF021",
    "several-internal-versions",
    Severity.ERROR,
    "a library of the monorepo has another version than the others",
    'With `internal = "one"` in [tool.pyfmt.versions-policy] all libraries of the monorepo (projects that others '
    "depend on) have one version. The one that most of them have is taken for it, of two the newer. A version that is "
    "computed when the library is built is not known and not compared.",
    "One version says which libraries belong together; with a stray one that promise is void.",
    'Give the library the version of the others, or choose `internal = "each"`.',
)
INTERNAL_VERSION_BEHIND = Rule(
    "PYF022",
    "internal-version-behind",
    Severity.ERROR,
    "a project uses another version of an internal library than the monorepo has",
    "The project's lock file or its environment has a library of the monorepo from an index, in another version than "
    "the library's own manifest says. A library that is installed from its folder is what is there, whatever number "
    "a lock has noted.",
    "A change of the library does not reach the project: it is tested with code that is no longer in the repository.",
    "Lock it again, or depend on the library's folder.",
)

# Those that `allow` of [tool.pyfmt.boundaries] can except imports from.
BOUNDARY_RULES = (PROJECT_IMPORTS_PROJECT, LIBRARY_IMPORTS_PROJECT, UNDECLARED_DEPENDENCY, LIBRARY_CYCLE)
VERSION_RULES = (SEVERAL_VERSIONS, SEVERAL_INTERNAL_VERSIONS, INTERNAL_VERSION_BEHIND)
RULES = (UNREADABLE, *BOUNDARY_RULES, USELESS_DIRECTIVE, *VERSION_RULES)


def own_rule(name: str) -> Rule | None:
    """The rule with this id (in any case) or symbol; None where there is none."""
    return next((rule for rule in RULES if name.upper() == rule.id or name == rule.symbol), None)
