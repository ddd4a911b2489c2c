"""`python -m maninso`: the command line."""

from maninso.run.cli import main

if __name__ == "__main__":
    main()
