"""Where pyfmt keeps what is its own: its folder in the user's cache folder.

It is what `platformdirs.user_cache_dir("pyfmt")` says, without that import: every start of pyfmt asks, so this imports
nothing but what Python has loaded by then.
"""

import posixpath
import sys

TYPE_CHECKING = False  # typing's own would have to be imported
if TYPE_CHECKING:
    from collections.abc import Mapping


def user_cache(environ: "Mapping[str, str]", home: str) -> str:
    """The path, whether it is there or not; `home` is the user's home folder."""
    if sys.platform == "win32":
        return posixpath.join(environ.get("LOCALAPPDATA") or f"{home}/AppData/Local", "pyfmt/pyfmt/Cache")
    usual = posixpath.join(home, "Library/Caches" if sys.platform == "darwin" else ".cache")
    return posixpath.join(environ.get("XDG_CACHE_HOME", "").strip() or usual, "pyfmt")
