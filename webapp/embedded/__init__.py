"""One machine, no Docker: PostgreSQL, Valkey, MLflow, Label Studio and Docloop's own processes as children of one.

`up.py` tells the story of a start; `programs.py` is the list of what runs; `supervisor.py` starts, watches and
stops it; `running.py` does the same as a child process, for journeys and benchmarks.
"""
