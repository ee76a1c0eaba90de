"""The REST API under /api/, one module for each noun. `openapi.json` describes it; errors are `{"detail": "…"}`."""
