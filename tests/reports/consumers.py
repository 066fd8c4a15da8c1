"""The real readers of machine formats: GitHub's SARIF validator from npm, and a headless Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver

_PACKAGE = "@microsoft/sarif-multitool@5"


def npm_folder() -> Path:
    """Where `sarif-multitool` is installed for the tests; it is kept between runs, outside the checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pyfmt-tests" / "sarif-multitool-5"


def sarif_multitool() -> Path:
    """The folder of the native sarif-multitool with its schema; installs it by npm on the first call."""
    folder = npm_folder()
    found = sorted(folder.glob("node_modules/@microsoft/sarif-multitool-*/Sarif.Multitool"))
    if not found:
        npm = shutil.which("npm")
        if npm is None:
            pytest.fail("npm is not on PATH: the SARIF report cannot be checked by @microsoft/sarif-multitool")
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Another test process may do the same at this moment: install aside, then put into place.
        aside = Path(tempfile.mkdtemp(dir=folder.parent))
        call = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(aside), _PACKAGE]
        run = subprocess.run(call, capture_output=True, text=True, check=False)
        if run.returncode:
            pytest.fail(f"npm cannot install {_PACKAGE}:\n{run.stdout}{run.stderr}")
        try:
            aside.rename(folder)
        except OSError:  # the other one was first
            shutil.rmtree(aside)
        found = sorted(folder.glob("node_modules/@microsoft/sarif-multitool-*/Sarif.Multitool"))
        assert found, f"{_PACKAGE} has no native program for this platform"
    found[0].chmod(0o755)
    return found[0].parent


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
