"""A milter that looks for macros in attachments, run by bench/peers in a root of its own: /mta/w/s is its socket.

With oletools in /mta/site it asks olevba and mraptor. Without, it does a part of what olevba does, over olefile, which olevba stands on as well:
the documents' streams, the VBA modules decompressed (MS-OVBA 2.4.1), one regular expression over their text. That is less work than olevba's,
which also parses macro sheets and forms, looks into every member of a package and searches for hundreds of words."""

import email
import io
import os
import re
import struct
import sys
import zipfile

sys.path.insert(0, "/mta/site")

import Milter
import olefile

OLE, ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
SUSPICIOUS = re.compile(rb"(?i)\b(?:auto_?(?:open|close|exec|new)|document_?(?:open|close)|workbook_?(?:open|close)|shell|createobject)\b")


def decompress(data):
    """MS-OVBA 2.4.1.3.1: one compressed container."""
    out, at = bytearray(), 1
    while at + 2 <= len(data):
        head = struct.unpack_from("<H", data, at)[0]
        end, at = min(len(data), at + (head & 0x0FFF) + 3), at + 2
        if not head & 0x8000:
            out += data[at:end]
            at = end
            continue
        start = len(out)
        while at < end:
            flags, at = data[at], at + 1
            for bit in range(8):
                if at >= end:
                    break
                if not flags >> bit & 1:
                    out.append(data[at])
                    at += 1
                    continue
                token, at = struct.unpack_from("<H", data, at)[0], at + 2
                bits = max(4, (len(out) - start - 1).bit_length())  # 2.4.1.3.19.1
                back, count = (token >> 16 - bits) + 1, (token & (0xFFFF >> bits)) + 3
                for _ in range(count):
                    out.append(out[-back])
    return bytes(out)


def modules(listing):
    """The streams of the modules and where their source begins, from the dir stream (2.3.4.2)."""
    at, name = 0, ""
    while at + 6 <= len(listing):
        kind, size = struct.unpack_from("<HI", listing, at)
        size, at = (6 if kind == 0x0009 else size), at + 6  # 2.3.4.2.1.11: PROJECTVERSION's size is not that of its fields
        if kind == 0x001A:
            name = listing[at:at + size].decode("latin-1")
        elif kind == 0x0031:
            yield name, struct.unpack_from("<I", listing, at)[0]
        at += size


def macros(data):
    """Whether a compound file has a word of interest in its modules."""
    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        for path in ole.listdir():
            if [p.lower() for p in path[-2:]] == ["vba", "dir"]:
                for name, offset in modules(decompress(ole.openstream(path).read())):
                    source = decompress(ole.openstream(path[:-1] + [name]).read()[offset:])
                    if SUSPICIOUS.search(source):
                        return True
    return False


def by_olefile(name, data):
    if data.startswith(OLE):
        return macros(data)
    if data.startswith(ZIP):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return any([macros(package.read(m)) for m in package.namelist() if m.lower().endswith("vbaproject.bin")])
    return False


def by_olevba(name, data):
    vba = olevba.VBA_Parser(filename=name, data=data)
    try:
        if not vba.detect_vba_macros():
            return False
        raptor = mraptor.MacroRaptor(vba.get_vba_code_all_modules())
        raptor.scan()
        return raptor.suspicious
    finally:
        vba.close()


try:
    from oletools import mraptor, olevba
    suspicious = by_olevba
except ImportError:
    suspicious = by_olefile


class Filter(Milter.Base):
    @Milter.noreply
    def connect(self, name, family, address):
        return Milter.CONTINUE

    @Milter.noreply
    def hello(self, name):
        return Milter.CONTINUE

    @Milter.noreply
    def envfrom(self, sender, *rest):
        self.message = io.BytesIO()
        return Milter.CONTINUE

    @Milter.noreply
    def envrcpt(self, to, *rest):
        return Milter.CONTINUE

    @Milter.noreply
    def header(self, name, value):
        self.message.write(f"{name}: {value}\n".encode("utf-8", "surrogateescape"))
        return Milter.CONTINUE

    @Milter.noreply
    def eoh(self):
        self.message.write(b"\n")
        return Milter.CONTINUE

    @Milter.noreply
    def body(self, chunk):
        self.message.write(chunk)
        return Milter.CONTINUE

    def eom(self):
        for part in email.message_from_bytes(self.message.getvalue()).walk():
            if part.is_multipart() or not part.get_filename():
                continue
            try:
                if suspicious(part.get_filename(), part.get_payload(decode=True) or b""):
                    return Milter.REJECT
            except Exception as why:  # a damaged document is no reason to stop
                print(part.get_filename(), repr(why), file=sys.stderr)
        return Milter.ACCEPT


if __name__ == "__main__":
    print("olevba" if suspicious is by_olevba else "olefile", flush=True)
    os.setgid(65534)
    os.setuid(65534)
    os.umask(0)
    Milter.factory = Filter
    Milter.runmilter("ole", "/mta/w/s", 600)
