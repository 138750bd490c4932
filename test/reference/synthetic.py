"""Weights and images that are functions of their names and shapes: the rule of testing/synthetic.ts, to the bit."""

import math

import numpy as np


def _uniform(name, count):
    """`count` numbers in [-1, 1), each a multiple of 2**-23: murmur3's finaliser of FNV-1a(name) + i * golden ratio."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = (seed ^ byte) * 0x01000193 & 0xFFFFFFFF
    h = (np.arange(count, dtype=np.uint64) * 0x9E3779B9 + seed) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = (h ^ (h >> np.uint64(shift))) * np.uint64(factor) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(16)
    return (h >> np.uint64(8)).astype(np.float64) / 2**23 - 1


def parameter(name, shape):
    """float32, of a state dict."""
    count = math.prod(shape)
    u = _uniform(name, count)
    if name.endswith("running_mean"):
        values = 0.2 * u
    elif name.endswith("running_var"):
        values = 4 * (1 + 0.5 * u) * (16 if "_rpr_" in name else 1)
    elif not shape:
        values = 1 + 0.25 * u
    elif len(shape) == 1:
        values = 1 + 0.25 * u if name.endswith("weight") else 0.25 * u
    else:
        values = u * math.sqrt(6 / (count // shape[0]))
    return values.astype(np.float32).reshape(shape)


def image(shape):
    """float32, normalised, in [-2, 2)."""
    return (2 * _uniform("input", math.prod(shape))).astype(np.float32).reshape(shape)
