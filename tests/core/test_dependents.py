"""The graph walked backwards: complete, with true reasons, whatever circles there are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pyfmt.core.dependents import Link, cycles, described, links, spread
from pyfmt.core.graphs import closure
from pyfmt.core.model import Edge, Project

NODES = st.sampled_from("abcdef")
LINKS = st.lists(st.tuples(NODES, NODES), max_size=20)


@given(LINKS, st.lists(NODES), st.randoms())
def test_all_that_depends_on_a_seed_is_reached_by_links_that_exist(pairs, seeds, random):  # type: ignore
    found = [Link(one, other, "x") for one, other in pairs]
    chains = spread(seeds, found)
    reverse: dict[str, list[str]] = {}
    for one, other in pairs:
        reverse.setdefault(other, []).append(one)
    assert set(chains) == set(closure(seeds, reverse)) - set(seeds)
    for path, chain in chains.items():
        assert chain[0].target in seeds and chain[-1].dependent == path
        assert all(link in found for link in chain)
        assert all(one.dependent == other.target for one, other in zip(chain, chain[1:]))
    random.shuffle(found)
    assert spread(list(reversed(seeds)), found) == chains


@given(LINKS)
def test_two_projects_are_in_one_circle_if_each_depends_on_the_other(pairs: list[tuple[str, str]]) -> None:
    targets = {node: tuple(sorted({b for a, b in pairs if a == node} - {node})) for node in "abcdef"}
    groups = cycles([Project(node, node, depends_on=targets[node]) for node in "abcdef"])
    for one in "abcdef":
        for other in "abcdef":
            both = one in closure([other], targets) and other in closure([one], targets)
            assert both == any(one in group and other in group for group in groups)


def test_a_chain_says_through_which_files() -> None:
    edges = {
        "app": (Edge("events", ("pyproject.toml", "poetry.lock")),),
        "events": (Edge("lib/storage", ("setup.cfg",)),),
    }
    chain = spread(["lib/storage"], links(edges))["app"]
    assert described(chain, {"app": "billing", "events": "acme-events"}) == (
        "lib/storage changed → acme-events depends on it through setup.cfg "
        "→ billing depends on it through poetry.lock and pyproject.toml"
    )
