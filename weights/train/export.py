"""Writes the averaged weights of a run as a float16 safetensors file and timm's config.json.

    python export.py --data TINY_IMAGENET --run RUN --out ../ghostnetv2-tiny --size 96

Batch norm's statistics are measured anew on whole training pictures of the size that the model is for: those of training are of
random crops, and of weights before they were averaged.
"""
import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from augment import MEAN, STD, normalise, to_planes
from evaluate import load_average, prepare_tiles
from tiny_imagenet import load_tiles, read_classes


def describe(width: float, num_features: int, size: int, classes: dict[str, str]) -> dict:
    """timm's config.json for a model hub, with the classes' names."""
    return {
        "architecture": f"ghostnetv2_{round(width * 100):03d}",
        "num_classes": len(classes),
        "num_features": num_features,
        "global_pool": "avg",
        "label_names": list(classes),
        "label_descriptions": classes,
        "pretrained_cfg": {
            "tag": "tiny_imagenet",
            "custom_load": False,
            "input_size": [3, size, size],
            "fixed_input_size": False,
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "crop_mode": "center",
            "mean": list(MEAN),
            "std": list(STD),
            "num_classes": len(classes),
            "pool_size": [-(-size // 32), -(-size // 32)],
            "first_conv": "conv_stem",
            "classifier": "classifier",
            "license": "apache-2.0",
        },
    }


@torch.no_grad()
def measure_batch_norm(model: torch.nn.Module, pictures: torch.Tensor, batch: int = 250) -> None:
    """Sets batch norm's means and variances to their averages over batches of prepared pictures, uint8 (N, size, size, 3)."""
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the average over all batches
    model.train()
    for part in pictures.split(batch):
        model(normalise(to_planes(part)))
    model.eval()


def to_half(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """float16 copies of the floating-point tensors; refuses values that float16 cannot hold."""
    half = {}
    for name, value in state.items():
        half[name] = (value.half() if value.is_floating_point() else value).contiguous()
        if not torch.isfinite(half[name]).all():
            raise ValueError(f"{name} holds values beyond float16's range: train with more weight decay or export in float32")
    return half


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and classes.json")
    parser.add_argument("--run", type=Path, required=True, help="folder with checkpoint.pt")
    parser.add_argument("--out", type=Path, required=True, help="folder for model.safetensors and config.json")
    parser.add_argument("--size", type=int, help="pixels a side that the model is for; default: what it was last trained at")
    parser.add_argument("--batch-norm-pictures", type=int, default=4000,
                        help="training pictures to measure batch norm on; 0 keeps what training had")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/tiny-imagenet"))
    args = parser.parse_args()

    classes = read_classes(args.data)
    model, size = load_average(args.run, len(classes))
    size = args.size or size
    if args.batch_norm_pictures:
        tiles, _ = load_tiles(args.data, "train", args.cache)
        spread = torch.linspace(0, len(tiles) - 1, args.batch_norm_pictures).long()
        shuffled = spread[torch.randperm(len(spread), generator=torch.Generator().manual_seed(0))]
        measure_batch_norm(model, prepare_tiles(tiles[shuffled], size))
    args.out.mkdir(parents=True, exist_ok=True)
    weights = args.out / "model.safetensors"
    save_file(to_half(model.state_dict()), weights, metadata={"format": "pt"})
    weights.chmod(0o644)  # safetensors writes files that only their owner can read
    width = torch.load(args.run / "checkpoint.pt", map_location="cpu", weights_only=True)["width"]
    (args.out / "config.json").write_text(json.dumps(describe(width, model.num_features, size, classes), indent=1) + "\n")
    print(f"{weights}: {weights.stat().st_size} bytes, for {size}x{size}; measure it with evaluate.py --weights {args.out}")


if __name__ == "__main__":
    main()
