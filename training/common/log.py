"""A log of a training run: one CSV file, a line every so many steps."""
import csv
import pathlib
import time


class Log:
    """Rows of (step, seconds, ...); a run that goes on appends to its file."""

    def __init__(self, path, columns, seconds=0.0):
        self.path = pathlib.Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.columns = ["step", "seconds", *columns]
        self.begun = time.monotonic() - seconds
        new = not self.path.exists()
        self.file = open(self.path, "a", newline="", encoding="utf-8")
        self.csv = csv.writer(self.file)
        if new:
            self.csv.writerow(self.columns)

    @property
    def seconds(self):
        """Of training so far, earlier runs included."""
        return time.monotonic() - self.begun

    def write(self, step, *values):
        row = [step, round(self.seconds, 1)]
        row += [f"{v:.5g}" if isinstance(v, float) else v for v in values]
        self.csv.writerow(row)
        self.file.flush()
        print(" ".join(f"{k}={v}" for k, v in zip(self.columns, row)),
              flush=True)
