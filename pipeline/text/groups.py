"""Groups from pairs: whatever hangs together, named after its smallest member, so that no order of the pairs matters."""

from __future__ import annotations

from collections.abc import Iterable


def groups_of_pairs(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each member of a pair to the smallest member of its connected component."""
    leader: dict[str, str] = {}

    def find(member: str) -> str:
        root = member
        while (above := leader.setdefault(root, root)) != root:
            root = above
        while member != root:
            leader[member], member = root, leader[member]
        return root

    for first, second in pairs:
        smaller, larger = sorted((find(first), find(second)))
        leader[larger] = smaller
    return {member: find(member) for member in leader}
