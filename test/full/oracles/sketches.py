"""SimHash fingerprints by a plain reading of their definition, in Python integers; quantiles by NumPy.

Prints one JSON document. `/usr/bin/python3 -I test/full/oracles/sketches.py > test/vectors/sketches.json`.
"""

import json
import random

import numpy as np

M32 = 0xFFFFFFFF
M64 = 0xFFFFFFFFFFFFFFFF


def splitmix64(seed):
    """First output of SplitMix64 (Steele, Lea, Flood 2014)."""
    z = (seed + 0x9E3779B97F4A7C15) & M64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


def mix(word, first, second, shifts):
    """word ^= word >> s; word *= c, twice, and a last shift."""
    word ^= word >> shifts[0]
    word = (word * first) & M32
    word ^= word >> shifts[1]
    word = (word * second) & M32
    return word ^ (word >> shifts[2])


def simhash(data, key):
    keys = splitmix64(key)
    votes = [0] * 64
    padded = data + bytes(max(0, 4 - len(data)))
    for i in range(len(padded) - 3):
        shingle = int.from_bytes(padded[i : i + 4], "little")
        low = mix(shingle ^ (keys & M32), 0x21F0AAAD, 0x735A2D97, (16, 15, 15))
        high = mix(shingle ^ (keys >> 32), 0x85EBCA6B, 0xC2B2AE35, (16, 13, 16))
        word = low | high << 32
        for bit in range(64):
            votes[bit] += 1 if word >> bit & 1 else -1
    return sum(1 << bit for bit in range(64) if votes[bit] > 0)


def fingerprints():
    rng = random.Random(64)
    texts = [b"a", b"ab", b"abc", b"abcd", b"abcde", b"\0\0\0\0", b"the quick brown fox jumps over the lazy dog"]
    randoms = [rng.randbytes(size) for size in (7, 64, 255, 1000)]
    cases = [(data, key) for data in texts + randoms for key in (0, 20261116)]
    return [
        {"hex": data.hex(), "key": key, "low": simhash(data, key) & M32, "high": simhash(data, key) >> 32}
        for data, key in cases
    ]


def quantiles():
    """The lower of the two values that a quantile lies between, as `method="lower"` defines it."""
    rng = np.random.default_rng(7)
    parts = [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1]
    sets = {
        "lognormal": rng.lognormal(2, 1.5, 1000),
        "pareto": rng.pareto(1.2, 1000),
        "normal": rng.normal(0, 3, 1000),
        "counts": rng.poisson(2, 1000).astype(float),
    }
    return [
        {
            "name": name,
            "values": np.round(values, 6).tolist(),
            "parts": parts,
            "quantiles": np.quantile(np.round(values, 6), parts, method="lower").tolist(),
        }
        for name, values in sets.items()
    ]


print(json.dumps({"tool": "numpy", "version": np.__version__, "simHash": fingerprints(), "quantiles": quantiles()}))
