"""`pyfmt lsp` in a real editor, configured as docs/how-to/editors.md says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

from tests.end_to_end.trees import manifest
from tests.support.monorepo import ROOT, Monorepo, command

pytestmark = pytest.mark.slow

# Opens, sees, mends one line badly formatted, saves (which formats), sees; what it saw goes to a file.
_SESSION = """
local seen = {}
local function look(wanted)
  local function codes()
    local found = vim.tbl_map(function(each) return each.code end, vim.diagnostic.get(0))
    table.sort(found)
    return vim.json and vim.json.encode(found) or vim.fn.json_encode(found)
  end
  vim.wait(120000, function() return codes() == wanted end, 50)
  table.insert(seen, codes())
end
local ok, message = pcall(function()
  vim.cmd("filetype on")
  vim.cmd("edit app/app/values.py")
  look('["assignment"]')
  table.insert(seen, vim.diagnostic.get(0)[1].col)
  vim.api.nvim_buf_set_lines(0, 2, 3, false, {"VALUE: int   = 1"})
  vim.cmd("write")
  look('[]')
end)
vim.fn.writefile({vim.fn.json_encode({seen = seen, error = ok and "" or tostring(message)})}, "../seen.json")
vim.cmd("qall!")
"""


def test_neovim_opens_formats_and_saves(tmp_path: Path) -> None:
    nvim = shutil.which("nvim")
    if nvim is None:
        pytest.skip(
            "nvim is not installed: `make system`, or apt-get install neovim; NOTHING WAS TRIED IN A REAL EDITOR"
        )
    page = (ROOT / "docs/how-to/editors.md").read_text("utf-8")
    (piece,) = re.findall(r"```lua\n(.*?)```", page, re.DOTALL)
    start = ", ".join(json.dumps(word) for word in [*command(), "lsp"])
    piece = piece.replace('"pyfmt", "lsp"', start).replace("5000", "120000")  # however busy the machine is
    wrong = '"""Values."""\n\nVALUE: int = "one"\n'
    tree = Monorepo.create(
        tmp_path,
        {"pyproject.toml": "[tool.pyfmt]\n", "app/pyproject.toml": manifest("app", "app"), "app/app/values.py": wrong},
    )
    tree.environment("app")
    (tmp_path / "config.lua").write_text(piece)
    (tmp_path / "session.lua").write_text(textwrap.dedent(_SESSION))
    lines = ["-c", "luafile ../config.lua", "-c", "luafile ../session.lua"]
    subprocess.run(
        [nvim, "--headless", "--clean", *lines],
        check=True,
        cwd=tree.root,
        env=tree.environment_variables(),
        timeout=500,
        capture_output=True,
    )
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen == {"seen": ['["assignment"]', 13, "[]"], "error": ""}
    assert tree.read("app/app/values.py") == '"""Values."""\n\nVALUE: int = 1\n'
