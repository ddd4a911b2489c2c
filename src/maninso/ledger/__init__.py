"""Proves the count: one append-only, signed Merkle log per petition, which anyone can recount.

The formats are those of C2SP (signed-note, tlog-checkpoint, tlog-tiles, tlog-proof, tlog-cosignature, https://c2sp.org)
over the Merkle tree of RFC 6962. docs/reference/ledger.md describes every byte. The package needs the standard library
and `cryptography` alone, so that a recount runs anywhere.
"""
