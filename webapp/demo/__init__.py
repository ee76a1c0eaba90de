"""The demo: two document types, generated documents, and a first model trained on some of them."""
