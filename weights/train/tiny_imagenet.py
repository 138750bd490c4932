"""Tiny ImageNet from sheets of 64x64 tiles, decoded once into an array that is mapped from disk.

The data's folder holds a sheet a class, `train/<wnid>.jpg` and `val/<wnid>.jpg`, whose tiles lie row by row on multiples of
64 pixels, as many in each class, and `classes.json`, a list of {"wnid", "words"}.
"""
import json
from pathlib import Path

import numpy as np
from PIL import Image

TILE = 64


def read_classes(data: Path) -> dict[str, str]:
    """{wnid: words} in the order of the class indices, which is that of the wnids."""
    classes = json.loads((data / "classes.json").read_text())
    return {entry["wnid"]: entry["words"] for entry in sorted(classes, key=lambda entry: entry["wnid"])}


def cut_sheet(path: Path) -> np.ndarray:
    """The tiles of a sheet, row by row: uint8 (N, 64, 64, 3)."""
    sheet = np.asarray(Image.open(path).convert("RGB"))
    rows, columns = sheet.shape[0] // TILE, sheet.shape[1] // TILE
    return sheet.reshape(rows, TILE, columns, TILE, 3).swapaxes(1, 2).reshape(-1, TILE, TILE, 3)


def load_tiles(data: Path, split: str, cache: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (N, 64, 64, 3) and their class indices int64 (N). `split` is train or val.

    The pictures are mapped from the file in `cache`; writing into them leaves it alone.
    """
    cached = cache / f"tiny-imagenet-{split}.npy"
    sheets = [data / split / f"{wnid}.jpg" for wnid in read_classes(data)]
    if not cached.exists():
        cache.mkdir(parents=True, exist_ok=True)
        partial = cached.with_suffix(".partial.npy")
        np.save(partial, np.concatenate([cut_sheet(sheet) for sheet in sheets]))
        partial.rename(cached)
    pictures = np.load(cached, mmap_mode="c")
    per_class = len(pictures) // len(sheets)
    return pictures, np.repeat(np.arange(len(sheets)), per_class)
