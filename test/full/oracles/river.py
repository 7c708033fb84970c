"""Stream learners of River on its packaged data sets and on a stream with drift: each sample is predicted, then learnt.

Standard output: {"tool", "version", "streams": {name: {classes (0: values), features, river, x, y}}}, numbers
shortened as the learners got them; "river" by model: accuracy or mean absolute error, and what it had learnt in the
end. "sea" comes without rows: the test makes them by the same formula.
"""

import json
import sys

import river
from river import datasets, linear_model, naive_bayes, optim, preprocessing, tree


def short(value, digits=6):
    value = float(f"{float(value):.{digits}g}")
    return int(value) if value.is_integer() else value


def packaged(dataset, digits=6):
    rows = [([short(value, digits) for value in x.values()], y) for x, y in dataset]
    labels = sorted({y for _, y in rows}, key=str)
    numeric = isinstance(rows[0][1], (int, float)) and not isinstance(rows[0][1], bool) and len(labels) > 10
    return [(x, short(y) if numeric else labels.index(y)) for x, y in rows], 0 if numeric else len(labels)


def sea():
    """Street and Kim, KDD 2001: is the sum of the first two of three numbers below a bound that changes once?"""
    state, rows = 42, []
    for i in range(10_000):
        x = []
        for _ in range(3):
            state = state * 48271 % 2147483647
            x.append(10 * state / 2147483647)
        rows.append((x, int(x[0] + x[1] <= (8 if i < 5_000 else 9.5))))
    return rows, 2


def scaled(model):
    return preprocessing.StandardScaler() | model


CLASSIFIERS = {
    "naive-bayes": naive_bayes.GaussianNB,
    "hoeffding-tree": tree.HoeffdingTreeClassifier,
    "hoeffding-tree gini": lambda: tree.HoeffdingTreeClassifier(split_criterion="gini"),
    "hoeffding-tree majority": lambda: tree.HoeffdingTreeClassifier(leaf_prediction="mc"),
    "hoeffding-tree bayes": lambda: tree.HoeffdingTreeClassifier(leaf_prediction="nb"),
}
BINARY = {
    "logistic-regression": lambda: scaled(linear_model.LogisticRegression(optim.SGD(0.01))),
    "logistic-regression l2": lambda: scaled(linear_model.LogisticRegression(optim.SGD(0.01), l2=0.1)),
    **CLASSIFIERS,
}
MULTICLASS = {"softmax-regression": lambda: scaled(linear_model.SoftmaxRegression()), **CLASSIFIERS}
VALUES = {"linear-regression": lambda: scaled(linear_model.LinearRegression())}


def play(make, rows, classes):
    """Predict, score, learn, for every row."""
    model, total = make(), 0.0
    for values, y in rows:
        x = dict(enumerate(values))
        guess = model.predict_one(x)
        total += abs(guess - y) if classes == 0 else int(guess or 0) == y
        model.learn_one(x, y)
    result = {("meanAbsoluteError" if classes == 0 else "accuracy"): total / len(rows)}
    last = list(model.steps.values())[-1] if hasattr(model, "steps") else model
    if isinstance(last, linear_model.base.GLM):
        result["weights"] = [float(last.weights[j]) for j in range(len(rows[0][0]))] + [float(last.intercept)]
    if isinstance(last, tree.HoeffdingTreeClassifier):
        result["leaves"] = last.n_leaves
    return result


STREAMS = {
    "phishing": (packaged(datasets.Phishing()), BINARY),
    "bananas": (packaged(datasets.Bananas(), 4), BINARY),
    "sea": (sea(), BINARY),
    "image-segments": (packaged(datasets.ImageSegments(), 4), MULTICLASS),
    "trump-approval": (packaged(datasets.TrumpApproval()), VALUES),
    "chick-weights": (packaged(datasets.ChickWeights()), VALUES),
}

streams = {}
for name, ((rows, classes), models) in STREAMS.items():
    streams[name] = {
        "classes": classes,
        "features": len(rows[0][0]),
        "river": {model: play(make, rows, classes) for model, make in models.items()},
    }
    if name != "sea":  # its rows are made again from the formula
        streams[name]["x"] = [value for x, _ in rows for value in x]
        streams[name]["y"] = [y for _, y in rows]
json.dump({"tool": "river", "version": river.__version__, "streams": streams}, sys.stdout, separators=(",", ":"))
print()
