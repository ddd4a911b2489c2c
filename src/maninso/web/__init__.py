"""Turns one HTTP request into one petitions call and its answer into a page, JSON or feed."""
