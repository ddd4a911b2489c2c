"""The Merkle tree of RFC 6962 section 2.1 over SHA-256: hashes, roots, proofs.

Hashes are 32 bytes. A complete subtree is named `(height, index)`: the tree hash of leaves
`index * 2**height` up to, not including, `(index + 1) * 2**height`.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from struct import Struct

from maninso.ledger.errors import LedgerError, Reason

HASH_LENGTH = 32
EMPTY_ROOT = sha256(b"").digest()

Subtree = tuple[int, int]
ReadHashes = Callable[[Sequence[Subtree]], Sequence[bytes]]

_iter_pairs = Struct("64s").iter_unpack
_leaf_begun = sha256(b"\x00")
_node_begun = sha256(b"\x01")


def hash_leaf(entry: bytes) -> bytes:
    """RFC 6962 leaf hash, `SHA-256(00 || entry)`."""
    return sha256(b"\x00" + entry).digest()


def hash_leaves(entries: Iterable[bytes]) -> list[bytes]:
    """`hash_leaf` of each entry, in order; the fast way for many."""
    # Copying a begun hash is faster than beginning one, which makes OpenSSL look SHA-256 up each time.
    begin = _leaf_begun.copy
    hashes: list[bytes] = []
    for entry in entries:
        leaf = begin()
        leaf.update(entry)
        hashes.append(leaf.digest())
    return hashes


def hash_node(left: bytes, right: bytes) -> bytes:
    """RFC 6962 interior hash, `SHA-256(01 || left || right)`."""
    return sha256(b"\x01" + left + right).digest()


def root_of_packed(hashes: bytes) -> bytes:
    """The tree hash over subtree hashes of equal height that lie end to end, 32 bytes each; at least one.

    The last may also be that of a smaller, incomplete subtree. Pairing level by level and lifting an odd last hash
    unchanged is the same tree as splitting at the largest power of two below n.
    """
    begin = _node_begun.copy
    while len(hashes) > HASH_LENGTH:
        odd = hashes[-HASH_LENGTH:] if len(hashes) % 64 else b""
        above: list[bytes] = []
        for (pair,) in _iter_pairs(hashes[:-HASH_LENGTH] if odd else hashes):
            node = begin()
            node.update(pair)
            above.append(node.digest())
        above.append(odd)
        hashes = b"".join(above)
    return hashes


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; `EMPTY_ROOT` for none."""
    return root_of_packed(b"".join(leaf_hashes)) if leaf_hashes else EMPTY_ROOT


def prove_inclusion(index: int, size: int, read_hashes: ReadHashes) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves, the leaf's sibling first (RFC 6962 section 2.1.1).

    Asks `read_hashes` once, for complete subtrees only. Raises ValueError unless `0 <= index < size`.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    ranges: list[tuple[int, int]] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return _hash_ranges(ranges[::-1], read_hashes)


def prove_consistency(old: int, new: int, read_hashes: ReadHashes) -> list[bytes]:
    """The proof that the tree of `old` leaves is a prefix of the tree of `new` (RFC 6962 section 2.1.2).

    Empty if `old` is 0 or equals `new`. Raises ValueError unless `0 <= old <= new`.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} is no prefix of a tree of {new}")
    if old in (0, new):
        return []
    ranges: list[tuple[int, int]] = []
    low, high = 0, new
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    if low > 0:
        ranges.append((low, high))
    return _hash_ranges(ranges[::-1], read_hashes)


def verify_inclusion(*, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises LedgerError (bad-proof) unless `proof` leads from the leaf to `root` (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        raise LedgerError(Reason.BAD_PROOF, f"Leaf {index} cannot be in a log of {size}.")
    _refuse_odd_hashes([leaf_hash, root, *proof])
    place, last = index, size - 1
    value = leaf_hash
    for sibling in proof:
        if last == 0:
            raise LedgerError(Reason.BAD_PROOF, f"The proof for leaf {index} of {size} is too long.")
        if place & 1 or place == last:
            value = hash_node(sibling, value)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            value = hash_node(value, sibling)
        place, last = place >> 1, last >> 1
    if last != 0 or value != root:
        raise LedgerError(Reason.BAD_PROOF, f"The proof for leaf {index} does not lead to the root of {size} leaves.")


def verify_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raises LedgerError (bad-proof) unless the old tree is a prefix of the new one (RFC 9162 section 2.1.4.2)."""
    refusal = LedgerError(Reason.BAD_PROOF, f"The log of {old_size} leaves is not shown to be a prefix of {new_size}.")
    _refuse_odd_hashes([old_root, new_root, *proof])
    if not 0 <= old_size <= new_size:
        raise refusal
    if old_size in (0, new_size):
        if proof or old_root != (EMPTY_ROOT if old_size == 0 else new_root):
            raise refusal
        return
    rest = list(proof)
    if old_size & (old_size - 1) == 0:  # the old tree is one complete subtree, so its root starts the proof
        rest.insert(0, old_root)
    if not rest:
        raise refusal
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_value = new_value = rest[0]
    for sibling in rest[1:]:
        if last == 0:
            raise refusal
        if place & 1 or place == last:
            old_value, new_value = hash_node(sibling, old_value), hash_node(sibling, new_value)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new_value = hash_node(new_value, sibling)
        place, last = place >> 1, last >> 1
    if last != 0 or old_value != old_root or new_value != new_root:
        raise refusal


def _split(size: int) -> int:
    """The largest power of two below `size`, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1


def _complete_subtrees(low: int, high: int) -> list[Subtree]:
    """The complete subtrees that tile leaves `low` up to `high`, largest first; `low` is aligned as in the tree."""
    subtrees: list[Subtree] = []
    while low < high:
        height = (high - low).bit_length() - 1
        subtrees.append((height, low >> height))
        low += 1 << height
    return subtrees


def _hash_ranges(ranges: Sequence[tuple[int, int]], read_hashes: ReadHashes) -> list[bytes]:
    parts = [_complete_subtrees(low, high) for low, high in ranges]
    hashes = read_hashes([subtree for part in parts for subtree in part])
    if len(hashes) != sum(map(len, parts)):
        raise ValueError("read_hashes answered with another number of hashes than it was asked for")
    answer: list[bytes] = []
    position = 0
    for part in parts:
        value = hashes[position + len(part) - 1]
        for left in reversed(hashes[position : position + len(part) - 1]):
            value = hash_node(left, value)
        answer.append(value)
        position += len(part)
    return answer


def _refuse_odd_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(value) != HASH_LENGTH for value in hashes):
        raise LedgerError(Reason.BAD_PROOF, "A hash in the proof is not 32 bytes long.")
