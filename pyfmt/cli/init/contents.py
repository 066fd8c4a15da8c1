"""The texts that `pyfmt init` writes, and how they are added to what is there."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyfmt import __version__, disk
from pyfmt.core.model import Project

DISTRIBUTION = "pyfmt-monorepo"
GITLAB_FILE = ".gitlab/pyfmt.yml"
AZURE_FILE = ".azure-pipelines/pyfmt.yml"
GIT_HOOK_CALL = "pyfmt run --staged"


def git_hook(python: str) -> str:
    """The text of .git/hooks/pre-commit: calls pyfmt by the interpreter `python`, which a desktop program finds
    without the shell's PATH; without it (pyfmt was installed elsewhere since) the one on PATH."""
    return _template("pre-commit").replace("@interpreter@", shlex.quote(python))


class NoPlace(Exception):
    """A file is written in a way that cannot be extended safely; the text is what to add by hand."""


@dataclass(frozen=True, slots=True)
class CheckoutFacts:
    """What the texts depend on: where pyfmt was installed from, and the monorepo's Pythons, oldest first."""

    requirement: str  # as pip takes it, "" where nobody else can install pyfmt from where this one came
    repository: str = ""  # URL and commit, "" where pyfmt was not installed from a repository
    commit: str = ""
    pythons: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()

    @property
    def from_repository(self) -> bool:
        """Whether hook frameworks and CIs can fetch pyfmt from where this one came."""
        return bool(self.repository)


def facts(projects: Sequence[Project]) -> CheckoutFacts:
    """The facts of this installation (PEP 610) and of `projects`."""
    import sys
    from importlib.metadata import PackageNotFoundError, distribution  # deferred for start-up time

    from pyfmt.tools.pylint.adapter import minimum_python  # deferred: only this command needs it here

    own = f"3.{sys.version_info.minor}"
    wanted = {found for project in projects if (found := minimum_python(project.requires_python))} | {own}
    newest = sorted(wanted, key=lambda version: int(version.split(".")[1]))
    # The last one is what CI starts pyfmt with.
    pythons = (*(version for version in newest if version != own), own)
    paths = tuple(project.path for project in projects if project.path != ".")
    try:
        origin = json.loads(distribution(DISTRIBUTION).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        origin = {}
    info = origin.get("vcs_info", {})
    if origin and origin.get("url", "file:").startswith("file:"):
        return CheckoutFacts("", pythons=pythons, projects=paths)
    if info.get("vcs") == "git" and info.get("commit_id"):
        requirement = f"{DISTRIBUTION} @ git+{origin['url']}@{info['commit_id']}"
        return CheckoutFacts(requirement, origin["url"], info["commit_id"], pythons, paths)
    return CheckoutFacts(f"{DISTRIBUTION}=={__version__}", pythons=pythons, projects=paths)


def section(known: CheckoutFacts) -> str:
    """[tool.pyfmt]: everything at its default, and the first key that one would set as a comment."""
    listed = ", ".join(json.dumps(path, ensure_ascii=False) for path in known.projects[:4])
    if len(known.projects) > 4:
        listed += ", ..."
    return (
        "[tool.pyfmt]\n"
        "# Every folder with a pyproject.toml, setup.py or setup.cfg is a project. To name them instead (globs):\n"
        f"# projects = [{listed}]\n"
        "# `pyfmt config` shows every key and its value.\n"
    )


def appended(text: str, more: str) -> str:
    """`text` with a section after it, in the text's own line ends."""
    newline = "\r\n" if "\r\n" in text else "\n"
    before = text if not text or text.endswith("\n") else text + newline
    return before + (newline if before.strip() else "") + more.replace("\n", newline)


def has_hook(text: str) -> bool:
    """Whether a framework's configuration has a hook of pyfmt's."""
    return re.search(r"\bid\s*[:=]\s*[\"']?pyfmt(-[a-z]+)?\b", text) is not None


def hook_config(text: str | None, known: CheckoutFacts) -> str:
    """.pre-commit-config.yaml with the hook; raises NoPlace."""
    if known.from_repository:
        item = [f"repo: {known.repository}", f"rev: {known.commit}", "hooks:", "  - id: pyfmt"]
    else:
        item = ["repo: local", "hooks:", "  - id: pyfmt", *(f"    {line}" for line in _LOCAL_HOOK)]
    return _with_item(text, "repos", item)


# For a pyfmt that comes from no repository: the one on PATH.
_LOCAL_HOOK = (
    "name: pyfmt (format and lint)",
    "entry: pyfmt run",
    'args: ["--"]',
    "language: system",
    "types_or: [python, pyi, jupyter]",
    "require_serial: true",
)


def prek_config(text: str, known: CheckoutFacts) -> str:
    """prek.toml with the hook; raises NoPlace where `repos` is written inline."""
    if known.from_repository:
        more = f'[[repos]]\nrepo = "{known.repository}"\nrev = "{known.commit}"\nhooks = [{{ id = "pyfmt" }}]\n'
    else:
        more = (
            '[[repos]]\nrepo = "local"\n\n[[repos.hooks]]\nid = "pyfmt"\nname = "pyfmt (format and lint)"\n'
            'entry = "pyfmt run"\nargs = ["--"]\nlanguage = "system"\ntypes_or = ["python", "pyi", "jupyter"]\n'
            "require_serial = true\n"
        )
    made = appended(text, more)
    try:
        tomllib.loads(made)
    except tomllib.TOMLDecodeError:
        raise NoPlace(more) from None
    return made


def _with_item(text: str | None, key: str, item: Sequence[str]) -> str:
    """A YAML text with one more item in the block sequence of a top-level `key`; raises NoPlace where it has another
    form."""

    def lines(indent: str) -> list[str]:
        return [f"{indent}{'- ' if not number else '  '}{line}" for number, line in enumerate(item)]

    if text is None or not text.strip():
        return "\n".join([f"{key}:", *lines("  ")]) + "\n"
    newline = "\r\n" if "\r\n" in text else "\n"
    rows = text.splitlines()
    # A second document, tabs or a flow sequence are more than an eye for lines can judge.
    start = next((number for number, row in enumerate(rows) if re.match(rf"{key}:\s*(#.*)?$", row)), None)
    if start is None:
        if any(re.match(rf"[\"']?{key}[\"']?\s*:", row) for row in rows) or "---" in rows[1:]:
            raise NoPlace("\n".join([f"{key}:", *lines("  ")]))
        return appended(text, "\n".join([f"{key}:", *lines("  ")]) + "\n")
    end = start + 1
    indent = None
    for number in range(start + 1, len(rows)):
        row = rows[number]
        if row.strip() and not row.lstrip().startswith("#"):
            found = re.match(r"( *)- ", row)
            if indent is None:
                if not found:
                    break
                indent = found[1]
            if not (row.startswith(indent + "- ") or row.startswith(indent + "  ")):
                break
            end = number + 1
    if indent is None:
        raise NoPlace("\n".join(lines("  ")))
    rows[end:end] = lines(indent)
    return newline.join(rows) + newline


def filled(name: str, known: CheckoutFacts) -> str:
    """A template with what it depends on. The actions of github.yml are named by digest: what a tag names can be
    changed by others.

    What is left out where the projects need no Python beside the one that runs pyfmt is the line that installs
    `@further@`: uv comes with pyfmt, and `pyfmt envs create` finds what it installs.
    """
    text = _template(name)
    *further, own = known.pythons
    listed = "".join(rf"\g<1>{version}\n" for version in known.pythons)
    text = re.sub(r"^( *)@pythons@\n", listed, text, flags=re.MULTILINE)
    text = text if further else re.sub(r"^.*@further@.*\n", "", text, flags=re.MULTILINE)
    values = {"requirement": known.requirement, "python": own, "further": " ".join(further)}
    return re.sub("@(requirement|python|further)@", lambda found: values[found[1]], text)


def _template(name: str) -> str:
    return disk.read_text(Path(__file__).parent / "templates" / name)


def gitlab_main(text: str | None) -> str:
    """.gitlab-ci.yml that includes the job; raises NoPlace."""
    if text is not None and GITLAB_FILE in text:
        return text
    return _with_item(text, "include", [f"local: {GITLAB_FILE}"])
