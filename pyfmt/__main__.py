"""`python -m pyfmt`."""

import sys

from pyfmt.cli import main

if __name__ == "__main__":
    sys.exit(main())
