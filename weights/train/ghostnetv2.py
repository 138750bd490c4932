"""GhostNetV2 (arXiv 2211.12905) in PyTorch, for any width, class count and input size of at least 33 pixels a side.

Parameters are named as timm names them, so a state dict of this network is what `ghostnet` and timm load.
"""
import torch
import torch.nn.functional as F
from torch import nn

# A row a block, as in table 7 of the GhostNet paper (arXiv 1911.11907): kernel, middle channels, output channels, SE, stride.
STAGES = [
    [(3, 16, 16, False, 1)],
    [(3, 48, 24, False, 2)],
    [(3, 72, 24, False, 1)],
    [(5, 72, 40, True, 2)],
    [(5, 120, 40, True, 1)],
    [(3, 240, 80, False, 2)],
    [(3, 200, 80, False, 1), (3, 184, 80, False, 1), (3, 184, 80, False, 1), (3, 480, 112, True, 1), (3, 672, 112, True, 1)],
    [(5, 672, 160, True, 2)],
    [(5, 960, 160, False, 1), (5, 960, 160, True, 1), (5, 960, 160, False, 1), (5, 960, 160, True, 1)],
]
HEAD_CHANNELS = 1280  # not scaled by the width
FIRST_DFC_BLOCK = 2  # counted over all stages; the maps before it are large and the attention would cost more than it gives


def round4(channels: float) -> int:
    """The nearest multiple of 4, at least 4, and never less than 0.9 of `channels`."""
    rounded = max(4, int(channels + 2) // 4 * 4)
    return rounded + 4 if rounded < 0.9 * channels else rounded


def conv(inputs: int, outputs: int, kernel=1, stride=1, groups=1) -> nn.Conv2d:
    """A convolution whose padding keeps the size at stride 1; without bias, as batch norm follows."""
    height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    return nn.Conv2d(inputs, outputs, (height, width), stride, (height // 2, width // 2), groups=groups, bias=False)


def conv_bn(inputs: int, outputs: int, kernel=1, stride=1, groups=1) -> list[nn.Module]:
    return [conv(inputs, outputs, kernel, stride, groups), nn.BatchNorm2d(outputs)]


class GhostModule(nn.Module):
    """Half of the channels by a 1x1 convolution, the other half from those by a depthwise 3x3."""

    def __init__(self, inputs: int, outputs: int, relu: bool, dfc: bool):
        super().__init__()
        self.outputs = outputs
        half = (outputs + 1) // 2
        activation = [nn.ReLU(inplace=True)] if relu else []
        self.primary_conv = nn.Sequential(*conv_bn(inputs, half), *activation)
        self.cheap_operation = nn.Sequential(*conv_bn(half, half, 3, groups=half), *activation)
        # Decoupled fully connected attention, equations 4 and 5 of the GhostNetV2 paper.
        self.short_conv = nn.Sequential(
            *conv_bn(inputs, outputs),
            *conv_bn(outputs, outputs, (1, 5), groups=outputs),
            *conv_bn(outputs, outputs, (5, 1), groups=outputs),
        ) if dfc else None

    def forward(self, x):
        intrinsic = self.primary_conv(x)
        out = torch.cat([intrinsic, self.cheap_operation(intrinsic)], 1)[:, : self.outputs]
        if self.short_conv is None:
            return out
        gate = torch.sigmoid(self.short_conv(F.avg_pool2d(x, 2)))
        return out * F.interpolate(gate, size=out.shape[-2:], mode="nearest")


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        reduced = round4(channels * 0.25)
        self.conv_reduce = nn.Conv2d(channels, reduced, 1)
        self.conv_expand = nn.Conv2d(reduced, channels, 1)

    def forward(self, x):
        mean = x.mean((2, 3), keepdim=True)
        return x * F.hardsigmoid(self.conv_expand(F.relu(self.conv_reduce(mean))))


class GhostBottleneck(nn.Module):
    def __init__(self, inputs: int, middle: int, outputs: int, kernel: int, stride: int, se: bool, dfc: bool):
        super().__init__()
        self.ghost1 = GhostModule(inputs, middle, relu=True, dfc=dfc)
        if stride > 1:
            self.conv_dw, self.bn_dw = conv_bn(middle, middle, kernel, stride, groups=middle)
        else:
            self.conv_dw = self.bn_dw = None
        self.se = SqueezeExcite(middle) if se else None
        self.ghost2 = GhostModule(middle, outputs, relu=False, dfc=False)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Sequential() if same else nn.Sequential(
            *conv_bn(inputs, inputs, kernel, stride, groups=inputs), *conv_bn(inputs, outputs))

    def forward(self, x):
        out = self.ghost1(x)
        if self.conv_dw is not None:
            out = self.bn_dw(self.conv_dw(out))
        if self.se is not None:
            out = self.se(out)
        return self.ghost2(out) + self.shortcut(x)


class ConvBnAct(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv, self.bn1 = conv_bn(inputs, outputs)

    def forward(self, x):
        return F.relu(self.bn1(self.conv(x)))


class GhostNetV2(nn.Module):
    """Maps float NCHW pictures, normalised, to logits of shape (N, num_classes)."""

    def __init__(self, width: float = 1.0, num_classes: int = 1000):
        super().__init__()
        channels = round4(16 * width)
        self.conv_stem, self.bn1 = conv_bn(3, channels, 3, 2)
        stages, index = [], 0
        for rows in STAGES:
            blocks = []
            for kernel, middle, outputs, se, stride in rows:
                outputs = round4(outputs * width)
                blocks.append(GhostBottleneck(channels, round4(middle * width), outputs, kernel, stride, se, index >= FIRST_DFC_BLOCK))
                channels, index = outputs, index + 1
            stages.append(nn.Sequential(*blocks))
        self.num_features = round4(960 * width)
        stages.append(nn.Sequential(ConvBnAct(channels, self.num_features)))
        self.blocks = nn.Sequential(*stages)
        self.conv_head = nn.Conv2d(self.num_features, HEAD_CHANNELS, 1)
        self.classifier = nn.Linear(HEAD_CHANNELS, num_classes)
        self.apply(initialise)

    def forward(self, x):
        x = self.blocks(F.relu(self.bn1(self.conv_stem(x))))
        x = F.relu(self.conv_head(x.mean((2, 3), keepdim=True))).flatten(1)
        return self.classifier(x)


def initialise(module: nn.Module) -> None:
    """He initialisation by fan-out (arXiv 1502.01852), which for a depthwise convolution is its kernel's size."""
    if isinstance(module, nn.Conv2d):
        fan_out = module.weight[0, 0].numel() * module.out_channels // module.groups
        nn.init.normal_(module.weight, 0.0, (2.0 / fan_out) ** 0.5)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
