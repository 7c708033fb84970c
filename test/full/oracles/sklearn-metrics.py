"""scikit-learn's metrics, which src/learn/stats/metrics is compared with.

Prints one JSON document.
`/usr/bin/python3 -I test/full/oracles/sklearn-metrics.py > test/vectors/sklearn-metrics.json`
"""

import json
import sys
import warnings

import numpy as np
import sklearn
from sklearn import metrics


def classes(seed, count, kinds, present):
    """Truth and a prediction that is right about half of the time, over `present` of `kinds` classes."""
    rng = np.random.RandomState(seed)
    truth = rng.randint(present, size=count)
    predicted = np.where(rng.uniform(size=count) < 0.5, truth, rng.randint(present, size=count))
    logits = rng.normal(size=(count, kinds)) + 1.5 * np.eye(kinds)[truth]
    probabilities = np.round(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), 6)
    probabilities[:, -1] = 1 - probabilities[:, :-1].sum(axis=1)
    labels = list(range(kinds))
    scores = metrics.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
    macro = metrics.precision_recall_fscore_support(truth, predicted, average="macro", zero_division=0)
    return {
        "classes": kinds,
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "probabilities": probabilities.tolist(),
        "confusion": metrics.confusion_matrix(truth, predicted, labels=labels).tolist(),
        "accuracy": float(metrics.accuracy_score(truth, predicted)),
        "perClass": [column.tolist() for column in scores],
        "macro": [float(value) for value in macro[:3]],
        "logLoss": float(metrics.log_loss(truth, probabilities, labels=labels)),
    }


def binary(seed, count, digits):
    rng = np.random.RandomState(seed)
    truth = (rng.uniform(size=count) < 0.3).astype(int)
    scores = np.round(np.clip(rng.normal(0.4 + 0.2 * truth, 0.2), 0, 1), digits)
    return {
        "truth": truth.tolist(),
        "scores": scores.tolist(),
        "auc": float(metrics.roc_auc_score(truth, scores)),
        "brier": float(metrics.brier_score_loss(truth, scores)),
    }


def values(seed, count, constant):
    rng = np.random.RandomState(seed)
    truth = np.full(count, 3.5) if constant else np.round(rng.normal(1000, 3, count), 4)
    predicted = np.round(truth + rng.normal(0, 1, count), 4)
    mse = metrics.mean_squared_error(truth, predicted)
    return {
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "mae": float(metrics.mean_absolute_error(truth, predicted)),
        "mse": float(mse),
        "rmse": float(np.sqrt(mse)),
        "r2": float(metrics.r2_score(truth, predicted)),
    }


def main():
    warnings.simplefilter("ignore")
    document = {
        "tool": "scikit-learn",
        "version": sklearn.__version__,
        "classes": [classes(1, 60, 3, 3), classes(2, 40, 5, 4), classes(3, 30, 2, 2)],
        "binary": [binary(4, 80, 6), binary(5, 200, 1)],
        "values": [values(6, 50, False), values(7, 10, True)],
    }
    json.dump(document, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
