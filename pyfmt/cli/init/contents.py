"""The texts that `pyfmt init` writes, and how they are added to what is there."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

from pyfmt import __version__
from pyfmt.core.model import Project

DISTRIBUTION = "pyfmt-monorepo"
GITLAB_FILE = ".gitlab/pyfmt.yml"
AZURE_FILE = ".azure-pipelines/pyfmt.yml"
GIT_HOOK_CALL = "pyfmt run --staged"
# Actions by digest: what a tag names can be changed by others.
_CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683  # v4.2.2"
_PYTHON = "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065  # v5.6.0"
_CACHE = "actions/cache@5a3ec84eff668545956fd18022155c47e93e2684  # v4.2.3"


def git_hook(python: str) -> str:
    """The text of .git/hooks/pre-commit: calls pyfmt by the interpreter `python`, which a desktop program finds
    without the shell's PATH; without it (pyfmt was installed elsewhere since) the one on PATH."""
    return f"""\
#!/bin/sh
# Written by `pyfmt init`: formats what is staged, and stops the commit where something is left to do.
python={shlex.quote(python)}
if [ -x "$python" ] && "$python" -P -c 'import pyfmt' 2> /dev/null; then
    exec "$python" -P -m {GIT_HOOK_CALL}
fi
if command -v pyfmt > /dev/null; then
    exec {GIT_HOOK_CALL}
fi
echo "pre-commit hook: pyfmt is neither in $python nor on the PATH; install it, and run: pyfmt init --hook git" >&2
exit 1
"""


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


def github(known: CheckoutFacts) -> str:
    """The workflow of all projects, for every pull request and push: pyfmt, the tests of what is affected, and on the
    default branch the deployment of what changed itself."""
    versions = "".join(f"            {version}\n" for version in known.pythons)
    setup = f"""\
      - uses: {_CHECKOUT}
        with:
          fetch-depth: 0  # `--since auto` looks for the merge base
          persist-credentials: false
      - uses: {_PYTHON}
        with:
          # The last one runs pyfmt; the others are for the projects' environments.
          python-version: |
{versions}\
      - run: python -m pip install "{known.requirement}"
"""
    job = """\
    runs-on: ubuntu-latest
    permissions:
      contents: read
"""
    return f"""\
# Written by `pyfmt init --ci github`: one workflow for all projects. What differs between them are their values, in
# [tool.pyfmt.project] of the pyproject.toml or in ci.yaml: `test` and `deploy` are shell commands, any other is theirs.
name: pyfmt
on:
  pull_request:
  push:
permissions: {{}}
concurrency:
  # A newer push to a pull request replaces the older; any other has its own run: it deploys what it changed.
  group: pyfmt-${{{{ github.event_name == 'pull_request' && github.ref || github.sha }}}}
  cancel-in-progress: true
jobs:
  pyfmt:
    name: format and lint
{job}\
    steps:
{setup}\
      - uses: {_CACHE}
        with:
          path: ~/.cache/pyfmt
          key: pyfmt-${{{{ runner.os }}}}-${{{{ github.sha }}}}
          restore-keys: pyfmt-${{{{ runner.os }}}}-
      - run: pyfmt envs create --all
      - run: {_CHECK} --output github --output github-summary="$GITHUB_STEP_SUMMARY"
  affected:
    name: affected projects
{job}\
    outputs:
      test: ${{{{ steps.find.outputs.test }}}}
      deploy: ${{{{ steps.find.outputs.deploy }}}}
    steps:
{setup}\
      - id: find
        run: |
          test=$(pyfmt affected --github-matrix)
          deploy=$(pyfmt affected --github-matrix --deploy)
          printf 'test=%s\\ndeploy=%s\\n' "$test" "$deploy" >> "$GITHUB_OUTPUT"
{_github_jobs(job)}"""


def _github_jobs(job: str) -> str:
    """The jobs `test` and `deploy`, which GitHub makes once for each row of a matrix."""
    default = "github.event_name == 'push' && github.ref_name == github.event.repository.default_branch"
    made = []
    for name, needs, condition in (("test", "affected", ""), ("deploy", "pyfmt, affected, test", f"{default} && ")):
        made.append(f"""\
  {name}:
    name: {name} ${{{{ matrix.project }}}}
    needs: [{needs}]
    if: {condition}needs.affected.outputs.{name} != '{{"include":[]}}'  # GitHub refuses an empty matrix
    strategy:
      fail-fast: false
      matrix: ${{{{ fromJSON(needs.affected.outputs.{name}) }}}}
{job}\
    steps:
      - uses: {_CHECKOUT}
        with:
          persist-credentials: false
      - name: {name}
        if: matrix.values.{name}
        working-directory: ${{{{ matrix.path }}}}
        env:
          COMMAND: ${{{{ matrix.values.{name} }}}}
          VALUES: ${{{{ toJSON(matrix.values) }}}}
        run: eval "$COMMAND"
""")
    return "".join(made)


# What is new: of the files that changed and those that see them, and beyond what baselines accept.
_CHECK = "pyfmt check --since auto --baseline"


def _further_pythons(known: CheckoutFacts) -> list[str]:
    """The command that installs the Pythons beside the one that runs pyfmt, where the projects need any; uv comes with
    pyfmt, and `pyfmt envs create` finds what it installs."""
    further = known.pythons[:-1]
    return [f"python -m uv python install {' '.join(further)}"] if further else []


def gitlab(known: CheckoutFacts) -> str:
    """pyfmt as a job with a Code Quality report, and a child pipeline with the jobs of what is affected."""
    pythons = "".join(f"    - {line}\n" for line in _further_pythons(known))
    image = f"""\
  image: python:{known.pythons[-1]}
  variables:
    GIT_DEPTH: 0  # `--since auto` looks for the merge base
    XDG_CACHE_HOME: $CI_PROJECT_DIR/.cache
"""
    install = f"""\
    - python -m pip install "{known.requirement}"
"""
    return f"""\
# Written by `pyfmt init --ci gitlab`: one pipeline for all projects. What differs between them are their values, in
# [tool.pyfmt.project] of the pyproject.toml or in ci.yaml: `test` and `deploy` are shell commands, any other is theirs.
pyfmt:
{image}\
  cache:
    key: pyfmt
    paths: [.cache/pyfmt/, .cache/pip/, .cache/uv/]
  script:
{install}\
{pythons}\
    - pyfmt envs create --all
    - {_CHECK} --output text --output gitlab=gl-code-quality-report.json
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
pyfmt-affected:
{image}\
  script:
{install}\
    - pyfmt affected --gitlab-pipeline > pyfmt-pipeline.yml
  artifacts:
    paths: [pyfmt-pipeline.yml]
pyfmt-projects:
  needs: [pyfmt, pyfmt-affected]
  trigger:
    include:
      - artifact: pyfmt-pipeline.yml
        job: pyfmt-affected
    strategy: depend
"""


def gitlab_jobs(known: CheckoutFacts) -> str:
    """What the jobs of the child pipeline extend."""
    made = "# Written by `pyfmt init --ci gitlab`: `pyfmt affected --gitlab-pipeline` makes jobs of it.\n"
    for name in ("test", "deploy"):
        made += f"""\
.pyfmt-{name}:
  image: python:{known.pythons[-1]}
  script:
    - cd "$PYFMT_PATH"
    - eval "${{PYFMT_VALUE_{name.upper()}:-echo this project has no value {name}}}"
"""
    return made + "  rules:\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n"


def azure(known: CheckoutFacts) -> str:
    """A pipeline whose findings are warnings of the run."""
    pythons = "".join(f"  - script: {line}\n" for line in _further_pythons(known))
    return f"""\
# Written by `pyfmt init --ci azure`.
pool:
  vmImage: ubuntu-latest
variables:
  XDG_CACHE_HOME: $(Pipeline.Workspace)/.cache
steps:
  - checkout: self
    fetchDepth: "0"  # `--since auto` looks for the merge base
  - task: UsePythonVersion@0
    inputs:
      versionSpec: "{known.pythons[-1]}"
  - task: Cache@2
    inputs:
      key: 'pyfmt | "$(Agent.OS)" | "$(Build.SourceVersion)"'
      restoreKeys: 'pyfmt | "$(Agent.OS)"'
      path: $(Pipeline.Workspace)/.cache/pyfmt
  - script: python -m pip install "{known.requirement}"
{pythons}\
  - script: pyfmt envs create --all
  - script: {_CHECK} --output text --output azure
"""


def gitlab_main(text: str | None) -> str:
    """.gitlab-ci.yml that includes the job; raises NoPlace."""
    if text is not None and GITLAB_FILE in text:
        return text
    return _with_item(text, "include", [f"local: {GITLAB_FILE}"])
