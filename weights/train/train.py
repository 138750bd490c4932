"""Trains GhostNetV2 on Tiny ImageNet on CPU cores or a GPU; goes on from its checkpoint when started again.

    python train.py --data TINY_IMAGENET --run RUN                          begin, or go on
    python train.py --data TINY_IMAGENET --run RUN --init ../ghostnetv2-tiny    begin from exported weights
    python train.py --data TINY_IMAGENET --run RUN --decay-steps 3000       go on and end after 3000 steps

Options may differ from start to start, the size of the pictures above all. Every random number is a function of the seed, the
step and the worker, so an interrupted run ends where an uninterrupted one does.
"""
import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F

from augment import random_views
from evaluate import accuracy
from tiny_imagenet import load_tiles
from training_state import TrainingState

VALIDATION_STRIDE = 5  # of the validation pictures every fifth shows how the run goes


def batch_indices(step: int, batch: int, count: int, seed: int) -> torch.Tensor:
    """The pictures of a step: each epoch is a permutation of its own, its incomplete last batch left out."""
    epoch, position = divmod(step, count // batch)
    order = np.random.default_rng((seed, epoch)).permutation(count)
    return torch.from_numpy(order[position * batch : (position + 1) * batch])


def share_gradients(model: torch.nn.Module) -> None:
    """Replaces the gradients by their means over the workers."""
    gradients = [p.grad for p in model.parameters()]
    flat = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    parts = flat.split([g.numel() for g in gradients])
    torch._foreach_copy_(gradients, [part.view_as(g) for part, g in zip(parts, gradients)])


def train_step(state: TrainingState, pictures: torch.Tensor, labels: torch.Tensor, rank: int, args) -> torch.Tensor:
    """One step on this worker's part of the batch; returns the loss of that part."""
    state.set_learning_rate(args.lr, args.muon_lr)
    chosen = batch_indices(state.step, args.batch, len(pictures), args.seed)[rank :: args.workers].to(pictures.device)
    random = torch.Generator().manual_seed((args.seed << 40) + (state.step << 8) + rank)
    inputs = random_views(pictures[chosen], args.size, args.smallest_crop, random)
    state.model.train()
    with torch.autocast(labels.device.type, torch.bfloat16, enabled=labels.device.type == "cuda"):
        loss = F.cross_entropy(state.model(inputs), labels[chosen], label_smoothing=args.label_smoothing)
    state.model.zero_grad()
    loss.backward()
    if args.workers > 1:
        share_gradients(state.model)
    for optimizer in state.optimizers:
        optimizer.step()
    state.update_average(args.average_decay)
    state.step += 1
    state.samples += args.batch
    return loss.detach()


class Progress:
    """Prints the mean loss now and then, keeps the checkpoint fresh and measures the averaged weights."""

    def __init__(self, state: TrainingState, validation: tuple, args):
        self.state, self.validation, self.args = state, validation, args
        self.losses, self.saved, self.measured = [], time.monotonic(), time.monotonic()

    def after_step(self, loss: torch.Tensor) -> None:
        self.losses.append(loss)
        now = time.monotonic()
        if self.state.step % self.args.log_steps == 0:
            self.print(f"size {self.args.size} loss {torch.stack(self.losses).mean():.3f} {self.state.seconds:.0f} s")
            self.losses.clear()
        if now - self.saved > self.args.checkpoint_minutes * 60:
            self.save()
        if now - self.measured > self.args.evaluate_minutes * 60:
            self.measure()

    def save(self) -> None:
        self.state.save(self.args.run / "checkpoint.pt", self.args.size)
        self.saved = time.monotonic()

    def measure(self) -> None:
        top1, top5 = accuracy(self.state.average, *self.validation, self.args.size)
        self.print(f"size {self.args.size} validation top-1 {top1:.2%} top-5 {top5:.2%}")
        self.measured = time.monotonic()

    def print(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} step {self.state.step} {text}", flush=True)


def train(rank: int, args) -> None:
    """A worker. All begin alike and take the same steps, so their networks stay equal; the first one reports and saves."""
    if args.workers > 1:
        dist.init_process_group("gloo", init_method=f"file://{(args.run / 'rendezvous').resolve()}", rank=rank, world_size=args.workers)
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)  # gradients that fade away would slow a CPU down
    torch.manual_seed(args.seed)
    device = torch.device(args.device)
    pictures, labels = load_tiles(args.data, "train", args.cache)
    pictures, labels = torch.from_numpy(pictures).to(device), torch.from_numpy(labels).to(device)
    validation = tuple(array[::VALIDATION_STRIDE] for array in load_tiles(args.data, "val", args.cache))
    state = TrainingState(args, int(labels.max()) + 1, device)
    if (args.run / "checkpoint.pt").exists():
        state.load(args.run / "checkpoint.pt", device)
    if args.decay_steps:
        state.schedule.begin_decay(state.step, args.decay_steps)
    progress = Progress(state, validation, args)
    while not state.schedule.is_over(state.step) and (args.stop_step is None or state.step < args.stop_step):
        started = time.monotonic()
        loss = train_step(state, pictures, labels, rank, args)
        state.seconds += time.monotonic() - started
        if rank == 0:
            progress.after_step(loss)
    if rank == 0:
        progress.save()
        progress.measure()


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    path, add = Path, parser.add_argument
    add("--data", type=path, required=True, help="folder with train/, val/ and classes.json")
    add("--run", type=path, required=True, help="folder for the checkpoint")
    add("--cache", type=path, default=path("/tmp/tiny-imagenet"), help="folder for 1.3 GB of decoded pictures")
    add("--init", type=path, help="folder with model.safetensors, of this or a smaller width, to begin from")
    add("--width", type=float, default=0.5)
    add("--size", type=int, default=64, help="pixels a side that the network sees")
    add("--smallest-crop", type=float, default=0.35, help="of a picture's area")
    add("--batch", type=int, default=128)
    add("--lr", type=float, default=3e-3, help="AdamW's")
    add("--muon-lr", type=float, default=0.02, help="Muon's; 0: AdamW for all")
    add("--weight-decay", type=float, default=0.01)
    add("--label-smoothing", type=float, default=0.1)
    add("--dropout", type=float, default=0.0)
    add("--average-decay", type=float, default=0.998)
    add("--warm-up-steps", type=int, default=200)
    add("--decay-steps", type=int, default=0, help="from now on the learning rate falls to zero in so many steps, then the run is over")
    add("--stop-step", type=int, help="stop here, to go on later")
    add("--log-steps", type=int, default=50)
    add("--checkpoint-minutes", type=float, default=4)
    add("--evaluate-minutes", type=float, default=12)
    add("--device", default="auto", help="auto, cpu or cuda")
    add("--workers", type=int, help="processes that share a batch; default: one a CPU core, one for a GPU")
    add("--threads", type=int, default=1, help="of a worker; on CPU cores that others use too, workers of one thread are much faster")
    add("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    if args.device == "auto":
        args.device = "cuda" if torch.cuda.is_available() else "cpu"
    if args.workers is None:
        args.workers = 1 if args.device == "cuda" else len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return args


def main() -> None:
    args = parse_args()
    args.run.mkdir(parents=True, exist_ok=True)
    for split in ("train", "val"):
        load_tiles(args.data, split, args.cache)  # decoded once, before the workers all look for them
    if args.workers == 1:
        train(0, args)
    else:
        (args.run / "rendezvous").unlink(missing_ok=True)
        torch.multiprocessing.spawn(train, (args,), args.workers)


if __name__ == "__main__":
    main()
