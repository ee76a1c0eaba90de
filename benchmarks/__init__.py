"""The figures we publish: peers side by side, in one run, on documents that can be had by others (`make bench`)."""
