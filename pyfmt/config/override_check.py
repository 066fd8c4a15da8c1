"""Whether overrides mean anything: a rule that no tool has, or a path that matches nothing, is a mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pyfmt.core.errors import ConfigError
from pyfmt.core.folders import above
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import Config, Failure, Override, Project
from pyfmt.core.rules import RULES
from pyfmt.core.rules import TOOL as OWN_RULES
from pyfmt.core.similar import nearest
from pyfmt.tools.registry import TOOLS
from pyfmt.tools.versions import tool_versions

_ANY = ("*",)
_TYPO = 0.85  # so similar to a known rule that a plugin's own can hardly be meant


def check_overrides(config: Config, projects: Sequence[Project], memo: TextMemo) -> tuple[Config, tuple[Failure, ...]]:
    """Whether each path matches one of the projects' files (of its own, for an override of a project), and each rule is
    known.

    A mistake of the root raises ConfigError, which names the nearest; one of a project is that project's failure, and
    its overrides are left out. `memo` keeps which rules are known, since asking the tools means importing them.
    """
    failures = []
    for name in dict.fromkeys(override.project for override in config.overrides):
        try:
            _check([override for override in config.overrides if override.project == name], config, projects, memo)
        except ConfigError as error:
            if name is None:
                raise
            failures.append(Failure("projects", (name,), "", f"{error.where}: {error.what}", error.cure))
    failed = {name for failure in failures for name in failure.projects}
    kept = tuple(override for override in config.overrides if override.project not in failed)
    return replace(config, overrides=kept), tuple(failures)


def _check(overrides: Sequence[Override], config: Config, projects: Sequence[Project], memo: TextMemo) -> None:
    plain = {*TOOLS, OWN_RULES, *_ANY, *(name for rule in RULES for name in (rule.id, rule.symbol))}
    asked: dict[str, str] = {}
    for override in overrides:
        where = str(config.file or config.root) if override.base == "." else override.base
        members = [each for each in projects if override.project in (None, each.name)]
        files = [file for each in members for file in each.checked]
        for pattern in override.paths:
            _check_path(pattern, override.base, files, where)
        for rule in sorted({*override.disable, *(rule for rule, _ in override.severity)} - plain):
            asked.setdefault(rule, where)
    if asked:
        _check_rules(asked, config, memo)


def _check_path(pattern: str, base: str, files: Sequence[str], where: str) -> None:
    from pathspec import GitIgnoreSpec  # deferred for start-up time: only where there are overrides

    plain = pattern.lstrip("!")
    if not plain.strip() or plain.startswith("#"):
        return
    spec, before = GitIgnoreSpec.from_lines([plain]), "" if base == "." else f"{base}/"
    inside = [file[len(before) :] for file in files if file.startswith(before)]
    if not any(spec.match_file(file) for file in inside):
        known = sorted({f"{place}/" for file in inside for place in above(file) if place != "."})
        asked = plain.lstrip("/")
        hint = nearest(asked, known if asked.endswith("/") else [*inside, *(name.rstrip("/") for name in known)])
        raise ConfigError(f"overrides: paths: {pattern!r} matches no file that is checked{hint}", where)


def _check_rules(asked: Mapping[str, str], config: Config, memo: TextMemo) -> None:
    """`asked`: rules, and where each is named."""
    chosen = {*config.tools, *(name for _, names in config.project_tools for name in names)}
    running = [tool for tool in TOOLS.values() if tool.name in chosen and tool.linter is not None]
    plugins = any(TOOLS[found.tool].executes(found) for found in config.tool_configs if found.tool in config.tools)
    about = f"{sorted(tool_versions().items())} {[tool.name for tool in running]} {plugins}"
    inputs = {"the rules that overrides name": sorted(asked), "pyfmt's tools": about}
    if memo.find("rules that are known", inputs) is not None:
        return
    import difflib  # deferred for start-up time: only for rules that are not known yet

    names = {tool.name: list(tool.rule_names()) for tool in TOOLS.values()}
    known = [name for found in names.values() for name in found]
    # What a tool's own list does not hold: rules of a tool that has no list, of another release, or of plugins.
    unlisted = [tool for tool in running if tool.version or not names[tool.name]]
    for rule in asked:
        listed = rule in known or any(tool.comment is None or tool.comment.name.match(rule) for tool in unlisted)
        if not listed and not (plugins and not difflib.get_close_matches(rule, known, 1, _TYPO)):
            raise ConfigError(f"overrides: no tool has a rule {rule!r}{nearest(rule, known)}", asked[rule])
    memo.keep("rules that are known", inputs, "")
