"""What every OCR engine is: an image in, words with places and confidences out."""

from typing import Protocol

from PIL import Image

from models.pages import Word


class Engine(Protocol):
    """Reads words from a page image. Loaded once per process; `read` may be called from several threads at once."""

    name: str
    version: str  # of the engine and its models: part of what a reading depends on

    def read(self, image: Image.Image) -> list[Word]:
        """Words in reading order; raises `ReadingFailed`, with `permanent` saying whether to try again."""
        ...
