"""statsmodels' and SciPy's answers to what src/learn/stats/inference is compared with: tests of two samples, adjusted
p-values, power, covariates, splits.

Prints one JSON document. `/usr/bin/python3 -I test/full/oracles/statsmodels.py > test/vectors/statsmodels.json`
"""

import json
import math
import sys
import warnings

import numpy as np
import statsmodels
import statsmodels.api as api
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

SIDES = {"two": "two-sided", "greater": "larger", "less": "smaller"}


def plain(value):
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (np.floating, float)):
        value = float(value)
        return value if math.isfinite(value) else repr(value)
    return value.item() if isinstance(value, np.generic) else value


def samples(seed, *sizes):
    rng = np.random.RandomState(seed)
    return [np.round(rng.gamma(2 + i * 0.2, 1 + i * 0.1, size), 4) for i, size in enumerate(sizes)]


def welch():
    """Treatment against control: [side, p-value, ends of the interval] for each side."""
    rows = []
    for seed, n, m, alpha in [(1, 5, 8, 0.05), (2, 60, 50, 0.01), (3, 200, 300, 0.1)]:
        control, treatment = samples(seed, n, m)
        means = CompareMeans(DescrStatsW(treatment), DescrStatsW(control))
        sides = []
        for side, alternative in SIDES.items():
            p = means.ttest_ind(alternative, usevar="unequal")[1]
            ends = means.tconfint_diff(alpha, alternative, usevar="unequal")
            sides.append([side, plain(p), *plain(ends)])
        rows.append({"control": plain(control), "treatment": plain(treatment), "alpha": alpha, "sides": sides})
    return rows


def multiplicity():
    rng = np.random.RandomState(7)
    rows = [[0.04], [0.01, 0.04, 0.03], [0.5, 0.5, 1.0, 0.0], [0.02] * 5]
    rows.append([plain(p) for p in np.round(rng.uniform(size=40) ** 3, 6)])
    return [
        {"pValues": p, "holm": plain(multipletests(p, method="holm")[1]),
         "benjaminiHochberg": plain(multipletests(p, method="fdr_bh")[1])}
        for p in rows
    ]


def power():
    """[effect in deviations, values of the treatment, alpha, control values for each, sides, power]"""
    rows = []
    for effect, count, alpha, ratio in [(0.1, 500, 0.05, 1), (0.03, 9000, 0.01, 9), (0.5, 10, 0.05, 0.5), (1e-3, 100, 0.2, 2)]:
        for sides, alternative in [(2, "two-sided"), (1, "larger")]:
            found = NormalIndPower().power(effect, count, alpha, ratio, alternative)
            rows.append([effect, count, alpha, ratio, sides, plain(found)])
    return rows


def covariate():
    """The effect of a treatment with the earlier value as a covariate, by least squares."""
    rng = np.random.RandomState(9)
    earlier = np.round(rng.normal(10, 2, 300), 4)
    treated = (rng.uniform(size=300) < 0.4).astype(float)
    value = np.round(0.8 * earlier + 0.3 * treated + rng.normal(0, 1, 300), 4)
    fit = api.OLS(value, np.column_stack([np.ones(300), treated, earlier])).fit()
    return {
        "value": plain(value), "earlier": plain(earlier), "treated": plain(treated),
        "effect": plain(fit.params[1]), "slope": plain(fit.params[2]),
    }


def splits():
    rows = []
    for counts, shares in [([5000, 5200], [1, 1]), ([10, 25, 5], [0.3, 0.5, 0.2]), ([99_000, 1_200], [99, 1]), ([7, 7], [1, 1])]:
        expected = np.array(shares) / np.sum(shares) * np.sum(counts)
        result = stats.chisquare(counts, expected)
        rows.append({"counts": counts, "shares": shares, "statistic": plain(result.statistic), "pValue": plain(result.pvalue)})
    return rows


def main():
    warnings.simplefilter("ignore")
    document = {
        "tool": "statsmodels",
        "version": statsmodels.__version__,
        "welch": welch(),
        "multiplicity": multiplicity(),
        "power": power(),
        "covariate": covariate(),
        "splits": splits(),
    }
    json.dump(document, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
