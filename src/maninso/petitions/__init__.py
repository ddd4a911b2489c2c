"""Everything that happens to a petition except being signed; the only Django models."""
