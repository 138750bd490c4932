"""Digests of the weights after a few steps on noise: the same before and after a change that should not touch any number.

    python digest.py > before.txt

`planes/` is compiled without `-ffast-math` and without fused products here, so that the digests depend on the source alone: as a run
compiles it, sums are in whatever order the compiler finds fast, which a function moved elsewhere can change.
"""
import hashlib

import torch

import plane_network
from augment import draw_mixes, draw_views
from ghostnetv2 import GhostNetV2
from optimizer import make_optimizers

CASES = ((64, 16, 0.5), (97, 8, 0.3), (48, 40, 0.6), (80, 24, 1.0), (33, 64, 0.35))  # size, part, width
STEPS, CLASSES, WORKERS = 3, 7, 2


def digest(tensors) -> str:
    whole = hashlib.sha256()
    for tensor in tensors:
        whole.update(tensor.detach().contiguous().numpy().tobytes())
    return whole.hexdigest()[:16]


def train(size: int, part: int, width: float) -> str:
    torch.manual_seed(size)
    model, random = GhostNetV2(width, CLASSES), torch.Generator().manual_seed(size)
    optimizers = make_optimizers(model, lr=3e-3, muon_lr=0.02, weight_decay=0.01)
    workers, count = plane_network.Workers(model, size, part, WORKERS), 2 * WORKERS * part
    for step in range(STEPS):
        pictures = torch.randint(0, 256, (count, 64, 64, 3), dtype=torch.uint8, generator=random)
        targets = torch.rand(count, CLASSES, generator=random).softmax(1)
        mixes = draw_mixes(count // part, 0.5, 0.3, (size, step))
        loss = workers.backward(pictures, draw_views(count, 0.25, random), targets, mixes)
        for optimizer in optimizers:
            optimizer.step()
    return f"loss {loss.hex()}, gradients {digest([workers.gradients])}, weights {digest(model.state_dict().values())}"


def main() -> None:
    plane_network.prepare_thread()
    plane_network.FLAGS = ["-std=c++17", "-O2", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"]
    for size, part, width in CASES:
        print(f"{size}x{size}, parts of {part}, width {width}: {train(size, part, width)}")


if __name__ == "__main__":
    main()
