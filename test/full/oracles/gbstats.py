"""GrowthBook's answers (gbstats) to what src/learn/stats/inference is compared with: tests of one look, the sequential
test, beliefs, ratios, quantiles, splits.

Prints one JSON document. `.oracles/gbstats/bin/python -I test/full/oracles/gbstats.py > test/vectors/gbstats.json`
"""

import json
import math
import sys
import warnings

import gbstats
from gbstats.bayesian.tests import EffectBayesianABTest, EffectBayesianConfig, GaussianPrior
from gbstats.frequentist.tests import (
    FrequentistConfig,
    OneSidedTreatmentGreaterTTest,
    OneSidedTreatmentLesserTTest,
    SequentialConfig,
    SequentialTwoSidedTTest,
    TwoSidedTTest,
)
from gbstats.models.statistics import (
    ProportionStatistic,
    QuantileStatistic,
    RatioStatistic,
    SampleMeanStatistic,
)
from gbstats.utils import check_srm


def plain(value):
    value = float(value)
    return value if math.isfinite(value) else repr(value)


def mean(n, total, squares):
    return SampleMeanStatistic(n=n, sum=total, sum_squares=squares)


def rate(n, successes):
    return ProportionStatistic(n=n, sum=successes)


def ratio(n, m, d, products):
    return RatioStatistic(n=n, m_statistic=mean(n, *m), d_statistic=mean(n, *d), m_d_sum_of_products=products)


def quantile(n, share, middle, low, high):
    return QuantileStatistic(n=n, n_star=n, nu=share, quantile_hat=middle, quantile_lower=low, quantile_upper=high)


# The first arms are those of GrowthBook's own tests.
ARMS = {
    "rates": (rate(100, 49), rate(100, 51)),
    "few": (rate(1396, 14), rate(1407, 28)),
    "means": (mean(1283, 300, 869), mean(1321, 346, 1015)),
    "clear": (mean(3000, 300, 869), mean(3001, 520, 1500)),
    "ratio": (ratio(4, (10, 40), (6, 20), 26), ratio(5, (18, 90), (9, 29), 50)),
    "quantile": (quantile(1000, 0.9, 7.157987, 5.694064, 8.394708), quantile(1200, 0.9, 7.694064, 6.694064, 8.094708)),
}


def summary(stat):
    return {"count": stat.n, "mean": plain(stat.mean), "variance": plain(stat.variance)}


def row(kind, arms, scale, result, **more):
    return {
        "kind": kind, "control": summary(arms[0]), "treatment": summary(arms[1]), "scale": scale,
        "effect": plain(result.expected), "ends": [plain(end) for end in result.ci], **more,
    }


def frequentist(name, arms, scale):
    config = FrequentistConfig(difference_type=scale, alpha=0.05)
    for side, test in [
        ("two", TwoSidedTTest), ("greater", OneSidedTreatmentGreaterTTest), ("less", OneSidedTreatmentLesserTTest),
    ]:
        result = test(*arms, config).compute_result()
        yield row("fixed", arms, scale, result, side=side, pValue=plain(result.p_value), name=name)
    for tuning in [500, 5000]:
        config = SequentialConfig(difference_type=scale, alpha=0.05, sequential_tuning_parameter=tuning)
        result = SequentialTwoSidedTTest(*arms, config).compute_result()
        yield row("sequential", arms, scale, result, tuneCount=tuning, pValue=plain(result.p_value), name=name)


def bayesian(name, arms, scale):
    for prior in [None, (0.02, 0.1)]:
        known = GaussianPrior(0, 1, False) if prior is None else GaussianPrior(prior[0], prior[1] ** 2, True)
        config = EffectBayesianConfig(difference_type=scale, prior_type=scale, prior_effect=known)
        result = EffectBayesianABTest(*arms, config).compute_result()
        yield row(
            "belief", arms, scale, result, prior=prior, chanceToWin=plain(result.chance_to_win),
            risk=[plain(risk) for risk in result.risk], name=name,
        )


def main():
    warnings.simplefilter("ignore")
    rows = []
    for name, arms in ARMS.items():
        for scale in ["absolute", "relative"]:
            rows += [*frequentist(name, arms, scale), *bayesian(name, arms, scale)]
    document = {
        "tool": "gbstats",
        "version": gbstats.__version__,
        "rows": rows,
        "ratios": [
            {"n": n, "m": list(m), "d": list(d), "products": products, **summary(ratio(n, m, d, products))}
            for n, m, d, products in [(4, (10, 40), (6, 20), 26), (1000, (900, 2200), (3100, 12_000), 3300)]
        ],
        "splits": [[[5000, 5200], [0.5, 0.5], plain(check_srm([5000, 5200], [0.5, 0.5]))],
                   [[1000, 2000, 2900], [1, 2, 3], plain(check_srm([1000, 2000, 2900], [1, 2, 3]))]],
    }
    json.dump(document, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
