"""SciPy's answers to what src/learn/stats/distances and its distributions are compared with.

Prints one JSON document. `/usr/bin/python3 -I test/full/oracles/distances.py > test/vectors/distances.json`
"""

import json
import sys

import numpy as np
import scipy
from scipy import stats
from scipy.spatial.distance import jensenshannon


def chi_square():
    freedom = [1, 2, 5, 9, 30, 99, 1000, 1e5]
    tails = [1 - 1e-3, 0.9, 0.5, 0.05, 1e-3, 1e-9, 1e-100]
    rows = [[float(stats.chi2.isf(p, f)), f] for f in freedom for p in tails]
    rows += [[x, f] for f in [1, 9, 1000] for x in [1e-12, 0.3, 3000.0]]
    return [[x, f, float(stats.chi2.sf(x, f))] for x, f in rows]


def counts():
    rng = np.random.RandomState(21)
    rows = []
    for bins, n, m in [(2, 20, 30), (5, 100, 80), (10, 5000, 1000), (40, 300, 300)]:
        shares = rng.dirichlet(np.ones(bins))
        a, b = rng.multinomial(n, shares), rng.multinomial(m, np.roll(shares, bins // 5))
        table = np.array([a, b])
        found = stats.chi2_contingency(table[:, table.sum(axis=0) > 0], correction=False)
        rows.append({
            "first": a.tolist(), "second": b.tolist(), "jensenShannon": float(jensenshannon(a, b, base=2)),
            "chiSquare": [float(found[0]), int(found[2]), float(found[1])],
        })
    return rows


def samples():
    rng = np.random.RandomState(22)
    rows = []
    for n, m, shift, digits in [(5, 4, 0, 3), (30, 40, 0.5, 4), (200, 150, 0, 1), (200, 300, 1, 0), (1000, 1000, 0.1, 4)]:
        a, b = np.round(rng.normal(0, 1, n), digits), np.round(rng.normal(shift, 1.2, m), digits)
        test = stats.cramervonmises_2samp(a, b, method="asymptotic")
        ks = stats.ks_2samp(a, b, method="exact")
        rows.append({
            "first": a.tolist(), "second": b.tolist(), "wasserstein": float(stats.wasserstein_distance(a, b)),
            "cramerVonMises": [float(test.statistic), float(test.pvalue)],
            "kolmogorovSmirnov": [float(ks.statistic), float(ks.pvalue)],
        })
    return rows


def main():
    document = {
        "tool": "scipy", "version": scipy.__version__,
        "chiSquareTail": chi_square(), "counts": counts(), "samples": samples(),
    }
    json.dump(document, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
