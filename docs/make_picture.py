#!/usr/bin/env python3
"""Draws docs/picture.svg: loss and norms of two runs that differ in their learning rate alone.

usage: make_picture.py OUT.svg RUN_SLOW RUN_FAST   each RUN is a folder that `equipoise factor --out` wrote

docs/picture.svg is from:

  equipoise factor data/digits.mtx --rank 8 --start-norms 430,48 --seed 1 --max-steps 2000 --rate 1.9/L --out slow
  equipoise factor data/digits.mtx --rank 8 --start-norms 430,48 --seed 1 --max-steps 2000 --rate 3.5/L --out fast
  /usr/bin/python3 docs/make_picture.py docs/picture.svg slow fast
"""

import json
import sys
from pathlib import Path

import numpy as np

WIDTH, HEIGHT, TOP, BOTTOM, SIDE = 880, 330, 46, 278, 400
LEFTS = (62, 480)  # of the two panels
PANEL = SIDE - 62
# Okabe and Ito (2008): told apart with any colour vision.
BLUE, VERMILLION = "#0072b2", "#d55e00"


def scale(low, high, start, end):
    """A logarithmic map from low..high to start..end."""
    return lambda value: start + (np.log(value) - np.log(low)) / (np.log(high) - np.log(low)) * (end - start)


def text(x, y, words, colour="#1b1f24", anchor="start"):
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" text-anchor="{anchor}">{words}</text>'


def line(xs, ys, colour, dashed=False):
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys))
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    return f'<polyline fill="none" stroke="{colour}" stroke-width="2"{dash} points="{points}"/>'


def panel(left, title, low, high, ticks, last_step):
    """(frame with ticks, map of steps, map of values)"""
    across, up = scale(1, last_step + 1, left, left + PANEL), scale(low, high, BOTTOM, TOP)
    parts = [f'<rect x="{left}" y="{TOP}" width="{PANEL}" height="{BOTTOM - TOP}" fill="none" stroke="#a5adb8"/>',
             text(left, TOP - 12, title), text(left + PANEL / 2, BOTTOM + 40, "step (drawn at step + 1)", anchor="middle")]
    for step in (0, 10, 100, 1000):
        x = across(step + 1)
        parts += [f'<line x1="{x:.1f}" y1="{BOTTOM}" x2="{x:.1f}" y2="{BOTTOM + 5}" stroke="#565e68"/>',
                  text(x, BOTTOM + 20, f"{step}", anchor="middle")]
    for tick in ticks:
        y = up(tick)
        parts += [f'<line x1="{left}" y1="{y:.1f}" x2="{left + PANEL}" y2="{y:.1f}" stroke="#e6e9ed"/>',
                  text(left - 6, y + 4, f"{tick:.0e}".replace("e+0", "e") if tick > 1e4 else f"{tick:g}", anchor="end")]
    return parts, across, up


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    runs = []
    for folder, colour in zip(map(Path, sys.argv[2:]), (BLUE, VERMILLION)):
        rate = json.loads((folder / "record.json").read_text(encoding="utf-8"))["learning_rate"]["requested"]
        samples = np.genfromtxt(folder / "samples.csv", delimiter=",", names=True)
        runs.append((rate, colour, samples))
    last = max(samples["step"][-1] for _, _, samples in runs)

    parts = ['<svg xmlns="http://www.w3.org/2000/svg" '
             f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
             "<title>Loss and norms against step at two learning rates</title>",
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>']
    frame, across, up = panel(LEFTS[0], "loss", 2e5, 1e9, (1e6, 1e7, 1e8), last)
    parts += frame
    for row, (rate, colour, samples) in enumerate(runs):
        parts += [line(across(samples["step"] + 1), up(samples["loss"]), colour),
                  text(LEFTS[0] + PANEL - 12, TOP + 24 + 20 * row, f"h = {rate}", colour, "end")]
    frame, across, up = panel(LEFTS[1], "‖X‖ (solid) and ‖Y‖ (dashed)", 1, 1000, (1, 10, 100, 1000), last)
    parts += frame
    for rate, colour, samples in runs:
        for norm, dashed in (("norm_x", False), ("norm_y", True)):
            parts.append(line(across(samples["step"] + 1), up(samples[norm]), colour, dashed))
        ratio = samples["norm_x"][-1] / samples["norm_y"][-1]
        ratio = max(ratio, 1 / ratio)
        height = up(samples["norm_y"][-1]) + (22 if ratio < 5 else -10)
        parts.append(text(LEFTS[1] + PANEL - 8, height, f"{rate}: ends {ratio:.2g} : 1", colour, "end"))
    Path(sys.argv[1]).write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
