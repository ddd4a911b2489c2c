"""Brings petitions in, and lets everything public out."""
