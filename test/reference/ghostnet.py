"""GhostNet V1 to V3 with everything open that a checkpoint's tensors can tell: timm's names, in plain PyTorch.

Written from the papers (arXiv 1911.11907, 2211.12905, 2404.11202). A network is a list of stages of `Block`s.
"""

import math
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from timm.layers import SelectAdaptivePool2d
from torch import nn


@dataclass(frozen=True)
class Gate:
    """What the tensors of DFC attention do not tell."""

    activation: str = "sigmoid"
    pooling: str = "mean"
    upsampling: str = "nearest"

    def __call__(self, x, size, branch):
        if self.pooling == "mean":
            x = F.avg_pool2d(x, 2, 2)
        elif self.pooling == "max":
            x = F.max_pool2d(x, 2, 2)
        x = branch(x)
        x = {"sigmoid": torch.sigmoid, "hard_sigmoid": lambda v: F.relu6(v + 3) / 6, "relu": torch.relu}[self.activation](x)
        if self.upsampling == "nearest":
            return F.interpolate(x, size=size, mode="nearest")
        return F.interpolate(x, size=size, mode="bilinear", align_corners=self.upsampling == "bilinear_aligned")


@dataclass(frozen=True)
class Ghost:
    """A ghost module: `cheap` the kernel of its cheap operation, `attention` the (height, width) of its DFC kernels or what
    stands in their place: `[Positions(height * width)]` or `[Rows(height), Columns(width)]`."""

    ratio: int = 2
    cheap: int = 3
    attention: tuple | list | None = None


@dataclass(frozen=True)
class Block:
    kernel: int
    expansion: int
    channels: int
    squeeze: int = 0  # channels of the squeeze; 0: none
    stride: int = 1
    ghost1: Ghost = Ghost()
    ghost2: Ghost = Ghost()


@dataclass(frozen=True)
class Network:
    stages: tuple
    version: int = 2
    stem: int = 16
    image_channels: int = 3
    last: int = 24
    head: int = 20
    classes: int = 7  # 0: no classifier
    gate: Gate = field(default_factory=Gate)
    size: tuple = (97, 65)  # of the image
    pool: str = "avg"  # of the last map, as timm calls it
    classifier: nn.Module | None = None  # of the head's numbers, in place of one linear layer


class Pairs(nn.Module):
    """A weight for each pair of places: attention before its weights are shared (arXiv 2211.12905, equations 1 and 2)."""

    def __init__(self, count):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(count, count))


class Positions(Pairs):
    def forward(self, z):
        return (z.flatten(2) @ self.weight.T).view_as(z)


class Rows(Pairs):
    def forward(self, z):
        return self.weight @ z


class Columns(Pairs):
    def forward(self, z):
        return z @ self.weight.T


class Convolution(nn.Sequential):
    """Convolution `0`, batch norm `1`."""

    def __init__(self, inputs, outputs, kernel=(1, 1), stride=1, groups=1):
        conv = nn.Conv2d(inputs, outputs, kernel, stride, [k // 2 for k in kernel], groups=groups, bias=False)
        super().__init__(conv, nn.BatchNorm2d(outputs))


def dfc_branch(inputs, outputs, kernels):
    """1x1, then along rows, then along columns; `kernels` (height of the vertical one, width of the horizontal one)."""
    if isinstance(kernels, list):
        return nn.Sequential(*Convolution(inputs, outputs), *kernels)
    height, width = kernels
    layers = []
    for conv in (
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.Conv2d(outputs, outputs, (1, width), padding=(0, width // 2), groups=outputs, bias=False),
        nn.Conv2d(outputs, outputs, (height, 1), padding=(height // 2, 0), groups=outputs, bias=False),
    ):
        layers += [conv, nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers)


class Branches(nn.Module):
    """What V3 trains as a sum: three convolutions, a 1x1 `scale` and, where asked for, a batch norm alone."""

    def __init__(self, owner, name, inputs, outputs, kernel=1, stride=1, groups=1, scale=False, skip=False):
        super().__init__()
        self.parts = []

        def add(child, part):
            setattr(owner, child, part)
            self.parts.append(part)

        convs = nn.ModuleList(nn.Sequential() for _ in range(3))
        for conv in convs:
            conv.add_module("conv", nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False))
            conv.add_module("bn1", nn.BatchNorm2d(outputs))
        setattr(owner, f"{name}_rpr_conv", convs)
        self.parts += list(convs)
        if scale:
            one = nn.Sequential()
            one.add_module("conv", nn.Conv2d(inputs, outputs, 1, stride, groups=groups, bias=False))
            one.add_module("bn1", nn.BatchNorm2d(outputs))
            add(f"{name}_rpr_scale", one)
        if skip:
            add(f"{name}_rpr_skip", nn.BatchNorm2d(outputs))
        self.__dict__["_modules"].clear()  # its parts are the owner's

    def forward(self, x):
        return sum(part(x) for part in self.parts)


class GhostModule(nn.Module):
    def __init__(self, inputs, outputs, relu, ghost, net):
        super().__init__()
        self.outputs, self.relu, self.gate = outputs, relu, net.gate
        primary = math.ceil(outputs / ghost.ratio)
        cheap = primary * (ghost.ratio - 1)
        if net.version == 3:
            self.primary = Branches(self, "primary", inputs, primary)
            self.cheap = Branches(self, "cheap", primary, cheap, ghost.cheap, groups=primary, scale=True, skip=ghost.ratio == 2)
        else:
            self.primary_conv = Convolution(inputs, primary)
            kernel = (ghost.cheap, ghost.cheap)
            self.cheap_operation = Convolution(primary, cheap, kernel, groups=primary)
        self.short_conv = dfc_branch(inputs, outputs, ghost.attention) if ghost.attention else None

    def forward(self, x):
        activation = torch.relu if self.relu else lambda v: v
        primary = getattr(self, "primary_conv", None) or self.primary
        cheap = getattr(self, "cheap_operation", None) or self.cheap
        first = activation(primary(x))
        out = torch.cat([first, activation(cheap(first))], 1)[:, : self.outputs]
        return out if self.short_conv is None else out * self.gate(x, out.shape[-2:], self.short_conv)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.conv_reduce = nn.Conv2d(channels, squeezed, 1)
        self.conv_expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        gate = self.conv_expand(torch.relu(self.conv_reduce(x.mean((2, 3), keepdim=True))))
        return x * (F.relu6(gate + 3) / 6)


class Bottleneck(nn.Module):
    def __init__(self, inputs, block, net):
        super().__init__()
        k, middle, stride = block.kernel, block.expansion, block.stride
        self.ghost1 = GhostModule(inputs, middle, True, block.ghost1, net)
        if stride > 1 and net.version == 3:
            self.strided = Branches(self, "dw", middle, middle, k, stride, groups=middle, scale=True)
        elif stride > 1:
            self.conv_dw = nn.Conv2d(middle, middle, k, stride, k // 2, groups=middle, bias=False)
            self.bn_dw = nn.BatchNorm2d(middle)
        self.se = SqueezeExcite(middle, block.squeeze) if block.squeeze else nn.Identity()
        self.ghost2 = GhostModule(middle, block.channels, False, block.ghost2, net)
        self.shortcut = nn.Sequential()
        if stride > 1 or inputs != block.channels:
            spatial = Convolution(inputs, inputs, (k, k), stride, inputs)
            self.shortcut = nn.Sequential(*spatial, *Convolution(inputs, block.channels))

    def forward(self, x):
        y = self.ghost1(x)
        if hasattr(self, "strided"):
            y = self.strided(y)
        elif hasattr(self, "conv_dw"):
            y = self.bn_dw(self.conv_dw(y))
        return self.ghost2(self.se(y)) + self.shortcut(x)


class GhostNet(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net
        self.conv_stem = nn.Conv2d(net.image_channels, net.stem, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(net.stem)
        channels, stages = net.stem, []
        for stage in net.stages:
            blocks = []
            for block in stage:
                blocks.append(Bottleneck(channels, block, net))
                channels = block.channels
            stages.append(nn.Sequential(*blocks))
        last = nn.Sequential()
        last.add_module("conv", nn.Conv2d(channels, net.last, 1, bias=False))
        last.add_module("bn1", nn.BatchNorm2d(net.last))
        self.blocks = nn.Sequential(*stages, nn.Sequential(last))
        self.global_pool = SelectAdaptivePool2d(pool_type=net.pool)
        self.conv_head = nn.Conv2d(net.last * self.global_pool.feat_mult(), net.head, 1)
        self.classifier = net.classifier or (nn.Linear(net.head, net.classes) if net.classes else None)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv_stem(x)))
        x = torch.relu(self.blocks(x))
        x = torch.relu(self.conv_head(self.global_pool(x))).flatten(1)
        return {"embedding": x} if self.classifier is None else {"embedding": x, "logits": self.classifier(x)}


def changed(stages, change):
    """The same stages with `change(block, stage, index)` in place of each block."""
    return tuple(tuple(change(b, s, i) for i, b in enumerate(stage)) for s, stage in enumerate(stages))


def unshared(stages, size, layers):
    """Attention in every ghost1, which `layers(height, width)` of the map at half resolution makes."""
    height, width = ((side + 1) // 2 for side in size)
    found = {}
    for s, stage in enumerate(stages):
        for i, block in enumerate(stage):
            found[s, i] = layers(height // 2, width // 2)
            if block.stride == 2:
                height, width = (height + 1) // 2, (width + 1) // 2
    return changed(stages, lambda b, s, i: replace(b, ghost1=replace(b.ghost1, attention=found[s, i])))


def attention_where(stages, where, kernels=(5, 5), module="ghost1"):
    def change(block, s, i):
        if not where(s, i):
            return block
        return replace(block, **{module: replace(getattr(block, module), attention=kernels)})

    return changed(stages, change)
