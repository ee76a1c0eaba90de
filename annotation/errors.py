"""What can go wrong with documents and Label Studio.

DocloopError
├── Refused                        an upload, a document type or a change that can't be taken; the message says why
│   └── NoRoom                     the disk of the store is full: an operator makes room
├── IllegalMove                    a document can't go from this state to that: a bug or a lost race
├── LostClaim                      this worker no longer holds the job it works on: it must write nothing
├── Unreachable                    the outside world doesn't answer: retried with growing pauses
│   └── LabelStudioUnreachable
└── LabelStudioError
    ├── LabelStudioUnreachable
    └── LabelStudioRefused         not retried; the job keeps the reason
"""

from models.errors import DocloopError


class Refused(DocloopError):
    """Something a person or program asked for can't be taken; the message is meant for them."""


class NoRoom(Refused):
    """The disk of the store has no room for another file."""


class IllegalMove(DocloopError):
    """A state that may not follow the present one."""


class LostClaim(DocloopError):
    """Another worker has taken this job over."""


class Unreachable(DocloopError):
    """Something outside did not answer, or not yet: trying again later can help, for as long as it takes."""


class LabelStudioError(DocloopError):
    """Label Studio did not do what was asked."""


class LabelStudioUnreachable(LabelStudioError, Unreachable):
    """No answer, or 5xx: trying again later can help."""


class LabelStudioRefused(LabelStudioError):
    """4xx: trying again can't help. `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status
