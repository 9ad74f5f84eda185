"""Keeping files: taking in an upload, reading a file back, letting its content go."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import BinaryIO

from django.db import transaction

from common.tenancy import across_tenants
from jobs.models import StoredFile, StoredPart

PART = 1_000_000


class FileGone(Exception):
    """The content was let go; only its name and size are left."""


@transaction.atomic
def keep(*, name: str, parts: Iterable[bytes], now: datetime, days: int) -> StoredFile:
    """Store a file for the tenant in scope, part by part, for so many days."""
    file = StoredFile.objects.create(
        name=name[:255], created_at=now, keep_until=now + timedelta(days=days)
    )
    digest = hashlib.sha256()
    for number, part in enumerate(parts):
        digest.update(part)
        file.size += len(part)
        file.lines += part.count(b"\n")
        StoredPart.objects.create(file=file, number=number, content=part)
    file.sha256 = digest.hexdigest()
    file.save(update_fields=["size", "lines", "sha256"])
    return file


def parts_of(file: StoredFile) -> Iterator[bytes]:
    """The content, piece by piece; one query each, so that memory stays flat."""
    numbers = StoredPart.objects.filter(file=file).order_by("number").values_list("pk", flat=True)
    for pk in list(numbers):
        yield bytes(StoredPart.objects.values_list("content", flat=True).get(pk=pk))


def beginning_of(file: StoredFile) -> bytes:
    """The first part, at most PART bytes of an upload. Raises FileGone."""
    if file.emptied_at is not None:
        raise FileGone
    part = StoredPart.objects.filter(file=file, number=0).values_list("content", flat=True).first()
    return bytes(part or b"")


@contextmanager
def opened(file: StoredFile, *, on_part: Callable[[], None]) -> Iterator[BinaryIO]:
    """The content as a stream at its start, in a nameless temporary file that dies with us.

    `on_part` is called after each part, so that a lease does not run out. Raises FileGone.
    """
    if file.emptied_at is not None:
        raise FileGone
    with tempfile.TemporaryFile() as stream:
        for part in parts_of(file):
            stream.write(part)
            on_part()
        stream.seek(0)
        yield stream


def let_go(*, now: datetime) -> int:
    """Delete the content of every tenant's files whose time is over; returns how many."""
    with across_tenants("files of all tenants are let go after their time"):
        over = StoredFile.objects.filter(keep_until__lte=now, emptied_at=None)
        keys = list(over.values_list("pk", flat=True))
        StoredPart.objects.filter(file_id__in=keys).delete()
        return StoredFile.objects.filter(pk__in=keys).update(emptied_at=now)
