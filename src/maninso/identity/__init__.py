"""Turns a verified person into a per-petition nullifier and forgets the person."""
