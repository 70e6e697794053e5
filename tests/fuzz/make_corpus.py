#!/usr/bin/python3
"""Writes the seeds of the fuzzers into corpus/; the sparse archives are minimal, so that each stays below 1 kB."""

import io
import pathlib
import struct
import zipfile
import zlib

import numpy as np

CORPUS = pathlib.Path(__file__).parent / "corpus"


def put(reader, name, content):
    folder = CORPUS / reader
    folder.mkdir(parents=True, exist_ok=True)
    content = content.encode() if isinstance(content, str) else content
    assert len(content) < 1024, (reader, name, len(content))
    (folder / name).write_bytes(content)


def market(name, banner, rest):
    put("matrix_market", name, f"%%MatrixMarket matrix {banner}\n{rest}")


def npy(array, version=(1, 0)):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(array), version=version)
    return file.getvalue()


def short_npy(kind, shape, data):
    """A .npy without the blanks that NumPy pads its header with."""
    header = f"{{'descr':'{kind}','fortran_order':False,'shape':{shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def numbers(kind, values):
    return short_npy(kind, f"({len(values)},)", np.array(values, kind).tobytes())


def archive(members, method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as packed:
        for name, content in members.items():
            packed.writestr(zipfile.ZipInfo(name + ".npy"), content, compress_type=method)
    return file.getvalue()


def archive64(members):
    """The same with every size and offset in the 64-bit fields."""
    body, directory = b"", b""
    for name, content in members.items():
        name = f"{name}.npy".encode()
        common = struct.pack("<HHHIIIIH", 45, 0, 0, 0, zlib.crc32(content), 2**32 - 1, 2**32 - 1, len(name))
        extra = struct.pack("<HHQQQ", 1, 24, len(content), len(content), len(body))
        body += b"PK\x03\x04" + common + struct.pack("<H", 0) + name + content
        directory += b"PK\x01\x02\x2d\x00" + common + struct.pack("<HHHHII", len(extra), 0, 0, 0, 0, 2**32 - 1)
        directory += name + extra
    end = len(body) + len(directory)
    tail = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, len(members), len(members), len(directory), len(body))
    tail += b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    return body + directory + tail + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)


def main():
    market("real", "coordinate real general", "% comment\n\n3 4 3\n3 1 -2.5\n1 4 1D+3\n1 2 5e-1\n")
    market("pattern", "coordinate pattern symmetric", "3 3 2\r\n2 1\r\n3 3\r\n")
    market("skew", "coordinate integer skew-symmetric", "3 3 1\n3 1 7\n")
    market("array", "array real general", "2 3\n1\n2\n3\nnan\n5\n6\n")
    market("array_symmetric", "array real symmetric", "2 2\n1\n2\n3\n")
    market("array_skew", "array integer skew-symmetric", "3 3\n1 2 3\n")
    market("twice", "coordinate real symmetric", "2 2 2\n1 2 1\n2 1 1\n")
    market("large", "coordinate real general", "1000000000000000000 1 1\n1 1 1\n")
    market("empty", "coordinate real general", "2 2 0\n")
    market("complex", "coordinate complex hermitian", "1 1 1\n1 1 1 0\n")

    for kind in ("<f8", ">f8", "<f4", ">i4", "|i1", "<u8", "|b1", "<u2"):
        put("npy", "type_" + kind.strip("<>|") + ("_big" if kind[0] == ">" else ""), npy(np.arange(6).reshape(2, 3).astype(kind)))
    put("npy", "fortran", npy(np.asfortranarray(np.arange(6.0).reshape(2, 3)), (2, 0)))
    put("npy", "column", npy(np.array([1.0, np.nan, 3.0]), (3, 0)))
    put("npy", "short", short_npy("<f8", "(1, 1)", bytes(8)))
    put("npy", "no_rows", short_npy("<f8", "(0, 3)", b""))
    put("npy", "scalar", short_npy("<f8", "()", bytes(8)))
    put("npy", "objects", short_npy("|O", "(1,)", b"\x80\x03N."))
    put("npy", "records", b"\x93NUMPY\x01\x00\x3e\x00{'descr':[('a','<f8')],'fortran_order':False,'shape':(1,)}    " + bytes(8))
    put("npy", "overflow", short_npy("<f8", "(4294967296, 4294967296)", bytes(8)))

    csr = {"format": short_npy("|S3", "()", b"csr"), "shape": numbers("<i4", [2, 3]), "indptr": numbers("<i4", [0, 1, 3]),
           "indices": numbers("<i4", [1, 0, 2]), "data": numbers("<f4", [5, 7, 8])}
    csc = {**csr, "format": short_npy("<U3", "()", "csc".encode("utf-32-le")), "indptr": numbers("<i4", [0, 1, 2, 3]),
           "indices": numbers("<i4", [1, 0, 1])}
    coo = {"format": short_npy("|S3", "()", b"coo"), "shape": numbers("<i4", [2, 3]), "row": numbers("|u1", [1, 0, 1]),
           "col": numbers(">i4", [2, 1, 0]), "data": numbers("|b1", [1, 1, 1])}
    for name, members in (("csr", csr), ("csc", csc), ("coo", coo)):
        put("npz", name + "_stored", archive(members, zipfile.ZIP_STORED))
        put("npz", name + "_deflated", archive(members, zipfile.ZIP_DEFLATED))
    del csr["indices"], csr["indptr"]
    put("npz", "large_fields", archive64(csr))
    put("npz", "no_members", archive({}, zipfile.ZIP_STORED))

    put("csv", "table", "a,b\n1,2\n3,-4.5e-3\n")
    put("csv", "missing", "1,,NA\r\nnan,5,6\r\n")
    put("csv", "quoted", '"x, ""y""",z\n"1" , 2\n')
    put("csv", "tabs", "1\t2\n\t\n")
    put("csv", "triplets", "row,column,value\n3,1,-2\n1,2,0.5\n")
    put("csv", "twice", "1,1,2\n# comment\n\n1,1,3\n")
    put("csv", "index", ",0,1\n0,5,6\n1,7,8\n")
    put("csv", "mark", b"\xef\xbb\xbf1,2\n3\n")
    put("csv", "utf16", "1,2\n".encode("utf-16"))
    put("csv", "large", "4294967295,1,1\n")


if __name__ == "__main__":
    main()
