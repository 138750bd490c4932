"""Writes a training run as a float16 safetensors file and timm's config.json, and measures what was written.

    python export.py --data ../../../shared/data/tiny-imagenet-200 --run /tmp/train-run --out ../ghostnetv2-tiny
"""
import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from ghostnetv2 import GhostNetV2
from tiny_imagenet import TILE, load_tiles, read_classes
from train import MEAN, STD, evaluate


def describe(width: float, num_features: int, classes: dict[str, str]) -> dict:
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
            "input_size": [3, TILE, TILE],
            "fixed_input_size": False,
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "crop_mode": "center",
            "mean": list(MEAN),
            "std": list(STD),
            "num_classes": len(classes),
            "pool_size": [TILE // 32, TILE // 32],
            "first_conv": "conv_stem",
            "classifier": "classifier",
            "license": "apache-2.0",
        },
    }


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
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True, help="folder with checkpoint.pt")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("/tmp/tiny-imagenet"))
    args = parser.parse_args()
    torch.set_num_threads(1)

    saved = torch.load(args.run / "checkpoint.pt", weights_only=True)
    classes = read_classes(args.data)
    model = GhostNetV2(saved["width"], len(classes))
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(to_half(saved["average"]), args.out / "model.safetensors", metadata={"format": "pt"})
    (args.out / "model.safetensors").chmod(0o644)  # safetensors writes files that only their owner can read
    config = describe(saved["width"], model.num_features, classes)
    (args.out / "config.json").write_text(json.dumps(config, indent=1) + "\n")

    model.load_state_dict({name: value.float() for name, value in load_file(args.out / "model.safetensors").items()})
    pictures, labels = load_tiles(args.data, "val", args.cache)
    top1, top5 = evaluate(model.to(memory_format=torch.channels_last), pictures, labels)
    size = (args.out / "model.safetensors").stat().st_size
    print(f"step {saved['step']} of {saved['steps']}, batch {saved['batch']}, {saved['seconds'] / 60:.1f} minutes of training")
    print(f"{size} bytes, {len(pictures)} pictures: top-1 {top1:.2%}, top-5 {top5:.2%}")


if __name__ == "__main__":
    main()
