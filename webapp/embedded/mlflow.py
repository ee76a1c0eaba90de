"""MLflow's tracking server and registry: its tables in PostgreSQL, its artifacts on disk and served by itself."""

from __future__ import annotations

import sys
from pathlib import Path

from models.environment import safe

HOST = "127.0.0.1"  # it has no sign-in of its own, so it never listens anywhere else


def command(port: int) -> list[str]:
    """The command that runs the server in the foreground; one worker is plenty for one machine."""
    mlflow = Path(sys.executable).with_name("mlflow")
    return [str(mlflow), "server", "--host", HOST, "--port", str(port), "--workers", "1"]


def environment(data: Path, port: int, database_url: str) -> dict[str, str]:
    """What the server reads."""
    return safe(hub=False) | {
        "HOME": str(data),
        # in the environment, because arguments show in `ps`; SQLAlchemy's own default would be psycopg 3
        "MLFLOW_BACKEND_STORE_URI": database_url.replace("postgresql://", "postgresql+psycopg2://", 1),
        "MLFLOW_ARTIFACTS_DESTINATION": str(data / "artifacts"),
        "MLFLOW_SERVER_ALLOWED_HOSTS": f"127.0.0.1:{port},localhost:{port}",
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{port},http://localhost:{port}",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # saves five processes; nothing of ours needs it
        "MLFLOW_ENABLE_AI_GATEWAY": "false",
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "4",
    }
