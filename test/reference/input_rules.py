"""Writes input-rules.json: what frameworks of detection and segmentation make of a picture. See README.md.

    python input_rules.py

Each function is the framework's own arithmetic, on OpenCV or Pillow, and gives [3, height, width] in float32, the ratios
new / old down and across, and where the picture begins.
"""

import hashlib
import json
import pathlib

import cv2
import numpy as np
from PIL import Image

assert cv2.__version__.startswith("4."), "OpenCV 5 warps otherwise, and nanodet is trained with OpenCV 4"

MEAN, STD = np.float32([123.675, 116.28, 103.53]), np.float32([58.395, 57.12, 57.375])
WHOLE = {"mean": [0, 0, 0], "std": [1, 1, 1]}
BYTES = {"mean": [0, 0, 0], "std": [1 / 255] * 3}
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


def picture(width, height, channels):
    """Noise: test/engine/input-rules.test.ts makes the same."""
    seed, values = width * 65536 + height, []
    for _ in range(width * height * channels):
        seed = (seed * 1664525 + 1013904223) % 2**32
        values.append(seed >> 24)
    return np.uint8(values).reshape(height, width, channels)


def planes(pixels):
    return np.ascontiguousarray(np.float32(pixels).transpose(2, 0, 1))


def up_to(size, multiple):
    return -(-size // multiple) * multiple


def mmdetection(rgb, size):
    """mmcv.rescale_size, imresize; DetDataPreprocessor(bgr_to_rgb=True, pad_size_divisor=32)."""
    (h, w), (height, width) = rgb.shape[:2], size
    factor = min(max(size) / max(h, w), min(size) / min(h, w))
    new_w, new_h = int(w * float(factor) + 0.5), int(h * float(factor) + 0.5)
    resized = cv2.resize(rgb, (new_w, new_h), interpolation=cv2.INTER_LINEAR)
    normalised = (planes(resized) - MEAN[:, None, None]) / STD[:, None, None]
    padded = np.zeros((3, up_to(new_h, 32), up_to(new_w, 32)), np.float32)
    padded[:, :new_h, :new_w] = normalised
    return padded, (new_h / h, new_w / w), (0, 0)


def nanodet(rgb, size, keep_ratio=False):
    """ShapeTransform without augmentation: get_resize_matrix, warpPerspective; color_aug_and_norm."""
    (h, w), (height, width) = rgb.shape[:2], size
    if keep_ratio:
        ratio = height / h if w / h < width / height else width / w
        matrices = [np.eye(3) for _ in range(3)]
        matrices[0][:2, 2] = 0.5 * width, 0.5 * height
        matrices[1][0, 0] = matrices[1][1, 1] = ratio
        matrices[2][:2, 2] = -w / 2, -h / 2
        matrix = matrices[0] @ matrices[1] @ matrices[2]
    else:
        matrix = np.diag([width / w, height / h, 1.0])
    warped = cv2.warpPerspective(rgb[:, :, ::-1], matrix, dsize=(width, height))
    mean, std = MEAN[::-1] / 255, STD[::-1] / 255
    normalised = (planes(warped) / 255 - mean[:, None, None]) / std[:, None, None]
    return normalised, (matrix[1, 1], matrix[0, 0]), (matrix[1, 2], matrix[0, 2])


def ultralytics(rgb, size, stride=None):
    """LetterBox(auto=stride is not None)."""
    (h, w), (height, width) = rgb.shape[:2], size
    ratio = min(height / h, width / w)
    new_w, new_h = int(round(w * ratio)), int(round(h * ratio))
    dw, dh = width - new_w, height - new_h
    if stride:
        dw, dh = np.mod(dw, stride), np.mod(dh, stride)
    dw, dh = dw / 2, dh / 2
    resized = cv2.resize(rgb, (new_w, new_h), interpolation=cv2.INTER_LINEAR)
    top, bottom = int(round(dh - 0.1)), int(round(dh + 0.1))
    left, right = int(round(dw - 0.1)), int(round(dw + 0.1))
    padded = cv2.copyMakeBorder(resized, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(114, 114, 114))
    return planes(padded) / 255, (new_h / h, new_w / w), (top, left)


def yolox(rgb, size):
    """preproc of data_augment.py."""
    (h, w), (height, width) = rgb.shape[:2], size
    padded = np.full((height, width, 3), 114, np.uint8)
    ratio = min(height / h, width / w)
    new_w, new_h = int(w * ratio), int(h * ratio)
    resized = cv2.resize(rgb[:, :, ::-1], (new_w, new_h), interpolation=cv2.INTER_LINEAR)
    padded[:new_h, :new_w] = resized
    return planes(padded), (new_h / h, new_w / w), (0, 0)


def torchvision(rgb, size):
    """SemanticSegmentation(resize_size=size): resize of a Pillow image, to_tensor, normalize."""
    h, w = rgb.shape[:2]
    short, long = min(h, w), max(h, w)
    new_short, new_long = size[0], int(size[0] * long / short)
    new_w, new_h = (new_short, new_long) if w <= h else (new_long, new_short)
    resized = np.asarray(Image.fromarray(rgb).resize((new_w, new_h), Image.BILINEAR))
    mean, std = np.float32(IMAGENET["mean"]), np.float32(IMAGENET["std"])
    return (planes(resized) / 255 - mean[:, None, None]) / std[:, None, None], (new_h / h, new_w / w), (0, 0)


def smp(rgb, size):
    """albumentations' Resize, then get_preprocessing_fn: mean and std of values from 0 to 1, in float64."""
    (h, w), (height, width) = rgb.shape[:2], size
    resized = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR)
    normalised = (resized / 255.0 - np.array(IMAGENET["mean"])) / np.array(IMAGENET["std"])
    return planes(normalised), (height / h, width / w), (0, 0)


# Wider, taller, as small as can be, enlarged; those whose sides come out at a half or just below a whole number.
PICTURES = [(133, 97, 3), (58, 121, 3), (160, 120, 3), (31, 20, 3), (300, 7, 3), (44, 17, 3), (64, 21, 3), (75, 50, 1), (1, 1, 3), (251, 333, 3)]
RULES = {
    "mmdetection": (mmdetection, IMAGENET, False, (160, 160), {}, {}),
    "nanodet": (nanodet, IMAGENET, True, (96, 160), {}, {}),
    "nanodet, keep_ratio": (nanodet, IMAGENET, True, (160, 96), {"keep_ratio": True}, {"resize": "fit"}),
    "ultralytics": (ultralytics, WHOLE, False, (128, 160), {}, {}),
    "ultralytics, auto": (ultralytics, WHOLE, False, (160, 160), {"stride": 32}, {"padMultiple": 32}),
    "yolox": (yolox, BYTES, True, (96, 98), {}, {}),
    "torchvision": (torchvision, IMAGENET, False, (52, 52), {}, {}),
    "smp": (smp, IMAGENET, False, (96, 160), {}, {}),
}


def case(name, pixels):
    rule, scale, is_bgr, size, options, settings = RULES[name]
    height, width, channels = pixels.shape
    tensor, ratios, offsets = rule(np.repeat(pixels, 3 // channels, axis=2), size, **options)
    order = slice(None, None, -1 if is_bgr else 1)
    mean, std = (np.array(scale[key])[order, None, None] for key in ("mean", "std"))
    values = np.rint((tensor.astype(np.float64) * std + mean) * 255).astype(np.uint8)
    flat = tensor.reshape(-1)
    places = np.linspace(0, flat.size - 1, 16).astype(int)
    return {
        "rule": name.split(",")[0],
        "settings": {"inputSize": size, **settings},
        "picture": [height, width, channels],
        "shape": [1, *tensor.shape],
        "scale": [float(ratio) for ratio in ratios],
        "offset": [float(offset) for offset in offsets],
        "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
        "samples": {int(place): round(float(flat[place]), 7) for place in places},
    }


if __name__ == "__main__":
    found = [case(name, picture(*size)) for name in RULES for size in PICTURES]
    lines = ",\n".join(json.dumps(one) for one in found)
    (pathlib.Path(__file__).parent / "input-rules.json").write_text(f"[\n{lines}\n]\n")
