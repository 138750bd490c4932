"""Random views of square pictures: crop, stretch, mirror, blur or sharpen; a batch at a time on any device.

On a CPU `plane_views.h` does what `apply_views` does.
"""
import math

import torch
import torch.nn.functional as F

MEAN = (0.485, 0.456, 0.406)  # of ImageNet's RGB / 255, as all published GhostNet weights have it
STD = (0.229, 0.224, 0.225)


def to_planes(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 (N, H, W, 3) to float (N, 3, H, W) in 0..1."""
    return pictures.permute(0, 3, 1, 2).float().div_(255)


def normalise(planes: torch.Tensor) -> torch.Tensor:
    """0..1 to the network's input, in channels-last memory order."""
    mean, std = (planes.new_tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
    return ((planes - mean) / std).contiguous(memory_format=torch.channels_last)


def draw_views(count: int, smallest: float, random: torch.Generator) -> torch.Tensor:
    """Float (count, 5), a row a view: a crop's width and height as fractions of the picture's, its centre (x, y) from -1 to 1, sharpness.

    Crops have `smallest` to 1 of the area and are 3:4 to 4:3 in shape; a negative width mirrors, as half of them are. Sharpness is 0
    for every second view, -1 (the blurred copy) to 1 (as far away from it) for the others: tiles are softer than photographs.
    """
    uniform = torch.rand(6, count, generator=random)
    area = smallest + (1 - smallest) * uniform[0]
    ratio = torch.exp((2 * uniform[1] - 1) * math.log(4 / 3))
    width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    x, y = (2 * uniform[2] - 1) * (1 - width), (2 * uniform[3] - 1) * (1 - height)
    sharpness = torch.where(torch.arange(count) % 2 == 0, 0.0, 2 * uniform[5] - 1)
    return torch.stack([torch.where(uniform[4] < 0.5, -width, width), height, x, y, sharpness], 1)


def blur_radius(size: int) -> int:
    return 1 if size < 96 else 2


def apply_views(pictures: torch.Tensor, views: torch.Tensor, size: int) -> torch.Tensor:
    """The network's input, (N, 3, size, size), for uint8 (N, H, W, 3) pictures: cropped, resampled bilinearly, sharpened, normalised."""
    planes = to_planes(pictures)
    width, height, x, y, sharpness = views.to(planes.device).unbind(1)
    zero = torch.zeros_like(x)
    theta = torch.stack([torch.stack([width, zero, x], 1), torch.stack([zero, height, y], 1)], 1)
    grid = F.affine_grid(theta, (len(planes), 3, size, size), align_corners=False)
    planes = F.grid_sample(planes, grid, mode="bilinear", padding_mode="border", align_corners=False)
    radius = blur_radius(size)
    blurred = F.avg_pool2d(planes, 2 * radius + 1, 1, radius, count_include_pad=False)
    return normalise(torch.lerp(blurred, planes, 1 + sharpness.view(-1, 1, 1, 1)).clamp_(0, 1))
