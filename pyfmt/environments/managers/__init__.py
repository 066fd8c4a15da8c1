"""The managers of environments, one small module each, in the order in which they are asked.

The order is that of precedence: the manager for which the project shows evidence, the project's own folder, back
references, the folders above, and last the active shell environment.
"""

from __future__ import annotations

from pyfmt.environments.managers.conda import conda
from pyfmt.environments.managers.hatch import hatch
from pyfmt.environments.managers.local import inherited, local
from pyfmt.environments.managers.pdm import pdm
from pyfmt.environments.managers.pipenv import pipenv
from pyfmt.environments.managers.place import Found, Manager, Monorepo, Place
from pyfmt.environments.managers.poetry import poetry
from pyfmt.environments.managers.references import pyenv, virtualenvwrapper
from pyfmt.environments.managers.shell import shell
from pyfmt.environments.managers.uv import uv

ORDER: tuple[Manager, ...] = (
    uv,
    pdm,
    poetry,
    pipenv,
    hatch,
    conda,
    local,
    virtualenvwrapper,
    pyenv,
    inherited,
    shell,
)

__all__ = ["ORDER", "Found", "Manager", "Place", "Monorepo"]
