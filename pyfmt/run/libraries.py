"""Which files of libraries are judged in the environments of those who use them, found by reading imports alone."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pyfmt import disk
from pyfmt.cache.import_lists import ImportLists
from pyfmt.cache.keys import portable
from pyfmt.cache.remembered import MemoKind
from pyfmt.core import planning
from pyfmt.core.away import Away, Libraries, Use, shared
from pyfmt.core.folders import above
from pyfmt.core.graphs import closure
from pyfmt.core.model import DEPENDENT, Environment, Health, Project
from pyfmt.core.own_files import is_own
from pyfmt.core.tool_values import EVERYTHING
from pyfmt.imports.graph import Home, ImportGraph
from pyfmt.imports.index import modules_of
from pyfmt.imports.reachable import Reachable
from pyfmt.run.scoping import Chosen
from pyfmt.run.sight import InstalledContents, Sight, real_path
from pyfmt.run.workspace import RunContext


def with_libraries(work: planning.Work, run: RunContext) -> planning.Work:
    """What there is to plan, with the libraries that are judged away from home."""
    return replace(work, libraries=find_libraries(run, work.home))


def also_judged(
    work: planning.Work, run: RunContext, allowed: Mapping[str, Sequence[str]], chosen: Chosen
) -> tuple[Chosen, planning.Work]:
    """The same with those files of libraries that look another way since a commit, though they did not change.

    `allowed` are all files that may be selected. Another environment than before is that of a project whose installed
    packages differ; and what a file with new imports reaches may be judged in its environment for the first time.
    """
    finder = _Finder(run, work.home)
    selected = {path: set(files) for path, files in work.selected.items()}
    for prefix, libraries in work.libraries.away.items():
        renewed = any(project.path in chosen.relocked for project in finder.residents(prefix))
        files = {file for each in libraries for file in each.files}
        seen = files if renewed else finder.reached_from(prefix, chosen.gained, files)
        for each in libraries:
            more = seen.intersection(each.files, allowed.get(each.project.path, ()))
            if more:
                selected.setdefault(each.project.path, set()).update(more)
    lint = {path: tuple(sorted(files)) for path, files in selected.items()}
    return replace(chosen, lint=lint), replace(work, selected=lint)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One environment that judges a file, and why."""

    environment: str  # its name
    why: str


def judgements(file: str, project: Project, run: RunContext) -> list[Judgement]:
    """All environments that judge a file of a project, home first."""
    finder = _Finder(run)
    resolution = finder.resolutions[project.path]
    if resolution.environment is None:
        return []
    home = "home" if not resolution.others else "one of its dependents, since it has no environment"
    found = [Judgement(resolution.environment.name, home)]
    for prefix, libraries in sorted(finder.answer().away.items()):
        for each in libraries:
            if each.project.path == project.path and file in each.files:
                why = home if prefix in resolution.others else finder.way(prefix, file)
                shared = (
                    "" if file in each.asked else "; it sees there what it sees in one of the others, and is asked once"
                )
                found.append(Judgement(finder.environments[prefix].name, why + shared))
    return found


def find_libraries(run: RunContext, projects: Sequence[Project] | None = None) -> Libraries:
    """The libraries of all environments; nothing is read where no environment sees a library of another one."""
    return _Finder(run, projects).answer()


@dataclass(frozen=True, slots=True)
class _KeptLibraries:
    """What is found, with environments by their names: no path of this machine."""

    away: list[tuple[str, str, tuple[str, ...], tuple[str, ...], frozenset[str], bool]]  # as Away, after who judges
    answers: list[tuple[str, str, tuple[str, ...]]]
    agreed: frozenset[str]
    looked: list[tuple[tuple[str, int], str]]  # names that were looked at, in which site folder
    total: str  # of what is installed there


_KEPT = MemoKind("libraries", 8, _KeptLibraries, shared=False)  # site folders are this machine's


class _Finder:
    def __init__(self, run: RunContext, projects: Sequence[Project] | None = None) -> None:
        """`projects`, of those that were named, where they have more files than those of the workspace."""
        space = run.space
        self._config, self._stray = space.config, space.survey.stray
        self.resolutions = {found.project: found for found in space.resolutions}
        rooted = run.imports.rooted(space.projects if projects is None else projects, self.resolutions)
        self._projects = {project.path: project for project in rooted}  # with the import roots that they have at home
        self._memory = run.memory
        self._facts = run.facts
        self.environments: dict[str, Environment] = {}
        self._homes: dict[str, list[Project]] = {}  # by environment's prefix
        for project in rooted:
            found = self.resolutions.get(project.path)
            environment = found.environment if found else None
            if environment is None or environment.health is Health.BROKEN or environment.standalone:
                continue
            if project.checked:
                self.environments.setdefault(environment.prefix, environment)
                self._homes.setdefault(environment.prefix, []).append(project)

    # -- who sees whom

    @cached_property
    def _seen(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """(environment's prefix, library's path) -> the folders of the library that the environment has."""
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        owned = {p.path for p in self._projects.values() if p.files and p.path in self._homed}
        ordered = sorted(owned)
        for prefix, environment in self.environments.items():
            folders: dict[str, list[str]] = {}
            for folder in self._folders(environment):
                for path in {*_below(folder, ordered), *owned.intersection((folder, *above(folder)))}:
                    folders.setdefault(path, []).append(folder)
            for path in sorted(folders.keys() - {project.path for project in self._homes[prefix]}):
                found[prefix, path] = tuple(folders[path])
        return found

    @cached_property
    def _homed(self) -> frozenset[str]:
        """The projects that have a usable environment: what is skipped at home is not judged elsewhere either."""
        return frozenset(project.path for projects in self._homes.values() for project in projects)

    def _folders(self, environment: Environment) -> tuple[str, ...]:
        """What an environment has of the monorepo's folders, relative to the root."""
        remapped = (path if disk.is_dir(path) else os.path.dirname(path) for _, path in environment.remapped)
        entries = (*environment.search_path, *environment.finder_roots, *remapped)
        places = (self._inside(path) for path in entries if path not in environment.site_packages)
        return tuple(dict.fromkeys(place for place in places if place is not None))

    def _inside(self, path: str) -> str | None:
        real, root = real_path(path), self._facts.root
        if real == root:
            return "."
        return real[len(root) + 1 :].replace(os.sep, "/") if real.startswith(root + os.sep) else None

    @cached_property
    def libraries(self) -> frozenset[str]:
        """The paths of the projects that an environment of others has on its search path."""
        return frozenset(path for _, path in self._seen)

    # -- what is not judged

    @cached_property
    def blind(self) -> dict[str, tuple[str, ...]]:
        """Libraries' paths, with those of the dependents that have no usable environment."""
        found: dict[str, list[str]] = {}
        depends_on = {path: project.depends_on for path, project in self._projects.items()}
        for project in self._projects.values():
            if project.checked and project.path not in self._homed:
                for path in self._homed.intersection(closure([project.path], depends_on)):
                    found.setdefault(path, []).append(project.path)
        return {path: tuple(sorted(paths)) for path, paths in found.items()}

    # -- the answer

    def answer(self) -> Libraries:
        """The libraries of all environments, remembered."""
        if not self._config.in_dependents:
            return Libraries(unasked=self.libraries)
        if not self.libraries:
            return Libraries(blind=self.blind)
        table = self._memory.table
        installed = InstalledContents(table)

        def holds(_: str, known: _KeptLibraries) -> bool:
            looked = [(self._sites.get(site, ""), name) for site, name in known.looked]
            return installed.total(looked) == known.total

        def by_imports(_: Sequence[str]) -> dict[str, _KeptLibraries]:
            """Where files import what they imported before, whatever else is in them."""
            found = table.remembered(
                _KEPT, ["by imports"], self._imported, lambda _: {"by imports": self._find(installed)}, holds
            )
            return {"by contents": found["by imports"]}

        found = table.remembered(_KEPT, ["by contents"], self._inputs, by_imports, holds)
        return replace(self._restored(found["by contents"]), blind=self.blind)

    def _imported(self, _: str, _digest: Callable[[str], bytes]) -> dict[str, object]:
        """All that the answer depends on, of files what they import."""
        every = [*self._projects.values(), self._stray]
        imports = self._imports.digests({project: (*modules_of(project), *project.notebooks) for project in every})
        listed = self._facts.sources.listed(EVERYTHING)
        return {**self._setting, "which files there are": listed, "what files import": imports}

    def _inputs(self, _: str, digest: Callable[[str], bytes]) -> dict[str, object]:
        """All that the answer depends on."""
        notebooks = [[file, digest(file)] for p in self._projects.values() for file in p.notebooks]
        return {**self._setting, "sources": self._facts.sources.below(EVERYTHING), "notebooks": notebooks}

    @cached_property
    def _setting(self) -> dict[str, object]:
        """What the answer depends on beside the contents of files."""
        root = self._facts.root
        environments = []
        for prefix, environment in sorted(self.environments.items()):
            path = [
                portable(entry, environment, root) for entry in (*environment.search_path, *environment.finder_roots)
            ]
            remapped = [[name, portable(place, environment, root)] for name, place in environment.remapped]
            plain = [
                environment.name,
                environment.fingerprint,
                str(environment.python),
                self._facts.trusted(environment),
            ]
            environments.append([*plain, path, remapped, [project.path for project in self._homes[prefix]]])
        projects = [[p.name, p.path, p.files, p.import_roots] for p in self._projects.values()]
        rules = [[r.project, r.rule, r.others] for _, r in sorted(self.resolutions.items())]
        return {
            "pyfmt and its tools": self._facts.tools,
            "environments": environments,
            "projects": projects,
            "rules": rules,
        }

    def way(self, prefix: str, file: str) -> str:
        """How an environment's own files come to a library's file."""
        own, visible = self._residents(prefix)
        first, *rest = self._reachable.chain(own, file, lambda each: each in own or visible(each)) or [file]
        through = f" through {', '.join(rest[:-1])}" if rest[:-1] else ""
        return f"reached from {first}{through}"

    def _find(self, installed: InstalledContents) -> _KeptLibraries:
        """Read the imports of all files, and share the answers: they hold while the places that are named are as they
        were."""
        uses, agreed = self._uses(self._reachable)
        sight = Sight(installed, self._facts, self._reachable, self._library_files())
        found = shared(uses, sight, agreed)
        files = {file for _, file in found.answers}  # of the others each environment is asked, whatever it has
        each = [use for library in uses for use in library]
        places = (sight.places(use, file) for use in each for file in files.intersection(use.files))
        looked = sorted(frozenset().union(*places))
        names = {prefix: environment.name for prefix, environment in self.environments.items()}
        sites = {site: place for place, site in self._sites.items()}
        return _KeptLibraries(
            [
                (names[prefix], a.project.path, a.project.import_roots, a.files, a.asked, a.as_whole)
                for prefix, libraries in found.away.items()
                for a in libraries
            ],
            [(names[prefix], file, others) for (prefix, file), others in found.answers.items()],
            found.agreed,
            [(sites[site], name) for site, name in looked],
            installed.total(looked),
        )

    def _restored(self, known: _KeptLibraries) -> Libraries:
        prefixes = {environment.name: prefix for prefix, environment in self.environments.items()}
        away: dict[str, tuple[Away, ...]] = {}
        for name, path, roots, files, asked, as_whole in known.away:
            each = Away(replace(self._projects[path], import_roots=roots), files, asked, as_whole)
            away[prefixes[name]] = (*away.get(prefixes[name], ()), each)
        return Libraries(away, {(prefixes[name], file): others for name, file, others in known.answers}, known.agreed)

    @cached_property
    def _sites(self) -> dict[tuple[str, int], str]:
        """The site folders, by environment's name and number; one that several have (the system's) is each one's."""
        each = self.environments.values()
        return {(one.name, number): site for one in each for number, site in enumerate(one.site_packages)}

    @cached_property
    def _imports(self) -> ImportLists:
        memory = self._memory
        return ImportLists(memory.imports, memory.table, [*self._projects.values(), self._stray])

    @cached_property
    def _reachable(self) -> Reachable:
        read = self._imports
        projects = [*self._projects.values(), replace(self._stray, path="")]
        homes = [Home(p.path, tuple(modules_of(p)), p.import_roots or (".",), p.notebooks) for p in projects]
        owners = {file: home.path for home in homes for file in home.files + home.notebooks}
        return Reachable(ImportGraph(homes, read), read, owners)

    def _library_files(self) -> frozenset[str]:
        return frozenset(file for path in self.libraries for file in modules_of(self._projects[path]))

    def _uses(self, reach: Reachable) -> tuple[list[list[Use]], set[str]]:
        """What each environment judges of each library, home first; and the files in which a package is missing only if
        all lack it."""
        reached = {prefix: self._reached(prefix, reach) for prefix in self.environments}
        uses: list[list[Use]] = []
        agreed: set[str] = set()
        for path in sorted(self.libraries):
            project, resolution = self._projects[path], self.resolutions[path]
            assert resolution.environment is not None, path
            home = self.environments[resolution.environment.prefix]
            found = [Use(home, project, project.files, True)]
            anywhere: set[str] = set(reached[home.prefix]) if resolution.others else set()
            for prefix in sorted(prefix for prefix, seen in self._seen if seen == path):
                everything = prefix in resolution.others
                wanted = project.files if everything else reached[prefix].intersection(project.files)
                anywhere |= reached[prefix]
                if wanted:
                    seen = self._seen[prefix, path]
                    away = project if everything else replace(project, import_roots=self._roots(project, seen))
                    found.append(Use(self.environments[prefix], away, tuple(sorted(wanted)), False))
            found[1:] = sorted(found[1:], key=lambda each: each.environment.name)
            uses.append(found)
            if resolution.others:
                agreed.update(file for file in project.files if file not in anywhere and is_own(project, file))
        return uses, agreed

    def _reached(self, prefix: str, reach: Reachable) -> frozenset[str]:
        """The files that are reached from an environment's own ones, through folders that it has."""
        own, visible = self._residents(prefix)
        return reach.from_(own, lambda file: file in own or visible(file))

    def reached_from(self, prefix: str, starts: frozenset[str], files: set[str]) -> frozenset[str]:
        """Those of a library's files that some of an environment's files reach, its own and its libraries' ones."""
        own, visible = self._residents(prefix)
        beginnings = starts & (own | files)
        if not beginnings:
            return frozenset()
        return self._reachable.from_(beginnings, lambda file: file in own or visible(file)) & files

    def residents(self, prefix: str) -> list[Project]:
        """The projects whose own environment it is."""
        lodging = {r.project for r in self.resolutions.values() if r.rule == DEPENDENT}
        return [project for project in self._homes[prefix] if project.path not in lodging]

    def _residents(self, prefix: str) -> tuple[set[str], Callable[[str], bool]]:
        """The files that live in an environment, and whether it has another one on its search path."""
        folders = self._folders(self.environments[prefix])
        beginnings = tuple("" if folder == "." else folder + "/" for folder in folders)
        own = {file for project in self.residents(prefix) for file in (*modules_of(project), *project.notebooks)}
        return own, lambda file: file.startswith(beginnings)

    @staticmethod
    def _roots(project: Project, folders: Sequence[str]) -> tuple[str, ...]:
        """Those of a library's import roots that an environment has, else the folders above that it has."""
        higher = tuple(folder for folder in folders if disk.is_within(project.path, folder))
        # An import hook may provide a folder under another name: then the roots do not count.
        return tuple(root for root in project.import_roots if root in folders) or higher or project.import_roots


def _below(folder: str, paths: Sequence[str]) -> Sequence[str]:
    """Those of some sorted paths that lie in a folder."""
    if folder == ".":
        return paths
    start = bisect_left(paths, f"{folder}/")
    return paths[start : bisect_left(paths, f"{folder}0", start)]  # "0" is what comes after "/"
