"""What projects set in a [tool.pyfmt] of their own, as far as the root's `project-settings` leaves it to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pyfmt.config.reading import config_file_in, parsed, read_toml, section_of
from pyfmt.core.errors import ConfigError
from pyfmt.core.model import Config, Failure, Project
from pyfmt.core.rules import TOOL as OWN_RULES


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """The configuration with what projects set, the projects whose section is no good, and what is not used."""

    config: Config
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()


def with_project_settings(config: Config, projects: Iterable[Project]) -> ProjectSettings:
    """Read each project's own section; one that is damaged, or sets what is the root's alone, is that project's
    failure. Tools that the command line names are those that may run: a project can leave some of them out."""
    overrides, tools, failures, notes = list(config.overrides), [], [], []
    asked = config.tools if dict(config.origins).get("tools") == "--tool" else None
    for project in projects:
        if project.path == ".":
            continue
        try:
            file = config_file_in(config.root / project.path)
            if file is None:
                continue
            shown = f"{project.path}/{file.name}"
            section = section_of(file, read_toml(file)) or {}
            if not config.project_settings:
                notes.append(
                    f"{shown}: [tool.pyfmt] is not used, since the root's `project-settings` leaves nothing to projects"
                )
                continue
            foreign = [key for key in section if key not in config.project_settings]
            if foreign:
                left = " and ".join(config.project_settings)
                raise ConfigError(f"{foreign[0]}: the root's `project-settings` leaves {left} to a project", shown)
            values = parsed(section, file).values
        except ConfigError as error:
            failures.append(Failure("projects", (project.name,), "", f"{error.where}: {error.what}", error.cure))
            continue
        overrides += [
            replace(override, base=project.path, project=project.name) for override in values.get("overrides", ())
        ]
        if "tools" in values:
            own = tuple(name for name in values["tools"] if name != OWN_RULES)
            tools.append((project.path, own if asked is None else tuple(name for name in own if name in asked)))
    found = replace(config, overrides=tuple(overrides), project_tools=tuple(tools))
    return ProjectSettings(found, tuple(failures), tuple(notes))


def left_out(config: Config, projects: Iterable[Project], tools: Iterable[str]) -> tuple[str, ...]:
    """A line for each of the tools of a run that some of the projects have left out."""
    names: dict[str, list[str]] = {}
    asked = [tool for tool in tools if tool in config.tools]
    for project in projects if config.project_tools else ():
        for tool in asked:
            if tool not in config.tools_of(project.path):
                names.setdefault(tool, []).append(project.name)
    return tuple(
        f"{tool} is left out for {', '.join(found)}: `tools` in [tool.pyfmt] there" for tool, found in names.items()
    )
