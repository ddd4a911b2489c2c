"""Proves the count: leaves, tiles, checkpoints, receipts, verify."""
