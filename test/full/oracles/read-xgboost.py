"""Asks a model file of ours in XGBoost.

Standard input: {"model": text of a JSON file, "rows": [[...], ...]}, null where a value is missing. Standard output:
{"answers", "contributions"}: a row a sample each; contributions are those of `pred_contribs`, all outputs one after
the other, each with its bias last.
"""

import json
import sys

import numpy as np
import xgboost

case = json.load(sys.stdin)
booster = xgboost.Booster({"nthread": 1})
booster.load_model(bytearray(case["model"], "utf-8"))
rows = np.array([[np.nan if v is None else v for v in row] for row in case["rows"]], dtype=np.float32)
matrix = xgboost.DMatrix(rows, missing=np.nan)


def table(values):
    return values.reshape(len(rows), -1).tolist()


json.dump(
    {"answers": table(booster.predict(matrix)), "contributions": table(booster.predict(matrix, pred_contribs=True))},
    sys.stdout,
)
