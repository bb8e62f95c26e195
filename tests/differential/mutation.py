"""Damages PE files the way attackers, tools and broken disks do.

A mutant is a function of the bases, a seed and its number, so that any single
one can be made again.
"""
import dataclasses
import pathlib
import random
import struct

from pe_layout import der_elements, read_layout

INTERESTING = (0, 1, 2, 3, 4, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000,
               0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF)


@dataclasses.dataclass
class Base:
    name: str
    data: bytes
    layout: object = None
    elements: list = dataclasses.field(default_factory=list)
    allowed: bool = False

    def __post_init__(self):
        self.layout = read_layout(self.data)
        if self.layout and self.table_end > self.layout.table:
            self.elements = der_elements(self.data, self.layout.table + 8,
                                         self.table_end)

    @property
    def table_end(self):
        return min(self.layout.table + self.layout.table_size, len(self.data))


def read_base(path):
    return Base(pathlib.Path(path).name, pathlib.Path(path).read_bytes())


def interesting_range(rng, base):
    """A range to damage: the table, the headers, or anything."""
    layout, size = base.layout, len(base.data)
    kind = rng.random()
    if layout and kind < 0.55 and base.table_end > layout.table:
        return layout.table, base.table_end
    if layout and kind < 0.85:
        return 0, min(layout.headers_end, size)
    return 0, size


def flip_bits(rng, base, data, _others):
    low, high = interesting_range(rng, base)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        data[rng.randrange(low, high)] ^= 1 << rng.randrange(8)


def overwrite_run(rng, base, data, _others):
    low, high = interesting_range(rng, base)
    at = rng.randrange(low, high)
    size = min(rng.randint(1, 64), len(data) - at)
    filler = rng.choice((b"\0" * size, b"\xff" * size, rng.randbytes(size),
                         bytes(data[:size])))
    data[at:at + size] = filler[:size]


def insert_run(rng, base, data, _others):
    low, high = interesting_range(rng, base)
    at = rng.randrange(low, high)
    data[at:at] = rng.randbytes(rng.choice((1, 2, 8, 64, 512)))


def delete_run(rng, base, data, _others):
    low, high = interesting_range(rng, base)
    at = rng.randrange(low, high)
    del data[at:at + rng.choice((1, 2, 8, 64, 512))]


def truncate(rng, base, data, _others):
    low, high = interesting_range(rng, base)
    del data[rng.randrange(low, high):]


def change_number(rng, data, at, size):
    """Another value for a little-endian number: near, or interesting."""
    old = int.from_bytes(data[at:at + size], "little")
    new = rng.choice((old + rng.choice((-8, -1, 1, 8)), len(data),
                      len(data) - old, rng.choice(INTERESTING),
                      rng.getrandbits(8 * size)))
    mask = (1 << 8 * size) - 1
    data[at:at + size] = (new & mask).to_bytes(size, "little")


def change_header_field(rng, base, data, _others):
    if base.layout:
        at, size = rng.choice(base.layout.fields)
        change_number(rng, data, at, size)


def change_certificate_header(rng, base, data, _others):
    """dwLength, wRevision or wCertificateType of the first entry, and in one
    of three cases the directory with it."""
    if base.layout and base.layout.table + 8 <= len(data):
        at, size = rng.choice(((0, 4), (0, 4), (4, 2), (6, 2)))
        change_number(rng, data, base.layout.table + at, size)
        if rng.random() < 0.33:
            change_number(rng, data, base.layout.directory
                          + rng.choice((0, 4)), 4)


def change_der_length(rng, base, data, _others):
    if base.elements:
        at, header, _ = rng.choice(base.elements)
        where = at + rng.randrange(1, header)
        data[where] = rng.choice((data[where] ^ 0x80, data[where] - 1 & 0xFF,
                                  data[where] + 1 & 0xFF, 0, 0x7F, 0x80, 0x81,
                                  0x84, 0xFF, rng.getrandbits(8)))


def change_der_tag(rng, base, data, _others):
    if base.elements:
        data[rng.choice(base.elements)[0]] = rng.choice(
            (0x00, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x17, 0x1E, 0x24, 0x30,
             0x31, 0xA0, 0xA1, 0x1F, 0xFF))


def change_der_content(rng, base, data, _others):
    if base.elements:
        at, header, size = rng.choice(base.elements)
        if size:
            data[at + header + rng.randrange(size)] ^= 1 << rng.randrange(8)


def swap_der(rng, base, data, _others):
    """One element in the place of another: sizes around it become wrong, or,
    where both are of one size, everything stays well formed."""
    if len(base.elements) > 1:
        at, header, size = rng.choice(base.elements)
        same = [e for e in base.elements if e[1:] == (header, size)]
        other, other_header, other_size = rng.choice(
            same if rng.random() < 0.7 else base.elements)
        copy = base.data[other:other + other_header + other_size]
        data[at:at + header + size] = copy


def hide_data(rng, base, data, _others):
    """Bytes inside the table, with both lengths made to fit."""
    if base.layout and base.table_end == len(base.data):
        extra = rng.choice((bytes(8), bytes(64), rng.randbytes(8),
                            rng.randbytes(256), b"Gact2.0Omaha" + bytes(20)))
        data += extra
        add_to_number(data, base.layout.table, len(extra))
        add_to_number(data, base.layout.directory + 4, len(extra))


def add_to_number(data, at, more):
    if at + 4 > len(data):
        return
    (old,) = struct.unpack_from("<I", data, at)
    struct.pack_into("<I", data, at, old + more & 0xFFFFFFFF)


def lengthen(data, element, more):
    """Rewrites a DER length in its own size; False when it does not fit."""
    at, header, size = element
    size += more
    if header == 2:
        if size > 0x7F:
            return False
        data[at + 1] = size
        return True
    if size >= 1 << 8 * (header - 2):
        return False
    data[at + 2:at + header] = size.to_bytes(header - 2)
    return True


def hide_in_element(rng, base, data, _others):
    """One more element at the end of a DER container."""
    if not base.elements or base.table_end != len(base.data):
        return
    chosen = rng.choice(base.elements)
    content = rng.randbytes(rng.choice((13, 245)))
    add_element(base, data, chosen, bytes((
        rng.choice((0x04, 0x30, 0x0C, 0xA1, 0xA2)), 0x81,
        len(content))) + content)


def add_element(base, data, chosen, extra):
    """Adds `extra` to the content of an element, with every length around it
    made to fit: nothing is malformed, only longer. False if one cannot be."""
    end = chosen[0] + chosen[1] + chosen[2]
    around = [e for e in base.elements
              if e[0] <= chosen[0] and end <= e[0] + e[1] + e[2]]
    copy = bytearray(data)
    if all(lengthen(copy, element, len(extra)) for element in around):
        copy[end:end] = extra
        add_to_number(copy, base.layout.table, len(extra))
        add_to_number(copy, base.layout.directory + 4, len(extra))
        data[:] = copy
        return True
    return False


def append(rng, _base, data, others):
    other = rng.choice(others).data
    data += rng.choice((rng.randbytes(rng.choice((1, 8, 512))), b"PK\3\4",
                        other[:rng.randrange(1, len(other))]))


def take_table(rng, base, data, others):
    """Another file's certificate table behind this file's image."""
    other = rng.choice(others)
    if not (base.layout and other.layout):
        return
    start = base.layout.table or len(data)
    table = other.data[other.layout.table:other.table_end]
    data[start:] = table
    struct.pack_into("<II", data, base.layout.directory, start, len(table))


def add_table(rng, base, data, others):
    """Another file's entries behind this file's own."""
    other = rng.choice(others)
    if not (base.layout and other.layout):
        return
    table = other.data[other.layout.table:other.table_end]
    data += table
    add_to_number(data, base.layout.directory + 4, len(table))


def splice(rng, base, data, others):
    """This file up to a point, another from there on."""
    other = rng.choice(others)
    low, high = interesting_range(rng, base)
    at = rng.randrange(low, high)
    data[at:] = other.data[min(at, len(other.data) - 1):]


# Each with its share; tables and headers are where the parsers are.
MUTATIONS = (
    (flip_bits, 18), (change_der_content, 12), (change_der_length, 12),
    (change_header_field, 10), (change_certificate_header, 8),
    (change_der_tag, 7), (swap_der, 7), (overwrite_run, 6), (truncate, 5),
    (hide_data, 4), (hide_in_element, 5), (insert_run, 3), (delete_run, 3),
    (take_table, 3), (add_table, 2), (splice, 3), (append, 2))


def mutant(bases, seed, number):
    """The names of what was done, the base, and the bytes."""
    rng = random.Random(f"{seed}/{number}")
    base = rng.choice(bases)
    data = bytearray(base.data)
    functions, shares = zip(*MUTATIONS)
    done = rng.choices(functions, shares, k=rng.choice((1, 1, 1, 1, 2, 3)))
    for function in done:
        if len(data) < len(base.data):
            break  # offsets of the base no longer hold
        function(rng, base, data, bases)
    return "+".join(f.__name__ for f in done), base, bytes(data)
