"""What src/learn/linear and src/learn/ensemble are compared with: scikit-learn's SGD steps, naive Bayes, isotonic
regression and calibration curve; the best temperature by SciPy's bounded minimiser.

Standard output: {"tool", "version", "sgd", "naiveBayes", "isotonic", "calibrationCurve", "temperature"}; inputs are in
the document, to six digits, as the tools got them.
"""

import json
import sys

import numpy as np
import sklearn
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.naive_bayes import GaussianNB


def short(values):
    return np.vectorize(lambda value: float(f"{value:.6g}"))(values)


def plain(values):
    return np.asarray(values, dtype=float).ravel().tolist()


def sgd(rng):
    """Rows learnt one by one, unscaled, in their order."""
    x = short(rng.normal(size=(60, 4)))
    truth = x @ [1.5, -2, 0, 0.5] + 0.3 + rng.normal(size=60)
    value, label = short(truth), (truth > 0).astype(int)
    weight = short(rng.uniform(0.5, 2, size=60))
    schedules = {
        "constant": {"learning_rate": "constant", "eta0": 0.05, "alpha": 0.01},
        "inverse-scaling": {"learning_rate": "invscaling", "eta0": 0.1, "power_t": 0.25, "alpha": 0.001},
    }
    results = {}
    for name, options in schedules.items():
        classifier = SGDClassifier(loss="log_loss", **options)
        regressor = SGDRegressor(loss="squared_error", **options)
        for i in range(60):
            classifier.partial_fit(x[i : i + 1], label[i : i + 1], classes=[0, 1], sample_weight=weight[i : i + 1])
            regressor.partial_fit(x[i : i + 1], value[i : i + 1], sample_weight=weight[i : i + 1])
        results[name] = {
            "logistic": plain(classifier.coef_) + plain(classifier.intercept_),
            "linear": plain(regressor.coef_) + plain(regressor.intercept_),
        }
    return {"features": 4, "x": plain(x), "value": plain(value), "label": plain(label), "weight": plain(weight), "results": results}


def naive_bayes(rng):
    """Maximum likelihood: no smoothing."""
    y = rng.integers(0, 3, size=80)
    x = short(rng.normal(size=(80, 3)) * (1 + y[:, None]) + y[:, None] * [2, 0, -1])
    weight = short(rng.uniform(0.5, 2, size=80))
    model = GaussianNB(var_smoothing=0).fit(x, y, sample_weight=weight)
    return {"features": 3, "classes": 3, "x": plain(x), "y": plain(y), "weight": plain(weight), "probabilities": plain(model.predict_proba(x))}


def isotonic(rng):
    """Scores with ties, rising and falling stretches, weights of 0; asked within and beyond the scores."""
    cases = []
    for rows, levels, weighted in ((1, 1, False), (40, 1000, False), (200, 25, True), (300, 1000, True)):
        x = short(rng.integers(0, levels, size=rows) / levels)
        y = short(np.clip(x + rng.normal(size=rows) / 3, -1, 2)) if levels > 25 else (rng.uniform(size=rows) < x).astype(float)
        weight = short(rng.integers(0, 4, size=rows)) if weighted else np.ones(rows)
        model = IsotonicRegression(out_of_bounds="clip").fit(x, y, sample_weight=weight)
        asked = short(rng.uniform(-0.2, 1.2, size=60))
        cases.append({"x": plain(x), "y": plain(y), "weight": plain(weight), "asked": plain(asked), "answers": plain(model.predict(asked))})
    return cases


def curve(rng):
    probability = short(rng.uniform(size=300))
    probability[:11] = np.arange(11) / 10
    happened = (rng.uniform(size=300) < probability**1.5).astype(int)
    observed, predicted = calibration_curve(happened, probability, n_bins=10)
    return {"probability": plain(probability), "happened": plain(happened), "observed": plain(observed), "predicted": plain(predicted)}


def temperature(rng):
    """Overconfident, underconfident, and one class too likely."""
    cases = []
    for rows, classes, sharp in ((200, 3, 4.0), (200, 5, 0.3), (100, 2, 1.5)):
        logits = rng.normal(size=(rows, classes)) * 2
        shares = np.exp(log_softmax(logits, axis=1))
        y = np.array([rng.choice(classes, p=row) for row in shares])
        logits = short(logits * sharp)

        def loss(inverse):
            return -log_softmax(logits * inverse, axis=1)[np.arange(rows), y].mean()

        best = minimize_scalar(loss, bounds=(0.01, 100), method="bounded", options={"xatol": 1e-12}).x
        cases.append({"classes": classes, "logits": plain(logits), "y": plain(y), "temperature": 1 / best, "lossBefore": loss(1), "lossAfter": loss(best)})
    return cases


json.dump(
    {
        "tool": "scikit-learn",
        "version": sklearn.__version__,
        "sgd": sgd(np.random.default_rng(1)),
        "naiveBayes": naive_bayes(np.random.default_rng(2)),
        "isotonic": isotonic(np.random.default_rng(3)),
        "calibrationCurve": curve(np.random.default_rng(4)),
        "temperature": temperature(np.random.default_rng(5)),
    },
    sys.stdout,
    separators=(",", ":"),
)
print()
