"""Pictures a second that a CPU's cores train, by PyTorch's operations and by `planes/`: loss and gradients, without optimizers.

    python measure_speed.py --size 64 96 128

Rounds are interleaved. PyTorch has a process of one thread a core, which is its fastest way with this network; here a core has a worker.
"""
import argparse
import os
import statistics
import time

import torch
import torch.multiprocessing as multiprocessing
import torch.nn.functional as F

from augment import draw_views
from ghostnetv2 import GhostNetV2
from plane_network import Workers, prepare_thread

CLASSES = 200


def pictures_a_second(step, count: int, seconds: float) -> float:
    step()
    started, steps = time.monotonic(), 0
    while time.monotonic() - started < seconds:
        step()
        steps += 1
    return steps * count / (time.monotonic() - started)


def with_pytorch(_rank: int, args, size: int, results) -> None:
    prepare_thread()
    model = GhostNetV2(args.width, CLASSES).to(memory_format=torch.channels_last)
    inputs = torch.randn(args.part, 3, size, size).to(memory_format=torch.channels_last)
    labels = torch.randint(0, CLASSES, (args.part,))

    def step() -> None:
        model.zero_grad()
        F.cross_entropy(model(inputs), labels).backward()

    results.put(pictures_a_second(step, args.part, args.seconds))


def with_planes(args, size: int) -> float:
    prepare_thread()
    count = 2 * args.workers * args.part
    workers = Workers(GhostNetV2(args.width, CLASSES), size, args.part, args.workers)
    pictures = torch.randint(0, 256, (count, 64, 64, 3), dtype=torch.uint8)
    views = draw_views(count, 0.35, torch.Generator().manual_seed(0))
    targets = torch.full((count, CLASSES), 1 / CLASSES)
    return pictures_a_second(lambda: workers.backward(pictures, views, targets, [None] * (2 * args.workers)), count, args.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, nargs="+", default=[64, 96, 128], help="pixels a side")
    parser.add_argument("--width", type=float, default=0.5)
    parser.add_argument("--part", type=int, default=64, help="pictures at a time")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement")
    args = parser.parse_args()
    for size in args.size:
        rows = []
        for _ in range(args.rounds):
            results = multiprocessing.get_context("spawn").SimpleQueue()
            multiprocessing.spawn(with_pytorch, (args, size, results), args.workers)
            rows.append((sum(results.get() for _ in range(args.workers)), with_planes(args, size)))
        theirs, ours = (statistics.median(column) for column in zip(*rows))
        ratios = sorted(ours / theirs for theirs, ours in rows)
        print(f"{size}x{size}: PyTorch {theirs:.0f}, planes {ours:.0f} pictures a second; "
              f"ratio {statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})", flush=True)


if __name__ == "__main__":
    main()
