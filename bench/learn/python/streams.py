"""Stream learners of River, each asked and then taught every sample.

Standard input: the data; standard output: samples a second of processor time, and the
share of right answers (for values: the root of the mean squared error).
"""

import json
import sys
import time

import numpy
import river
from river import linear_model, naive_bayes, optim, preprocessing, tree

data = json.load(sys.stdin)
values = data["rows"] * data["columns"]
x = numpy.fromfile(data["file"], numpy.float32, values).reshape(data["rows"], data["columns"])
y = numpy.fromfile(data["file"], numpy.int32, data["rows"], offset=4 * values)
# Dictionaries are what River takes; making them is not timed.
rows = [dict(enumerate(row)) for row in x.astype(float).tolist()]
classes = [int(label) for label in y]
flags = [label > 0 for label in classes]


def scaled(model):
    return preprocessing.StandardScaler() | model


learners = {
    "logistic": (scaled(linear_model.LogisticRegression(optim.SGD(0.01))), flags),
    "softmax": (scaled(linear_model.SoftmaxRegression(optim.SGD(0.01))), classes),
    "linear": (scaled(linear_model.LinearRegression(optim.SGD(0.01))), [float(label) for label in classes]),
    "bayes": (naive_bayes.GaussianNB(), classes),
    "hoeffding": (tree.HoeffdingTreeClassifier(), classes),
}


def run(name, model, targets):
    wrong = 0.0
    started = time.process_time()
    for row, target in zip(rows, targets):
        answer = model.predict_one(row)
        wrong += (answer - target) ** 2 if name == "linear" else answer != target
        model.learn_one(row, target)
    rate = len(rows) / (time.process_time() - started)
    mean = wrong / len(rows)
    return {"name": name, "rate": rate, "score": mean**0.5 if name == "linear" else 1 - mean}


runs = [run(name, model, targets) for name, (model, targets) in learners.items()]
json.dump({"tool": "river", "version": river.__version__, "runs": runs}, sys.stdout)
