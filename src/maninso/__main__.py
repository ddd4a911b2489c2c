"""`maninso`, also as `python -m maninso`: the command line."""

from maninso.run.importing import uncollected

with uncollected():
    from maninso.run.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
