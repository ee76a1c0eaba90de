"""The doctor: is this installation well and safe? Every finding that is not says what to do.

`settings_checks.py` looks at what was set, `service_checks.py` and `label_studio_checks.py` ask the services, `probe.py` sends a
document through the whole loop and takes it out again; `examination.py` does all of it in order.
`tidying.py` takes away what probes leave, `asked.py` is the page's way: a job looks, and the last results are kept.
"""
