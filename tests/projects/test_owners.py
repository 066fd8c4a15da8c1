"""CODEOWNERS as the manuals of GitHub and GitLab explain it."""

from __future__ import annotations

from pathlib import Path

from pyfmt.projects.owners import CodeOwners, read_owners

GITHUB = """\
# The last match decides.
*       @global-owner1 @global-owner2
*.js    @js-owner # an inline comment
/build/logs/ @doctocat
docs/*  docs@example.com
apps/   @octocat
/apps/github
/with\\ blank/ @blank
"""
GITLAB = """\
* @all

[Documentation] @docs-team
docs/
README.md @readme

^[Database][2] @dba
model/
"""


def test_githubs_rules() -> None:
    owners = CodeOwners(GITHUB)
    assert owners("lib/a.py") == ("@global-owner1", "@global-owner2")
    assert owners("lib/a.js") == ("@js-owner",)
    assert owners("build/logs/deep/x.py") == ("@doctocat",)
    assert owners("docs/a.md") == ("docs@example.com",)
    assert owners("docs/build/a.md") == ("@global-owner1", "@global-owner2")
    assert owners("lib/apps/x/y.py") == ("@octocat",)
    assert owners("apps/github/x.py") == ()
    assert owners("with blank/x.py") == ("@blank",)


def test_each_section_of_gitlab_has_owners_of_its_own() -> None:
    owners = CodeOwners(GITLAB)
    assert owners("docs/a.py") == ("@all", "@docs-team")
    assert owners("README.md") == ("@all", "@readme")
    assert owners("x/model/y.py") == ("@all", "@dba")


def test_it_is_found_where_the_hosts_look(tmp_path: Path) -> None:
    assert read_owners(tmp_path) is None
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/CODEOWNERS").write_text("* @docs\n")
    found = read_owners(tmp_path)
    assert found is not None and found[0] == "docs/CODEOWNERS"
    (tmp_path / "CODEOWNERS").write_text("* @top\n")
    found = read_owners(tmp_path)
    assert found is not None and found[1]("a.py") == ("@top",)
