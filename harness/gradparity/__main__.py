"""`python -m gradparity`."""

from .cli import main

main()
