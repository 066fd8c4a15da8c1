"""How PEP 508 markers see an environment."""

from __future__ import annotations

import os

from pyfmt.core.model import Environment
from pyfmt.projects.locks.choosing import Target


def target(environment: Environment) -> Target:
    """The environment's Python on this machine; what cannot be judged does not hold."""
    python = environment.python
    full = f"{python.short}.{python.micro}"
    markers = {
        "python_version": python.short,
        "python_full_version": full,
        "implementation_name": python.implementation.lower(),
        "platform_python_implementation": python.implementation,
        "implementation_version": full,
        "os_name": os.name,
    }
    return Target(markers, lenient=True)
