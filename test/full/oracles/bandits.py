"""What bandits compute, by NumPy and SciPy: ridge regression, arg-max probabilities, off-policy values.

Prints one JSON document. `/usr/bin/python3 -I test/full/oracles/bandits.py > test/vectors/bandits.json`, five seconds.
"""

import json

import numpy as np
import scipy
from scipy import integrate, stats


def ridge_case(features, ridge, discount, samples, seed):
    """Ridge regression by a dense solve after every sample; older samples fade, the ridge does not."""
    rng = np.random.default_rng(seed)
    gram = np.zeros((features, features))
    moments = np.zeros(features)
    steps = []
    for _ in range(samples):
        x = np.round(rng.normal(size=features), 6)
        y = round(float(rng.normal()), 6)
        gram = discount * gram + np.outer(x, x)
        moments = discount * moments + y * x
        inverse = np.linalg.inv(gram + ridge * np.eye(features))
        steps.append({"x": x.tolist(), "y": y, "weights": (inverse @ moments).tolist(), "spread": float(x @ inverse @ x)})
    return {"features": features, "ridge": ridge, "discount": discount, "steps": steps}


def line_case():
    """theta = (0.3, 0, 0.2, -0.1), x = (U(2, 6), integer 0 to 4, U(0, 1), U(0, 1)), noise 0.05, ridge 1."""
    rng = np.random.default_rng(6)
    theta = np.array([0.3, 0.0, 0.2, -0.1])
    rows = [
        [round(float(rng.uniform(2, 6)), 3), int(rng.integers(0, 5)), round(float(rng.uniform()), 3), round(float(rng.uniform()), 3)]
        for _ in range(2000)
    ]
    x = np.array(rows)
    y = np.round(x @ theta + rng.normal(0, 0.05, len(rows)), 4)
    weights = {
        str(n): np.linalg.solve(np.eye(4) + x[:n].T @ x[:n], x[:n].T @ y[:n]).tolist() for n in (10, 100, 2000)
    }
    return {"x": x.tolist(), "y": y.tolist(), "weights": weights}


def shares(arms):
    """The probability of each frozen distribution to give the largest of independent draws."""
    cuts = np.unique(np.concatenate([arm.ppf([1e-15, 1e-9, 1e-4, 0.05, 0.3, 0.5, 0.7, 0.95, 0.9999, 1 - 1e-9, 1 - 1e-15]) for arm in arms]))

    def share(i):
        others = [arm for j, arm in enumerate(arms) if j != i]
        inside = lambda x: arms[i].pdf(x) * np.prod([arm.cdf(x) for arm in others])
        return sum(integrate.quad(inside, a, b, epsabs=1e-15, epsrel=1e-10, limit=200)[0] for a, b in zip(cuts, cuts[1:]))

    return [share(i) for i in range(len(arms))]


NORMALS = [
    [[0, 1], [0, 1], [0, 1]],
    [[0, 1], [0.1, 0.001], [-2, 0.5], [0.099, 0.01]],
    [[5, 0.01], [0, 1], [-3, 3]],
    [[1, 0.2], [0.8, 0.4], [0.5, 1], [-0.5, 1.5], [0.9, 0.05]],
    [[0, 1], [-6, 1]],
]
BETAS = [
    [[1, 1], [1, 1], [1, 1], [1, 1]],
    [[1, 50], [2, 3], [100, 80], [0.5, 0.5]],
    [[1, 100], [1000, 1000], [3, 1]],
    [[30, 10], [25, 12], [6, 2], [1, 1]],
    [[90000, 10000], [900, 110], [9.5, 1.7]],
]


def off_policy(seed=11):
    """Mean and standard error of the three estimators, on a log of a three-armed policy."""
    rng = np.random.default_rng(seed)
    size = 500
    propensities = np.array([0.6, 0.3, 0.1])
    target = np.array([0.1, 0.2, 0.7])
    expected = np.array([0.2, 0.5, 0.6])
    arms = rng.choice(3, size=size, p=propensities)
    rewards = np.round(np.array([0.3, 0.4, 0.7])[arms] + rng.normal(0, 0.2, size), 6)
    weights = target[arms] / propensities[arms]
    reach = stats.t.ppf(0.975, size - 1)

    def report(terms, estimate=None):
        mean = terms.mean() if estimate is None else estimate
        half = reach * terms.std(ddof=1) / np.sqrt(size)
        return {"estimate": mean, "low": mean - half, "high": mean + half}

    ratio = (weights * rewards).sum() / weights.sum()
    clipped = np.minimum(weights, 3)
    return {
        "propensities": propensities.tolist(),
        "target": target.tolist(),
        "expected": expected.tolist(),
        "arms": arms.tolist(),
        "rewards": rewards.tolist(),
        "effectiveSamples": weights.sum() ** 2 / (weights**2).sum(),
        "ips": report(weights * rewards),
        "clipAt3": report(clipped * rewards),
        "snips": report(weights * (rewards - ratio) / weights.mean(), ratio),
        "doublyRobust": report(target @ expected + weights * (rewards - expected[arms])),
    }


print(
    json.dumps(
        {
            "tool": "numpy, scipy",
            "version": f"{np.__version__}, {scipy.__version__}",
            "line": line_case(),
            "ridge": [ridge_case(1, 1.0, 1.0, 5, 1), ridge_case(4, 0.5, 1.0, 30, 2), ridge_case(5, 2.0, 0.9, 40, 3)],
            "normals": [{"arms": arms, "shares": shares([stats.norm(*arm) for arm in arms])} for arms in NORMALS],
            "betas": [{"arms": arms, "shares": shares([stats.beta(*arm) for arm in arms])} for arms in BETAS],
            "offPolicy": off_policy(),
        }
    )
)
