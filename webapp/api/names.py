"""How document types are named in requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

# what can be no name is answered 422, before it reaches the database
TypeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]*$", max_length=40)]
