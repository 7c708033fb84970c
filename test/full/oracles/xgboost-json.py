"""Model files between XGBoost and us: XGBoost writes some for us to read, and reads the ones we wrote.

Standard input: [{"name", "model": text of a JSON file, "rows": [[...], ...]}, ...], null in rows where a
value is missing: what xgboostRequest() of src/learn/formats/testing/xgboost-cases.ts gives. By hand:

    node -e "import('./src/learn/formats/testing/xgboost-cases.ts').then((m) => console.log(m.xgboostRequest()))"

Recorded with Debian's XGBoost 1.7.4, and as xgboost-json-3.json with xgboost-cpu 3.2.0 of PyPI: the form of the file
has changed since.

Standard output: {"tool", "version", "theirs": [{"name", "model", "rows", "answers"}], "ours": [{"name", "sha256" of
the model, "answers"}]}; answers have a row a sample: a value, a probability of class 1, or one of each class.
"""

import hashlib
import json
import os
import sys
import tempfile

import numpy as np
import xgboost

ROWS = 120
SHOWN = 12


def answers(booster, rows):
    predicted = booster.predict(xgboost.DMatrix(rows, missing=np.nan))
    return predicted.reshape(len(rows), -1).tolist()


def saved(booster):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.json")
        booster.save_model(path)
        with open(path, encoding="utf-8") as file:
            return file.read()


def train(name, parameters, rounds, seed):
    rng = np.random.default_rng(seed)
    x = np.round(rng.uniform(-1, 1, (ROWS, 5)), 2).astype(np.float32)
    x[rng.uniform(size=x.shape) < 0.15] = np.nan
    known = np.nan_to_num(x, nan=0.3)
    y = known[:, 0] * known[:, 1] + np.sin(3 * known[:, 2])
    objective = parameters["objective"]
    if objective == "binary:logistic":
        y = (y > 0.1).astype(int)
    if objective == "multi:softprob":
        y = np.digitize(y, [-0.3, 0.4])
    fixed = {"nthread": 1, "seed": 1, "tree_method": "hist", "max_depth": 3}
    booster = xgboost.train({**fixed, **parameters}, xgboost.DMatrix(x, y), num_boost_round=rounds)
    rows = [[None if np.isnan(v) else v for v in row] for row in x[:SHOWN].astype(float).tolist()]
    return {"name": name, "model": saved(booster), "rows": rows, "answers": answers(booster, x[:SHOWN])}


def read(case):
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(case["model"], "utf-8"))
    rows = np.array([[np.nan if v is None else v for v in row] for row in case["rows"]], dtype=np.float32)
    digest = hashlib.sha256(case["model"].encode()).hexdigest()
    return {"name": case["name"], "sha256": digest, "answers": answers(booster, rows)}


MODELS = [
    ("regression", {"objective": "reg:squarederror", "base_score": 0.25}, 4),
    ("regression, pruned", {"objective": "reg:squarederror", "gamma": 0.6, "tree_method": "exact"}, 4),
    ("regression, leaves only", {"objective": "reg:squarederror", "gamma": 1e6}, 2),
    ("two classes", {"objective": "binary:logistic", "base_score": 0.3}, 4),
    ("two classes, leaf by leaf", {"objective": "binary:logistic", "grow_policy": "lossguide", "max_depth": 0, "max_leaves": 9}, 3),
    ("three classes", {"objective": "multi:softprob", "num_class": 3}, 3),
    ("three classes, forests", {"objective": "multi:softprob", "num_class": 3, "num_parallel_tree": 2, "subsample": 0.7}, 2),
]

record = {
    "tool": "xgboost",
    "version": xgboost.__version__,
    "theirs": [train(name, parameters, rounds, seed) for seed, (name, parameters, rounds) in enumerate(MODELS)],
    "ours": [read(case) for case in json.load(sys.stdin)],
}
print(json.dumps(record))
