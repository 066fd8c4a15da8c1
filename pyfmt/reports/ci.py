"""`--output` without a format: what the CI system reads, besides the text, told by the variables that it sets."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pyfmt.core.request import OutputSpec

GITLAB_FILE = "gl-code-quality-report.json"  # the name that GitLab's own examples use


def outputs(environ: Mapping[str, str]) -> tuple[OutputSpec, ...]:
    """The reports for the CI that this is; the text alone where it is none that is known.

    GitHub: its commands, which the text stands before in the log, and the job's summary
    (https://docs.github.com/actions/reference/workflows-and-actions/variables). GitLab: the text, and the Code Quality
    report in the project's folder, relative to which artifacts are named (https://docs.gitlab.com/ci/variables/
    predefined_variables/). Azure: the text without what the agent would take for commands, and its commands
    (https://learn.microsoft.com/azure/devops/pipelines/build/variables).
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        summary = environ.get("GITHUB_STEP_SUMMARY")
        return (OutputSpec("github"), *([OutputSpec("github-summary", summary, append=True)] if summary else []))
    if environ.get("GITLAB_CI"):
        return OutputSpec("text"), OutputSpec("gitlab", os.path.join(environ.get("CI_PROJECT_DIR", ""), GITLAB_FILE))
    if environ.get("TF_BUILD"):
        return OutputSpec("azure-text"), OutputSpec("azure")
    return (OutputSpec("text"),)
