"""`python -m mitwirkung` is the command `mitwirkung`."""

from mitwirkung.cli import main

main()
