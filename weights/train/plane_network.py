"""The training step of `planes/`: GhostNetV2's gradients on a CPU, two to four times as fast as PyTorch's operations."""
import ctypes
import hashlib
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch

from augment import LUMA, MEAN, STD, Mix, blur_radius, mix_with_reversed

PLANES = Path(__file__).with_name("planes")
FLAGS = ["-std=c++17", "-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
Index = ctypes.c_int64
Colour = ctypes.c_float * 3


def compile_planes(source: str) -> ctypes.CDLL:
    """A source of `planes/`, compiled for this CPU on first use, and again when a file there changes."""
    files = sorted(PLANES.iterdir())
    compiler = os.environ.get("CXX", "c++")
    digest = hashlib.sha256(repr([compiler, FLAGS]).encode() + b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"ghostnet-{Path(source).stem}-{digest}.so"
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        subprocess.run([compiler, *FLAGS, PLANES / source, "-o", fresh], check=True)
        fresh.rename(path)
    return ctypes.CDLL(str(path))


@cache
def library() -> ctypes.CDLL:
    compiled = compile_planes("planes.cc")
    for function in (compiled.network_create, compiled.network_input):
        function.restype = ctypes.c_void_p
    for function in (compiled.network_lanes, compiled.network_largest_part):
        function.restype = Index
    compiled.network_step.restype = ctypes.c_double
    return compiled


def pointer(tensor: torch.Tensor | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


def flat_gradients(model: torch.nn.Module) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Zeros for all gradients in one tensor, and its parts by the parameters' names."""
    parameters = dict(model.named_parameters())
    sizes = [p.numel() for p in parameters.values()]
    flat = torch.zeros(sum(sizes))
    return flat, {name: part.view_as(p) for (name, p), part in zip(parameters.items(), flat.split(sizes))}


class PlaneNetwork:
    """Gradients for `count` pictures of `size` pixels a side at a time.

    They are added to `gradients`, all of the parameters' one after another, in their order. Batch norm's running statistics are the
    model's, or, with `own_statistics`, copies that nobody looks at. The model's memory must stay where it is.
    """

    def __init__(self, model: torch.nn.Module, size: int, count: int, own_statistics: bool = False):
        lanes, largest = library().network_lanes(), library().network_largest_part()
        if count % lanes or not lanes <= count <= largest:
            raise ValueError(f"{count} pictures at a time: give a multiple of {lanes} up to {largest}")
        self.size, self.count = size, count
        entries = {name: t for name, t in model.state_dict().items() if t.is_floating_point()}
        self.gradients, parts = flat_gradients(model)
        if own_statistics:
            entries = {name: t if name in parts else t.clone() for name, t in entries.items()}
        self.entries = entries  # keeps their memory
        names = [name.encode() for name in entries]
        shapes = [side for t in entries.values() for side in (*t.shape, 1, 1, 1)[:4]]
        n, error = len(names), ctypes.create_string_buffer(256)
        self.handle = library().network_create(
            Index(n), (ctypes.c_char_p * n)(*names), (ctypes.c_void_p * n)(*map(pointer, entries.values())),
            (ctypes.c_void_p * n)(*(pointer(parts.get(name)) for name in entries)), (Index * (4 * n))(*shapes),
            Index(size), Index(count), error, Index(len(error)))
        if not self.handle:
            raise RuntimeError(f"No network for {count} pictures of {size}x{size}: {error.value.decode()}")
        self.handle = ctypes.c_void_p(self.handle)

    def input(self) -> torch.Tensor:
        """The normalised input, (3, size, size, count): memory of the network, for reading and writing."""
        shape = (3, self.size, self.size, self.count)
        memory = (ctypes.c_float * (3 * self.size * self.size * self.count)).from_address(library().network_input(self.handle))
        return torch.from_numpy(np.ctypeslib.as_array(memory)).view(shape)

    def see(self, pictures: torch.Tensor, views: torch.Tensor) -> None:
        """Sets the input to `views` (count, 8), as `draw_views` draws them, of uint8 pictures (count, H, H, 3)."""
        pictures, views = pictures.contiguous(), views.contiguous()
        library().network_views(self.handle, pointer(pictures), Index(pictures.shape[1]), pointer(views),
                                Index(blur_radius(self.size)), Colour(*MEAN), Colour(*STD), Colour(*LUMA))

    def step(self, targets: torch.Tensor, scale: float) -> float:
        """The loss of the input against soft `targets` (count, classes), summed over the pictures.

        Adds the gradients of `scale` times it.
        """
        targets = targets.contiguous()
        return library().network_step(self.handle, pointer(targets), ctypes.c_float(scale))

    def __del__(self):
        if getattr(self, "handle", None):
            library().network_destroy(self.handle)


def prepare_thread() -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # gradients that fade away would slow a CPU down


class Workers:
    """Threads that share a batch, each with a network of its own; kernels and matrix products run outside of Python's lock."""

    def __init__(self, model: torch.nn.Module, size: int, part: int, count: int):
        if any(not p.is_contiguous() for p in model.parameters()):
            raise ValueError("the model's parameters must be contiguous")
        self.part, self.pool = part, ThreadPoolExecutor(count, initializer=prepare_thread)
        self.networks = [PlaneNetwork(model, size, part, own_statistics=index > 0) for index in range(count)]
        self.gradients, parts = flat_gradients(model)
        for name, p in model.named_parameters():
            p.grad = parts[name]

    def run(self, tasks: list) -> list:
        """The results of functions without arguments, called side by side."""
        return list(self.pool.map(lambda task: task(), tasks))

    def backward(self, pictures: torch.Tensor, views: torch.Tensor, targets: torch.Tensor, mixes: list[Mix]) -> float:
        """The batch's mean loss; sets all gradients, p.grad. Each part of the batch has a mix and batch statistics of its own."""
        if len(pictures) % self.part:
            raise ValueError(f"a batch of {len(pictures)} is not made of parts of {self.part}")
        parts = list(zip(pictures.split(self.part), views.split(self.part), targets.split(self.part), mixes, strict=True))

        def work(index: int) -> float:
            network, loss = self.networks[index], 0.0
            network.gradients.zero_()
            for part_pictures, part_views, part_targets, mix in parts[index :: len(self.networks)]:
                network.see(part_pictures, part_views)
                loss += network.step(mix_with_reversed(network.input(), part_targets, mix), 1 / len(pictures))
            return loss

        loss = sum(self.run([partial(work, index) for index in range(len(self.networks))])) / len(pictures)
        torch.sum(torch.stack([network.gradients for network in self.networks]), 0, out=self.gradients)
        return loss
