"""The remote cache that a run uses: named by a variable, or by a checkout that is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyfmt.core.errors import ConfigError
from pyfmt.core.model import Config
from pyfmt.core.request import Request

if TYPE_CHECKING:
    from pyfmt.cache.remote.remote import Remote

URL, NAMESPACE, KEY = "PYFMT_CACHE_REMOTE", "PYFMT_CACHE_NAMESPACE", "PYFMT_CACHE_KEY"
PUBLIC_KEY, TOKEN = "PYFMT_CACHE_PUBLIC_KEY", "PYFMT_CACHE_TOKEN"


def open_remote(settings: Config, request: Request, environ: Mapping[str, str]) -> Remote | None:
    """The remote cache, None where there is none, it is not allowed, or the run uses no cache at all.

    One that only the checkout names is used where the checkout is trusted: whoever wrote it would learn what is
    checked, and get the token. Raises ConfigError for a key that is none.
    """
    named = settings.remote_cache
    url = environ.get(URL, named.url)
    if not url or not request.use_cache:
        return None
    from pyfmt.cache.remote.entries import Keys  # deferred: only where there is one
    from pyfmt.cache.remote.remote import Remote
    from pyfmt.cache.remote.transports import transport

    if not (environ.get(URL) or request.trust):
        from pyfmt.environments.trust import is_stored

        if not is_stored(settings.root):
            cure = f"the checkout names it: allow it with `pyfmt trust` or --trust, or name it in {URL}"
            return Remote.refused(url, cure)
    try:
        keys = Keys.of(environ.get(KEY, ""), environ.get(PUBLIC_KEY, named.public_key))
    except ValueError as error:
        raise ConfigError(f"the key of the remote cache {error}", f"{KEY} or {PUBLIC_KEY}") from error
    return Remote(url, lambda: transport(url, environ.get(TOKEN, "")), environ.get(NAMESPACE, named.namespace), keys)
