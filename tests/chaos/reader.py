"""One document read by this very process: `python -m tests.chaos.child tests.chaos.reader DOCUMENT`."""

import sys

from annotation import doorbell, reading

if __name__ == "__main__":
    doorbell.send = lambda jobs: None  # there is no broker here
    reading.read_document(int(sys.argv[1]))
