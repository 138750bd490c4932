"""Random views of square pictures: crop, stretch, mirror, blur or sharpen, colours; a batch at a time on any device.

On a CPU `planes/views.h` does what `apply_views` does.
"""
import math

import numpy as np
import torch
import torch.nn.functional as F

MEAN = (0.485, 0.456, 0.406)  # of ImageNet's RGB / 255, as all published GhostNet weights have it
STD = (0.229, 0.224, 0.225)
LUMA = (0.299, 0.587, 0.114)  # of ITU-R BT.601: what is left of a picture without saturation


def to_planes(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 (N, H, W, 3) to float (N, 3, H, W) in 0..1."""
    return pictures.permute(0, 3, 1, 2).float().div_(255)


def normalise(planes: torch.Tensor) -> torch.Tensor:
    """0..1 to the network's input, in channels-last memory order."""
    mean, std = (planes.new_tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
    return ((planes - mean) / std).contiguous(memory_format=torch.channels_last)


def draw_views(count: int, smallest: float, random: torch.Generator) -> torch.Tensor:
    """Float (count, 8), a row a view: a crop's width and height as fractions of the picture's, its centre (x, y) from -1 to 1, sharpness,
    contrast, saturation, brightness.

    Crops have `smallest` to 1 of the area and are 3:4 to 4:3 in shape; a negative width mirrors, as half of them are. Sharpness is 0
    for every second view, -1 (the blurred copy) to 1 (as far away from it) for the others: tiles are softer than photographs. Of every
    four views two have colours of their own: contrast times 0.7 to 1.4, saturation times 0.2 to 1.8, brightness plus -0.12 to 0.12.
    """
    uniform = torch.rand(9, count, generator=random)
    area = smallest + (1 - smallest) * uniform[0]
    ratio = torch.exp((2 * uniform[1] - 1) * math.log(4 / 3))
    width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    x, y = (2 * uniform[2] - 1) * (1 - width), (2 * uniform[3] - 1) * (1 - height)
    order = torch.arange(count)
    sharpness = torch.where(order % 2 == 0, 0.0, 2 * uniform[5] - 1)
    colours = torch.where(order % 4 < 2, 0.0, 2 * uniform[6:] - 1)
    contrast, saturation, brightness = torch.exp(colours[0] * math.log(1.4)), 1 + 0.8 * colours[1], 0.12 * colours[2]
    return torch.stack([torch.where(uniform[4] < 0.5, -width, width), height, x, y, sharpness, contrast, saturation, brightness], 1)


# What happens to a group of pictures: a blend, of which each keeps this share; or a box (top, left, bottom, right; fractions of the sides)
# that another takes; or nothing.
Mix = float | tuple[float, float, float, float] | None


def draw_mixes(count: int, cutmix: float, mixup: float, seed: tuple) -> list[Mix]:
    """Boxes (CutMix, arXiv 1905.04899) and blends (mixup, arXiv 1710.09412) with these probabilities, for each of `count` groups."""
    random, mixes = np.random.default_rng(seed), []
    for _ in range(count):
        kind, area, x, y = random.random(4)
        if kind < cutmix:
            half = area ** 0.5 / 2
            mixes.append((max(0, y - half), max(0, x - half), min(1, y + half), min(1, x + half)))
        else:
            mixes.append(random.beta(0.4, 0.4) if kind < cutmix + mixup else None)
    return mixes


def mix_with_reversed(planes: torch.Tensor, targets: torch.Tensor, mix: Mix) -> torch.Tensor:
    """Mixes each picture of (3, height, width, N) in place with the one as far from the end; returns the mixed targets (N, classes)."""
    if mix is None:
        return targets
    if isinstance(mix, tuple):
        height, width = planes.shape[1:3]
        top, left, bottom, right = (round(edge * side) for edge, side in zip(mix, (height, width, height, width)))
        box = planes[:, top:bottom, left:right]
        box.copy_(box.flip(3))
        share = 1 - (bottom - top) * (right - left) / (height * width)
    else:
        share = mix
        planes.lerp_(planes.flip(3), 1 - share)
    return targets.lerp(targets.flip(0), 1 - share)


def blur_radius(size: int) -> int:
    return 1 if size < 96 else 2


def apply_views(pictures: torch.Tensor, views: torch.Tensor, size: int) -> torch.Tensor:
    """The network's input, (N, 3, size, size), for uint8 (N, H, W, 3) pictures: cropped, resampled bilinearly, sharpened, coloured,
    normalised."""
    planes = to_planes(pictures)
    width, height, x, y = views[:, :4].to(planes.device).unbind(1)
    sharpness, contrast, saturation, brightness = views[:, 4:, None, None, None].to(planes.device).unbind(1)
    zero = torch.zeros_like(x)
    theta = torch.stack([torch.stack([width, zero, x], 1), torch.stack([zero, height, y], 1)], 1)
    grid = F.affine_grid(theta, (len(planes), 3, size, size), align_corners=False)
    planes = F.grid_sample(planes, grid, mode="bilinear", padding_mode="border", align_corners=False)
    radius = blur_radius(size)
    blurred = F.avg_pool2d(planes, 2 * radius + 1, 1, radius, count_include_pad=False)
    planes = torch.lerp(blurred, planes, 1 + sharpness).clamp_(0, 1)
    grey = (planes * planes.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    return normalise((0.5 + brightness + contrast * (torch.lerp(grey, planes, saturation) - 0.5)).clamp_(0, 1))
