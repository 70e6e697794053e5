#!/usr/bin/env python3
"""Draws the pictures of the tutorials from the data of three experiments.

usage: make_tutorial_pictures.py PAPER   PAPER is the folder of `equipoise reproduce rates beyond digits --out PAPER`

Writes how-large-is-large.svg, what-does-balancing-buy.svg and past-the-edge.svg beside this file.
"""

import csv
import math
import sys
from pathlib import Path

# Okabe and Ito (2008): told apart with any colour vision.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b3568c")
DASHES = ("", "7 4", "2 3", "10 3 2 3")
WIDTH, HEIGHT, TOP, BOTTOM = 880, 330, 46, 278


def read(path):
    """{(panel, name): [(x, y, low, high)]} of a figure's file; not known is NaN."""
    curves = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "curve":
                numbers = tuple(float(row[key]) if row[key] else math.nan for key in ("x", "y", "low", "high"))
                curves.setdefault((row["panel"], row["name"]), []).append(numbers)
    return curves


def text(x, y, words, colour="#1b1f24", anchor="start"):
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" text-anchor="{anchor}">{words}</text>'


class Panel:
    """A frame with two axes; each range is (low, high, ticks, whether logarithmic)."""

    def __init__(self, left, width, title, across, along, up, top=TOP, bottom=BOTTOM):
        self.left, self.width, self.top, self.bottom, self.x_range, self.y_range = left, width, top, bottom, across, up
        self.parts = [f'<rect x="{left}" y="{top}" width="{width}" height="{bottom - top}" fill="none" stroke="#a5adb8"/>',
                      text(left, top - 12, title), text(left + width / 2, bottom + 38, along, anchor="middle")]
        for value, words in across[2]:
            self.parts += [f'<line x1="{self.x(value):.1f}" y1="{bottom}" x2="{self.x(value):.1f}" y2="{bottom + 5}" stroke="#565e68"/>',
                           text(self.x(value), bottom + 20, words, anchor="middle")]
        for value, words in up[2]:
            self.parts += [f'<line x1="{left}" y1="{self.y(value):.1f}" x2="{left + width}" y2="{self.y(value):.1f}" stroke="#e6e9ed"/>',
                           text(left - 6, self.y(value) + 4, words, anchor="end")]

    @staticmethod
    def share(value, low, high, log):
        return (math.log(value / low) / math.log(high / low)) if log else (value - low) / (high - low)

    def x(self, value):
        return self.left + self.width * self.share(value, self.x_range[0], self.x_range[1], self.x_range[3])

    def y(self, value):
        return self.bottom - (self.bottom - self.top) * self.share(value, self.y_range[0], self.y_range[1], self.y_range[3])

    def seen(self, x, y):
        return math.isfinite(x) and math.isfinite(y) and self.x_range[0] <= x <= self.x_range[1] and self.y_range[0] <= y <= self.y_range[1]

    def line(self, points, style):
        drawn = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y, *_ in points if self.seen(x, y))
        dash = f' stroke-dasharray="{DASHES[style]}"' if DASHES[style] else ""
        self.parts.append(f'<polyline fill="none" stroke="{COLOURS[style]}" stroke-width="2"{dash} points="{drawn}"/>')

    def dots(self, points, style, radius):
        # One path of points that differ on a grid of half a pixel: small, and nothing is drawn twice.
        places = sorted({(round(2 * self.x(x)) / 2, round(2 * self.y(y)) / 2) for x, y, *_ in points if self.seen(x, y)})
        path = "".join(f"M{x:g} {y:g}h0" for x, y in places)
        self.parts.append(f'<path fill="none" stroke="{COLOURS[style]}" stroke-width="{radius}" stroke-linecap="round" d="{path}"/>')

    def vertical(self, value, words):
        self.parts += [f'<line x1="{self.x(value):.1f}" y1="{self.top}" x2="{self.x(value):.1f}" y2="{self.bottom}" stroke="#565e68" stroke-dasharray="2 4"/>',
                       text(self.x(value) + 4, self.top + 14, words, "#565e68")]

    def note(self, x, y, words, style):
        self.parts.append(text(self.left + x, self.top + y, words, COLOURS[style]))


def save(path, title, panels, height=HEIGHT):
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">', f"<title>{title}</title>",
             f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>']
    for panel in panels:
        parts += panel.parts
    path.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")


def how_large(data, path):
    across = (0.001, 2.5, [(v, f"{v:g}") for v in (0.001, 0.01, 0.1, 1, 2)], True)
    curves = read(data / "rates" / "rates-isotropic-100-1p0.csv")
    left = Panel(62, 350, "imbalance of the limit", across, "h in units of 2/L", (1, 1e5, [(10**k, f"1e{k}") for k in range(6)], True))
    left.line(curves["| |X|² − |Y|² |", "limits: median, and 5 to 95 %"], 0)
    left.line(curves["| |X|² − |Y|² |", "proved bound"], 1)
    left.note(12, 172, "limits, median", 0)
    left.note(150, 60, "proved bound", 1)
    right = Panel(490, 350, "share of starts that converge", (0, 2.5, [(v, f"{v:g}") for v in (0, 0.5, 1, 1.5, 2, 2.5)], False), "h in units of 2/L",
                  (-0.03, 1.1, [(v, f"{v:g}") for v in (0, 0.5, 1)], False))
    right.line(curves["share that converges", "converged"], 0)
    for panel in (left, right):
        panel.vertical(1, "2/L")
    right.vertical(2, "4/L")
    save(path, "Imbalance of the limit, and share of starts that converge, against the rate", [left, right])


def balancing(data, path):
    curves = read(data / "digits" / "digits-path.csv")
    rates = ("0.5/L", "1.9/L", "3/L", "3.9/L")
    longest = max(curves["f − f*", rate][-1][0] for rate in rates)
    ends = 10 ** math.ceil(math.log10(longest))
    left = Panel(62, 350, "loss above the best of rank 8", (1, ends, [(10**k, f"{10**k:g}") for k in range(0, round(math.log10(ends)) + 1)], True), "step (drawn at step + 1)",
                 (1e-2, 1e8, [(10.0**k, f"1e{k}") for k in range(-2, 9, 2)], True))
    for style, rate in enumerate(rates):
        left.line([(x + 1, y) for x, y, *_ in curves["f − f*", rate]], style)
        left.note(12, 130 + 20 * style, f"h = {rate}", style)
    curves = read(data / "digits" / "digits-directions.csv")
    right = Panel(490, 350, "ratio in each singular direction at the end", (0.5, 8.5, [(k, f"{k}") for k in range(1, 9)], False), "singular direction",
                  (1, 100, [(1, "1"), (10, "10"), (100, "100")], True))
    for style, rate in enumerate(rates):
        right.line(curves["ratio", rate], style)
        right.dots(curves["ratio", rate], style, 6)
    save(path, "Loss above the best against step at four rates, and the ratio in each singular direction", [left, right])


def edge(data, path):
    curves = read(data / "beyond" / "beyond-orbits.csv")
    across = (0.9, 2, [(v, f"{v:g}") for v in (1, 1.2, 1.4, 1.6, 1.8, 2)], False)
    upper = Panel(62, 790, "h xy after the transient", across, "", (0, 4, [(v, f"{v:g}") for v in range(5)], False), 36, 290)
    with open(data / "beyond" / "points.csv", newline="", encoding="utf-8") as file:
        upper.dots([(float(row["m"]), float(row["h xy"])) for row in csv.DictReader(file) if row["h xy"]], 0, 1.4)
    for name in ("q₋, proved", "q₊, proved"):
        upper.line([point for point in curves["h xy", name] if point[0] <= math.sqrt(5) - 1], 1)
    lower = Panel(62, 790, "Lyapunov exponent", across, "m = h mu", (-2, 1.2, [(v, f"{v:g}") for v in (-2, -1, 0, 1)], False), 340, 450)
    lower.line(curves["Lyapunov exponent", "mean log |1 + m − 3 h xy|"], 2)
    for value, words in ((1, "1"), (math.sqrt(5) - 1, "√5 − 1")):
        upper.vertical(value, words)
    save(path, "Orbit diagram of h xy against m, with the Lyapunov exponent below", [upper, lower], 500)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data, docs = Path(sys.argv[1]), Path(__file__).resolve().parent
    how_large(data, docs / "how-large-is-large.svg")
    balancing(data, docs / "what-does-balancing-buy.svg")
    edge(data, docs / "past-the-edge.svg")


if __name__ == "__main__":
    main()
