"""What every process of Docloop's is told by its environment: to run no code out of models, and to tell nobody anything.

Libraries read these when they are imported, so they are set before; nobody's own environment may switch them on again.
"""

from __future__ import annotations

import os

QUIET = {
    "MLFLOW_ALLOW_MODEL_CODE_EXECUTION": "false",  # 3.18 and later
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",  # until 3.17
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "true",
    "TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1",  # whatever a library's torch.load asks for
}
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}


def safe(*, hub: bool) -> dict[str, str]:
    """The variables; with `hub`, models may be fetched from the Hugging Face hub and docTR's."""
    return QUIET if hub else QUIET | OFFLINE


def settle(*, hub: bool) -> None:
    """Set them for this process and all that it starts."""
    os.environ.pop("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", None)
    os.environ.update(safe(hub=hub))
