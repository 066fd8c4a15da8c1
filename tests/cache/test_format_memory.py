"""What is remembered of formatters: of the files that somebody has judged, as they were then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.end_to_end.trees import one_project

# While the formatters run, somebody writes the file whose path is the first argument.
WRITTEN_MEANWHILE = """
import sys
from pathlib import Path
import pyfmt.runner.formatting as formatting
from pyfmt.cli.main import main

file, real = Path(sys.argv[1]), formatting.format_units

def format_units(*arguments):
    file.write_text("x  =  1\\n")
    return real(*arguments)

formatting.format_units = format_units
sys.exit(main(sys.argv[2:]))
"""


def test_a_known_file_that_is_written_while_another_is_judged_is_not_taken_for_judged(tmp_path: Path) -> None:
    tree = one_project(tmp_path, {"one.py": "x = 1\n", "two.py": "y = 1\n"})
    tree.run("format", "--check").expect(0)
    tree.write({"app/two.py": "y = 2\n"})
    command = [sys.executable, "-P", "-c", WRITTEN_MEANWHILE, str(tree.root / "app/one.py"), "format", "--check"]
    environ = tree.environment_variables()
    subprocess.run(command, cwd=tree.root, env=environ, check=True, capture_output=True, timeout=60)
    assert "app/one.py" in tree.run("format", "--check").expect(1).stdout


def test_a_link_to_nothing_is_no_module_until_it_leads_to_one(tmp_path: Path) -> None:
    tree = one_project(tmp_path, {"one.py": "import abc\n\nimport later\nimport other\n\nprint(abc, later, other)\n"})
    (tree.root / "app/later.py").symlink_to(tmp_path / "later.py")
    for _ in range(2):
        tree.run("format", "--check").expect(0)
    (tmp_path / "later.py").touch()
    assert "app/one.py" in tree.run("format", "--check").expect(1).stdout
    (tmp_path / "later.py").unlink()
    tree.run("format", "--check").expect(0)
