"""Boosted trees by XGBoost, for src/learn/trees and the TreeSHAP of src/learn/explain.

Standard output: {"tool", "version", "exact", "contributions", "stopping", "heldOut"}. Data come from a generator that
src/learn/trees/testing/xgboost-data.ts repeats bit for bit, so they are not in the output.

- exact: few different values a feature, so that both tools bin alike and must grow the same trees.
- contributions: a model, some of its rows and pred_contribs.
- stopping: the validation loss of every round, and the round kept.
- heldOut: loss on unseen rows of continuous data.
"""

import json
import sys

import numpy as np
import xgboost

FEATURES = 5


class Numbers:
    """Marsaglia's xorshift32."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        x = self.state
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        self.state = x
        return x / 2**32


def data(seed, rows, kind, steps=0, missing=0.0, noise=0.25):
    """x in [-2, 2), in `steps` steps if given; y by a polynomial, so without rounding that could differ."""
    numbers = Numbers(seed)
    x = np.empty((rows, FEATURES), dtype=np.float32)
    y, weights = np.empty(rows), np.empty(rows)
    for row in range(rows):
        v = []
        for feature in range(FEATURES):
            draw = numbers.next()
            value = float(np.float32(4 * (np.floor(draw * steps) / steps if steps else draw) - 2))
            v.append(value)
            x[row, feature] = np.nan if numbers.next() < missing else value
        score = v[0] * v[1] + v[2] * v[2] - v[3] + 0.5 * v[4] + noise * (8 * numbers.next() - 4)
        y[row] = target(kind, score)
        weights[row] = 0.5 + np.floor(4 * numbers.next()) / 2
    return x, y, weights


def target(kind, score):
    if kind == "binary:logistic":
        return float(score > 1)
    if kind == "multi:softprob":
        return float((score > 0) + (score > 2))
    return np.floor(score * 64) / 64


def matrix(parts, weighted):
    x, y, weights = parts
    return xgboost.DMatrix(x, y, weight=weights if weighted else None, missing=np.nan, nthread=1)


def train(parameters, parts, rounds, weighted=False, **more):
    fixed = {"nthread": 1, "seed": 1, "tree_method": "hist"}
    return xgboost.train({**fixed, **parameters}, matrix(parts, weighted), rounds, verbose_eval=False, **more)


def trees(booster):
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]
    return [
        {
            "left": tree["left_children"],
            "right": tree["right_children"],
            "feature": tree["split_indices"],
            "condition": tree["split_conditions"],
            "defaultLeft": tree["default_left"],
            "gain": tree["loss_changes"],
            "cover": tree["sum_hessian"],
        }
        for tree in model
    ]


def importance(booster):
    kinds = ("weight", "gain", "cover")
    scores = {kind: booster.get_score(importance_type=kind) for kind in kinds}
    return {kind: [scores[kind].get(f"f{i}", 0) for i in range(FEATURES)] for kind in kinds}


def exact():
    base = {"base_score": 0.5, "max_depth": 4}
    cases = [
        ("penalties and weights", "reg:squarederror", {"alpha": 0.5, "gamma": 0.7, "lambda": 2,
                                                       "min_child_weight": 5, "eta": 0.2}, 0.0, True),
        ("missing values", "reg:squarederror", {}, 0.2, False),
        ("monotone", "reg:squarederror", {"monotone_constraints": "(0,0,1,-1,1)"}, 0.1, False),
        ("two classes", "binary:logistic", {"max_depth": 5}, 0.1, False),
        ("three classes", "multi:softprob", {"num_class": 3}, 0.1, True),
    ]
    for name, objective, parameters, missing, weighted in cases:
        parts = data(7, 400, objective, steps=32, missing=missing)
        booster = train({**base, "objective": objective, **parameters}, parts, 5, weighted)
        predictions = booster.predict(matrix(parts, False))[:60]
        yield {"name": name, "trees": trees(booster), "importance": importance(booster),
               "predictions": predictions.astype(float).tolist()}


def contributions():
    for name, objective, parameters in (
        ("regression", "reg:squarederror", {"base_score": 0.5}),
        ("two classes", "binary:logistic", {"base_score": 0.3}),
        ("three classes", "multi:softprob", {"base_score": 0.5, "num_class": 3}),
    ):
        parts = data(11, 300, objective, missing=0.15)
        booster = train({"objective": objective, "max_depth": 5, **parameters}, parts, 4)
        first = matrix((parts[0][:8], parts[1][:8], parts[2][:8]), False)
        values = booster.predict(first, pred_contribs=True)
        yield {"name": name, "objective": objective, "baseScore": parameters["base_score"],
               "trees": trees(booster), "rows": 8,
               "contributions": values.reshape(8, -1, FEATURES + 1).astype(float).tolist()}


def stopping():
    objective = "binary:logistic"
    parts, unseen = (data(seed, 300, objective, steps=16, noise=0.6) for seed in (21, 22))
    seen = {}
    booster = train(
        {"objective": objective, "base_score": 0.5, "max_depth": 3, "eta": 0.5}, parts, 100,
        evals=[(matrix(unseen, False), "unseen")], evals_result=seen, early_stopping_rounds=6,
    )
    return {"losses": seen["unseen"]["logloss"], "kept": booster.best_iteration + 1}


def held_out():
    for objective, parameters in (
        ("reg:squarederror", {}),
        ("binary:logistic", {}),
        ("multi:softprob", {"num_class": 3}),
    ):
        parts, unseen = (data(seed, 4000, objective, missing=0.05) for seed in (31, 32))
        seen = {}
        train(
            {"objective": objective, "base_score": 0.5, "eta": 0.2, **parameters}, parts, 30,
            evals=[(matrix(unseen, False), "unseen")], evals_result=seen,
        )
        yield {"objective": objective, "loss": next(iter(seen["unseen"].values()))[-1]}


json.dump(
    {
        "tool": "xgboost",
        "version": xgboost.__version__,
        "exact": list(exact()),
        "contributions": list(contributions()),
        "stopping": stopping(),
        "heldOut": list(held_out()),
    },
    sys.stdout,
)
print()
