"""Optuna's answers to what src/learn/optim is compared with: search results, pruning decisions, importance.

Prints one JSON document. `python -I test/full/oracles/optuna.py > test/vectors/optuna.json`, half a minute.
"""

import json
import math
import sys

import numpy as np
import optuna

SEEDS = 30
TRIALS = 100
CHECKPOINTS = (50, 100)

optuna.logging.disable_default_handler()
optuna.logging.set_verbosity(optuna.logging.CRITICAL)


def sphere5(x):
    return sum(v * v for v in x)


def branin(x):
    a, b = x
    curve = b - 5.1 / (4 * math.pi**2) * a * a + 5 / math.pi * a - 6
    return curve**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(a) + 10


HARTMANN_A = [
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
]
HARTMANN_P = [
    [1312, 1696, 5569, 124, 8283, 5886],
    [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650],
    [4047, 8828, 8732, 5743, 1091, 381],
]


def hartmann6(x):
    total = 0.0
    for weight, a, p in zip((1.0, 1.2, 3.0, 3.2), HARTMANN_A, HARTMANN_P):
        total -= weight * math.exp(-sum(aj * (v - pj * 1e-4) ** 2 for aj, v, pj in zip(a, x, p)))
    return total


def rosen4(x):
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(3))


def mixed(x):
    rate, batch, hidden = x
    return (math.log10(rate) + 3) ** 2 + ((batch - 48) / 64) ** 2 + {64: 0.4, 128: 0.0, 256: 0.2}[hidden]


def floats(*bounds):
    return {f"x{i}": ["float", low, high] for i, (low, high) in enumerate(bounds)}


# Spaces in the syntax of ours.
FUNCTIONS = {
    "sphere5": (sphere5, floats(*[(-5, 5)] * 5)),
    "branin": (branin, floats((-5, 10), (0, 15))),
    "hartmann6": (hartmann6, floats(*[(0, 1)] * 6)),
    "rosen4": (rosen4, floats(*[(-5, 10)] * 4)),
    "mixed": (
        mixed,
        {"rate": ["float", 1e-5, 1e-1, True], "batch": ["int", 16, 128], "hidden": ["categorical", [64, 128, 256]]},
    ),
}


def suggest(trial, name, dimension):
    kind, *rest = dimension
    if kind == "categorical":
        return trial.suggest_categorical(name, rest[0])
    if kind == "int":
        return trial.suggest_int(name, *rest)
    return trial.suggest_float(name, rest[0], rest[1], log=len(rest) > 2 and rest[2])


def search(name):
    """Best value after each checkpoint, one row a seed, of the default TPE sampler."""
    function, space = FUNCTIONS[name]
    rows = []
    for seed in range(SEEDS):
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))

        def objective(trial):
            return function([suggest(trial, parameter, dimension) for parameter, dimension in space.items()])

        study.optimize(objective, n_trials=TRIALS)
        values = [trial.value for trial in study.trials]
        rows.append([min(values[:count]) for count in CHECKPOINTS])
    return rows


def curves(count, steps, seed):
    """Learning curves that fall towards different levels, with noise; some cross."""
    rng = np.random.RandomState(seed)
    level, rate = rng.uniform(0, 1, count), rng.uniform(0.05, 0.5, count)
    at = np.arange(1, steps + 1)
    table = level[:, None] + np.exp(-rate[:, None] * at) + rng.normal(0, 0.02, (count, steps))
    return np.round(table, 6)


def pruning(pruner, table, direction):
    """The step at which each trial was pruned, or null; trials run one after the other."""
    study = optuna.create_study(direction=direction, pruner=pruner, study_name="curves")
    stopped = []
    for row in table:
        trial = study.ask()
        at = None
        for step, value in enumerate(row, start=1):
            trial.report(float(value), step)
            if trial.should_prune():
                at = step
                break
        stopped.append(at)
        study.tell(trial, state=optuna.trial.TrialState.PRUNED if at else None, values=None if at else float(row[-1]))
    return stopped


def importance():
    """PED-ANOVA of 200 random trials of a function with unequal parts."""
    rng = np.random.RandomState(4)
    space = {
        "strong": optuna.distributions.FloatDistribution(0, 1),
        "weak": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True),
        "none": optuna.distributions.IntDistribution(1, 9),
        "kind": optuna.distributions.CategoricalDistribution(["a", "b", "c"]),
    }
    study = optuna.create_study()
    trials = []
    for _ in range(200):
        parameters = {
            "strong": float(rng.uniform()),
            "weak": float(10 ** rng.uniform(-4, -1)),
            "none": int(rng.randint(1, 10)),
            "kind": ["a", "b", "c"][rng.randint(3)],
        }
        value = 10 * (parameters["strong"] - 0.3) ** 2 + 0.2 * math.log10(parameters["weak"]) ** 2 / 4
        value += {"a": 0.0, "b": 0.5, "c": 1.0}[parameters["kind"]]
        study.add_trial(optuna.trial.create_trial(params=parameters, distributions=space, value=value))
        trials.append({"parameters": parameters, "value": value})
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    scores = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {"trials": trials, "scores": dict(scores)}


def main():
    table = curves(40, 27, 7)
    halving = optuna.pruners.SuccessiveHalvingPruner
    document = {
        "tool": "optuna",
        "version": optuna.__version__,
        "checkpoints": list(CHECKPOINTS),
        "searches": {name: {"space": FUNCTIONS[name][1], "best": search(name)} for name in FUNCTIONS},
        "curves": table.tolist(),
        "pruned": {
            "median": pruning(optuna.pruners.MedianPruner(), table, "minimize"),
            "medianMaximize": pruning(optuna.pruners.MedianPruner(), -table, "maximize"),
            "medianWarm": pruning(optuna.pruners.MedianPruner(3, 4), table, "minimize"),
            "halving": pruning(halving(1, 4, 0), table, "minimize"),
            "halvingMaximize": pruning(halving(1, 3, 0), -table, "maximize"),
            "halvingLate": pruning(halving(2, 3, 1), table, "minimize"),
        },
        "importance": importance(),
    }
    json.dump(document, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
