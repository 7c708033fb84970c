"""SciPy's answers to what src/learn/stats is compared with: special functions, intervals, tests, privacy bounds.

Prints one JSON document. `/usr/bin/python3 -I test/full/oracles/scipy.py > test/vectors/scipy.json`
"""

import decimal
import json
import math
import sys
import warnings

import numpy as np
import scipy
from scipy import optimize, special, stats


def plain(value):
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, (np.floating, float)):
        value = float(value)
        return value if math.isfinite(value) else repr(value)
    return value.item() if isinstance(value, np.generic) else value


def exact_beta(x, a, b):
    """I_x(a, b) for whole a and b to 40 digits, as a binomial tail: SciPy 1.10 has only 7 digits at a = b = 1e6."""
    with decimal.localcontext() as context:
        context.prec = 60
        n, p = a + b - 1, decimal.Decimal(x)
        term = p**n
        total = term
        for k in range(n - 1, a - 1, -1):
            term = term * (k + 1) / (n - k) * (1 - p) / p
            total += term
        return float(total)


def functions():
    x = [-37, -20, -8, -5, -3.2, -1, -0.66, -0.3, -1e-9, 0, 0.2, 0.6, 1, 2.5, 5.6, 7, 9]
    p = [1e-300, 1e-100, 1e-20, 1e-9, 1e-4, 0.01, 0.07, 0.075, 0.08, 0.3, 0.5, 0.6, 0.92, 0.925, 0.999, 1 - 1e-9]
    freedom = [1, 1.5, 2, 3, 7.3, 30, 200, 1e4, 999_999, 1_000_001, 1e7]
    t = [-40, -6, -3, -1, -0.1, -1e-6, 0, 0.5, 2, 8]
    tails = [1e-12, 1e-5, 0.01, 0.05, 0.3, 0.499, 0.7, 0.975, 0.9999]
    beta = [
        [0.5, 0.5, 0.5], [1e-10, 0.1, 3], [0.2, 2, 3], [0.9, 2, 3], [0.01, 30, 0.5], [0.999, 30, 0.5],
        [0.7, 12.5, 0.01],
    ]
    exact = [[0.3, 1000, 2000], [0.34, 1000, 2000], [0.4995, 50_000, 50_000], [0.01, 3, 2000], [1e-6, 1, 100_000]]
    binomial = [[3, 10, 0.3], [0, 10, 0.3], [50, 100, 0.5], [990, 1000, 0.99], [20, 100_000, 1e-4]]
    gamma = [1e-8, 0.1, 0.5, 0.999, 1, 1.4616321449683623, 2, 2.001, 3, 10, 11.9, 100, 12345.6, 1e6, 1e15]
    return {
        "normalCdf": [[v, plain(special.ndtr(v))] for v in x],
        "normalQuantile": [[v, plain(special.ndtri(v))] for v in p],
        "studentCdf": [[v, f, plain(stats.t.cdf(v, f))] for f in freedom for v in t],
        "studentQuantile": [[v, f, plain(stats.t.ppf(v, f))] for f in freedom for v in tails],
        "incompleteBeta": [[*row, plain(special.betainc(row[1], row[2], row[0]))] for row in beta]
        + [[*row, exact_beta(*row)] for row in exact],
        "binomialCdf": [[*row, plain(stats.binom.cdf(*row))] for row in binomial],
        "logGamma": [[v, plain(special.gammaln(v))] for v in gamma],
        "kolmogorovTail": [[v, plain(special.kolmogorov(v))] for v in [0.1, 0.3, 0.5, 0.99, 1, 1.01, 1.36, 2, 4]],
    }


def samples(seed, *sizes):
    rng = np.random.RandomState(seed)
    return [np.round(rng.normal(i * 0.3, 1 + i * 0.5, size), 4) for i, size in enumerate(sizes)]


def order_interval(ordered, q, limit):
    """Ends from the definition: the ranks beyond which the quantile lies with at most that probability."""
    n = len(ordered)
    low = [k for k in range(1, n + 1) if stats.binom.cdf(k - 1, n, q) <= limit]
    high = [k for k in range(1, n + 1) if stats.binom.sf(k - 1, n, q) <= limit]
    return (ordered[low[-1] - 1] if low else -np.inf, ordered[high[0] - 1] if high else np.inf)


def intervals():
    cases = []
    for seed, size, level in [(1, 5, 0.95), (2, 40, 0.9), (3, 400, 0.99)]:
        (values,) = samples(seed, size)
        error = values.std(ddof=1) / math.sqrt(size)
        low, high = stats.t.interval(level, size - 1, loc=values.mean(), scale=error)
        quantiles = []
        for q in [0.1, 0.5, 0.9, 0.99]:
            quantiles.append([q, np.quantile(values, q), *order_interval(np.sort(values), q, (1 - level) / 2)])
        cases.append({
            "values": plain(values), "level": level, "mean": plain(np.array([values.mean(), low, high])),
            "variance": plain(values.var(ddof=1)), "quantiles": [[plain(v) for v in row] for row in quantiles],
        })
    return cases


def comparisons():
    cases = []
    for seed, n, m in [(11, 4, 9), (12, 60, 50), (13, 500, 700)]:
        a, b = samples(seed, n, m)
        welch = stats.ttest_ind(a, b, equal_var=False)
        shared = min(n, m)
        paired = stats.ttest_rel(a[:shared], b[:shared])
        ends = paired.confidence_interval(0.95)
        cases.append({
            "first": plain(a), "second": plain(b), "welch": [plain(welch.statistic), plain(welch.pvalue)],
            "paired": [plain(v) for v in (paired.statistic, paired.pvalue, ends.low, ends.high)],
        })
    return cases


def kolmogorov_smirnov():
    rows = []
    sizes = [(1, 1), (3, 4), (8, 8), (20, 13), (50, 75), (100, 100), (64, 500), (1000, 1000), (900, 1100)]
    for seed, (n, m) in enumerate(sizes):
        a, b = samples(100 + seed, n, m)
        if seed % 2:
            a, b = np.round(a, 1), np.round(b, 1)
        exact = stats.ks_2samp(a, b, method="exact")
        rows.append({
            "first": plain(a), "second": plain(b), "statistic": plain(exact.statistic),
            "exact": plain(exact.pvalue),
        })
    return rows


def bootstrap_intervals():
    """BCa and percentile ends from many resamples: ours must come near with its own draws."""
    rng = np.random.RandomState(5)
    values = np.round(rng.exponential(2, 40), 4)
    rows = {}
    for name, statistic in [("mean", np.mean), ("deviation", lambda v, axis=-1: np.std(v, axis=axis))]:
        for method in ["BCa", "percentile"]:
            result = stats.bootstrap((values,), statistic, n_resamples=100_000, method=method, random_state=1, batch=5000)
            ends = result.confidence_interval
            rows[f"{name} {method}"] = [plain(ends.low), plain(ends.high), plain(result.standard_error)]
    return {"values": plain(values), "ends": rows}


def zcdp():
    """Epsilon of rho zCDP at delta by a general minimiser over the order (Canonne, Kamath, Steinke 2020)."""
    rows = []
    for rho in [1e-6, 1e-3, 0.1, 1, 20]:
        for delta in [1e-3, 1e-6, 1e-12]:

            def bound(u):
                alpha = 1 + math.exp(u)
                return alpha * rho + math.log1p(-1 / alpha) - math.log(delta * alpha) / (alpha - 1)

            starts = np.linspace(-12, 16, 1000)
            at = starts[np.argmin([bound(u) for u in starts])]
            found = optimize.minimize_scalar(bound, bounds=(at - 0.1, at + 0.1), method="bounded", options={"xatol": 1e-10})
            rows.append([rho, delta, plain(max(0.0, found.fun))])
    return rows


def main():
    warnings.simplefilter("ignore")
    document = {
        "tool": "scipy",
        "version": scipy.__version__,
        "functions": functions(),
        "intervals": intervals(),
        "comparisons": comparisons(),
        "ks": kolmogorov_smirnov(),
        "bootstrap": bootstrap_intervals(),
        "zcdp": zcdp(),
    }
    json.dump(document, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
