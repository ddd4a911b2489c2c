"""Turns the parts into processes: settings, server composition, command line, worker, embedded PostgreSQL."""
