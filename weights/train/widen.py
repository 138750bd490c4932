"""Copies a GhostNetV2's weights into a wider one that computes the same function (Net2WiderNet, arXiv 1511.05641).

A new channel repeats an old one, and those who read it share the old weight in random proportions, which lets the copies part in training.
"""
import torch

HALF_SPACES = ("primary_conv", "cheap_operation")  # their channels are one half of a ghost module's, not the whole


def sources(old: int, new: int, halves: bool) -> torch.Tensor:
    """The old channel that each new one repeats. Both halves of a ghost module's output are spread alike, so that sums of blocks agree."""
    if halves:
        half = sources(old // 2, new // 2, False)
        return torch.cat([half, half + old // 2])
    return torch.arange(new) % old


def shares(source: torch.Tensor, old: int, random: torch.Generator) -> torch.Tensor:
    """Random positive factors, one a new channel, that add up to 1 over the copies of each old channel."""
    weights = 0.5 + torch.rand(len(source), generator=random)
    return weights / torch.zeros(old).index_add_(0, source, weights)[source]


def widen(state: dict[str, torch.Tensor], wider: dict[str, torch.Tensor], seed: int = 0) -> dict[str, torch.Tensor]:
    """`state` with the shapes of `wider`, the state dict of the same network at a larger width."""
    random = torch.Generator().manual_seed(seed)
    out = {}
    for name, target in wider.items():
        value = state[name].float() if state[name].is_floating_point() else state[name]
        if value.ndim and value.shape[0] != target.shape[0]:
            halves = not any(space in name for space in HALF_SPACES)
            value = value[sources(value.shape[0], target.shape[0], halves)]
        if value.ndim > 1 and value.shape[1] != target.shape[1]:
            old = value.shape[1]
            source = sources(old, target.shape[1], True)
            factors = shares(source, old, random)
            value = value[:, source] * factors.view(1, -1, *[1] * (value.ndim - 2))
        out[name] = value.clone()
    return out
