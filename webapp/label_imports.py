"""Two uploaded files in, an import under way: the same for the page and the API."""

from __future__ import annotations

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from annotation import audit_trail, doorbell, intake
from annotation.errors import Refused
from annotation.models import DocumentType, LabelImport

MOST_LABELS = 200  # MB: the export is read at once
MOST_FILES = 20  # times the largest file that intake takes: the zip


def begin(
    labels: UploadedFile[bytes], pictures: UploadedFile[bytes], *, document_type: DocumentType, by: str
) -> LabelImport:
    """Keep the files and have them taken in by a worker; raises `Refused` for what is too large."""
    for file, most in ((labels, MOST_LABELS), (pictures, MOST_FILES * settings.CONFIG.max_upload_mb)):
        if (file.size or 0) > most * 1_000_000:
            raise Refused(
                f"{intake.plain_name(file.name or '')} is larger than {most} MB: import it in parts, or with "
                "manage.py import_label_studio"
            )
    with transaction.atomic():
        wanted = LabelImport(
            document_type=document_type, filename=intake.plain_name(labels.name or "unnamed"), by=by[:150]
        )
        wanted.labels.save("labels.json", labels, save=False)
        wanted.pictures.save("pictures.zip", pictures, save=False)
        wanted.save()
        doorbell.ring("import asked", wanted.pk)
        audit_trail.record(by=by, action="imported labels", subject=f"document type {document_type.name}")
    return wanted
