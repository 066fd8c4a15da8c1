"""conda and pixi: folders in the project, marked by `conda-meta`."""

from __future__ import annotations

from collections.abc import Iterator

from pyfmt.environments.managers.place import Found, Place


def conda(place: Place) -> Iterator[Found]:
    """pixi's default environment where the project uses pixi, and conda's `.conda` folder."""
    if place.has("pixi.toml") or place.has("pixi.lock") or place.tool("pixi") is not None or place.has(".pixi"):
        cure = f"pixi install --manifest-path {place.project.path}"
        yield Found(place.path(".pixi", "envs", "default"), "pixi", cure=cure)
    if place.has(".conda"):
        yield Found(place.path(".conda"), "conda", cure="conda create --prefix .conda")
