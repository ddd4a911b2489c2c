"""The one chain of migrations: first the signing path's tables, then ours."""
