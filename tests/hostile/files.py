"""A seed in, two hundred and more hostile files out, the same ones each time."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from tests.hostile import pdfs

MUTATIONS = 150
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file: what it is, and the name and content it is sent with. `good` ones are harmless but for their name."""

    what: str
    name: str
    content: bytes
    good: bool = False


def files(seed: int) -> list[Hostile]:
    """All of them."""
    named = [
        *(
            (what, "it.pdf", content)
            for kind in (pdfs.bombs, pdfs.cycles, pdfs.lies, pdfs.acts)
            for what, content in kind()
        ),
        *pictures(),
        *polyglots(),
        *markup(),
        *archives(),
        *truncations(),
        *mutations(random.Random(seed)),
    ]
    return [*(Hostile(*each) for each in named), *names()]


def good() -> dict[str, bytes]:
    """A small good file of each type, by extension."""
    drawn = io.BytesIO()
    canvas = Canvas(drawn, invariant=1)
    for number in range(2):
        canvas.drawString(
            72, 700, f"Corner Shop, 12 High Street, Bath. Page {number}, total 12.90 EUR, due at once"
        )
        canvas.showPage()
    canvas.save()
    found = {"pdf": drawn.getvalue()}
    image = Image.new("L", (240, 60), 255)
    ImageDraw.Draw(image).text((20, 20), "Total 12.90", 0)
    for extension, form in (("png", "PNG"), ("jpg", "JPEG"), ("tif", "TIFF")):
        file = io.BytesIO()
        image.save(file, form)
        found[extension] = file.getvalue()
    return found


def chunk(kind: bytes, data: bytes, *, crc: int | None = None) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body) if crc is None else crc)


def png(width: int, height: int, *more: bytes, data: bytes = b"", depth: int = 8, colour: int = 0) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return PNG_HEAD + header + b"".join(more) + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def tiff(*directories: list[tuple[int, int, int, int]], after: int | None = None, data: bytes = b"") -> bytes:
    """Little-endian; each entry is (tag, type, count, value). `after` is where the last one says the next one is."""
    content = b"II*\x00" + struct.pack("<I", 8)
    for number, entries in enumerate(directories):
        end = len(content) + 2 + 12 * len(entries) + 4
        last = number == len(directories) - 1
        content += struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *each) for each in entries)
        content += struct.pack("<I", (after or 0) if last else end)
    return content + data


def grey(width: int, height: int, *, strip: int = 200, length: int = 9) -> list[tuple[int, int, int, int]]:
    return [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, strip), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, length),
    ]  # fmt: skip


def pictures() -> Iterator[tuple[str, str, bytes]]:
    """Images that unpack to too much, go round in circles, or lie about themselves."""
    yield "60,000 x 60,000 pixels", "it.png", png(60_000, 60_000, data=bytes(9_000_000))
    yield "2 billion pixels wide", "it.png", png(2**31 - 1, 1)
    yield "no pixels", "it.png", png(0, 0)
    yield "many pixels that are not there", "it.png", png(10_000, 10_000)
    note = b"Comment\x00\x00" + zlib.compress(bytes(200_000_000), 9)
    yield "a note of 200 MB", "it.png", png(9, 9, chunk(b"zTXt", note), data=bytes(90))
    profile = b"p\x00\x00" + zlib.compress(bytes(100_000_000), 9)
    yield "a colour profile of 100 MB", "it.png", png(9, 9, chunk(b"iCCP", profile), data=bytes(90))
    yield "a wrong sum", "it.png", PNG_HEAD + chunk(b"IHDR", bytes(13), crc=1) + chunk(b"IEND", b"")
    yield "a chunk of 4 GB", "it.png", PNG_HEAD + b"\xff\xff\xff\xffIHDR" + bytes(90)
    yield (
        "a frame of an animation elsewhere",
        "it.png",
        png(
            9, 9, chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)), chunk(b"fcTL", bytes(26)), data=bytes(90)
        ),
    )
    yield "a colour type that isn't", "it.png", png(9, 9, data=bytes(90), depth=77, colour=9)
    yield "30,000 x 30,000 in a TIFF", "it.tif", tiff(grey(30_000, 30_000))
    yield "ten thousand pages", "it.tif", tiff(*[grey(9, 9)] * 10_000)
    yield "pages in a ring", "it.tif", tiff(grey(9, 9), after=8, data=bytes(300))
    yield "a strip beyond the end", "it.tif", tiff(grey(90, 90, strip=2**31, length=2**31))
    yield (
        "4 billion values in a tag",
        "it.tif",
        tiff([*grey(9, 9), (33432, 2, 2**32 - 1, 8)], data=bytes(300)),
    )
    yield (
        "65,535 bits",
        "it.tif",
        tiff([(tag, kind, n, 65_535 if tag == 258 else v) for tag, kind, n, v in grey(9, 9)]),
    )
    yield (
        "a compression nobody knows",
        "it.tif",
        tiff([(tag, kind, n, 34_712 if tag == 259 else v) for tag, kind, n, v in grey(9, 9)]),
    )
    yield "a directory at the end of the world", "it.tif", b"MM\x00*\xff\xff\xff\xff"
    yield "a directory in itself", "it.tif", b"II*\x00\x04\x00\x00\x00"
    sizes = struct.pack(">HBHHB", 11, 8, 65_500, 65_500, 1) + b"\x01\x11\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
    yield "65,500 x 65,500 in a JPEG", "it.jpg", b"\xff\xd8\xff\xc0" + sizes + scan + b"\xff\xd9"
    yield "a JPEG that begins and ends", "it.jpg", b"\xff\xd8\xff\xd9"
    yield "a segment of nothing", "it.jpg", b"\xff\xd8\xff\xe0\x00\x00" + bytes(300)
    exif = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\xff\xff\xff\xff\x08\x00\x00\x00\x08\x00\x00\x00"
    whole = good()["jpg"]
    yield (
        "EXIF in a ring",
        "it.jpg",
        whole[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + whole[2:],
    )
    noise = b"".join(b"\xff\xfe\xff\xff" + bytes(65_533) for _ in range(300))
    yield "20 MB of comments", "it.jpg", whole[:2] + noise + whole[2:]


def polyglots() -> Iterator[tuple[str, str, bytes]]:
    """Two things at once."""
    found = good()
    packed = zipped({"evil.py": b"import os"})
    script = b"<script>alert(document.cookie)</script>"
    php = chunk(b"tEXt", b"Comment\x00<?php system($_GET['c']); ?>")
    yield "a PDF and a zip", "it.pdf", found["pdf"] + packed
    yield "a zip and a PDF", "it.pdf", packed + found["pdf"]
    yield "a GIF and a PDF", "it.pdf", b"GIF89a" + bytes(20) + found["pdf"]
    yield "a web page and a PDF", "it.pdf", b"<html>" + script + b"</html>\n" + found["pdf"]
    yield "a script and a PDF", "it.pdf", b"#!/bin/sh\ntouch /tmp/pwned\nexit\n" + found["pdf"]
    yield "a JPEG and a web page", "it.jpg", found["jpg"] + b"<html>" + script
    yield "a PNG and PHP", "it.png", png(9, 9, php, data=bytes(90))
    yield "a PNG and a PDF", "it.png", found["png"] + found["pdf"]
    yield "a PNG called PDF", "it.pdf", found["png"]
    yield "a PDF called PNG", "it.png", found["pdf"]
    yield "a TIFF called JPEG", "it.jpg", found["tif"]
    yield "a JPEG called a program", "it.jpg.exe", found["jpg"]
    yield "a PDF called a web page", "it.html", found["pdf"]
    yield "a PDF without extension", "it", found["pdf"]
    yield (
        "an EPS in a JPEG's clothes",
        "it.jpg",
        b"\xff\xd8\xff%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (w) file\n",
    )
    yield "a program", "it.pdf", b"\x7fELF" + bytes(99)
    yield "another program", "it.png", b"MZ" + bytes(99)
    yield "PostScript", "it.pdf", b"%!PS-Adobe-3.0\n(%pipe%id) (w) file\n"
    yield "a BMP", "it.png", b"BM" + bytes(99)
    yield "a WebP", "it.png", b"RIFF\x00\x00\x00\x00WEBPVP8L" + bytes(99)
    yield "a FITS that unpacks to gigabytes", "it.tif", b"SIMPLE  =                    T" + bytes(2880)
    yield "nothing", "it.pdf", b""
    yield "zeros", "it.pdf", bytes(100_000)


def markup() -> Iterator[tuple[str, str, bytes]]:
    """What a browser, or a reader of XML, would run or fetch."""
    entity = b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
    laughs = b"<!DOCTYPE x [<!ENTITY a 'ha'>" + b"".join(
        f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>".encode() for n in range(9)
    ) + b"]><x>&j;</x>"  # fmt: skip
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
    yield "a drawing with a script", "it.svg", drawing
    yield "a drawing called PNG", "it.png", drawing
    yield "a drawing with an entity", "it.png", entity + b"<svg><text>&e;</text></svg>"
    yield "a drawing of another place", "it.jpg", b"<svg><image href='http://127.0.0.1:22/'/></svg>"
    yield "a web page", "it.html", b"<!DOCTYPE html><script>alert(1)</script>"
    yield "a web page called PDF", "it.pdf", b"\xef\xbb\xbf \n<HTML><script>alert(1)</script>"
    yield "a web page in UTF-16", "it.pdf", "<html><script>alert(1)</script>".encode("utf-16")
    yield "entities of entities", "it.pdf", b"<?xml version='1.0'?>" + laughs
    yield "an XML with an entity", "it.tif", entity + b"<x>&e;</x>"
    yield "a stylesheet", "it.png", b"<?xml-stylesheet href='http://evil.example/x.xsl'?><x/>"


def zipped(entries: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def archives() -> Iterator[tuple[str, str, bytes]]:
    """Archives and what is one inside: none is a document."""
    entity = b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"
    yield "a zip bomb", "it.zip", zipped({"zeros": bytes(50_000_000)})
    yield "a zip called PDF", "it.pdf", zipped({"../../evil.pdf": b"%PDF-1.4"})
    yield (
        "a letter with an entity",
        "it.docx",
        zipped({"[Content_Types].xml": entity, "word/document.xml": entity}),
    )
    yield "a table called PDF", "it.pdf", zipped({"xl/workbook.xml": entity})
    yield "a gzip", "it.pdf", b"\x1f\x8b\x08" + bytes(99)
    yield "an old Office file", "it.pdf", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99)


def truncations() -> Iterator[tuple[str, str, bytes]]:
    """Good files that end too early."""
    for extension, content in good().items():
        for share in (1, 25, 60, 97):
            yield f"{share} % of a file", f"it.{extension}", content[: max(5, len(content) * share // 100)]


def mutations(rng: random.Random) -> Iterator[tuple[str, str, bytes]]:
    """Good files with something changed in them."""
    found = list(good().items())
    for number in range(MUTATIONS):
        extension, content = found[number % len(found)]
        changed = bytearray(content)
        for _ in range(rng.choice((1, 3, 10, 50))):
            at = rng.randrange(len(changed))
            match rng.randrange(5):
                case 0:
                    changed[at] = rng.randrange(256)
                case 1:
                    changed[at] ^= 1 << rng.randrange(8)
                case 2:
                    del changed[at : at + rng.randrange(1, 9)]
                case 3:
                    changed[at:at] = rng.randbytes(rng.randrange(1, 9))
                case _:
                    changed[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff"))
        yield f"mutation {number}", f"it.{extension}", bytes(changed)


def names() -> Iterator[Hostile]:
    """A good file under names that were made to do harm."""
    for number, name in enumerate(
        (
            "../../../../etc/cron.d/it.png", "..\\..\\..\\it.png", "/etc/it.png", "C:\\Windows\\it.png", "file:///etc/it.png",
            "....//....//it.png", "%2e%2e%2fit.png", "it.png\x00.pdf.png", ".it.png", "..png", "-rf it.png", "con.png", "a" * 800 + ".png",
            "it\r\nX-Evil: 1.png", "<img src=x onerror=alert(1)>.png", "'; DROP TABLE annotation_document; --.png",
            "{{ settings.SECRET_KEY }}.png", "$(touch pwned).png", "it\u202egnp.png", "\U0001f480.png", "it .png", "\ud7ff\uffff.png",
        )
    ):  # fmt: skip
        file = io.BytesIO()
        Image.new("L", (20 + number, 20), 255).save(file, "PNG")
        yield Hostile("a name", name, file.getvalue(), good=name.isascii() and "\r" not in name)
