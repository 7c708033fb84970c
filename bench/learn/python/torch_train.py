"""Epochs of PyTorch on one thread.

Standard input: a list of jobs; standard output: processor seconds and mean loss of each epoch.
"""

import json
import sys
import time

import numpy
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)


def read(job):
    values = job["rows"] * job["columns"]
    x = numpy.fromfile(job["file"], numpy.float32, values)
    y = numpy.fromfile(job["file"], numpy.int32, job["rows"], offset=4 * values)
    return torch.from_numpy(x.reshape(job["rows"], job["columns"])), torch.from_numpy(y.astype(numpy.int64))


class Sequence(nn.Module):
    """One LSTM layer; the classes from its last state."""

    def __init__(self, inputs, units, classes):
        super().__init__()
        self.inputs = inputs
        self.lstm = nn.LSTM(inputs, units, batch_first=True)
        self.head = nn.Linear(units, classes)

    def forward(self, x):
        states, _ = self.lstm(x.view(len(x), -1, self.inputs))
        return self.head(states[:, -1])


def network(job):
    if "units" in job:
        return Sequence(job["inputs"], job["units"], job["classes"])
    sizes = job["sizes"]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def train(job):
    x, y = read(job)
    net = network(job)
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=job["rate"])
    epochs = []
    for _ in range(job["epochs"]):
        order = torch.randperm(len(x))
        total = 0.0
        started = time.process_time()
        for at in range(0, len(x), job["batch"]):
            rows = order[at : at + job["batch"]]
            loss = loss_of(net(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        epochs.append({"seconds": time.process_time() - started, "loss": total / len(x)})
    return epochs


jobs = json.load(sys.stdin)
json.dump({"tool": "torch", "version": torch.__version__, "runs": [train(job) for job in jobs]}, sys.stdout)
