"""That a larger tree begins with a smaller one: consistency proofs of RFC 6962, made and checked.

**Source:** RFC 6962 §2.1.2 (the proof), RFC 9162 §2.1.4.2 (how it is checked).
"""

from collections.abc import Sequence

from lims.ledger.verify import CompactRange, node_hash


def consistency_proof(old: CompactRange, added: Sequence[bytes]) -> list[bytes]:
    """Prove that the tree over `old` and then `added` begins with `old`.

    Every node of the proof is a perfect subtree of the old tree or lies wholly among the added leaves, so the right
    edge of the old tree is all that is needed of it, however large it is.

    Args:
        old: the right edge of the smaller tree, of one leaf or more.
        added: hashes of the leaves after it, at least one.
    """
    if not old.size or not added:
        raise ValueError(f"a proof leads from one leaf or more to more of them, got {old.size} and {len(added)} more")
    perfect = _subtrees(old)

    def root(low: int, high: int) -> bytes:
        if high <= old.size:
            return perfect[low, high]
        part = CompactRange()
        for leaf in added[low - old.size : high - old.size]:
            part.append(leaf)
        return part.root()

    def prove(low: int, high: int, *, is_known: bool) -> list[bytes]:
        if high == old.size:
            return [] if is_known else [root(low, high)]
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        if old.size <= middle:
            return [*prove(low, middle, is_known=is_known), root(middle, high)]
        return [*prove(middle, high, is_known=False), root(low, middle)]

    return prove(0, old.size + len(added), is_known=True)


def _subtrees(tree: CompactRange) -> dict[tuple[int, int], bytes]:
    """The perfect subtrees of the right edge, by the leaves they cover."""
    found, low = {}, 0
    bits = [bit for bit in reversed(range(tree.size.bit_length())) if tree.size >> bit & 1]
    for bit, node in zip(bits, tree.stack, strict=True):
        found[low, low + (1 << bit)] = node
        low += 1 << bit
    return found


def is_consistent(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that the tree of `size` with `root` begins with the one of `old_size` with `old_root`."""
    if old_size == size:
        return not proof and old_root == root
    if not 0 < old_size < size:
        return False
    nodes = list(proof)
    if old_size & (old_size - 1) == 0:
        nodes.insert(0, old_root)  # a perfect tree is its own first node
    if not nodes:
        return False
    left, right = old_size - 1, size - 1
    while left & 1:
        left, right = left >> 1, right >> 1
    before = after = nodes[0]
    for node in nodes[1:]:
        if not right:
            return False
        if left & 1 or left == right:
            before, after = node_hash(node, before), node_hash(node, after)
            while not left & 1 and left:
                left, right = left >> 1, right >> 1
        else:
            after = node_hash(after, node)
        left, right = left >> 1, right >> 1
    return right == 0 and before == old_root and after == root
