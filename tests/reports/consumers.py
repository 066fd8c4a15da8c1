"""The real readers of machine formats, from npm, and a headless Chromium."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver

# Pinned: their answers are part of the tests. By the folder's name, so that another version gets another folder.
_PACKAGES = {
    "sarif-multitool-5": ("@microsoft/sarif-multitool@5",),
    "command-parsers-1": ("azure-pipelines-task-lib@5.281.0", "@actions/core@3.0.1"),
    "rdformat-validator-1.0.1": ("@umbrelladocs/rdformat-validator@1.0.1",),
}


def npm_modules(name: str) -> Path:
    """The node_modules with some of `_PACKAGES`, which npm installs on the first call; it is kept between runs, outside
    the checkout."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "pyfmt-tests" / name
    if not folder.is_dir():
        npm = shutil.which("npm")
        if npm is None:
            pytest.fail(f"npm is not on PATH: reports cannot be checked by {', '.join(_PACKAGES[name])}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Another test process may do the same at this moment: install aside, then put into place.
        aside = Path(tempfile.mkdtemp(dir=folder.parent))
        call = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(aside), *_PACKAGES[name]]
        run = subprocess.run(call, capture_output=True, text=True, check=False)
        if run.returncode:
            shutil.rmtree(aside)
            pytest.fail(f"npm cannot install {', '.join(_PACKAGES[name])}:\n{run.stdout}{run.stderr}")
        try:
            aside.rename(folder)
        except OSError:  # the other one was first
            shutil.rmtree(aside)
    return folder / "node_modules"


def node(script: str, given: object, *, module: bool = False) -> str:
    """What a script for Node prints; it finds `given` as JSON on standard input."""
    program = shutil.which("node")
    assert program is not None, "node is not on PATH, though npm is"
    call = [program, *(["--input-type=module"] if module else []), "-e", script]
    run = subprocess.run(call, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def sarif_multitool() -> Path:
    """The folder of the native sarif-multitool with its schema."""
    modules = npm_modules("sarif-multitool-5")
    found = sorted(modules.glob("@microsoft/sarif-multitool-*/Sarif.Multitool"))
    assert found, "@microsoft/sarif-multitool has no native program for this platform"
    found[0].chmod(0o755)
    return found[0].parent


def azure_commands(lines: list[str]) -> list[dict[str, Any]]:
    """Logging commands as Microsoft's library for tasks decodes them: `command`, `properties` and `message` of each."""
    library = str(npm_modules("command-parsers-1") / "azure-pipelines-task-lib" / "taskcommand.js")
    script = (
        f"const {{ commandFromString }} = require({json.dumps(library)});"
        'const lines = JSON.parse(require("fs").readFileSync(0, "utf8"));'
        "console.log(JSON.stringify(lines.map(commandFromString)));"
    )
    found: list[dict[str, Any]] = json.loads(node(script, lines))
    return found


def github_commands(issues: list[tuple[str, dict[str, str], str]]) -> list[str]:
    """Workflow commands as GitHub's own library for actions writes them: kind, properties and message of each."""
    library = (npm_modules("command-parsers-1") / "@actions" / "core" / "lib" / "command.js").as_uri()
    script = (
        f"import {{ issueCommand }} from {json.dumps(library)};"
        'import { readFileSync } from "node:fs";'
        'for (const issue of JSON.parse(readFileSync(0, "utf8"))) issueCommand(...issue);'
    )
    return node(script, issues, module=True).splitlines()


def validate_rdformat(file: Path) -> dict[str, Any]:
    """What a validator of reviewdog's format says of a file, with nothing allowed that the format does not name."""
    program = npm_modules("rdformat-validator-1.0.1") / ".bin" / "rdformat-validator"
    call = [str(program), "--strict", "--no-extra-fields", "--format", "json", str(file)]
    run = subprocess.run(call, capture_output=True, text=True, check=False)
    said: dict[str, Any] = json.loads(run.stdout)
    return said


def validate_sarif(file: Path) -> str:
    """What sarif-multitool says of a log file under SARIF's and GitHub's rules (its exit code says nothing)."""
    call = [str(sarif_multitool() / "Sarif.Multitool"), "validate", str(file), "--rule-kind", "Sarif;Ghas"]
    environ = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    run = subprocess.run(call, capture_output=True, text=True, check=False, env=environ)
    return run.stdout + run.stderr


@contextmanager
def chromium(profile: Path) -> Iterator[WebDriver]:
    """A headless Chromium with an empty profile, that logs its console and every request; it needs Debian's
    packages chromium and chromium-driver, or a Chrome and its driver on PATH."""
    browser = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        missing = "chromium" if browser is None else "chromedriver"
        pytest.fail(f"{missing} is not on PATH: install Debian's chromium and chromium-driver to test the HTML report")
    options = Options()
    options.binary_location = browser
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,900",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield started
    finally:
        started.quit()
