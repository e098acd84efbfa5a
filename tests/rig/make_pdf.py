#!/usr/bin/env python3
"""make_pdf.py [--noise=BYTES] FILE TEXT…: a PDF of A4 pages, each with one line of text in a font that they share, and
with a picture of that size that cannot be made smaller."""
import random
import sys


def make(texts, noise):
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    chance = random.Random(1)
    for text in texts:
        picture = b""
        if noise:
            objects.append(b"<< /Type /XObject /Subtype /Image /Width 1000 /Height %d /ColorSpace /DeviceGray"
                           b" /BitsPerComponent 8 /Length %d >>\nstream\n%s\nendstream"
                           % (noise // 1000, noise // 1000 * 1000, chance.randbytes(noise // 1000 * 1000)))
            picture = b" /XObject << /P %d 0 R >>" % len(objects)
        text = text.encode("ascii").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        stream = b"BT /F1 24 Tf 72 720 Td (%s) Tj ET" % text
        stream += b" q 400 0 0 400 72 200 cm /P Do Q" if noise else b""
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
                       b" /Resources << /Font << /F1 3 0 R >>%s >> >>" % (len(objects), picture))
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


arguments = sys.argv[1:]
size = int(arguments.pop(0).split("=")[1]) if arguments[0].startswith("--noise=") else 0
with open(arguments[0], "wb") as file:
    file.write(make(arguments[1:], size))
