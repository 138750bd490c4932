"""Writes what exported weights say of every training picture, for `train.py --teacher`: float16 logits (pictures, classes).

    python teach.py --data TINY_IMAGENET --weights ../ghostnetv2-tiny --out teacher.npy

Each picture is seen whole, enlarged bilinearly as in training, and its mirror image too; the logits are the mean of the two.
"""
import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from augment import normalise, to_planes
from evaluate import choose_device, load_exported
from tiny_imagenet import load_tiles


@torch.no_grad()
def logits_of(model: torch.nn.Module, pictures: torch.Tensor, size: int, batch: int = 250) -> torch.Tensor:
    """Float16 (N, classes) of uint8 pictures (N, H, W, 3)."""
    model.eval()
    device, parts = next(model.parameters()).device, []
    for part in pictures.split(batch):
        planes = F.interpolate(to_planes(part.to(device)), size=(size, size), mode="bilinear", align_corners=False)
        parts.append(((model(normalise(planes)) + model(normalise(planes.flip(3)))) / 2).half().cpu())
    return torch.cat(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and classes.json")
    parser.add_argument("--weights", type=Path, required=True, help="folder with config.json and model.safetensors")
    parser.add_argument("--out", type=Path, required=True, help=".npy file")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/tiny-imagenet"), help="folder for 1.3 GB of decoded pictures")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    args = parser.parse_args()

    model, size = load_exported(args.weights)
    pictures, labels = load_tiles(args.data, "train", args.cache)
    logits = logits_of(model.to(choose_device(args.device)), torch.from_numpy(pictures), size)
    partial = args.out.with_suffix(".partial.npy")
    np.save(partial, logits.numpy())
    partial.rename(args.out)
    print(f"{args.out}: {len(logits)} pictures at {size}x{size}, of which the teacher names {float((logits.argmax(1).numpy() == labels).mean()):.2%}")


if __name__ == "__main__":
    main()
