"""What a run needs to go on, and the file that keeps it."""
import copy
import os
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file

from ghostnetv2 import GhostNetV2
from optimizer import Muon, make_optimizers
from schedule import Schedule


class TrainingState:
    """The network, its exponential moving average, the optimizers, the schedule and how far they are."""

    def __init__(self, args, num_classes: int, device: torch.device):
        model = GhostNetV2(args.width, num_classes)
        if args.init:
            model.load_state_dict(load_file(args.init / "model.safetensors"))  # float16 becomes float32 as it is copied
        self.width = args.width
        self.model = model.to(device, memory_format=torch.channels_last if device.type == "cuda" else torch.contiguous_format)
        self.average = copy.deepcopy(self.model)
        # Of equal order; taken once, as loading writes into the same tensors.
        self.averaged = [[t for t in network.state_dict().values() if t.is_floating_point()] for network in (self.average, self.model)]
        self.optimizers = make_optimizers(self.model, args.lr, args.muon_lr, args.weight_decay)
        self.schedule = Schedule(args.warm_up_steps)
        self.step = 0
        self.samples = 0
        self.seconds = 0.0

    def save(self, path: Path, size: int) -> None:
        """Replaces the checkpoint in one step of the file system: whenever the run is killed, a whole one is there."""
        partial = path.with_suffix(".partial")
        with open(partial, "wb") as file:
            torch.save({
                "model": self.model.state_dict(), "average": self.average.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers], "schedule": asdict(self.schedule),
                "width": self.width, "size": size, "step": self.step, "samples": self.samples, "seconds": self.seconds,
            }, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)

    def load(self, path: Path, device: torch.device) -> None:
        saved = torch.load(path, map_location=device, weights_only=True)
        if saved["width"] != self.width:
            raise SystemExit(f"{path} is of width {saved['width']}, not {self.width}: give --width {saved['width']} or another --run")
        self.model.load_state_dict(saved["model"])
        self.average.load_state_dict(saved["average"])
        for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self.schedule = Schedule(**saved["schedule"])
        self.step, self.samples, self.seconds = saved["step"], saved["samples"], saved["seconds"]

    @torch.no_grad()
    def update_average(self, decay: float) -> None:
        """Averages parameters and batch norm's statistics; early on with a smaller decay, to forget the start."""
        rate = 1 - min(decay, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(*self.averaged, rate)

    def set_learning_rate(self, lr: float, muon_lr: float) -> None:
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = (muon_lr if isinstance(optimizer, Muon) else lr) * self.schedule.factor(self.step)
