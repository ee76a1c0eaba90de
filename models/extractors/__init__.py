"""Extractors by name. They are imported when asked for: the web process must not load torch to show a name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from models.errors import DocloopError, RegistryError
from models.extractors import manifest
from models.extractors.base import Extractor
from models.extractors.base_files import head_of

EXTRACTORS = {
    "rules": "models.extractors.rules.RulesExtractor",
    "combined": "models.extractors.combined.CombinedExtractor",
    "tagger": "models.extractors.tagger.TaggerExtractor",
    "crf": "models.extractors.crf.CrfExtractor",
    "layoutlm": "models.extractors.layoutlm.LayoutLMExtractor",
}
LIVE_ON_CONCEPTS = ("combined", "tagger")


class UnknownExtractor(DocloopError):
    """No extractor has that name; the message lists those there are."""


def named(name: str) -> type[Extractor]:
    """The class of the extractor called `name`; raises `UnknownExtractor`."""
    try:
        module, _, class_name = EXTRACTORS[name].rpartition(".")
    except KeyError:
        raise UnknownExtractor(f"no extractor {name!r}; there are: {', '.join(EXTRACTORS)}") from None
    extractor: type[Extractor] = getattr(import_module(module), class_name)
    return extractor


def for_base(name: str, base: str) -> str:
    """The extractor that trains from `base`: `name`, or `layoutlm` where `name` lives on concepts that the base doesn't know.

    `base` is what the recipe says: empty, a folder, or a name on the hub. So a bigger base is one setting.
    """
    foreign = base and len(head_of(Path(base))) < 2
    return "layoutlm" if foreign and name in LIVE_ON_CONCEPTS else name


def load(folder: Path) -> Extractor:
    """The model in `folder`, by whichever extractor wrote it; raises `RegistryError` if it isn't whole."""
    kind = named(manifest.read(folder).extractor)
    try:
        return kind.load(folder)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RegistryError(
            f"{folder} is no model of {kind.name!r} as this Docloop writes them ({type(error).__name__}); train it again"
        ) from error
