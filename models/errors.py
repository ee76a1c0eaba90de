"""What can go wrong in the machine-learning package.

    DocloopError
    ├── BadPage, BadSchema        a value that can't be what it claims to be
    ├── ReadingFailed(permanent)  a file or page that can't be read, now or ever
    ├── TrainingFailed            a training that can't give a usable model
    ├── TrainingStopped           somebody asked a running training to stop
    └── RegistryError             MLflow, or a model folder that isn't what its manifest says

A message says what, where and what to do, and never quotes a document's text.
"""


class DocloopError(Exception):
    """Root of everything Docloop raises on purpose."""


class BadPage(DocloopError):
    """A box, word or page whose numbers are impossible."""


class BadSchema(DocloopError):
    """A field schema that contradicts itself."""


class ReadingFailed(DocloopError):
    """A file or page could not be read.

    `permanent` tells whether trying again is pointless (an encrypted file) or not (an engine that was
    short of memory).
    """

    def __init__(self, message: str, *, permanent: bool = True) -> None:
        super().__init__(message)
        self.permanent = permanent


class TrainingFailed(DocloopError):
    """Training can't give a usable model (too few labels, weights that became NaN)."""


class TrainingStopped(DocloopError):
    """Training ended because its progress callback asked for it."""


class RegistryError(DocloopError):
    """MLflow refused, or a stored model is not what its manifest says."""
