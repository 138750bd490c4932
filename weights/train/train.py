"""Trains GhostNetV2 on Tiny ImageNet on CPU cores or a GPU; goes on from its checkpoint when started again.

    python train.py --data TINY_IMAGENET --run RUN                          begin, or go on
    python train.py --data TINY_IMAGENET --run RUN --init ../ghostnetv2-tiny    begin from exported weights
    python train.py --data TINY_IMAGENET --run RUN --decay-steps 3000       go on and end after 3000 steps

Options may differ from start to start, the size of the pictures above all. Every random number is a function of the seed and the
step, so an interrupted run ends where an uninterrupted one does.
"""
import argparse
import os
import time
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from augment import apply_views, draw_mixes, draw_views, mix_with_reversed
from evaluate import accuracy, choose_device
from plane_network import Workers
from tiny_imagenet import load_tiles
from training_state import TrainingState

VALIDATION_STRIDE = 5  # of the validation pictures every fifth shows how the run goes


@lru_cache(1)
def epoch_order(epoch: int, count: int, seed: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng((seed, epoch)).permutation(count))


def batch_indices(step: int, batch: int, count: int, seed: int) -> torch.Tensor:
    """The pictures of a step: each epoch is a permutation of its own, its incomplete last batch left out."""
    epoch, position = divmod(step, count // batch)
    return epoch_order(epoch, count, seed)[position * batch : (position + 1) * batch]


def backward_on_gpu(model: torch.nn.Module, inputs: torch.Tensor, targets: torch.Tensor, mixes: list, part: int) -> float:
    """The batch's mean loss, by PyTorch's operations; adds its gradients."""
    planes = inputs.permute(1, 2, 3, 0).split(part, 3)
    targets = torch.cat([mix_with_reversed(*group) for group in zip(planes, targets.split(part), mixes, strict=True)])
    with torch.autocast("cuda", torch.bfloat16):
        loss = F.cross_entropy(model(inputs), targets)
    loss.backward()
    return loss.item()


class Targets:
    """Probabilities of the classes: the labels' own, smoothed, blended with a teacher's (arXiv 1503.02531)."""

    def __init__(self, labels: torch.Tensor, args):
        self.labels, self.classes, self.args = labels, int(labels.max()) + 1, args
        self.logits = None  # (pictures, classes)
        if args.teacher:
            self.logits = torch.from_numpy(np.load(args.teacher, mmap_mode="c"))
            if self.logits.shape != (len(labels), self.classes):
                raise SystemExit(f"{args.teacher} holds {tuple(self.logits.shape)} logits, not {(len(labels), self.classes)}: make it anew")

    def of(self, chosen: torch.Tensor) -> torch.Tensor:
        """(N, classes) for the indices of N pictures."""
        smoothing = self.args.label_smoothing
        targets = F.one_hot(self.labels[chosen], self.classes).float().mul_(1 - smoothing).add_(smoothing / self.classes)
        if self.logits is None:
            return targets
        taught = (self.logits[chosen.cpu()].to(targets) / self.args.temperature).softmax(1)
        return targets.lerp_(taught, self.args.teacher_share)


def train_step(state: TrainingState, workers: Workers | None, pictures: torch.Tensor, all_targets: Targets, args) -> float:
    """One step; returns the mean loss of its batch."""
    state.set_learning_rate(args.lr, args.muon_lr)
    chosen = batch_indices(state.step, args.batch, len(pictures), args.seed).to(pictures.device)
    views = draw_views(args.batch, args.smallest_crop, torch.Generator().manual_seed((args.seed << 32) + state.step))
    targets = all_targets.of(chosen)
    mixes = draw_mixes(args.batch // args.part, args.cutmix, args.mixup, (args.seed, state.step, 1))
    chosen_pictures = pictures.flatten(1).index_select(0, chosen).view(-1, *pictures.shape[1:])  # much faster than pictures[chosen]
    if workers:
        loss = workers.backward(chosen_pictures, views, targets, mixes)
        workers.run([optimizer.step for optimizer in state.optimizers])
    else:
        state.model.train()
        state.model.zero_grad()
        loss = backward_on_gpu(state.model, apply_views(chosen_pictures, views, args.size), targets, mixes, args.part)
        for optimizer in state.optimizers:
            optimizer.step()
    state.update_average(args.average_decay)
    state.step += 1
    state.samples += args.batch
    return loss


class Progress:
    """Prints the mean loss now and then, keeps the checkpoint fresh and measures the averaged weights."""

    def __init__(self, state: TrainingState, validation: tuple, args):
        self.state, self.validation, self.args = state, validation, args
        self.losses, self.saved, self.measured = [], time.monotonic(), time.monotonic()

    def after_step(self, loss: float) -> None:
        self.losses.append(loss)
        now = time.monotonic()
        if self.state.step % self.args.log_steps == 0:
            self.print(f"size {self.args.size} loss {sum(self.losses) / len(self.losses):.3f} {self.state.seconds:.0f} s")
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


def train(args) -> None:
    torch.set_num_threads(1)  # the workers are the threads
    torch.set_flush_denormal(True)  # gradients that fade away would slow a CPU down
    torch.manual_seed(args.seed)
    device = torch.device(args.device)
    pictures, labels = load_tiles(args.data, "train", args.cache)
    pictures, labels = torch.from_numpy(pictures).to(device), torch.from_numpy(labels).to(device)
    validation = tuple(array[::VALIDATION_STRIDE] for array in load_tiles(args.data, "val", args.cache))
    targets = Targets(labels, args)
    state = TrainingState(args, targets.classes, device)
    if (args.run / "checkpoint.pt").exists():
        state.load(args.run / "checkpoint.pt", device)
    if args.decay_steps:
        state.schedule.begin_decay(state.step, args.decay_steps)
    workers = Workers(state.model, args.size, args.part, args.workers) if args.device == "cpu" else None
    progress = Progress(state, validation, args)
    while not state.schedule.is_over(state.step) and (args.stop_step is None or state.step < args.stop_step):
        started = time.monotonic()
        loss = train_step(state, workers, pictures, targets, args)
        state.seconds += time.monotonic() - started
        progress.after_step(loss)
    progress.save()
    progress.measure()


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    path, add = Path, parser.add_argument
    add("--data", type=path, required=True, help="folder with train/, val/ and classes.json")
    add("--run", type=path, required=True, help="folder for the checkpoint")
    add("--cache", type=path, default=path("/tmp/tiny-imagenet"), help="folder for 1.3 GB of decoded pictures")
    add("--init", type=path, help="folder with model.safetensors, of this width, to begin from")
    add("--width", type=float, default=0.5)
    add("--size", type=int, default=64, help="pixels a side that the network sees")
    add("--smallest-crop", type=float, default=0.25, help="of a picture's area")
    add("--batch", type=int, default=256)
    add("--part", type=int, default=64, help="pictures that a worker computes at a time, with batch statistics of their own; 8, 16, ...")
    add("--lr", type=float, default=3e-3, help="AdamW's")
    add("--muon-lr", type=float, default=0.02, help="Muon's; 0: AdamW for all")
    add("--weight-decay", type=float, default=0.01)
    add("--cutmix", type=float, default=0.5, help="share of the parts whose pictures get a box of another")
    add("--mixup", type=float, default=0.2, help="share of the parts whose pictures are blended in pairs")
    add("--label-smoothing", type=float, default=0.1)
    add("--teacher", type=path, help=".npy file of logits (pictures, classes), as teach.py writes it")
    add("--teacher-share", type=float, default=0.5, help="of the targets; the labels have the rest")
    add("--temperature", type=float, default=1.0, help="that the teacher's logits are divided by")
    add("--average-decay", type=float, default=0.998)
    add("--warm-up-steps", type=int, default=200)
    add("--decay-steps", type=int, default=0, help="from now on the learning rate falls to zero in so many steps, then the run is over")
    add("--stop-step", type=int, help="stop here, to go on later")
    add("--log-steps", type=int, default=50)
    add("--checkpoint-minutes", type=float, default=4)
    add("--evaluate-minutes", type=float, default=12)
    add("--device", default="auto", help="auto, cpu or cuda")
    add("--workers", type=int, help="threads that share a batch on a CPU; default: one a core")
    add("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    args.device = choose_device(args.device)
    if args.workers is None:
        args.workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return args


def main() -> None:
    args = parse_args()
    args.run.mkdir(parents=True, exist_ok=True)
    train(args)


if __name__ == "__main__":
    main()
