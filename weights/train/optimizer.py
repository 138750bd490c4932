"""Muon for the pointwise convolutions and AdamW for everything else.

Muon (https://kellerjordan.github.io/posts/muon) replaces the momentum of a matrix by the nearest orthogonal matrix.
"""
import torch
from torch import nn


def orthogonalise(matrices: torch.Tensor, iterations: int = 5) -> torch.Tensor:
    """(N, R, C) with every singular value brought near 1 by a quintic Newton-Schulz iteration."""
    wide = matrices if matrices.shape[1] <= matrices.shape[2] else matrices.mT
    x = wide / (wide.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(iterations):
        gram = x @ x.mT
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x if wide is matrices else x.mT


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised; parameters of one shape are handled as one batch."""

    def __init__(self, parameters, lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes = {}
            for p in group["params"]:
                shapes.setdefault(p.shape, []).append(p)
            for shape, parameters in shapes.items():
                self.update(parameters, shape[0], group)

    def update(self, parameters: list, rows: int, group: dict) -> None:
        gradients = [p.grad for p in parameters]
        momenta = [self.state[p].setdefault("momentum", torch.zeros_like(p)) for p in parameters]
        torch._foreach_lerp_(momenta, gradients, 1 - group["momentum"])
        nesterov = torch._foreach_lerp(gradients, momenta, group["momentum"])
        matrices = torch.stack([n.reshape(rows, -1) for n in nesterov])
        scale = max(1.0, rows / matrices.shape[2]) ** 0.5
        updates = orthogonalise(matrices)
        torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(parameters, [u.view_as(p) for u, p in zip(updates, parameters)], alpha=-group["lr"] * scale)


def two_shares(matrices: list) -> tuple[list, list]:
    """Shape by shape in two, of about the same work: two threads can have one each."""
    work, shares = [0, 0], ([], [])
    for shape in sorted({p.shape for p in matrices}, key=lambda shape: (-shape.numel(), shape)):
        same = [p for p in matrices if p.shape == shape]
        lighter = work.index(min(work))
        shares[lighter].extend(same)
        work[lighter] += len(same) * shape.numel() * min(shape[:2])
    return shares


def make_optimizers(model: nn.Module, lr: float, muon_lr: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    """Weight decay only on matrices and kernels, not on batch norms and biases. conv_head's matrix is too large to orthogonalise."""
    pointwise, kernels, vectors = [], [], []
    for name, p in model.named_parameters():
        is_pointwise = p.ndim == 4 and p.shape[2:] == (1, 1) and p.shape[1] > 1 and ".se." not in name and not name.startswith("conv_head")
        (pointwise if muon_lr and is_pointwise else kernels if p.ndim > 1 else vectors).append(p)
    groups = [{"params": kernels, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    optimizers = [torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.98), fused=True)]
    return optimizers + [Muon(share, lr=muon_lr, weight_decay=weight_decay) for share in two_shares(pointwise) if share]
