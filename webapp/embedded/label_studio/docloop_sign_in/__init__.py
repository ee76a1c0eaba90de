"""A Django app in Label Studio's process: people whom Docloop knows come in by a link, without a second password."""
