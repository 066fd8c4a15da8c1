"""A linked work tree has no environments of its own: it is judged in those of the main one, with the paths mapped."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pyfmt import disk
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import MAIN_WORK_TREE, Config, Environment, Project, Resolution
from pyfmt.environments import standalone
from pyfmt.environments.resolve import resolve
from pyfmt.git.staged.path_mapping import Move, environments
from pyfmt.projects.walking import git_folder, git_top


@dataclass(frozen=True, slots=True)
class MainTree:
    """The main work tree of a linked one: the monorepo's root in it, and how its folders stand for those here."""

    root: Path
    move: Move

    def environment(self, found: Environment) -> Environment:
        """One of its environments, seeing the linked tree's folders where it sees those of the main one."""
        (mapped,) = environments([Resolution("", found, "")], self.move)
        assert mapped.environment is not None, found

        def moved(source: str | None) -> str | None:
            inside = self.move.inside(source) if source else None
            return source if inside is None else os.path.normpath(os.path.join(self.move.tree, inside))

        distributions = tuple(replace(each, source=moved(each.source)) for each in found.distributions)
        return replace(mapped.environment, distributions=distributions)


def main_tree(root: Path, environ: Mapping[str, str]) -> MainTree | None:
    """The main work tree, where `root` lies in a linked one (gitrepository-layout(5)); None elsewhere."""
    top = git_top(root)
    if top is None or not disk.is_file(top / ".git"):
        return None
    common = disk.realpath(git_folder(top))
    if os.path.basename(common) != ".git" or not disk.is_dir(common):
        return None  # a submodule, damaged, or of a bare repository: then every work tree is linked
    main = os.path.dirname(common)

    @cache
    def ignored(path: str) -> bool:
        from pyfmt.git.index import open_index  # deferred: asks git, for what only the main tree has

        return bool(open_index(Path(main), environ).ignored([path]))

    inside = os.path.relpath(disk.realpath(root), disk.realpath(top))
    return MainTree(Path(os.path.normpath(os.path.join(main, inside))), Move(main, disk.realpath(top), ignored))


def resolve_here(
    projects: Sequence[Project],
    config: Config,
    environ: Mapping[str, str],
    memo: TextMemo,
    *,
    trusted: bool = False,
) -> tuple[tuple[Resolution, ...], MainTree | None]:
    """`resolve`; in a linked work tree a project without an environment has that of the main tree, which is given, too.

    A setting that leads nowhere here is the main tree's.
    """
    main = main_tree(config.root, environ)
    if main is None:
        return resolve(projects, config, environ, memo, trusted=trusted), None
    here = tuple((key, path) for key, path in config.environments if disk.exists(config.root / path))
    found = resolve(projects, replace(config, environments=here), environ, memo, trusted=trusted)
    dropped = {key for key, _ in config.environments} - {key for key, _ in here}
    none = (standalone.RULE, "")  # what a script has for want of any counts as none here
    lacking = [
        project
        for project, own in zip(projects, found)
        if project.checked and (own.rule in none or not dropped.isdisjoint((project.path, project.name)))
    ]
    theirs = resolve(lacking, replace(config, root=main.root), environ, memo, trusted=trusted) if lacking else ()
    mapped = {
        each.project: replace(
            each, environment=main.environment(each.environment), rule=MAIN_WORK_TREE, note="", others=()
        )
        for each in theirs
        if each.environment is not None and each.rule not in none
    }
    return tuple(mapped.get(each.project, each) for each in found), main if mapped else None
