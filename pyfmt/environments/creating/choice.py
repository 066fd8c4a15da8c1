"""Which groups and extras an environment gets: what the project's own files may import, as far as nothing conflicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pyfmt.core.parsing import Table, strings, table
from pyfmt.environments.creating.values import CreateRequest
from pyfmt.projects.locks.choosing import Choice
from pyfmt.projects.locks.values import tables
from pyfmt.projects.manifests import poetry_lines
from pyfmt.projects.names import normalise, requirement_name

# What tests and type checks need is called so; where groups conflict, these come first.
DEVELOPMENT = ("dev", "develop", "development", "test", "tests", "testing", "lint", "typing", "types", "mypy")
# Distributions whose modules are called otherwise, as far as an extra is likely to name them.
_MODULES = {
    "beautifulsoup4": "bs4",
    "mysqlclient": "mysqldb",
    "opencv-python": "cv2",
    "opencv-python-headless": "cv2",
    "pillow": "pil",
    "protobuf": "google",
    "pycryptodome": "crypto",
    "scikit-learn": "sklearn",
}


def extras_of(manifest: Table) -> dict[str, tuple[str, ...]]:
    """The extras of a pyproject.toml, each with the distributions that it asks for."""
    found = {
        extra: tuple(map(requirement_name, strings(lines)))
        for extra, lines in table(manifest, "project", "optional-dependencies").items()
    }
    for extra, names in table(manifest, "tool", "poetry", "extras").items():
        found.setdefault(extra, tuple(map(normalise, strings(names))))
    return found


def conflicts_of(manifest: Table) -> tuple[frozenset[str], ...]:
    """What uv's settings say must not be installed together: groups by name, extras as "[extra]"."""
    declared = table(manifest, "tool", "uv").get("conflicts")
    return tuple(
        frozenset(str(item["group"]) if "group" in item else f"[{item.get('extra')}]" for item in tables(items))
        for items in (declared if isinstance(declared, list) else ())
    )


def group_lines(data: Table) -> dict[str, list[str]]:
    """The requirements of each group beside the main one: PEP 735 with `include-group` followed, PDM's and Poetry's own
    tables, and the environments of Hatch that are for development. What comes from a folder is the closure's business.
    """
    declared = table(data, "dependency-groups")

    def lines(name: str, seen: tuple[str, ...] = ()) -> list[str]:
        found = []
        for entry in declared.get(name) or [] if name not in seen else []:
            if isinstance(entry, str):
                found.append(entry)
            elif isinstance(entry, dict) and isinstance(entry.get("include-group"), str):
                found += lines(entry["include-group"], (*seen, name))
        return found

    groups = {name: lines(name) for name in declared}
    more = [(name, strings(found)) for name, found in table(data, "tool", "pdm", "dev-dependencies").items()]
    poetry = table(data, "tool", "poetry")
    more += [(name, _poetry_group(table(group, "dependencies"))) for name, group in table(poetry, "group").items()]
    more.append(("dev", _poetry_group(table(poetry, "dev-dependencies"))))
    for name, environment in table(data, "tool", "hatch", "envs").items():
        if name in ("default", *DEVELOPMENT):
            found = (
                *strings(table(environment).get("dependencies")),
                *strings(table(environment).get("extra-dependencies")),
            )
            more.append((name, tuple(line for line in found if "{" not in line)))
    for name, added in more:
        groups.setdefault(name, []).extend(line for line in added if "file:" not in line)
    return {name: found for name, found in groups.items() if found}


def main_lines(data: Table, choice: Choice) -> list[str]:
    """The requirements of a project that is not built (uv's `package = false`), with those of its chosen extras."""
    project = table(data, "project")
    lines = [*strings(project.get("dependencies")), *_poetry_group(table(data, "tool", "poetry", "dependencies"))]
    extras = table(project, "optional-dependencies")
    return lines + [line for extra in sorted(choice.extras) for line in strings(extras.get(extra))]


def _poetry_group(dependencies: Table) -> tuple[str, ...]:
    elsewhere = ("path", "git", "url", "file")
    plain = {
        name: constraint
        for name, constraint in dependencies.items()
        if not (isinstance(constraint, dict) and any(key in constraint for key in elsewhere))
    }
    return tuple(poetry_lines(plain))


def choose(
    requests: Sequence[CreateRequest],
    groups: Iterable[str],
    extras: Mapping[str, Sequence[str]],
    conflicts: Iterable[frozenset[str]],
) -> tuple[Choice, tuple[str, ...]]:
    """The groups and extras to install, and a note on what is left out.

    Without a setting these are all groups, and every extra that is for development or one of whose distributions (the
    values of `extras`) may provide what a file of the projects imports; of what conflicts the first.
    """
    asked_groups, asked_extras = requests[0].groups, requests[0].extras
    imported = {module for request in requests for module in request.imported}
    chosen = {group for group in groups if asked_groups is None or group in asked_groups}
    chosen |= {
        f"[{extra}]"
        for extra, names in extras.items()
        if (extra in asked_extras if asked_extras is not None else _is_imported(extra, names, imported))
    }
    clashing: list[str] = []
    for conflict in conflicts:
        among = sorted(conflict & chosen, key=lambda item: (_rank(item), item))
        clashing += among[1:]
        chosen -= set(among[1:])
    left = [f"group {group}" for group in sorted({*groups} - chosen - {*clashing})]
    left += [f"extra {extra}" for extra in sorted(extras) if f"[{extra}]" not in {*chosen, *clashing}]
    notes = []
    if left:
        notes.append(
            f"left out: {', '.join(left)} (`groups` and `extras` in [tool.pyfmt.environments] say what is installed)"
        )
    if clashing:
        notes.append(f"left out, since it conflicts with what is installed: {', '.join(dict.fromkeys(clashing))}")
    wanted = Choice(
        frozenset(item for item in chosen if not item.startswith("[")),
        frozenset(item[1:-1] for item in chosen if item.startswith("[")),
    )
    return wanted, tuple(notes)


def _rank(item: str) -> int:
    return DEVELOPMENT.index(item.strip("[]")) if item.strip("[]") in DEVELOPMENT else len(DEVELOPMENT)


def _is_imported(extra: str, names: Sequence[str], imported: Iterable[str]) -> bool:
    modules = {module.lower().replace("_", "-") for module in imported}
    return extra in DEVELOPMENT or any(_provides(name, module) for name in names for module in modules)


def _provides(distribution: str, module: str) -> bool:
    """Whether a distribution may hold a top-level module, going by their names: `yaml` is in pyyaml."""
    if _MODULES.get(distribution) == module or module in (distribution, *distribution.split("-")):
        return True
    plain = distribution.replace("-", "")
    return len(module) > 2 and (plain.startswith(module) or plain.endswith(module) or plain == module.replace("-", ""))
