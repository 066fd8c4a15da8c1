"""The nouns of a checkout and of what is done with it: frozen values without I/O.

Paths named `path`, `files` or `folder` are relative to the monorepo's root and use `/` ("." is the root itself);
absolute paths say so in their docstring.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from pyfmt.core.cells import CellPlace
from pyfmt.core.policies import AffectedRules, Boundaries, VersionsPolicy
from pyfmt.core.release import ToolRelease
from pyfmt.core.remote_cache import RemoteCache


class Severity(str, Enum):
    """How bad a finding is; the order of the members is from worst to mildest."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for error, 1 for warning, 2 for info."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class PythonVersion:
    """A Python's version and implementation ("CPython", "PyPy")."""

    major: int
    minor: int
    micro: int = 0
    implementation: str = "CPython"

    @property
    def short(self) -> str:
        """ "3.11"."""
        return f"{self.major}.{self.minor}"

    def __str__(self) -> str:
        name = "" if self.implementation == "CPython" else f"{self.implementation} "
        return f"{name}{self.major}.{self.minor}.{self.micro}"


@dataclass(frozen=True, slots=True)
class Edge:
    """A project that another one depends on directly, and the files that say so: "pyproject.toml", "poetry.lock"."""

    target: str  # Project.path
    through: tuple[str, ...]  # relative to the dependent project's folder where they lie in it


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a manifest (pyproject.toml, setup.py or setup.cfg) and the Python files that it owns."""

    name: str  # unique in the monorepo: the distribution's name, or the folder where two would share it
    path: str
    files: tuple[str, ...] = ()  # .py and .pyi, sorted; nested projects' files are theirs
    distribution: str | None = None  # PEP 503 normalised
    requires_python: str | None = None
    import_roots: tuple[str, ...] = ()  # folders that belong on the search path: the project, its src, ...
    first_party: tuple[str, ...] = ()  # top-level importable names of this project
    depends_on: tuple[str, ...] = ()  # `path`s of the projects it depends on, directly
    # What else an import could find here and nobody checks: .py and .pyi that git ignores (generated ones), links,
    # compiled modules, py.typed, and folders without any of these (with a "/" at the end).
    hidden: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()  # the manifest and lock files that were read
    requires: tuple[str, ...] = ()  # PEP 503 names of what its manifest asks for, in any group
    edges: tuple[Edge, ...] = ()  # `depends_on` with the reasons, in the same order
    build_requires: tuple[str, ...] = ()  # PEP 503 names of what there is where it is built
    needs: tuple[str, ...] = ()  # PEP 508 lines of its main group: what it cannot do without
    version: str | None = None  # as its manifest says it; None where that is computed
    computed: bool = False  # it computes (some of) its dependencies: what it declares is not all known
    # Known only where boundaries are configured:
    declares: tuple[str, ...] = ()  # `path`s of the projects that its manifests name, lock files left out
    declared_names: tuple[str, ...] = ()  # PEP 503 names of what its manifests and requirements files ask for
    notebooks: tuple[str, ...] = ()  # .ipynb, sorted: nobody imports one, so they are none of the `files`

    @property
    def checked(self) -> tuple[str, ...]:
        """All that tools are asked about."""
        return self.files + self.notebooks


@dataclass(frozen=True, slots=True)
class Distribution:
    """One installed distribution, as its metadata says."""

    name: str  # PEP 503 normalised
    version: str
    source: str | None = None  # absolute folder, if installed from one (direct_url.json, PEP 610)
    editable: bool = False


class Health(str, Enum):
    """Whether an environment can be used for linting."""

    OK = "ok"
    WARNING = "warning"  # usable, but something is off: say it
    BROKEN = "broken"  # not usable


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, as read from disk without running it; all paths are absolute.

    `search_path` is what `sys.path` is in its interpreter (standard library included, no script folder).
    `finder_roots` are folders to add for static tools, since setuptools' import hooks provide packages from there;
    `remapped` is what they provide under another name than its folder's, which no search path can express.
    `fingerprint` changes exactly when what a tool could see of the installed packages changes; it holds no path.
    """

    name: str  # for reports: relative to the root where inside, else the folder's name
    prefix: str
    python: PythonVersion
    base_executable: str
    search_path: tuple[str, ...]
    site_packages: tuple[str, ...]
    finder_roots: tuple[str, ...] = ()
    remapped: tuple[tuple[str, str], ...] = ()  # (module, path): import hooks that give a folder another name
    distributions: tuple[Distribution, ...] = ()
    fingerprint: str = ""
    health: Health = Health.OK
    reason: str = ""  # why the health is not OK, one line
    cure: str = ""
    standalone: bool = False  # no virtual environment: the standard library, and the monorepo's own code


@dataclass(frozen=True, slots=True)
class Candidate:
    """An environment that was looked at for a project and passed over."""

    prefix: str  # absolute
    rule: str
    reason: str
    cure: str = ""


# Rules by which a project has an environment of others: of its dependents, of a folder above, of the main work tree.
DEPENDENT, INHERITED, MAIN_WORK_TREE = "dependent", "inherited", "main work tree"
BORROWED = (DEPENDENT, INHERITED, MAIN_WORK_TREE)


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which environment a project has, by which rule, and what was passed over on the way."""

    project: str  # Project.path
    environment: Environment | None
    rule: str  # "setting", "poetry", "uv workspace", ".venv", INHERITED, DEPENDENT, ... ; "" where None
    note: str = ""  # one line that a report should say, e.g. "inherited from lib/.venv"
    passed_over: tuple[Candidate, ...] = ()
    unread: tuple[str, ...] = ()  # "FILE cannot be read: WHY" of each file that might have named another environment
    # Rule DEPENDENT: the prefixes of the other dependents' environments; `environment` is that of the first by path.
    others: tuple[str, ...] = ()
    named: bool = False  # it lies outside of the checkout, and a file or a link of that leads there


@dataclass(frozen=True, slots=True)
class ToolConfig:
    """Where a tool's shared configuration stands: one file for the whole monorepo."""

    tool: str
    path: str  # absolute path of the file
    origin: str  # "configs", "root" or "built-in"
    follows: str = ""  # absolute path of the configuration that it agrees with, having none (`Tool.follows`)
    release: ToolRelease | None = None  # that runs; None: the one that pyfmt brings


@dataclass(frozen=True, slots=True)
class Override:
    """One `[[tool.pyfmt.overrides]]`: rules to drop or severities to change below some paths."""

    paths: tuple[str, ...]  # gitignore-style patterns
    disable: tuple[str, ...] = ()  # rule ids, symbols, or "tool" names
    severity: tuple[tuple[str, Severity], ...] = ()  # rule -> severity; "*" for all
    base: str = "."  # the folder that the patterns count from: a project's, for one of its own
    project: str | None = None  # Project.name, for one of its own: it holds for no other's findings


@dataclass(frozen=True, slots=True)
class Config:
    """The resolved configuration of a run."""

    root: Path  # absolute, symlinks resolved
    file: Path | None  # where [tool.pyfmt] was read, None if nowhere
    projects: tuple[str, ...] = ()  # globs; empty: every folder with a manifest
    exclude: tuple[str, ...] = ()  # gitignore-style patterns
    tools: tuple[str, ...] = ()  # by name
    versions: tuple[tuple[str, str], ...] = ()  # tool -> the version that is chosen, or "lock"
    tool_configs: tuple[ToolConfig, ...] = ()
    environments: tuple[tuple[str, str], ...] = ()  # project path or name -> environment's path
    groups: tuple[str, ...] | None = None  # that `pyfmt envs create` installs; None: what files may import
    extras: tuple[str, ...] | None = None
    jobs: int = 1
    timeout: float = 600.0  # seconds for one unit
    fail_on: Severity = Severity.INFO
    overrides: tuple[Override, ...] = ()
    cache_dir: Path | None = None
    remote_cache: RemoteCache = RemoteCache()
    boundaries: Boundaries | None = None  # None: not checked
    versions_policy: VersionsPolicy | None = None  # the same
    affected: AffectedRules = AffectedRules()
    in_dependents: bool = True  # `check-in-dependents`: libraries are judged in the environments of their dependents
    baseline: bool = False  # only findings that no project's baseline accepts make a run fail
    merge_equivalent: bool = True  # what several tools say of one fault is one finding
    notebooks: bool = True  # Jupyter notebooks are formatted and linted
    server: str = "auto"  # "off": no worker outlives its run
    project_settings: tuple[str, ...] = ()  # the keys that a project may set in its own [tool.pyfmt]
    project_schema: str | None = None  # the file of a JSON schema of all [tool.pyfmt.project], relative to the root
    project_tools: tuple[tuple[str, tuple[str, ...]], ...] = ()  # project path -> its own, of those that were asked for
    notes: tuple[str, ...] = ()  # what of the configuration is not used, and where the root was taken from
    origins: tuple[tuple[str, str], ...] = ()  # key -> where its value comes from

    @property
    def own_rules(self) -> bool:
        """Whether rules of pyfmt itself are configured."""
        return self.boundaries is not None or self.versions_policy is not None

    def tools_of(self, project: str) -> tuple[str, ...]:
        """The tools that run for the project at a path."""
        return dict(self.project_tools).get(project, self.tools)

    def choices(self, projects: Iterable[Project]) -> dict[str, tuple[str, ...]]:
        """The tools of each project by its path; {} where none has chosen any itself."""
        return {project.path: self.tools_of(project.path) for project in projects} if self.project_tools else {}

    def tool_config(self, tool: str) -> ToolConfig:
        """The shared configuration of `tool`; raises KeyError for an unknown one."""
        for config in self.tool_configs:
            if config.tool == tool:
                return config
        raise KeyError(tool)


@dataclass(frozen=True, slots=True)
class Part:
    """The share of one project in a unit."""

    project: Project
    files: tuple[str, ...]  # whose findings are reported
    context: tuple[str, ...] = ()  # further files that the tool must take into account, not reported
    # False: files of a library in a dependent's environment. Rules about a project as a whole are checked at home only.
    home: bool = True
    # File -> names of further environments in which it sees the same, so that the findings hold there, too.
    answers_for: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of work: one tool over files of projects that share one environment."""

    tool: str
    environment: Environment | None  # None for formatters
    parts: tuple[Part, ...]
    number: int = 0  # tells units of the same tool and environment apart

    @property
    def projects(self) -> tuple[str, ...]:
        """The names of the projects, in order."""
        return tuple(part.project.name for part in self.parts)

    @property
    def files(self) -> tuple[str, ...]:
        """All files whose findings are reported."""
        return tuple(file for part in self.parts for file in part.files)

    @property
    def brief(self) -> str:
        """Where there is little room: "pylint billing"."""
        names = [part.project.name for part in self.parts if part.files]
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        return f"{self.tool} {shown}"

    @property
    def label(self) -> str:
        """For progress and failures: "pylint billing (projects/billing/.venv)"."""
        return self.brief + (f" ({self.environment.name})" if self.environment else "")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a linter says about a place; line and columns are 1-based, columns count characters.

    `end_column` is exclusive. None where the tool does not say. `syntax` marks that the file cannot be parsed. In a
    notebook they are those of the .ipynb file, and `cell` has them as a reader of the notebook counts.
    """

    path: str
    line: int
    column: int | None
    end_line: int | None
    end_column: int | None
    tool: str
    rule: str  # pylint's message id or mypy's code
    symbol: str  # pylint's name; mypy's code again
    severity: Severity
    message: str
    project: str  # Project.name
    environments: tuple[str, ...] = ()  # Environment.name, sorted
    notes: tuple[str, ...] = ()  # further lines attached to the message
    also: tuple[str, ...] = ()  # other files that it is about (duplicate code, import cycles)
    syntax: bool = False
    baselined: bool = False  # accepted by a baseline: shown, but no failure
    cell: CellPlace | None = None
    equivalents: tuple[Finding, ...] = ()  # what other tools say of the same fault; their findings are no others
    # (tool, symbol) of rules of other tools that mean the same, and that a comment on its line suppresses
    suppressed_by: tuple[tuple[str, str], ...] = ()

    @property
    def parts(self) -> tuple[Finding, ...]:
        """What each tool says: this one's own words, then its equivalents."""
        return (replace(self, equivalents=()), *self.equivalents) if self.equivalents else (self,)

    def marked(self, baselined: bool) -> Finding:
        """The finding as a baseline judges it: what other tools say of the fault is accepted with it, or none of it."""
        said = tuple(replace(each, baselined=baselined) for each in self.equivalents)
        return replace(self, baselined=baselined, equivalents=said)


def by_place(finding: Finding) -> tuple[str, int, int, str, str]:
    """By what the findings of a tool are sorted."""
    return finding.path, finding.line, finding.column or 0, finding.rule, finding.message


@dataclass(frozen=True, slots=True, order=True)
class Accepted:
    """A finding as a baseline knows it again, wherever its lines went; a baseline is a multiset of these."""

    path: str  # of the file, relative to the root
    tool: str
    rule: str
    message: str  # without digits
    scope: str  # the enclosing classes and functions, "Class.method"; "" for the module
    line: str  # digest of the source line without white space


@dataclass(frozen=True, slots=True)
class Edit:
    """A file that a formatter changed, or would change."""

    path: str
    tools: tuple[str, ...]
    project: str
    written: bool = False
    diff: str = ""  # unified diff, only where asked for
    digest: str = ""  # SHA-256 of what was written, where it is in order now


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that was not checked, and why: a tool that crashed, timed out, or could not be read."""

    tool: str
    projects: tuple[str, ...]
    environment: str
    reason: str  # one line
    detail: str = ""  # the last lines that the tool said


@dataclass(frozen=True, slots=True)
class Skip:
    """A tool that did not run for a project, and why (with the cure)."""

    project: str
    tool: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a unit; `started` and `ended` are moments of the monotonic clock, 0.0 where they are not known.

    `seconds` is the time spent on it: with several processes on one unit, more than lies between the two. `waited` is
    the part in which a worker had to start. `cpu` are its tool's seconds of a processor, 0.0 where nobody counted them.
    """

    unit: Unit
    findings: tuple[Finding, ...] = ()
    edits: tuple[Edit, ...] = ()
    failures: tuple[Failure, ...] = ()
    seconds: float = 0.0
    cached: bool = False
    started: float = 0.0
    ended: float = 0.0
    waited: float = 0.0
    cpu: float = 0.0
    pieces: tuple[tuple[float, float], ...] = ()  # (started, ended) of what each of several processes did
