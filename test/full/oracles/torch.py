"""What PyTorch makes of small nets: loss, gradients, weights after steps of its optimisers, answers after them, in float64.

Names and shapes of parameters are ours: weights [inputs][outputs]; those of an LSTM layer [inputs + hidden][4 hidden]
with gates i, f, g, o and a single bias. Prints one JSON document, in five seconds:
`/usr/bin/python3 -I test/full/oracles/torch.py > test/vectors/torch.json`
"""

import json

import torch

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def numbers(tensor):
    """Nested lists of at most 12 significant digits."""
    if tensor.dim() == 0:
        return float(f"{tensor.item():.12g}")
    return [numbers(part) for part in tensor.detach()]


def loss_of(name, outputs, batch):
    """The weighted mean of the loss of each sample; of each step of it, where steps have targets."""
    if name == "cross-entropy":
        flat = torch.nn.functional.cross_entropy(outputs.flatten(0, -2), batch["y"].flatten(), reduction="none")
        each = flat.view(batch["y"].shape)
    elif name == "expected-cost":
        tempered = batch["targets"] + 0.3 * torch.log_softmax(outputs, -1)
        each = (torch.softmax(outputs, -1) * tempered).sum(-1)
    elif name == "mse":
        each = torch.nn.functional.mse_loss(outputs, batch["targets"], reduction="none").mean(-1)
    else:
        each = torch.nn.functional.huber_loss(outputs, batch["targets"], reduction="none", delta=0.5).mean(-1)
    each = each.flatten(1).mean(1) if each.dim() > 1 else each
    return (each * batch["weights"]).sum() / batch["weights"].sum()


def optimizer_of(options, parameters):
    options = dict(options)
    kind = options.pop("kind")
    names = {"rate": "lr", "weightDecay": "weight_decay", "momentum": "momentum"}
    options = {names[key]: value for key, value in options.items()}
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[kind](parameters, **options)


class Mlp(torch.nn.Module):
    def __init__(self, sizes, activation, batch_norm):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.norms = torch.nn.ModuleList(torch.nn.BatchNorm1d(size) for size in sizes[1:-1] if batch_norm)
        self.activation = getattr(torch, activation)
        for norm in self.norms:
            torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
            torch.nn.init.uniform_(norm.bias, -0.5, 0.5)

    def forward(self, x):
        for index, layer in enumerate(self.layers[:-1]):
            x = layer(x)
            x = self.norms[index](x) if len(self.norms) else x
            x = self.activation(x)
        return self.layers[-1](x)

    def parts(self, of):
        parts = {}
        for index, layer in enumerate(self.layers):
            parts[f"layer{index}.weights"] = numbers(of(layer.weight).T)
            parts[f"layer{index}.bias"] = numbers(of(layer.bias))
        for index, norm in enumerate(self.norms):
            parts[f"layer{index}.scale"] = numbers(of(norm.weight))
            parts[f"layer{index}.shift"] = numbers(of(norm.bias))
        return parts

    def moments(self):
        return [number for norm in self.norms for number in numbers(norm.running_mean) + numbers(norm.running_var)]


class Lstm(torch.nn.Module):
    def __init__(self, inputs, hidden, layers, outputs, targets):
        super().__init__()
        self.lstm = torch.nn.LSTM(inputs, hidden, layers, batch_first=True)
        self.head = torch.nn.Linear(hidden, outputs)
        self.targets = targets
        # Two biases are added up; ours is one. The other is zero and stays so.
        for index in range(layers):
            other = getattr(self.lstm, f"bias_hh_l{index}")
            torch.nn.init.zeros_(other)
            other.requires_grad = False

    def forward(self, x):
        h, _ = self.lstm(x)
        return self.head(h if self.targets == "every" else h[:, -1])

    def parts(self, of):
        parts = {"head.weights": numbers(of(self.head.weight).T), "head.bias": numbers(of(self.head.bias))}
        for index in range(self.lstm.num_layers):
            rows = [of(getattr(self.lstm, f"weight_{kind}_l{index}")).T for kind in ("ih", "hh")]
            parts[f"layer{index}.weights"] = numbers(torch.cat(rows))
            parts[f"layer{index}.bias"] = numbers(of(getattr(self.lstm, f"bias_ih_l{index}")))
        return parts

    def moments(self):
        return []


def train(case, model, batch):
    """Forward, backward and `steps` steps on the whole batch."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = optimizer_of(case["optimizer"], trainable)
    case["start"] = model.parts(lambda parameter: parameter)
    loss = loss_of(case["loss"], model(batch["x"]), batch)
    loss.backward()
    case["firstLoss"] = numbers(loss)
    case["gradients"] = model.parts(lambda parameter: parameter.grad)
    if "clipNorm" in case:
        torch.nn.utils.clip_grad_norm_(trainable, case["clipNorm"])
    optimizer.step()
    for _ in range(case["steps"] - 1):
        optimizer.zero_grad()
        loss_of(case["loss"], model(batch["x"]), batch).backward()
        if "clipNorm" in case:
            torch.nn.utils.clip_grad_norm_(trainable, case["clipNorm"])
        optimizer.step()
    case["end"] = model.parts(lambda parameter: parameter)
    case["moments"] = model.moments()
    model.eval()
    case["answers"] = numbers(model(batch["x"]))
    case["batch"] = {key: numbers(value) for key, value in batch.items()}
    return case


def targets_of(loss, shape, outputs):
    if loss == "cross-entropy":
        return {"y": torch.randint(0, outputs, shape)}
    return {"targets": torch.randn(*shape, outputs)}


def mlp_case(loss, activation, batch_norm, optimizer, steps, **more):
    sizes, rows = [5, 8, 6, 3], 10
    batch = {"x": torch.randn(rows, sizes[0]), "weights": torch.rand(rows), **targets_of(loss, (rows,), sizes[-1])}
    case = {"sizes": sizes, "activation": activation, "batchNorm": batch_norm, "loss": loss}
    return train({**case, "optimizer": optimizer, "steps": steps, **more}, Mlp(sizes, activation, batch_norm), batch)


def lstm_case(loss, layers, targets, optimizer, steps, **more):
    inputs, hidden, outputs, rows, length = 3, 6, 4, 7, 5
    shape = (rows, length) if targets == "every" else (rows,)
    batch = {"x": torch.randn(rows, length, inputs), "weights": torch.rand(rows), **targets_of(loss, shape, outputs)}
    case = {"inputs": inputs, "hidden": hidden, "layers": layers, "outputs": outputs, "targets": targets, "loss": loss}
    model = Lstm(inputs, hidden, layers, outputs, targets)
    return train({**case, "optimizer": optimizer, "steps": steps, **more}, model, batch)


def schedule_case(options, make, losses):
    """Rates of the epochs; a plateau is told each loss."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = make(optimizer)
    rates = []
    for loss in losses:
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(loss) if options["kind"] == "plateau" else scheduler.step()
    return {"options": options, "losses": losses, "rates": rates}


def schedule_cases():
    lr = torch.optim.lr_scheduler
    losses = [1.0, 0.8, 0.8, 0.79, 0.79, 0.79, 0.79, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75, 0.76, 0.5, 0.5]
    plateau = {"kind": "plateau", "factor": 0.5, "patience": 2, "threshold": 0.02, "lowest": 0.02}
    return [
        schedule_case({"kind": "step", "every": 3, "factor": 0.3}, lambda o: lr.StepLR(o, 3, 0.3), losses),
        schedule_case({"kind": "cosine", "lowest": 0.01}, lambda o: lr.CosineAnnealingLR(o, 16, 0.01), losses),
        schedule_case(plateau, lambda o: lr.ReduceLROnPlateau(o, factor=0.5, patience=2, threshold=0.02, min_lr=0.02), losses),
    ]


def main():
    torch.manual_seed(20)
    adam = {"kind": "adam", "rate": 0.01, "weightDecay": 0.02}
    adamw = {"kind": "adamw", "rate": 0.01, "weightDecay": 0.1}
    sgd = {"kind": "sgd", "rate": 0.1, "momentum": 0.9, "weightDecay": 0.01}
    document = {
        "tool": "torch",
        "version": torch.__version__,
        "mlp": [
            mlp_case("cross-entropy", "relu", False, adam, 1),
            mlp_case("cross-entropy", "relu", True, adam, 3),
            mlp_case("mse", "tanh", True, adam, 2),
            mlp_case("huber", "sigmoid", False, sgd, 3),
            mlp_case("expected-cost", "tanh", False, adamw, 1, clipNorm=0.05),
        ],
        "lstm": [
            lstm_case("cross-entropy", 1, "last", adam, 1),
            lstm_case("cross-entropy", 2, "every", adamw, 2, clipNorm=0.1),
            lstm_case("mse", 2, "last", sgd, 3),
            lstm_case("huber", 1, "every", adam, 1),
        ],
        "schedules": schedule_cases(),
    }
    print(json.dumps(document))


main()
