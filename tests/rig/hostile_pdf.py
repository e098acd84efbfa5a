#!/usr/bin/env python3
"""Makes PDFs for the tests of printing: ordinary ones, and those that somebody has it in for us with.

    hostile_pdf.py KIND FILE [PAGES]
"""
import sys
import zlib


class Pdf:
    """Objects by their numbers; what is not put in is missing in the file."""

    def __init__(self):
        self.objects = {}
        self.count = 0
        self.tree = self.number()
        self.kids = []
        self.tree_entries = '/MediaBox [0 0 595 842]'
        self.declared = None
        self.trailer = ''
        self.root_entries = ''

    def number(self):
        self.count += 1
        return self.count

    def put(self, number, body):
        self.objects[number] = body if isinstance(body, bytes) else body.encode('latin-1')
        return number

    def add(self, body):
        return self.put(self.number(), body)

    def packed(self, entries, data, filters='/FlateDecode'):
        """A stream whose bytes are packed already."""
        head = '<< /Filter %s %s /Length %d >>\nstream\n' % (filters, entries, len(data))
        return self.add(head.encode('latin-1') + data + b'\nendstream')

    def stream(self, entries, data):
        return self.packed(entries, zlib.compress(data if isinstance(data, bytes) else data.encode('latin-1')))

    def page(self, entries, contents=None):
        contents = '' if contents is None else '/Contents %d 0 R' % contents
        self.kids.append(self.add('<< /Type /Page /Parent %d 0 R %s %s >>' % (self.tree, contents, entries)))

    def save(self, path):
        declared = len(self.kids) if self.declared is None else self.declared
        if self.tree not in self.objects:
            kids = ' '.join('%d 0 R' % kid for kid in self.kids)
            self.put(self.tree, '<< /Type /Pages /Kids [%s] /Count %d %s >>' % (kids, declared, self.tree_entries))
        root = self.add('<< /Type /Catalog /Pages %d 0 R %s >>' % (self.tree, self.root_entries))
        out = bytearray(b'%PDF-1.6\n%\xe2\xe3\xcf\xd3\n')
        places = {}
        for number in sorted(self.objects):
            places[number] = len(out)
            out += b'%d 0 obj\n' % number + self.objects[number] + b'\nendobj\n'
        table = len(out)
        out += b'xref\n0 %d\n0000000000 65535 f \n' % (self.count + 1)
        for number in range(1, self.count + 1):
            out += b'%010d 00000 n \n' % places[number] if number in places else b'0000000000 65535 f \n'
        out += b'trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d\n%%%%EOF\n' % (
            self.count + 1, root, self.trailer.encode(), table)
        with open(path, 'wb') as file:
            file.write(out)


FONT = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'


def shared(pdf, pages):
    """What pages can share and inherit: one dictionary of resources with the images of all pages (whose names are
    spelled in two ways), a form without resources of its own, a shading, turned and cropped pages, fields, links."""
    resources, font = pdf.number(), pdf.add(FONT)
    images = [pdf.stream('/Type /XObject /Subtype /Image /Width 32 /Height 32 /ColorSpace /DeviceRGB /BitsPerComponent 8',
                         bytes((i * 7 + k * (i + 3)) % 256 for k in range(32 * 32 * 3))) for i in range(pages)]
    form = pdf.stream('/Type /XObject /Subtype /Form /BBox [0 0 100 20]', 'BT /F1 8 Tf 2 4 Td (form) Tj ET')
    shading = pdf.add('<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [100 100 400 100] '
                      '/Function << /FunctionType 2 /Domain [0 1] /C0 [1 0 0] /C1 [0 0 1] /N 1 >> >>')
    pattern = pdf.add('<< /Type /Pattern /PatternType 2 /Shading %d 0 R >>' % shading)
    pdf.put(resources, '<< /Font << /F1 %d 0 R >> /Pattern << /P1 %d 0 R >> /XObject << /Fm %d 0 R %s >> >>' % (
        font, pattern, form, ' '.join('/Im#41%d %d 0 R' % (i, image) for i, image in enumerate(images))))
    pdf.tree_entries += ' /Resources %d 0 R' % resources
    for i in range(pages):
        contents = pdf.stream('', 'BT /F1 24 Tf 72 500 Td (This is page %d of the document) Tj ET q 200 0 0 200 72 250 cm '
                              '/ImA%d Do Q /Pattern cs /P1 scn 100 100 300 60 re f 1 0 0 1 72 600 cm %s' % (
                                  i + 1, i, '/Fm Do' if i % 3 == 0 else ''))
        look = pdf.stream('/Type /XObject /Subtype /Form /BBox [0 0 80 20] /Resources << /Font << /F1 %d 0 R >> >>' % font,
                          '0 0.6 0 rg 0 0 80 20 re f 0 g BT /F1 9 Tf 3 6 Td (field %d) Tj ET' % (i + 1))
        field = pdf.add('<< /Type /Annot /Subtype /Widget /FT /Tx /T (f%d) /F 4 /Rect [300 650 380 670] '
                        '/AP << /N %d 0 R >> >>' % (i + 1, look))
        link = pdf.add('<< /Type /Annot /Subtype /Link /Rect [72 490 200 520] /Border [0 0 0] /Dest [%d 0 R /Fit] >>' % (
            pdf.kids[0] if pdf.kids else pdf.tree))
        pdf.page('/Annots [%d 0 R %d 0 R] %s' % (field, link, ['', '/Rotate 90', '/CropBox [36 36 559 700]'][i % 3]), contents)
    pdf.trailer = '/Info << /Title (A shared document) >>'


def layers(pdf, pages):
    """A layer that is switched off, and one that is on."""
    off, on = (pdf.add('<< /Type /OCG /Name (%s) >>' % name) for name in ('off', 'on'))
    pdf.root_entries = '/OCProperties << /OCGs [%d 0 R %d 0 R] /D << /OFF [%d 0 R] >> >>' % (off, on, off)
    pdf.page('/Resources << /Properties << /Off %d 0 R /On %d 0 R >> >>' % (off, on),
             pdf.stream('', '/OC /Off BDC 72 72 200 200 re f EMC /OC /On BDC 72 500 200 200 re f EMC'))


def bomb(pdf, pages):
    """Contents of 1 GB in 2 KB: packed twice."""
    packer, inner = zlib.compressobj(9), []
    for _ in range(1024):
        inner.append(packer.compress(bytes(1 << 20)))
    pdf.page('', pdf.packed('', zlib.compress(b''.join(inner) + packer.flush(), 9), '[/FlateDecode /FlateDecode]'))


def bomb_in_a_form(pdf, pages):
    """300 MB in something that the page draws."""
    packer = zlib.compressobj(9)
    data = b''.join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()
    form = pdf.packed('/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << >>', data)
    pdf.page('/Resources << /XObject << /Fm %d 0 R >> >>' % form, pdf.stream('', '/Fm Do'))


def many_filters(pdf, pages):
    data = b'0 0 9 9 re f'
    for _ in range(9):
        data = zlib.compress(data)
    pdf.page('', pdf.packed('', data, '[%s]' % ('/FlateDecode ' * 9)))


def huge_image(pdf, pages):
    image = pdf.stream('/Type /XObject /Subtype /Image /Width 2000000 /Height 2000000 /ColorSpace /DeviceGray '
                       '/BitsPerComponent 8', b'\0')
    pdf.page('/Resources << /XObject << /Im %d 0 R >> >>' % image, pdf.stream('', '/Im Do'))


def declared(pdf, pages):
    """Declares PAGES pages, and has one."""
    pdf.declared = pages
    pdf.page('', pdf.stream('', ''))


def circular_tree(pdf, pages):
    pdf.page('', pdf.stream('', ''))
    below = pdf.number()
    pdf.put(below, '<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>' % (pdf.tree, pdf.tree))
    pdf.kids.append(below)


def deep_tree(pdf, pages):
    """A page tree of PAGES levels."""
    numbers = [pdf.tree] + [pdf.number() for _ in range(pages)]
    for above, number, below in zip([0] + numbers, numbers, numbers[1:]):
        pdf.put(number, '<< /Type /Pages %s /Kids [%d 0 R] /Count 1 >>' % (
            '/Parent %d 0 R' % above if above else '', below))
    pdf.put(numbers[-1], '<< /Type /Page /Parent %d 0 R >>' % numbers[-2])


def same_page(pdf, pages):
    """One page, PAGES times in the tree."""
    pdf.page('', pdf.stream('', '0 0 9 9 re f'))
    pdf.kids *= pages


def sized(box):
    def kind(pdf, pages):
        pdf.tree_entries = box
        pdf.page('', pdf.stream('', ''))
    return kind


def missing_contents(pdf, pages):
    pdf.page('', pdf.stream('', ''))
    pdf.page('', pdf.number())


def missing_page(pdf, pages):
    pdf.page('', pdf.stream('', ''))
    pdf.kids.append(pdf.number())


def damaged_contents(pdf, pages):
    pdf.page('', pdf.packed('', b'this is not zlib'))


def no_pages(pdf, pages):
    pass


def nested_arrays(pdf, pages):
    pdf.page('/Group %s%s' % ('[' * 100000, ']' * 100000), pdf.stream('', ''))


def plain(pdf, pages):
    font = pdf.add(FONT)
    for i in range(pages):
        pdf.page('/Resources << /Font << /F1 %d 0 R >> >>' % font,
                 pdf.stream('', 'BT /F1 24 Tf 72 500 Td (This is page %d) Tj ET' % (i + 1)))


KINDS = {
    'shared': shared, 'layers': layers, 'plain': plain, 'bomb': bomb, 'bomb-in-a-form': bomb_in_a_form, 'many-filters': many_filters,
    'huge-image': huge_image, 'declared': declared, 'circular-tree': circular_tree, 'deep-tree': deep_tree,
    'same-page': same_page, 'no-size': sized(''), 'giant': sized('/MediaBox [0 0 1000000 1000000]'),
    'line': sized('/MediaBox [0 0 595 0]'), 'words': sized('/MediaBox [/a /b /c /d]'),
    'missing-contents': missing_contents, 'missing-page': missing_page, 'damaged-contents': damaged_contents,
    'no-pages': no_pages, 'nested-arrays': nested_arrays,
}

made = Pdf()
KINDS[sys.argv[1]](made, int(sys.argv[3]) if len(sys.argv) > 3 else 1)
made.save(sys.argv[2])
