"""`python -m pyfmt`."""

import sys

from pyfmt.cli.start import main

if __name__ == "__main__":
    sys.exit(main())
