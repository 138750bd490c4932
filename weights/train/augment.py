"""Random views of square pictures: crop, stretch, mirror, blur or sharpen; a batch at a time on any device."""
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


def random_crops(planes: torch.Tensor, size: int, smallest: float, random: torch.Generator) -> torch.Tensor:
    """A crop of each picture, of `smallest` to 1 of its area and 3:4 to 4:3 in shape, half of them mirrored, resampled to `size`."""
    count = len(planes)
    uniform = torch.rand(5, count, generator=random)
    area = smallest + (1 - smallest) * uniform[0]
    ratio = torch.exp((2 * uniform[1] - 1) * math.log(4 / 3))
    width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = torch.where(uniform[4] < 0.5, -width, width)
    theta[:, 1, 1] = height
    theta[:, 0, 2] = (2 * uniform[2] - 1) * (1 - width)
    theta[:, 1, 2] = (2 * uniform[3] - 1) * (1 - height)
    grid = F.affine_grid(theta.to(planes.device), (count, 3, size, size), align_corners=False)
    return F.grid_sample(planes, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def random_sharpness(planes: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """The second half of the batch mixed with or pushed away from its blurred copy: tiles are softer than photographs."""
    plain, changed = planes.tensor_split(2)
    amount = (2 * torch.rand(len(changed), 1, 1, 1, generator=random) - 1).to(planes.device)
    radius = 1 if planes.shape[-1] < 96 else 2
    blurred = F.avg_pool2d(changed, 2 * radius + 1, 1, radius, count_include_pad=False)
    return torch.cat([plain, torch.lerp(blurred, changed, 1 + amount).clamp_(0, 1)])


def random_views(pictures: torch.Tensor, size: int, smallest: float, random: torch.Generator) -> torch.Tensor:
    """The network's training input, (N, 3, size, size), for uint8 (N, H, W, 3) pictures."""
    return normalise(random_sharpness(random_crops(to_planes(pictures), size, smallest, random), random))
