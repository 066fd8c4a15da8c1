"""Where a remote cache is, as the configuration has it."""

from __future__ import annotations

from typing import NamedTuple


class RemoteCache(NamedTuple):
    """`[tool.pyfmt.cache]`: a cache that machines share."""

    url: str = ""  # "": none
    namespace: str = "main"  # where this run's entries lie
    public_key: str = ""  # `ed25519:BASE64`, with which entries of "main" verify
