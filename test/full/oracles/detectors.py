"""Change detectors of River on the streams of its own tests and on one of normal values.

Standard output: {"tool", "version", "streams": {name: values}, "cases": [{detector, options (as ours are named), stream,
changes (indices), warnings (how many, and the sum of their indices), window (width and mean of ADWIN in the end)}]}.
The streams come from NumPy's legacy generator, whose numbers never change. KSWIN only where it draws everything, so
that chance plays no part.
"""

import json
import re
import sys

import numpy
import river
from river import drift
from river.drift import binary


def streams():
    rng = numpy.random.RandomState(12345)
    integers = [*rng.randint(2, size=1000), *rng.randint(8, size=1000)]
    rng = numpy.random.RandomState(12345)
    errors = [rng.binomial(1, p) for p in [0.2] * 1000 + [0.8] * 1000]
    rng = numpy.random.RandomState(12345)
    abrupt = [v > 0 for mean in [0, 0.25, 0, 0.25] for v in rng.normal(mean, 0.1, 500)]
    rng = numpy.random.RandomState(777)
    normal = [round(v, 4) for mean, spread in [(0, 1), (0.5, 1), (0.5, 3), (-4, 1)] for v in rng.normal(mean, spread, 600)]
    whole = {"integers": integers, "errors": errors, "abrupt": abrupt}
    return {**{name: [int(v) for v in values] for name, values in whole.items()}, "normal": [float(v) for v in normal]}


ANY = {
    "adwin": (drift.ADWIN, [{}, {"clock": 1}, {"delta": 0.1, "max_buckets": 3}, {"min_window_length": 20, "grace_period": 200}]),
    "page-hinkley": (drift.PageHinkley, [{}, {"mode": "up"}, {"mode": "down", "threshold": 20}, {"alpha": 0.99, "delta": 0.05}]),
    "kswin": (drift.KSWIN, [{"alpha": 1e-4, "window_size": 200, "stat_size": 100}, {"alpha": 0.001, "window_size": 60, "stat_size": 30}]),
}
BINARY = {
    "ddm": (binary.DDM, [{}, {"warm_start": 100, "drift_threshold": 4.0}]),
    "eddm": (binary.EDDM, [{}, {"alpha": 0.9, "beta": 0.8}]),
    "hddm-a": (binary.HDDMA, [{}, {"two_sided_test": True}, {"drift_confidence": 0.01, "warning_confidence": 0.1}]),
    "hddm-w": (binary.HDDMW, [{}, {"two_sided_test": True}, {"lambda_val": 0.2, "two_sided_test": True}]),
}
OURS = {"lambda_val": "lambda", "two_sided_test": "isTwoSided", "mode": "direction"}


def ours(name):
    return OURS.get(name, re.sub(r"_(\w)", lambda match: match[1].upper(), name))


def watch(make, options, values):
    detector, changes, warnings = make(**options), [], []
    for i, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            changes.append(i)
        elif getattr(detector, "warning_detected", False):
            warnings.append(i)
    found = {"changes": changes, "warnings": [len(warnings), sum(warnings)]}
    if isinstance(detector, drift.ADWIN):
        found["window"] = [int(detector.width), detector.estimation]
    return found


def main():
    values, cases = streams(), []
    for detectors, names in [(ANY, values), (BINARY, ["errors", "abrupt"])]:
        for detector, (make, variants) in detectors.items():
            for options in variants:
                for name in names:
                    found = watch(make, options, values[name])
                    named = {ours(key): value for key, value in options.items()}
                    cases.append({"detector": detector, "options": named, "stream": name, **found})
    document = {"tool": "river", "version": river.__version__, "streams": values, "cases": cases}
    json.dump(document, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
