"""What a user types and what comes back: keys, files, streams, exit codes."""

import csv
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import unittest

from command import EQUIPOISE, PATIENCE, CommandTest, np, parse, run

VERBS = ("factor", "predict", "sharpness", "info", "generate", "report", "sweep", "merge", "reproduce")
FILES = {"record.json", "X.npy", "Y.npy", "samples.csv", "report.html"}
KEYS = {
    "": "equipoise settings matrix rank learning_rate coordinates peak_memory sharpness balance loss validation_rmse verdict findings steps seconds steps_per_second",
    "matrix": "rows cols entries norm sigma1 held",
    "learning_rate": "requested value times_L limit_2_over_L why",
    "sharpness": "start end residual stability_limit",
    "balance.start": "norm_x norm_y imbalance ratio",
    "balance.end": "norm_x norm_y imbalance ratio",
    "loss": "start end relative excess excess_error",
    "verdict": "outcome step period lyapunov evidence threshold reproducible why",
}
SETTINGS = """rank rate start start_norms seed max_steps time_limit tolerance sample_every sharpness_every top_eigenvalues balance ridge
              coordinates threads precision out expect missing format triplets""".split()
ENDLESS = ("factor", "gaussian:40x30:seed=1", "--rank", "2", "--rate", "0.5/L", "--tolerance", "0", "--max-steps", "1000000000")


def scalar(rate, *flags):
    return ("factor", "scalar:1", "--rank", 1, "--rate", rate, "--start-norms", "0.5,0.6", *flags)


RUNS = {
    "converged": scalar(0.3),
    "periodic": scalar(1.1),
    "chaotic": scalar(1.8),
    "diverged": ("factor", "scalar:1", "--rank", 1, "--rate", 2.5, "--start-norms", "9,1"),
    "exhausted": scalar(0.001, "--max-steps", 20),
}


def at(record, path):
    for key in filter(None, path.split(".")):
        record = record[key]
    return record


def numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for each in value for number in numbers(each)]
    return [value] if isinstance(value, float) else []


class Records(CommandTest):
    def check_keys(self, record):
        for path, keys in KEYS.items():
            missing = set(keys.split()) - set(at(record, path))
            self.assertFalse(missing, f"keys missing in '{path}'")
        self.assertFalse(set(SETTINGS) - set(record["settings"]), "settings missing")
        for finding in record["findings"]:
            self.assertFalse(set("statement source applies confirmed assumptions predictions".split()) - set(finding))
            self.assertIn(finding["applies"], ("yes", "no", "unknown"))
            self.assertIn(finding["confirmed"], ("yes", "no", "unknown"))
            for assumption in finding["assumptions"]:
                self.assertFalse(set("text value bound holds".split()) - set(assumption))

    def test_every_outcome(self):
        for outcome, arguments in RUNS.items():
            with self.subTest(outcome=outcome):
                out = self.path(outcome)
                done = run(*arguments, "--json", "--out", out)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                record = parse(done.stdout)
                self.assertEqual(record["verdict"]["outcome"], outcome, record["verdict"]["why"])
                self.check_keys(record)
                self.assertEqual({path.name for path in out.iterdir()}, FILES)
                self.assertEqual(parse((out / "record.json").read_text()), record)
                for name, rows in (("X.npy", record["matrix"]["rows"]), ("Y.npy", record["matrix"]["cols"])):
                    factor = np.load(out / name)
                    self.assertEqual(factor.shape, (rows, record["rank"]))
                    self.assertTrue(np.isfinite(factor).all())
                with open(out / "samples.csv", newline="") as file:
                    samples = list(csv.DictReader(file))
                self.assertEqual(float(samples[0]["loss"]), record["loss"]["start"])
                self.assertEqual(float(samples[-1]["loss"]), record["loss"]["end"])
                self.assertEqual(int(samples[-1]["step"]), record["steps"])
                page = (out / "report.html").read_text()
                self.assertTrue(page.rstrip().endswith("</html>"))
                self.assertTrue(outcome in page.lower(), "the page does not name the verdict")
                # plotly names addresses that it never asks for (tests/browser watches what a page loads).
                own = re.sub(r'(?<=<script id="plotly">).*?(?=</script>)', "", page, flags=re.DOTALL)
                self.assertEqual(re.findall(r"(?i)(?:src=|url\(|@import|<link)[^>]{0,60}", own), [], "a report loads nothing")

    def test_facts_of_each_outcome(self):
        record = self.result(*RUNS["periodic"])
        self.assertEqual(record["verdict"]["period"], 2)
        record = self.result(*RUNS["chaotic"])
        self.assertGreater(record["verdict"]["lyapunov"], 0.02)
        record = self.result(*RUNS["exhausted"])
        self.assertIn("fall", record["verdict"]["why"])
        record = self.result(*ENDLESS, "--time-limit", 0.2)
        self.assertEqual(record["verdict"]["outcome"], "exhausted")
        self.assertRegex(record["verdict"]["why"], "time.*fall")
        record = self.result(*RUNS["converged"])
        self.assertLessEqual(record["verdict"]["evidence"], record["verdict"]["threshold"])
        self.assertEqual(record["sharpness"]["stability_limit"], 2 / 0.3)

    def test_sharpness_is_null_after_divergence(self):
        record, X, Y = self.descend("scalar:1", np.array([[9.0]]), np.array([[1.0]]), 2.5, 1000)
        self.assertEqual(record["verdict"]["outcome"], "diverged")
        self.assertIsNone(record["sharpness"]["end"])
        self.assertIsNone(record["sharpness"]["residual"])
        self.assertTrue(np.isfinite(X).all() and np.isfinite(Y).all())

    def test_numbers_read_back_exactly(self):
        out = self.path("out")
        done = run("factor", "gaussian:9x7:seed=3", "--rank", 2, "--start-norms", "0.1,3", "--json", "--out", out)
        texts = re.findall(rb"(?<=[:\s\[])-?\d+\.?\d*(?:e[-+]?\d+)?(?=[,\s\]}])", done.stdout)
        floats = [text for text in texts if b"." in text or b"e" in text]
        self.assertGreater(len(floats), 30)
        for text in floats:
            self.assertLessEqual(len(re.sub(rb"e.*|[-.]", b"", text).lstrip(b"0")), 17, text)
        record = parse(done.stdout)
        self.assertEqual(numbers(parse(json.dumps(record))), numbers(record))
        self.assertEqual(record["settings"]["rate"], record["learning_rate"]["value"])
        X, Y = np.load(out / "X.npy"), np.load(out / "Y.npy")
        # The same run again, from nothing but printed numbers.
        again = self.result("factor", "gaussian:9x7:seed=3", "--rank", 2, "--start-norms", "0.1,3", "--rate",
                            repr(record["learning_rate"]["value"]), "--out", self.path("again"))
        self.assertEqual((self.path("again") / "X.npy").read_bytes(), (out / "X.npy").read_bytes())
        self.assertEqual(again["loss"], record["loss"])
        self.assertAlmostEqual(record["balance"]["end"]["norm_x"] / np.linalg.norm(X), 1, places=14)
        self.assertAlmostEqual(record["balance"]["end"]["norm_y"] / np.linalg.norm(Y), 1, places=14)

    def test_a_run_goes_on_from_the_folder_of_another(self):
        flags = ("gaussian:9x7:seed=3", "--rank", 2, "--rate", 0.05, "--tolerance", 0)
        self.result("factor", *flags, "--max-steps", 30, "--out", self.path("whole"))
        self.result("factor", *flags, "--max-steps", 10, "--out", self.path("first"))
        self.result("factor", *flags, "--max-steps", 20, "--start", self.path("first"), "--out", self.path("second"))
        for name in ("X.npy", "Y.npy"):
            np.testing.assert_array_equal(np.load(self.path("second") / name), np.load(self.path("whole") / name))

    def test_tolerance_zero_never_stops_early(self):
        """Also where the gradient is exactly zero."""
        record = self.result("factor", "scalar:1", "--rank", 1, "--rate", 0.5, "--tolerance", 0, "--max-steps", 100)
        self.assertEqual(record["steps"], 100)

    def test_automatic_rate(self):
        """It says how it was chosen, and no run at it diverges."""
        for flags in (("gaussian:9x7:seed=3",), ("gaussian:9x7:seed=3", "--start-norms", "30,0.1"), ("gaussian:9x7:seed=3", "--ridge", 0.5),
                      ("gaussian:9x7:seed=3", "--ridge", 100), ("scalar:-3",), ("isotropic:8:2", "--coordinates", "spectral")):
            with self.subTest(flags=flags):
                record = self.result("factor", *flags, "--rank", 2)
                self.assertEqual(record["learning_rate"]["requested"], "auto")
                self.assertGreater(len(record["learning_rate"]["why"]), 20)
                self.assertIn(record["verdict"]["outcome"], ("converged", "exhausted"), record["verdict"]["why"])

    def test_relative_loss_of_any_scale(self):
        """Loss over loss at the start has no unit: it is known where the losses themselves leave the range of double."""
        A = np.random.default_rng(6).standard_normal((4, 3))
        one = self.result("factor", self.npy("A.npy", A), "--rank", 2)["loss"]["relative"]
        for scale in (1e150, 1e-150, 1e160, 1e-160, 1e300):
            with self.subTest(scale=scale):
                relative = self.result("factor", self.npy("A.npy", A * scale), "--rank", 2)["loss"]["relative"]
                self.assertIsNotNone(relative)
                self.assertAlmostEqual(relative / one, 1, places=8)

    def test_samples_and_eigenvalues_where_asked(self):
        out = self.path("out")
        self.result("factor", "gaussian:6x5:seed=2", "--rank", 2, "--rate", 0.05, "--tolerance", 0, "--max-steps", 100, "--sample-every", 25,
                    "--sharpness-every", 50, "--top-eigenvalues", 3, "--out", out)
        with open(out / "samples.csv", newline="") as file:
            samples = list(csv.DictReader(file))
        self.assertLessEqual({"0", "25", "50", "75", "100"}, {sample["step"] for sample in samples})
        values = [value for key, value in samples[-1].items() if key.startswith(("eig", "sharp", "lambda"))]
        self.assertEqual(len(values), 3, list(samples[-1]))
        self.assertEqual(sorted(values, key=float, reverse=True), values)

    def test_copies_of_eigenvalues_are_counted(self):
        """A = I at rank 1, where spectral coordinates would pay: nineteen copies of each lower eigenvalue."""
        out = self.path("out")
        record = self.result("factor", "isotropic:20:1", "--rank", 1, "--max-steps", 10**12, "--time-limit", 0, "--start-norms", "3,1",
                             "--top-eigenvalues", 5, "--sharpness-every", 1, "--out", out)
        self.assertIn("plain", record["coordinates"])
        with open(out / "samples.csv", newline="") as file:
            sample = list(csv.DictReader(file))[0]
        X, Y = np.load(out / "X.npy"), np.load(out / "Y.npy")
        hessian = np.block([[np.sum(Y**2) * np.eye(20), 2 * X @ Y.T - np.eye(20)], [(2 * X @ Y.T - np.eye(20)).T, np.sum(X**2) * np.eye(20)]])
        expected = np.linalg.eigvalsh(hessian)[::-1][:5]
        np.testing.assert_allclose([float(sample[f"eigenvalue_{i + 1}"]) for i in range(5)], expected, rtol=1e-7)

    def test_same_bits_for_any_number_of_threads(self):
        for matrix, flags in (("gaussian:300x200:seed=5", ()), ("gaussian:120x90:seed=5", ("--coordinates", "spectral"))):
            for threads in (1, 2):
                self.result("factor", matrix, "--rank", 8, "--rate", "3/L", "--start-norms", "20,3", "--max-steps", 60, "--tolerance", 0,
                            "--threads", threads, "--out", self.path(str(threads)), *flags)
            for name in ("X.npy", "Y.npy", "samples.csv"):
                self.assertEqual((self.path("1") / name).read_bytes(), (self.path("2") / name).read_bytes(), name)


class Streams(CommandTest):
    def test_no_folder_unless_asked(self):
        for verb in (("factor", "scalar:1", "--rank", 1), ("info", "scalar:1"), ("predict", "scalar:1", "--rank", 1)):
            self.assertEqual(run(*verb, cwd=self.folder).returncode, 0)
            self.assertEqual(list(self.folder.iterdir()), [])

    def test_summary_says_the_verdict_and_where_the_report_is(self):
        out = self.path("out")
        done = run(*RUNS["converged"], "--out", out)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn("converged", done.stdout.decode())
        self.assertIn(str(out / "report.html"), done.stdout.decode())

    def test_expect(self):
        done = run(*RUNS["converged"], "--expect", "converged")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        for flags in ((), ("--json",)):
            done = run(*RUNS["converged"], "--expect", "diverged", "--out", self.path("out"), *flags)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr.decode(), r"\Aequipoise: .*converged.*diverged.*\n\Z")
            self.assertEqual({path.name for path in self.path("out").iterdir()}, FILES)

    def test_standard_input(self):
        A = np.random.default_rng(1).standard_normal((5, 4))
        as_npy = self.npy("A.npy", A)
        np.savetxt(self.path("A.csv"), A, delimiter=",", fmt="%.17g")
        expected = self.result("factor", as_npy, "--rank", 2)
        for form, content in (("npy", as_npy.read_bytes()), ("csv", self.path("A.csv").read_bytes())):
            record = self.result("factor", "-", "--format", form, "--rank", 2, stdin=content)
            self.assertEqual(record["loss"], expected["loss"], form)
        text = self.write("A.mtx", "%%MatrixMarket matrix array real general\n2 1\n3\n4\n").read_bytes()
        self.assertEqual(self.result("info", "-", "--format", "mtx", stdin=text)["norm"], 5)

    def test_file_names_that_are_no_utf8(self):
        """Linux allows any bytes in a name, JSON and pages do not: they show U+FFFD there."""
        odd = os.fsdecode(b"caf\xe9.npy")
        self.npy(odd, np.diag([3.0, 1.0]))
        start = self.start(np.eye(2), np.eye(2), os.fsdecode(b"\xff"))
        shown = "caf\N{REPLACEMENT CHARACTER}.npy"
        for verb in (("info", odd), ("predict", odd, "--rank", 1), ("sharpness", odd, "--factors", start),
                     ("factor", odd, "--rank", 1, "--out", os.fsdecode(b"out\xfe"))):
            with self.subTest(verb=verb[0]):
                result = self.result(*verb, cwd=self.folder)
                name = result.get("matrix")  # predict has none
                self.assertIn(name["name"] if isinstance(name, dict) else name, (shown, None))
        out = self.folder / os.fsdecode(b"out\xfe")
        self.assertEqual({path.name for path in out.iterdir()}, FILES)
        (out / "report.html").read_text(encoding="utf-8")

    def test_standard_output(self):
        done = run("generate", "gaussian:3x2:seed=7", "--out", "-")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertGreater(len(done.stdout), 0)

    def test_broken_pipe_is_success(self):
        big = "gaussian:300x300:seed=1"
        for arguments in (f"generate {big} --out -", "sharpness gaussian:20x20:seed=1 --factors F --spectrum --json", "factor --help",
                          "factor scalar:1 --rank 1 --json"):
            with self.subTest(arguments=arguments):
                if "F" in arguments:
                    run("factor", "gaussian:20x20:seed=1", "--rank", 8, "--max-steps", 2, "--out", self.path("F"))
                script = f"set -o pipefail; '{EQUIPOISE}' {arguments} | head -c 1 >/dev/null"
                done = subprocess.run(["bash", "-c", script], cwd=self.folder, stderr=subprocess.PIPE, timeout=PATIENCE)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                # And with nobody there from the first byte on.
                script = f"'{EQUIPOISE}' {arguments} | true; echo ${{PIPESTATUS[0]}}"
                done = subprocess.run(["bash", "-c", script], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
                self.assertEqual((done.stdout, done.stderr), (b"0\n", b""))

    def test_progress_on_a_terminal_alone(self):
        arguments = (*ENDLESS, "--time-limit", "0.8")
        self.assertRegex(self.on_a_terminal(*arguments), r"(?i)steps?/s.*")
        self.assertEqual(self.on_a_terminal(*arguments, "--quiet"), "")
        self.assertEqual(run(*arguments).stderr, b"")

    def wait_until_it_listens(self, process, name):
        """Until the process has a handler for this signal, as /proc tells; before that the signal just ends it."""
        for _ in range(100 * PATIENCE):
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            if int(re.search(r"SigCgt:\s*([0-9a-f]+)", status)[1], 16) >> (name - 1) & 1:
                return
            time.sleep(0.01)
        self.fail("no handler was installed")

    def interrupt(self, name):
        out = self.path(f"out{name}")
        process = subprocess.Popen([EQUIPOISE, *ENDLESS, "--json", "--out", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(100 * PATIENCE):  # the folder is made when there is something to save
            if out.exists():
                break
            time.sleep(0.01)
        process.send_signal(name)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, stderr), (130, b""))
        record = parse(stdout)
        self.assertEqual(record["verdict"]["outcome"], "stopped")
        Records.check_keys(self, record)
        self.assertEqual({path.name for path in out.iterdir()}, FILES)
        self.assertEqual(parse((out / "record.json").read_text()), record)
        X, Y = np.load(out / "X.npy"), np.load(out / "Y.npy")
        self.assertAlmostEqual(record["balance"]["end"]["norm_x"] / np.linalg.norm(X), 1, places=13)
        self.assertEqual(Y.shape, (30, 2))

    def test_interrupt_leaves_complete_files(self):
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=name):
                self.interrupt(name)

    def test_interrupt_before_there_is_a_result(self):
        """While the matrix is still read, a signal ends the command at once and leaves nothing."""
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            out = self.path(f"none{name}")
            words = [EQUIPOISE, "factor", "-", "--format", "csv", "--rank", "1", "--out", str(out)]
            with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                self.wait_until_it_listens(process, name)
                process.send_signal(name)
                process.wait(PATIENCE)
                self.assertEqual((process.returncode, process.stdout.read()), (130, b""))
            self.assertFalse(out.exists())


if __name__ == "__main__":
    unittest.main()
