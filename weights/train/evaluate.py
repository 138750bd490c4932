"""Measures top-1 and top-5 on Tiny ImageNet's validation pictures and on photographs, and can write what the network answered.

    python evaluate.py --data TINY_IMAGENET --photos PHOTOS --weights ../ghostnetv2-tiny --predictions predictions.json
    python evaluate.py --data TINY_IMAGENET --run RUN --size 96

Pictures are prepared by Pillow as the package prepares them: shorter side to the input's size, bicubic, centred crop. A photograph's
file name begins with its class's wnid; those of other classes are left out.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file

from augment import normalise, to_planes
from ghostnetv2 import GhostNetV2
from tiny_imagenet import load_tiles, read_classes


def choose_device(name: str) -> str:
    """What `--device` means: auto is a GPU where there is one."""
    return ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name


def prepare(picture: Image.Image, size: int) -> np.ndarray:
    """uint8 (size, size, 3): shorter side to `size`, bicubic with antialiasing, centred crop."""
    picture = ImageOps.exif_transpose(picture).convert("RGB")
    shorter = min(picture.size)
    width, height = (int(size * side / shorter) for side in picture.size)
    if (width, height) != picture.size:
        picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    left, top = round((width - size) / 2), round((height - size) / 2)
    return np.asarray(picture.crop((left, top, left + size, top + size)))


def prepare_tiles(tiles: np.ndarray, size: int) -> torch.Tensor:
    """uint8 (N, size, size, 3) of uint8 (N, H, W, 3)."""
    return torch.from_numpy(np.stack([prepare(Image.fromarray(tile), size) for tile in tiles]))


@torch.no_grad()
def best_classes(model: torch.nn.Module, prepared: torch.Tensor, count: int = 5, batch: int = 250) -> np.ndarray:
    """The `count` most probable classes of each prepared picture, int64 (N, count), the most probable first."""
    model.eval()
    device = next(model.parameters()).device
    parts = [model(normalise(to_planes(part.to(device)))).topk(count).indices for part in prepared.split(batch)]
    return torch.cat(parts).cpu().numpy()


def accuracy_of(best: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Top-1 and top-5 as fractions."""
    hits = best == labels[:, None]
    return float(hits[:, 0].mean()), float(hits.any(1).mean())


def accuracy(model: torch.nn.Module, tiles: np.ndarray, labels: np.ndarray, size: int) -> tuple[float, float]:
    return accuracy_of(best_classes(model, prepare_tiles(tiles, size)), labels)


def load_exported(folder: Path) -> tuple[GhostNetV2, int]:
    """The network of an exported folder and its input's size."""
    config = json.loads((folder / "config.json").read_text())
    model = GhostNetV2(int(config["architecture"].split("_")[1]) / 100, config["num_classes"])
    state = load_file(folder / "model.safetensors")
    model.load_state_dict({name: value.float() if value.is_floating_point() else value for name, value in state.items()})
    return model.to(memory_format=torch.channels_last), config["pretrained_cfg"]["input_size"][1]


def load_average(run: Path, num_classes: int) -> tuple[GhostNetV2, int]:
    """The averaged float32 weights of a run's checkpoint and the size it was last trained at."""
    saved = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
    model = GhostNetV2(saved["width"], num_classes)
    model.load_state_dict(saved["average"])
    return model.to(memory_format=torch.channels_last), saved["size"]


def photos_of(folder: Path, wnids: list[str]) -> dict[Path, int]:
    """The photographs of these classes, with their class indices."""
    labels = {wnid: index for index, wnid in enumerate(wnids)}
    return {path: labels[path.name[:9]] for path in sorted(folder.iterdir()) if path.name[:9] in labels}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--weights", type=Path, help="folder with config.json and model.safetensors")
    source.add_argument("--run", type=Path, help="folder with checkpoint.pt, whose averaged weights are measured")
    parser.add_argument("--data", type=Path, required=True, help="folder with val/ and classes.json")
    parser.add_argument("--photos", type=Path, help="folder of photographs")
    parser.add_argument("--size", type=int, help="pixels a side; default: what the weights say")
    parser.add_argument("--predictions", type=Path, help="JSON file for the five best classes of every picture")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/tiny-imagenet"))
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    args = parser.parse_args()

    wnids = list(read_classes(args.data))
    model, size = load_exported(args.weights) if args.weights else load_average(args.run, len(wnids))
    model, size = model.to(choose_device(args.device)), args.size or size
    tiles, labels = load_tiles(args.data, "val", args.cache)
    best = best_classes(model, prepare_tiles(tiles, size))
    report = {"inputSize": size, "tiles": {wnid: best[labels == index].tolist() for index, wnid in enumerate(wnids)}, "photos": {}}
    print("{} validation pictures at {size}x{size}: top-1 {:.2%}, top-5 {:.2%}".format(len(tiles), *accuracy_of(best, labels), size=size))
    if args.photos:
        photos = photos_of(args.photos, wnids)
        best = best_classes(model, torch.from_numpy(np.stack([prepare(Image.open(path), size) for path in photos])))
        report["photos"] = {path.name: row.tolist() for path, row in zip(photos, best)}
        print("{} photographs: top-1 {:.2%}, top-5 {:.2%}".format(len(photos), *accuracy_of(best, np.array(list(photos.values())))))
    if args.predictions:
        args.predictions.write_text(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
