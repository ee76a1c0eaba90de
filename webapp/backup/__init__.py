"""All that cannot be made again in, one backup out; and back, into an empty place.

`archive.py` is the form (a folder or a tar, sealed by a manifest), `dumps.py` moves databases in and out, `places.py`
says what an installation consists of; `making.py`, `restoring.py` and `trying.py` (is a backup any good?) do the work.
"""
