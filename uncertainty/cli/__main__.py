"""`python -m uncertainty.cli`, where the command is not on the path."""

from uncertainty.cli import main

if __name__ == "__main__":
    main()
