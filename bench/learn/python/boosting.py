"""Histogram boosting by XGBoost on one thread.

Standard input: the job; standard output: CPU seconds and the loss on held-out samples.
"""

import json
import sys
import time

import numpy
import xgboost


def read(data):
    values = data["rows"] * data["columns"]
    x = numpy.fromfile(data["file"], numpy.float32, values)
    y = numpy.fromfile(data["file"], numpy.int32, data["rows"], offset=4 * values)
    return x.reshape(data["rows"], data["columns"]), y


job = json.load(sys.stdin)
x, y = read(job["training"])
held_x, held_y = read(job["heldOut"])
parameters = {
    "objective": "multi:softprob",
    "num_class": job["training"]["classes"],
    "tree_method": "hist",
    "max_depth": job["maxDepth"],
    "eta": job["learningRate"],
    "max_bin": 256,
    "nthread": 1,
    "verbosity": 0,
}
started = time.process_time()
model = xgboost.train(parameters, xgboost.DMatrix(x, label=y, nthread=1), num_boost_round=job["rounds"])
seconds = time.process_time() - started
shares = model.predict(xgboost.DMatrix(held_x, nthread=1))
loss = -numpy.log(shares[numpy.arange(len(held_y)), held_y]).mean()
answer = {"tool": "xgboost", "version": xgboost.__version__, "cpuSeconds": seconds, "loss": float(loss)}
json.dump(answer, sys.stdout)
