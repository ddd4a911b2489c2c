"""Takes a signature once, durably, and nothing else: HTTP app, gate, group commit, sequencer, schema.sql."""
