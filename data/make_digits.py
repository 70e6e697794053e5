#!/usr/bin/env python3
"""Makes digits.mtx from the copy of the digits data set in Debian's package python3-sklearn.

usage: data/make_digits.py [SOURCE.csv.gz] > data/digits.mtx

SOURCE has one image a line: 64 pixels (integers 0 to 16, row by row of the 8 x 8 image), then the digit it shows.
The output has one image per row and drops the digit. The same source gives the same bytes.
"""

import csv
import gzip
import sys

DEBIAN_COPY = "/usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz"
IMAGES = 1797
PIXELS = 64

HEADER = """\
%%MatrixMarket matrix array integer general
% Handwritten digits: one 8 x 8 image per row, 64 pixels from 0 (white) to 16 (black); a zero is a measured zero.
% Source: Optical Recognition of Handwritten Digits (test part), UCI Machine Learning Repository, 1998.
% By E. Alpaydin and C. Kaynak, https://doi.org/10.24432/C50P49
% Licence: Creative Commons Attribution 4.0 International (CC BY 4.0).
% Changes: the labels are left out; the pixels are written as Matrix Market, column by column (data/make_digits.py).
"""


def read_images(source):
    """The images as rows of integers. Raises ValueError where the file is not the data set that is expected."""
    with gzip.open(source, "rt", encoding="ascii", newline="") as lines:
        rows = [[int(float(field)) for field in row] for row in csv.reader(lines)]
    if len(rows) != IMAGES or any(len(row) != PIXELS + 1 for row in rows):
        raise ValueError(f"{source}: expected {IMAGES} lines of {PIXELS} pixels and a label")
    images = [row[:PIXELS] for row in rows]
    if any(not 0 <= pixel <= 16 for image in images for pixel in image):
        raise ValueError(f"{source}: expected every pixel between 0 and 16")
    return images


def matrix_market(images):
    entries = (str(image[pixel]) for pixel in range(PIXELS) for image in images)
    return HEADER + f"{len(images)} {PIXELS}\n" + "\n".join(entries) + "\n"


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else DEBIAN_COPY
    try:
        text = matrix_market(read_images(source))
    except (OSError, ValueError) as problem:
        sys.exit(f"make_digits.py: {problem}")
    sys.stdout.buffer.write(text.encode("ascii"))


if __name__ == "__main__":
    main()
