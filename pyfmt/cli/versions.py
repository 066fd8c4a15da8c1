"""`pyfmt versions`: which project has which version of what; `--check` holds it against the policy."""

from __future__ import annotations

import argparse
import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from pyfmt import config
from pyfmt.cache.memory import Memory
from pyfmt.cli.options import add_acceptance, add_no_cache, add_outputs
from pyfmt.cli.output import deliver, deliver_texts
from pyfmt.cli.request import display_of, plain_request
from pyfmt.core.errors import EXIT_CLEAN, EXIT_FAILURE, ConfigError
from pyfmt.core.merging import exit_code
from pyfmt.core.model import Config, Severity
from pyfmt.core.request import Display, Request
from pyfmt.core.rules import TOOL, VERSION_RULES
from pyfmt.reports.versions import FORMATS
from pyfmt.run import pipeline
from pyfmt.run.progress import Progress
from pyfmt.run.session import Session
from pyfmt.run.versions.matrix import read_matrix
from pyfmt.run.workspace import survey_workspace, with_chosen_releases

EXAMPLES = (
    ("pyfmt versions", "which project has which version, and what keeps them apart"),
    ("pyfmt versions --output markdown=VERSIONS.md", "the compatibility matrix as a page; also html and json"),
    ("pyfmt versions --check --output sarif=versions.sarif", "findings, by [tool.pyfmt.versions-policy]"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--check`, and where the matrix or its findings go."""
    parser.add_argument("--check", action="store_true", help="findings by [tool.pyfmt.versions-policy] (PYF020 to 022)")
    add_no_cache(parser)
    group = parser.add_argument_group("the report; without --check: text, markdown, json, html")
    add_outputs(group)
    add_acceptance(group)


def run(options: argparse.Namespace) -> int:
    """Show the matrix: 2 where a lock could not be read; or check it: the exit code of `pyfmt check`."""
    request = replace(plain_request(options), use_cache=not options.no_cache)
    display = display_of(options) if options.check else display_of(options, FORMATS)
    if options.check:
        asked = replace(
            request,
            tools=(TOOL,),
            fail_on=Severity(options.fail_on) if options.fail_on else None,
            baseline=options.baseline,
            baseline_locked=options.baseline_locked,
        )
        return _check(asked, display, config.load(asked, Path.cwd()))
    settings = with_chosen_releases(config.load(request, Path.cwd()))
    with closing(Memory(settings, request.use_cache)) as memory:
        space = survey_workspace(settings, request, os.environ, memory)
        matrix = read_matrix(settings.root, space.survey, space.resolutions, memory.memo)
    deliver_texts([(output, FORMATS[output.format](matrix)) for output in display.outputs], str(settings.root))
    return EXIT_FAILURE if matrix.unread or space.survey.failures else EXIT_CLEAN


def _check(request: Request, display: Display, settings: Config) -> int:
    """What `pyfmt check --tool pyfmt` has to say of versions alone."""
    if settings.versions_policy is None:
        cure = "add [tool.pyfmt.versions-policy], see docs/versions.md"
        raise ConfigError("--check has nothing to check: no policy is configured", str(settings.file), cure)
    with closing(Progress(display.verbosity)) as progress:
        result = pipeline.run(request, Session(Path.cwd(), os.environ, progress), settings)
    ids = {rule.id for rule in VERSION_RULES}
    report = replace(
        result.report,
        findings=tuple(finding for finding in result.report.findings if finding.rule in ids),
        gone=tuple(each for each in result.report.gone if each.rule in ids),
    )
    found = replace(result, report=report, exit_code=exit_code(report, result.fail_on))
    deliver(found, request, display)
    return found.exit_code
