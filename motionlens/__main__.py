"""`python -m motionlens`."""

import sys

from motionlens.cli import main

if __name__ == "__main__":
    sys.exit(main())
