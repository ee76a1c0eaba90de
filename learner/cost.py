"""How long people took for past documents in; how many seconds a document will cost a person, before they open it, out.

A person opens a document, looks at its pages, checks the fields and mends what is wrong. Each takes so many seconds,
and people differ in their pace by a factor:

    seconds = (open + page x pages + field x fields + error x expected wrong fields) x pace of the person x chance

The seconds start from `DEFAULT` and move away from it as far as the ledger's times give reason to: a maximum a
posteriori fit on the log scale, where a coffee break is a big residual, and big residuals count less (Huber 1964).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from django.db.models import Count, OuterRef, QuerySet, Subquery
from numpy.typing import NDArray

from annotation import asking
from annotation.labelling import ASSUMED
from annotation.models import DocumentType, Outcome, Page

FloatArray = NDArray[np.float64]

LEARN_FROM = 2000  # newest corrections
NOT_KNOWN = ("", "", 0.0)  # how a field ended, why, and how sure the machine was: of a field that came later
STRAYS = 0.7  # standard deviation, on the log scale, of a type's seconds around the default's: half to twice
PACES = 0.4  # the same of people's pace around their team's
SPREAD = 0.5  # the same of chance, until there are times to tell: as much as `SPREAD_WEIGHS` of them would
SPREAD_WEIGHS = 10
HUBER = 1.5  # spreads beyond which a residual counts less
STEPS = 30  # of Gauss and Newton; it settles in less than ten


@dataclass(frozen=True, slots=True)
class Row:
    """One document that a person has done, as it was before they began, and the seconds it took."""

    seconds: float
    pages: int
    fields: int  # that were asked for
    expected_errors: float  # of them, by the confidences of what the person was shown
    annotator: str


@dataclass(frozen=True, slots=True)
class CostModel:
    """Seconds for each part of the work, at the team's usual pace."""

    open: float  # a document, whatever is in it
    page: float
    field: float  # checking one
    error: float  # mending a field that is wrong, or filling it in
    spread: float  # standard deviation of chance on the log scale
    fields: int  # that a document of this type has
    rows: int = 0  # times it was learned from

    def seconds(
        self, expected_errors: FloatArray, pages: FloatArray, asked: FloatArray | None = None
    ) -> FloatArray:
        """Of a person's time, for each of N documents: (N,) of (N,), (N,) and (N,).

        `asked` is how many fields are asked for; None: all of them.
        """
        fields = self.fields if asked is None else asked
        parts = self.open + self.page * pages + self.field * fields + self.error * expected_errors
        return np.asarray(parts * np.exp(self.spread**2 / 2))  # the mean; without the factor it is the median

    def by_hand(self, pages: FloatArray) -> FloatArray:
        """The same without a machine: every field has to be found and filled in."""
        return self.seconds(np.full(len(pages), float(self.fields)), pages)

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, float]) -> CostModel:
        seconds = {name: stored[name] for name in ("open", "page", "field", "error", "spread")}
        return cls(**seconds, fields=int(stored["fields"]), rows=int(stored["rows"]))


def default(fields: int) -> CostModel:
    """What is assumed before anybody's time is known: 5 s to open a document, 3 s a page, 2 s a field, 8 s an error."""
    return CostModel(open=5.0, page=3.0, field=2.0, error=8.0, spread=SPREAD, fields=fields)


def of(document_type: DocumentType) -> CostModel:
    """Learned from the newest corrections of a type that people made in Label Studio; one query."""
    return fit(rows(document_type), fields=len(document_type.schema.fields))


def rows(document_type: DocumentType) -> list[Row]:
    """The newest documents whose time is known, the newest first; read from as many answers as `LEARN_FROM`.

    A document whose answer was edited counts once, with the time of all its edits: Label Studio adds them up.
    """
    names = document_type.schema.names
    found = timed(document_type).order_by("-at", "-pk").annotate(pages=page_count("document"))
    columns = ("document", "seconds", "annotator", "fields", "pages")
    rows: dict[int, Row] = {}
    for document, seconds, annotator, fields, count in found.values_list(*columns)[:LEARN_FROM]:
        if document in rows:
            continue
        ended = [fields.get(name, NOT_KNOWN) for name in names]
        asked = [confidence for outcome, _, confidence in ended if outcome != ASSUMED]
        errors = sum(1 - confidence for confidence in asked)
        rows[document] = Row(seconds, count or 1, len(asked), errors, annotator)
    return list(rows.values())


def timed(document_type: DocumentType) -> QuerySet[Outcome]:
    """The first answers to documents that have a truth, and their edits: they tell what a document costs.

    Who is asked again begins with other values, so that has no `seconds`; the first answer's stay when a second
    person's becomes the truth.
    """
    rows = Outcome.objects.filter(document_type=document_type, seconds__gt=0, document__truth__isnull=False)
    return rows.exclude(fields={})  # of another type: nobody filled in its fields


def fields_asked(
    document_type: DocumentType,
    confidence: Sequence[Sequence[float]],
    documents: Sequence[tuple[str, float | None]],
) -> FloatArray:
    """How many fields a type's people will be asked for, of each of N documents, see `asked`: (N,)."""
    return asked(
        confidence,
        documents,
        fields=len(document_type.schema.fields),
        # no confidence was held against what people say before there is a champion
        assume_above=document_type.assume_above if document_type.champion else None,
        whole_share=document_type.whole_share,
    )


def asked(
    confidence: Sequence[Sequence[float]],
    documents: Sequence[tuple[str, float | None]],
    *,
    fields: int,
    assume_above: float | None,
    whole_share: float,
) -> FloatArray:
    """How many of `fields` people are asked for, of each of N documents: (N,).

    `confidence` is (N, F) in the schema's order, `documents` each one's SHA-256 and audit probability. Not asked for
    are fields that are surer than `assume_above` (None: all are asked for), but in a `whole_share` of documents.
    """
    if assume_above is None:
        return np.full(len(documents), float(fields))
    doubtful = (np.array(confidence, dtype=np.float64).reshape(-1, fields) < assume_above).sum(axis=1)
    whole = [asking.asked_in_whole(whole_share, *document) for document in documents]
    return np.where(whole, fields, np.maximum(doubtful, 1)).astype(np.float64)


def page_count(document: str) -> Subquery:
    """How many pages a document has, for a query; `document` is the query's path to its id. Null for none."""
    pages = Page.objects.filter(document=OuterRef(document)).order_by().values("document")
    return Subquery(pages.annotate(n=Count("pk")).values("n")[:1])


def fit(rows: Sequence[Row], *, fields: int) -> CostModel:
    """The most likely seconds for a type of so many `fields`; `default(fields)` without rows."""
    start = default(fields)
    if not rows:
        return start
    names = sorted({row.annotator for row in rows})
    work = np.array([[1, row.pages, row.fields, row.expected_errors] for row in rows], dtype=np.float64)
    who = np.array([[row.annotator == name for name in names] for row in rows], dtype=np.float64)
    taken = np.log([row.seconds for row in rows])

    prior = np.log([start.open, start.page, start.field, start.error])
    center = np.concatenate([prior, np.zeros(len(names))])
    trust = np.concatenate([np.full(4, STRAYS**-2), np.full(len(names), PACES**-2)])
    at = center.copy()
    # to the level of the times first, so that what is far away afterwards is far from the others
    at[:4] += np.median(taken - np.log(work @ np.exp(prior)))
    for _ in range(STEPS):
        parts = work * np.exp(at[:4])  # (N, 4), seconds
        total = parts.sum(axis=1)
        residual = taken - np.log(total) - who @ at[4:]
        spread = _spread(residual)
        weight = np.minimum(1, HUBER * spread / np.maximum(np.abs(residual), 1e-9)) / spread**2
        slope = np.hstack([parts / total[:, None], who])  # of the log of seconds
        curvature = (slope * weight[:, None]).T @ slope + np.diag(trust)
        step = np.linalg.solve(curvature, slope.T @ (weight * residual) - trust * (at - center))
        at += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    pace = float((who @ at[4:]).mean())  # of the team as it was
    seconds = dict(zip(("open", "page", "field", "error"), np.exp(at[:4] + pace).tolist(), strict=True))
    return CostModel(**seconds, spread=spread, fields=fields, rows=len(rows))


def _spread(residual: FloatArray) -> float:
    """Standard deviation of what isn't a stray, from the median; near `SPREAD` while there are few."""
    found = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
    n = len(residual)
    return float(np.sqrt((SPREAD_WEIGHS * SPREAD**2 + n * found**2) / (SPREAD_WEIGHS + n)))
