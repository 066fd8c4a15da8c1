"""`pyfmt explain RULE`: what a rule means, from the tools that pyfmt brings; nothing is looked up on the net."""

from __future__ import annotations

from collections.abc import Iterator

from pyfmt.core.errors import UsageError
from pyfmt.core.rules import RULES, USELESS_DIRECTIVE, VERSION_RULES, Rule, own_rule
from pyfmt.core.similar import nearest
from pyfmt.reports.problems import FAILED, REFORMAT, SKIPPED
from pyfmt.tools.registry import TOOLS, equivalence, formatters
from pyfmt.tools.rule_text import paragraph, sentence


def _others() -> dict[str, str]:
    """What pyfmt says in the place of a rule, where no linter has one."""
    shows = "`pyfmt format --diff FILE` shows how."
    texts = {REFORMAT: f"A formatter would change the file. `pyfmt format FILE` changes it, {shows}"}
    for name in formatters():
        tool = TOOLS[name]
        texts[f"{name}-{REFORMAT}"] = (
            f"{name} would {tool.would}. `pyfmt format FILE` does it, {shows} Documentation: {tool.home}"
        )
    texts[FAILED] = (
        "A tool did not finish, so what it was to check is not known to be right. The report has its last words."
    )
    texts[SKIPPED] = (
        "A tool did not run for a project, mostly for want of an environment. The report has the reason and the cure."
    )
    return texts


def rule_text(name: str) -> str:
    """What the rule `name` means (an id in any case, or a symbol), of each tool that has one.

    Raises UsageError where none has, naming the most similar one.
    """
    wanted, others = name.strip(), _others()
    own = own_rule(wanted)
    if own is not None:
        return _own(own)
    if wanted in others:
        return "\n".join([wanted, "", *paragraph(others[wanted])])
    if "/" in wanted or wanted.endswith((".py", ".pyi")):
        raise UsageError("no such file or folder", name)
    found = [text for tool in TOOLS.values() for text in tool.rule_texts(wanted)]
    if not found:
        hint = nearest(wanted, [*rule_names(), *others]) or "; rules are called like W0102 or attr-defined"
        raise UsageError(f"neither a file nor a rule{hint}", name)
    return "\n\n\n".join([*found, *_equivalents(wanted)])


def _equivalents(name: str) -> Iterator[str]:
    """How other tools say what a rule says, where both are joined."""
    for fault, wordings in equivalence().faults.items():
        own = [each for each in wordings if name.casefold() in (each.rule.casefold(), each.symbol)]
        others = {f"{each.tool} {each.symbol}" for each in wordings if own and each.tool != own[0].tool}
        if others:
            yield "\n".join(paragraph(f"One finding with {', '.join(sorted(others))} where both say it: {fault}."))


def rule_names() -> Iterator[str]:
    """All ids and symbols that `rule_text` takes, in no order."""
    for tool in TOOLS.values():
        yield from tool.rule_names()
    for rule in RULES:
        yield from (rule.id, rule.symbol)


def _own(rule: Rule) -> str:
    lines = [f"pyfmt {rule.id} ({rule.symbol}), {rule.severity.value}", *paragraph(f"{sentence(rule.title)}")]
    for title, text in (("what", rule.what), ("why", rule.why), ("cure", rule.cure)):
        lines += ["", title, *paragraph(text)]
    place = "[tool.pyfmt.boundaries], see docs/boundaries.md of pyfmt"
    if rule in VERSION_RULES:
        place = "[tool.pyfmt.versions-policy], see docs/versions.md of pyfmt"
    if rule is USELESS_DIRECTIVE:
        place = "none: `pyfmt check --unused-ignores` asks for it, [[tool.pyfmt.overrides]] can disable it"
    lines += ["", "configuration", *paragraph(place)]
    return "\n".join(lines)
