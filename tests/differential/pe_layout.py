"""Where the parts of a PE file lie, read independently of the verifier.

Spec: Microsoft PE Format, "Optional Header" and "The Attribute Certificate
Table". Only what a mutation or the rule on signed bytes needs.
"""
import dataclasses
import hashlib
import struct


@dataclasses.dataclass(frozen=True)
class Layout:
    checksum: int  # offset of OptionalHeader.CheckSum
    directory: int  # offset of the security directory entry
    table: int  # as the directory says
    table_size: int
    fields: tuple  # (offset, size) of header numbers worth lying about

    @property
    def headers_end(self):
        return max(offset + size for offset, size in self.fields)


def read_layout(data):
    """The layout, or None when this is no PE file with five directories."""
    try:
        (pe,) = struct.unpack_from("<I", data, 0x3C)
        if data[:2] != b"MZ" or data[pe:pe + 4] != b"PE\0\0":
            return None
        sections, optional_size = struct.unpack_from("<H12xH", data, pe + 6)
        optional = pe + 24
        (magic,) = struct.unpack_from("<H", data, optional)
        count = optional + (108 if magic == 0x20B else 92)
        directory = count + 4 + 4 * 8
        (directories,) = struct.unpack_from("<I", data, count)
        table, size = struct.unpack_from("<II", data, directory)
    except struct.error:
        return None
    if directories < 5:
        return None
    fields = [(0x3C, 4), (pe + 6, 2), (pe + 20, 2), (optional, 2),
              (optional + 32, 4), (optional + 36, 4), (optional + 60, 4),
              (count, 4), (directory, 4), (directory + 4, 4)]
    for index in range(min(sections, 96)):
        header = optional + optional_size + 40 * index
        fields += [(header + 8, 4), (header + 12, 4), (header + 16, 4),
                   (header + 20, 4)]
    fields = tuple(f for f in fields if sum(f) <= len(data))
    return Layout(optional + 64, directory, table, size, fields)


def signed_digest(data, layout):
    """SHA-256 of what the signature of a file with this layout covers: all
    that stands before the table, without the checksum and the directory."""
    image = bytearray(data[:layout.table])
    image[layout.checksum:layout.checksum + 4] = bytes(4)
    image[layout.directory:layout.directory + 8] = bytes(8)
    return hashlib.sha256(image).digest()


def der_elements(data, start, end, limit=4000):
    """(offset, header size, content size) of each DER element from start on,
    containers before their content; damage ends a container quietly."""
    found, ranges = [], [(start, end)]
    while ranges and len(found) < limit:
        at, stop = ranges.pop()
        while at + 2 <= stop and len(found) < limit:
            size, header = data[at + 1], 2
            if size & 0x80:
                header += size & 0x7F
                size = int.from_bytes(data[at + 2:at + header])
            if header > 6 or at + header + size > stop:
                break
            found.append((at, header, size))
            if data[at] & 0x20 or data[at] == 0x04:
                ranges.append((at + header, at + header + size))
            at += header + size
    return found
