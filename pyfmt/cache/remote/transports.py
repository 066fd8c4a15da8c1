"""How entries travel: plain HTTP as remote-execution caches speak it, or any store that fsspec knows."""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import urlsplit

from pyfmt.cache.remote.entries import zstd

CONNECTIONS = 16  # at once
_CONNECT_SECONDS = 3.0
_READ_SECONDS = 10.0


class Unreachable(Exception):
    """The remote cache cannot be used; the text says why."""


class Transport(Protocol):
    """Reads and writes what lies at a place (`ac/<sha256>`, `cas/<sha256>`); both may be called from several threads
    and raise Unreachable."""

    def get(self, place: str) -> bytes | None:
        """What lies there, None where nothing does."""

    def put(self, place: str, data: bytes) -> None:
        """Write it."""


def transport(url: str, token: str) -> Transport:
    """What speaks with the cache at `url`; raises Unreachable where a package for it is missing or it is no such URL.

    `token` is a bearer token, "" for none: then user and password come from the URL or from netrc.
    """
    try:
        zstd()
    except ImportError as error:
        raise Unreachable("backports.zstd is missing: pip install 'pyfmt-monorepo[remote]'") from error
    scheme = urlsplit(url).scheme
    return _Http(url, token) if scheme in ("http", "https") else _Files(url)


class _Http:
    """`GET` and `PUT`."""

    def __init__(self, url: str, token: str) -> None:
        try:
            import urllib3  # deferred: an extra
        except ImportError as error:
            raise Unreachable("urllib3 is missing: pip install 'pyfmt-monorepo[remote]'") from error
        parts = urlsplit(url)
        place = parts.hostname or ""
        host = f"[{place}]" if ":" in place else place
        self._base = f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"
        user, password = parts.username, parts.password
        if not token and user is None:
            user, password = _netrc(place)
        self._headers = {"Content-Type": "application/octet-stream", "Connection": "keep-alive"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        elif user is not None:
            self._headers |= urllib3.make_headers(basic_auth=f"{user}:{password or ''}")
        # No redirects: they would carry what is sent to a place that nobody named.
        self._error = urllib3.exceptions.HTTPError
        timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
        options: dict[str, Any] = {"maxsize": CONNECTIONS, "timeout": timeout, "retries": urllib3.Retry(1, redirect=0)}
        proxy = _proxy(parts.scheme, place)
        self._pool = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)

    def get(self, place: str) -> bytes | None:
        answer = self._ask("GET", place)
        if answer.status == 404:
            return None
        return bytes(answer.data)

    def put(self, place: str, data: bytes) -> None:
        self._ask("PUT", place, body=data)

    def _ask(self, method: str, place: str, **what: Any) -> Any:
        try:
            answer = self._pool.request(method, f"{self._base}/{place}", headers=self._headers, redirect=False, **what)
        except self._error as error:
            raise Unreachable(str(error)) from error
        if answer.status >= 300 and not (method == "GET" and answer.status == 404):
            raise Unreachable(f"{method} is answered with {answer.status} {answer.reason}")
        return answer


class _Files:
    """Objects or files below a URL of fsspec's: `s3://`, `gs://`, `file://`."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec  # deferred: an extra
        except ImportError as error:
            raise Unreachable("fsspec is missing: pip install 'pyfmt-monorepo[remote]'") from error
        try:
            options = {"auto_mkdir": True} if url.startswith("file:") else {}
            self._system, self._base = fsspec.core.url_to_fs(url, **options)
        except (ValueError, ImportError, OSError) as error:
            raise Unreachable(str(error)) from error

    def get(self, place: str) -> bytes | None:
        try:
            return bytes(self._system.cat_file(f"{self._base}/{place}"))
        except FileNotFoundError:
            return None
        except Exception as error:  # pylint: disable=broad-exception-caught  # each store has its own kinds
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    def put(self, place: str, data: bytes) -> None:
        try:
            self._system.pipe_file(f"{self._base}/{place}", data)
        except Exception as error:  # pylint: disable=broad-exception-caught  # each store has its own kinds
            raise Unreachable(f"{type(error).__name__}: {error}") from error


def _netrc(host: str) -> tuple[str | None, str | None]:
    import netrc  # deferred: seldom needed

    try:
        found = netrc.netrc().authenticators(host)
    except (OSError, netrc.NetrcParseError):
        return None, None
    return (found[0], found[2]) if found else (None, None)


def _proxy(scheme: str, host: str) -> str:
    """The proxy that the environment names for a host, "" for none."""
    from urllib.request import getproxies, proxy_bypass  # deferred: seldom needed

    return "" if proxy_bypass(host) else getproxies().get(scheme, "")
