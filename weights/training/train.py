"""Trains GhostNetV2 on Tiny ImageNet on the CPU; goes on from its checkpoint when started again.

    python train.py --data ../../../shared/data/tiny-imagenet-200 --run /tmp/train-run

Recipe: AdamW, one cycle (linear warm-up, cosine to zero), label smoothing, an exponential moving average of the
weights, random flips and crops. The network underfits in so few epochs, hence no dropout and no stronger augmentation.
The first part runs on crops of 48 pixels, which cost two thirds, the rest on the full 64. Every random number is a function of the
seed and the step, so an interrupted run ends where an uninterrupted one does.
"""
import argparse
import copy
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from ghostnetv2 import GhostNetV2
from tiny_imagenet import TILE, load_tiles

MEAN = (0.485, 0.456, 0.406)  # of ImageNet's RGB / 255, as all published GhostNet weights have it
STD = (0.229, 0.224, 0.225)
BORDER = 4  # pixels of reflected border that full-size crops are taken from


def normalise(pictures: np.ndarray) -> torch.Tensor:
    """uint8 (N, H, W, 3) to float (N, 3, H, W) in channels-last memory order."""
    scale = torch.tensor([1 / (255 * s) for s in STD])
    shift = torch.tensor([-m / s for m, s in zip(MEAN, STD)])
    return (torch.from_numpy(pictures).float() * scale + shift).permute(0, 3, 1, 2)


def augment(pictures: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """Random crops of `size` pixels, half of them mirrored."""
    border = BORDER if size == TILE else 0
    out = np.empty((len(pictures), size, size, 3), np.uint8)
    places = random.integers(0, TILE + 2 * border - size + 1, (len(pictures), 2))
    flips = random.random(len(pictures)) < 0.5
    if border:
        pictures = np.pad(pictures, ((0, 0), (border, border), (border, border), (0, 0)), "reflect")
    for i, (top, left) in enumerate(places):
        crop = pictures[i, top : top + size, left : left + size]
        out[i] = crop[:, ::-1] if flips[i] else crop
    return out


def batch_indices(step: int, batch: int, count: int, seed: int) -> np.ndarray:
    """The pictures of a step: each epoch is a permutation of its own, its incomplete last batch left out."""
    epoch, position = divmod(step, count // batch)
    order = np.random.default_rng((seed, 0, epoch)).permutation(count)
    return np.sort(order[position * batch : (position + 1) * batch])


def learning_rate(step: int, args) -> float:
    warm = args.steps * args.warm_up
    if step < warm:
        return args.lr * (step + 1) / warm
    return args.lr * 0.5 * (1 + math.cos(math.pi * (step - warm) / (args.steps - warm)))


def make_optimizer(model: torch.nn.Module, args) -> torch.optim.Optimizer:
    """AdamW with weight decay on matrices and kernels only, not on batch norms and biases."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    kept = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": args.weight_decay}, {"params": kept, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=args.lr, foreach=True)


@torch.no_grad()
def update_average(average: torch.nn.Module, model: torch.nn.Module, step: int, decay: float) -> None:
    """Averages parameters and batch norm's statistics; early on the decay is smaller, to forget the start."""
    rate = 1 - min(decay, (1 + step) / (10 + step))
    pairs = zip(average.state_dict().values(), model.state_dict().values())
    floats = [(a, m) for a, m in pairs if a.is_floating_point()]
    torch._foreach_lerp_([a for a, _ in floats], [m for _, m in floats], rate)


@torch.no_grad()
def evaluate(model: torch.nn.Module, pictures: np.ndarray, labels: np.ndarray, batch: int = 250) -> tuple[float, float]:
    """Top-1 and top-5 accuracy over whole pictures, as fractions."""
    model.eval()
    top1 = top5 = 0
    for start in range(0, len(pictures), batch):
        logits = model(normalise(pictures[start : start + batch].copy()))
        best = logits.topk(5).indices.numpy() == labels[start : start + batch, None]
        top1, top5 = top1 + int(best[:, 0].sum()), top5 + int(best.sum())
    return top1 / len(pictures), top5 / len(pictures)


def save_checkpoint(run: Path, **state) -> None:
    torch.save(state, run / "checkpoint.partial")
    (run / "checkpoint.partial").rename(run / "checkpoint.pt")


def train(args) -> None:
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(args.seed)
    pictures, labels = load_tiles(args.data, "train", args.cache)
    val_pictures, val_labels = load_tiles(args.data, "val", args.cache)
    model = GhostNetV2(args.width, int(labels.max()) + 1, dropout=0.0).to(memory_format=torch.channels_last)
    average = copy.deepcopy(model)
    optimizer = make_optimizer(model, args)
    step, seconds = 0, 0.0
    args.run.mkdir(parents=True, exist_ok=True)
    if (args.run / "checkpoint.pt").exists():
        saved = torch.load(args.run / "checkpoint.pt", weights_only=True)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        step, seconds = saved["step"], saved["seconds"]

    def checkpoint():
        save_checkpoint(args.run, model=model.state_dict(), average=average.state_dict(), optimizer=optimizer.state_dict(),
                        width=args.width, step=step, steps=args.steps, batch=args.batch, seconds=seconds)

    while step < args.steps:
        started = time.monotonic()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, args)
        size = args.first_size if step < args.steps * args.first_part else TILE
        chosen = batch_indices(step, args.batch, len(pictures), args.seed)
        inputs = normalise(augment(pictures[chosen], size, np.random.default_rng((args.seed, 1, step))))
        model.train()
        loss = F.cross_entropy(model(inputs), torch.from_numpy(labels[chosen]), label_smoothing=args.label_smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        update_average(average, model, step, args.average_decay)
        step += 1
        seconds += time.monotonic() - started
        if step % 50 == 0:
            print(f"step {step}/{args.steps} loss {loss.item():.3f} {seconds:.0f} s", flush=True)
        if step % args.checkpoint_every == 0 or step == args.steps:
            checkpoint()
            top1, top5 = evaluate(average, val_pictures, val_labels)
            print(f"step {step} validation top-1 {top1:.2%} top-5 {top5:.2%}", flush=True)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/, val/ and classes.json")
    parser.add_argument("--run", type=Path, required=True, help="folder for the checkpoint")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/tiny-imagenet"), help="folder for 1.3 GB of decoded pictures")
    parser.add_argument("--width", type=float, default=0.3)
    parser.add_argument("--steps", type=int, default=3200)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--warm-up", type=float, default=0.1, help="fraction of the steps")
    parser.add_argument("--weight-decay", type=float, default=0.02)
    parser.add_argument("--label-smoothing", type=float, default=0.05)
    parser.add_argument("--average-decay", type=float, default=0.99)
    parser.add_argument("--first-size", type=int, default=48, help="crop in pixels during the first part")
    parser.add_argument("--first-part", type=float, default=0.7, help="fraction of the steps")
    parser.add_argument("--checkpoint-every", type=int, default=400, help="steps")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(parse_args())
