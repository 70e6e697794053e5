"""Turns the samples of equipoise-bench into ratios: raw.csv -> summary.md and a list for --json.

usage: summary.py RAW_CSV... --markdown FILE --json FILE [--clock auto|wall|cpu]

Every ratio is formed within one repetition, where the two samples stand side by side in time, and the median of those is
the value; low and high are the quartiles. Ratios above 1 mean that equipoise is faster.
"""
import argparse
import collections
import csv
import json
import re
import statistics

# metric -> (contender to compare with, what of it); "time": its seconds over ours.
RATIOS = {
    "ratio_to_openblas": "openblas pair",
    "ratio_to_numpy": "numpy residual",
    "ratio_to_numpy_gram": "numpy gram",
    "ratio_to_numpy_sampled": "numpy",
    "ratio_to_eigen": "eigen",
    "ratio_to_eigen_residual": "eigen residual",
    "ratio_to_torch": "torch residual",
    "ratio_to_scipy": "scipy",
    "ratio_to_plain": "plain loops",
    "ratio_to_dense": "equipoise dense",
    "ratio_to_numpy_in_place": "numpy in place",
    "ratio_to_torch_in_place": "torch in place",
    "ratio_to_one_thread": "one thread",
}
# "numpy" is the expression that people write: the residual form of a dense A, the sampled residual of an observed one.
RENAMED = {"ratio_to_numpy_sampled": "ratio_to_numpy", "ratio_to_numpy_in_place": "ratio_to_numpy",
           "ratio_to_torch_in_place": "ratio_to_torch", "ratio_to_eigen_residual": "ratio_to_eigen"}


def target(name, metric):
    """What the project aims for, or None. Names as dense/float64/n4000/d8/threads2."""
    kind = name.split("/")[0]
    rank = re.search(r"/d(\d+)/", name)
    d = int(rank.group(1)) if rank else None
    if kind == "dense" and min(int(side) for side in re.search(r"/n(\d+(?:x\d+)?)/", name).group(1).split("x")) >= 4000:
        if metric == "fraction_of_ceiling":
            return 0.90 if d <= 2 else 0.85 if d <= 4 else 0.80 if d < 16 else 0.85
        if metric == "ratio_to_openblas":
            return 4 if 2 <= d <= 8 else 2.5 if d == 16 else 1.4 if d == 64 else None
        if metric == "ratio_to_numpy":
            return 12 if d <= 8 else None
    if kind == "spectral" and d == 8:
        return {"fraction_of_fma_peak": 0.75, "ratio_to_dense": 100}.get(metric)
    if kind == "sparse" and metric == "ratio_to_scipy":
        return 5
    if kind == "observed" and metric == "ratio_to_numpy":
        return 15
    if kind == "sharpness" and metric == "overhead":
        return 0.10
    if kind in ("ensemble", "sweep"):
        if metric == "fraction_of_fma_peak":
            return 0.95 if "/raw/" in name else 0.80 if "/steps1200/" in name else 0.55 if "/steps140/" in name else None
        if metric == "ratio_to_one_thread":
            return 1.9
        if metric == "ratio_to_numpy":
            return 10
    return None


def is_met(metric, value, aim):
    return value <= aim if metric == "overhead" else value >= aim


def seconds_of(row, clock):
    """On one thread the time of the processor, since others use the machine, too; on several the time on the wall."""
    threads = int(row["threads"])
    by_cpu = clock == "cpu" or (clock == "auto" and threads == 1)
    return float(row["cpu_seconds"]) / threads if by_cpu else float(row["seconds"])


def read(files, clock="auto"):
    """{case: {contender: {repetition: row}}} in the order of the files."""
    cases = collections.OrderedDict()
    for name in files:
        with open(name, newline="") as file:
            for row in csv.DictReader(file):
                contenders = cases.setdefault(row["case"], collections.OrderedDict())
                contenders.setdefault(row["contender"], {})[int(row["repetition"])] = {
                    "seconds": seconds_of(row, clock),
                    "flops": float(row["flops"]), "bytes": float(row["bytes"])}
    return cases


def paired(ours, other, form):
    return [form(ours[r], other[r]) for r in sorted(ours) if r in other]


def metrics_of(contenders, whose="equipoise"):
    """[(metric, values over the repetitions)]"""
    ours = contenders[whose]
    found = []
    if "fma peak" in contenders and ours[min(ours)]["flops"] > 0:
        found.append(("fraction_of_fma_peak", paired(ours, contenders["fma peak"], lambda a, b: (
            a["flops"] / a["seconds"]) / (b["flops"] / b["seconds"]))))
    if "read peak" in contenders and ours[min(ours)]["bytes"] > 0:
        found.append(("fraction_of_read_bandwidth", paired(ours, contenders["read peak"], lambda a, b: (
            a["bytes"] / a["seconds"]) / (b["bytes"] / b["seconds"]))))
    if len(found) == 2:
        # Of the ceiling that is lower for this mix of flops and bytes: the larger of both fractions.
        found.append(("fraction_of_ceiling", [max(both) for both in zip(found[0][1], found[1][1])]))
    for metric, contender in RATIOS.items():
        if contender in contenders:
            found.append((RENAMED.get(metric, metric),
                          paired(ours, contenders[contender], lambda a, b: b["seconds"] / a["seconds"])))
    if "equipoise without" in contenders:
        found.append(("overhead", paired(ours, contenders["equipoise without"],
                                         lambda a, b: a["seconds"] / b["seconds"] - 1)))
    return found


def quartiles(values):
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def summarize(cases):
    rows = []
    for name, contenders in cases.items():
        # What equipoise would show if it took no longer than what limits it.
        limits = dict(metrics_of(contenders, "limit")) if "limit" in contenders else {}
        limits.pop("ratio_to_one_thread", None)  # one thread of equipoise is no measure of less work
        for metric, values in metrics_of(contenders):
            low, high = quartiles(values)
            rows.append({"name": name, "metric": metric, "value": statistics.median(values), "low": low, "high": high,
                         "target": target(name, metric),
                         "limit": statistics.median(limits[metric]) if metric in limits else None})
    return rows


def markdown(cases, rows):
    lines = ["# Ratios", "",
             "Median over the repetitions, quartiles beside it. Ratios above 1: equipoise is faster. The limit is what a kernel",
             "would show that took no longer than what was measured to limit it (docs/performance.md).", "",
             "| case | metric | median | quartiles | limit | target | met |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        aim = row["target"]
        met = "" if aim is None else "yes" if is_met(row["metric"], row["value"], aim) else "**no**"
        limit = "" if row["limit"] is None else f"{row['limit']:.3g}"
        lines.append(f"| {row['name']} | {row['metric']} | {row['value']:.3g} | {row['low']:.3g} to {row['high']:.3g} | "
                     f"{limit} | {'' if aim is None else aim} | {met} |")
    lines += ["", "# Times", "", "| case | contender | rounds | ms | spread (quartiles, % of the median) | Gflop/s | GB/s |",
              "|---|---|---|---|---|---|---|"]
    for name, contenders in cases.items():
        for contender, samples in contenders.items():
            seconds = [row["seconds"] for row in samples.values()]
            middle = statistics.median(seconds)
            low, high = quartiles(seconds)
            one = next(iter(samples.values()))
            rate = lambda amount: f"{amount / middle / 1e9:.3g}" if amount > 0 else ""
            lines.append(f"| {name} | {contender} | {len(seconds)} | {middle * 1e3:.4g} | {100 * (high - low) / middle:.0f} | "
                         f"{rate(one['flops'])} | {rate(one['bytes'])} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", nargs="+")
    parser.add_argument("--markdown")
    parser.add_argument("--clock", choices=["auto", "wall", "cpu"], default="auto",
                        help="auto: time of the processor for one thread, of the wall for several")
    parser.add_argument("--json")
    asked = parser.parse_args()
    cases = read(asked.raw, asked.clock)
    rows = summarize(cases)
    if asked.markdown:
        with open(asked.markdown, "w") as file:
            file.write(markdown(cases, rows))
    if asked.json:
        with open(asked.json, "w") as file:
            json.dump(rows, file, indent=1)
            file.write("\n")
    for row in rows:
        aim = row["target"]
        if aim is not None:
            verdict = "met" if is_met(row["metric"], row["value"], aim) else "MISSED"
            limit = "" if row["limit"] is None else f"  (limit here {row['limit']:.3g})"
            print(f"{row['name']:50s} {row['metric']:28s} {row['value']:8.3g}  target {aim:<5g} {verdict}{limit}")


if __name__ == "__main__":
    main()
