"""Writes heads/NAME.json: what PyTorch computes in float64 for segmenters and detectors. See README.md.

    python heads.py [NAME ...]
"""

import json
import math
import pathlib
import sys
from collections import OrderedDict

import segmentation_models_pytorch as smp
import timm
import torch
import torch.nn.functional as F
from segmentation_models_pytorch.decoders.unet.decoder import UnetCenterBlock
from torch import nn

import synthetic
from make import filled

HERE = pathlib.Path(__file__).parent

MOST = 600  # values of an output
IOU = 0.1


def smp_networks():
    """Name, network, and what its config.json says beside the tensors."""
    options = dict(encoder_weights=None, classes=3)
    yield "smp-linknet-v1", smp.Linknet("tu-ghostnet_050", **options), {}
    yield "smp-linknet-repghost-no-norm", smp.Linknet("tu-repghostnet_050", decoder_use_norm=False, **options), {}
    yield "smp-linknet-mobilenetv2-4", smp.Linknet("tu-mobilenetv2_035", encoder_depth=4, in_channels=1, **options), {}
    yield "smp-pspnet-v1", smp.PSPNet("tu-ghostnet_050", psp_out_channels=20, **options), {}
    yield "smp-pspnet-v3-5", smp.PSPNet("tu-ghostnetv3_050", encoder_depth=5, psp_out_channels=18, upsampling=32, **options), {}
    yield "smp-pspnet-mobilenetv3-no-norm", smp.PSPNet("tu-mobilenetv3_small_050", psp_out_channels=20, decoder_use_norm="identity", **options), {}
    yield "smp-pspnet-repghost-4", smp.PSPNet("tu-repghostnet_050", encoder_depth=4, psp_out_channels=33, upsampling=16, **options), {}
    yield "smp-segformer-v1", smp.Segformer("tu-ghostnet_050", decoder_segmentation_channels=24, **options), {}
    yield "smp-segformer-mobilenetv3-3", smp.Segformer("tu-mobilenetv3_large_075", encoder_depth=3, decoder_segmentation_channels=20, **options), {}
    yield "smp-segformer-mobilenetv3", smp.Segformer("tu-mobilenetv3_small_050", decoder_segmentation_channels=17, **options), {}
    yield "smp-unet-mobilenetv3", smp.Unet("tu-mobilenetv3_small_050", decoder_channels=(40, 24, 20, 12, 10), **options), {}
    yield "smp-unet-repghost-3", smp.Unet("tu-repghostnet_050", encoder_depth=3, decoder_channels=(24, 20, 12), decoder_use_norm=False, **options), {}
    yield "smp-unet-mobilenetv2-bilinear", smp.Unet("tu-mobilenetv2_035", decoder_channels=(40, 24, 20, 12, 10), decoder_interpolation="bilinear", **options), {"decoder_interpolation": "bilinear"}
    yield "smp-unet-scse", smp.Unet("tu-ghostnet_050", decoder_channels=(40, 32, 20, 18, 16), decoder_attention_type="scse", **options), {}
    affine = {"type": "instancenorm", "affine": True}
    yield "smp-unet-center-instance", centered(smp.Unet("tu-repghostnet_050", encoder_depth=3, decoder_channels=(24, 20, 12), decoder_use_norm=affine, **options), affine), {"encoder_name": "tu-repghostnet_050", "decoder_use_norm": affine}
    other = {**affine, "eps": 0.01}
    yield "smp-linknet-instance", smp.Linknet("tu-ghostnet_050", decoder_use_norm=other, **options), {"encoder_name": "tu-ghostnet_050", "decoder_use_norm": other}
    yield "smp-pspnet-eps", smp.PSPNet("tu-mobilenetv2_035", psp_out_channels=20, decoder_use_norm={"type": "batchnorm", "eps": 0.01}, **options), {"encoder_name": "tu-mobilenetv2_035", "decoder_use_norm": {"type": "batchnorm", "eps": 0.01}}
    yield "smp-fpn-v1", smp.FPN("tu-ghostnet_050", decoder_pyramid_channels=20, decoder_segmentation_channels=32, **options), {}
    yield "smp-fpn-mobilenetv2-4-cat", smp.FPN("tu-mobilenetv2_035", encoder_depth=4, decoder_pyramid_channels=24, decoder_segmentation_channels=64, decoder_merge_policy="cat", upsampling=2, **options), {}
    yield "smp-fpn-repghost-bilinear", smp.FPN("tu-repghostnet_050", decoder_pyramid_channels=20, decoder_segmentation_channels=32, decoder_interpolation="bilinear", **options), {"decoder_interpolation": "bilinear"}


def centered(network, norm):
    """With the center block that smp gives to encoders of another family alone."""
    channels = network.encoder.out_channels[-1]
    network.decoder.center = UnetCenterBlock(channels, channels, use_norm=norm)
    return network


def smp_outputs(network, image):
    decoded = network.decoder(network.encoder(image))
    return {"head": network.segmentation_head[0](decoded), "logits": network.segmentation_head(decoded)}


class ConvModule(nn.Sequential):
    """mmcv's."""

    def __init__(self, channels, out, kernel=1, norm=True, act=nn.ReLU, bias=False):
        layers = OrderedDict(conv=nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=bias))
        if norm:
            layers["bn"] = nn.BatchNorm2d(out)
        super().__init__(OrderedDict(**layers, act=act()))


class Backbone(nn.Module):
    """As mmpretrain and nanodet wrap timm's, under `name`."""

    def __init__(self, architecture, name, indices):
        super().__init__()
        self.name = name
        setattr(self, name, timm.create_model(architecture, features_only=True, out_indices=indices))

    def forward(self, x):
        return getattr(self, self.name)(x)

    def channels(self):
        return getattr(self, self.name).feature_info.channels()


class SeparableModule(nn.Module):
    """mmcv's, with or without an activation between its parts."""

    def __init__(self, channels, out, kernel=3, between=nn.Identity):
        super().__init__()
        self.depthwise_conv = ConvModule(channels, channels, kernel, act=between)
        self.depthwise_conv.conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels, bias=False)
        self.pointwise_conv = ConvModule(channels, out)

    def forward(self, x):
        return self.pointwise_conv(self.depthwise_conv(x))


class Fcn(nn.Module):
    def __init__(self, channels, out=20, count=2, cat=True, kernel=3, classes=3, module=ConvModule):
        super().__init__()
        ins = [channels[-1]] + [out] * (count - 1)
        self.convs = nn.Sequential(*[module(each, out, kernel) for each in ins])
        if cat:
            self.conv_cat = module(channels[-1] + out, out, kernel)
        self.conv_seg = nn.Conv2d(out, classes, 1)

    def forward(self, maps):
        x = self.convs(maps[-1])
        if hasattr(self, "conv_cat"):
            x = self.conv_cat(torch.cat([maps[-1], x], 1))
        return self.conv_seg(x)


class Mmseg(nn.Module):
    def __init__(self, architecture, indices, head):
        super().__init__()
        self.backbone = Backbone(architecture, "timm_model", indices)
        self.decode_head = head(self.backbone.channels())


def mmseg_outputs(network, image):
    head = network.decode_head(network.backbone(image))
    return {"head": head, "logits": F.interpolate(head, image.shape[2:], mode="bilinear", align_corners=False)}


def mmseg_networks():
    yield "mmseg-fcn-v1", Mmseg("ghostnet_050", (0, 1, 2, 3, 4), Fcn), (96, 129)
    one = lambda channels: Fcn(channels, count=1, cat=False, kernel=1)
    yield "mmseg-fcn-mobilenetv3", Mmseg("mobilenetv3_small_050", (0, 1, 2, 3, 4), one), (65, 96)
    separable = lambda channels: Fcn(channels, module=SeparableModule)
    yield "mmseg-fcn-separable", Mmseg("ghostnetv2_100", (0, 1, 2), separable), (65, 96)
    active = lambda channels, out, kernel: SeparableModule(channels, out, kernel, nn.ReLU)
    wide = lambda channels: Fcn(channels, count=1, cat=False, kernel=5, module=active)
    yield "mmseg-fcn-separable-relu", Mmseg("mobilenetv2_035", (0, 1, 2, 3), wide), (64, 96), {"depthwise_activation": "relu"}


class DepthwiseModule(nn.Module):
    """nanodet's, of batch norms and leaky ReLUs."""

    def __init__(self, channels, out, kernel=3):
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels, bias=False)
        self.dwnorm = nn.BatchNorm2d(channels)
        self.pointwise = nn.Conv2d(channels, out, 1, bias=False)
        self.pwnorm = nn.BatchNorm2d(out)

    def forward(self, x):
        x = F.leaky_relu(self.dwnorm(self.depthwise(x)), 0.1)
        return F.leaky_relu(self.pwnorm(self.pointwise(x)), 0.1)


class Lateral(nn.Sequential):
    def __init__(self, channels, out):
        super().__init__(OrderedDict(conv=nn.Conv2d(channels, out, 1)))


class Pan(nn.Module):
    def __init__(self, channels, out):
        super().__init__()
        self.lateral_convs = nn.ModuleList(Lateral(each, out) for each in channels)

    def forward(self, maps):
        maps = [conv(x) for conv, x in zip(self.lateral_convs, maps)]
        for i in reversed(range(len(maps) - 1)):
            maps[i] = maps[i] + F.interpolate(maps[i + 1], scale_factor=2, mode="bilinear")
        for i in range(1, len(maps)):
            maps[i] = maps[i] + F.interpolate(maps[i - 1], scale_factor=0.5, mode="bilinear")
        return maps


class NanoDetHead(nn.Module):
    """Of each level its own; `shared`: one tower for classes and sides."""

    def __init__(self, levels, channels, shared, classes=4, bins=8):
        super().__init__()
        tower = lambda: nn.ModuleList(DepthwiseModule(channels, channels) for _ in range(2))
        self.cls_convs = nn.ModuleList(tower() for _ in range(levels))
        self.reg_convs = nn.ModuleList(nn.ModuleList() if shared else tower() for _ in range(levels))
        self.gfl_cls = nn.ModuleList(nn.Conv2d(channels, classes + 4 * bins * shared, 1) for _ in range(levels))
        self.gfl_reg = nn.ModuleList(nn.Conv2d(channels, 4 * bins, 1) for _ in range(levels))
        self.shared, self.classes, self.bins = shared, classes, bins

    def forward(self, maps):
        return [self.level(i, x) for i, x in enumerate(maps)]

    def candidates(self, maps, threshold):
        """Corners, score and class of all that score enough: points in the middle of their elements, sides as means of bins."""
        for x, stride in zip(maps, (8, 16, 32)):
            _, _, height, width = x.shape
            flat = x[0].flatten(1).T
            bins = flat[:, self.classes :].reshape(-1, 4, self.bins).softmax(2)
            sides = (bins * torch.arange(self.bins)).sum(2) * stride
            y, x = [(each.flatten() + 0.5) * stride for each in torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")]
            corners = torch.stack([x - sides[:, 0], y - sides[:, 1], x + sides[:, 2], y + sides[:, 3]], 1)
            yield from above(threshold, corners, flat[:, : self.classes].sigmoid())

    def level(self, i, x):
        cls = reg = x
        for conv in self.cls_convs[i]:
            cls = conv(cls)
        for conv in self.reg_convs[i]:
            reg = conv(reg)
        return self.gfl_cls[i](cls) if self.shared else torch.cat([self.gfl_cls[i](cls), self.gfl_reg[i](reg)], 1)


class NanoDet(nn.Module):
    def __init__(self, architecture, shared, channels=20):
        super().__init__()
        self.backbone = Backbone(architecture, "timm", (2, 3, 4))
        self.fpn = Pan(self.backbone.channels(), channels)
        self.head = NanoDetHead(3, channels, shared)


def nanodet_outputs(network, image):
    maps = network.head(network.fpn(network.backbone(image)))
    return {f"pred.{i}": each for i, each in enumerate(maps)}


def group_module(channels, out, groups, bias):
    """mmcv's ConvModule of a group norm."""
    layers = OrderedDict(conv=nn.Conv2d(channels, out, 3, padding=1, bias=bias), gn=nn.GroupNorm(groups, out), act=nn.ReLU())
    return nn.Sequential(layers)


class Fpn(nn.Module):
    """mmdetection's: of `extra` levels beyond the backbone's, made of `source`, or of nothing but their neighbours."""

    def __init__(self, channels, out, levels, source=None, relu=True, norm=False, mode="nearest"):
        super().__init__()
        self.levels, self.source, self.relu, self.mode = levels, source, relu, mode
        conv = lambda ins, kernel, stride=1: nn.Sequential(
            OrderedDict(conv=nn.Conv2d(ins, out, kernel, stride, kernel // 2, bias=not norm), **({"bn": nn.BatchNorm2d(out)} if norm else {}))
        )
        self.lateral_convs = nn.ModuleList(conv(each, 1) for each in channels)
        self.fpn_convs = nn.ModuleList(conv(out, 3) for _ in channels)
        for level in range(len(channels), levels if source else 0):
            first = level == len(channels)
            self.fpn_convs.append(conv(channels[-1] if first and source == "on_input" else out, 3, 2))

    def forward(self, features):
        laterals = [conv(x) for conv, x in zip(self.lateral_convs, features)]
        sums = list(laterals)
        for i in reversed(range(len(sums) - 1)):
            options = {} if self.mode == "nearest" else {"align_corners": False}
            sums[i] = sums[i] + F.interpolate(sums[i + 1], size=sums[i].shape[2:], mode=self.mode, **options)
        outs = [conv(x) for conv, x in zip(self.fpn_convs, sums)]
        for level in range(len(outs), self.levels):
            if self.source is None:
                outs.append(F.max_pool2d(outs[-1], 1, stride=2))
                continue
            if level == len(features):
                x = {"on_input": features, "on_lateral": laterals, "on_output": outs}[self.source][-1]
            else:
                x = F.relu(outs[-1]) if self.relu else outs[-1]
            outs.append(self.fpn_convs[level](x))
        return outs


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))


class FcosHead(nn.Module):
    """mmdetection's; `tower` makes a convolution of so many channels."""

    def __init__(self, channels, tower, strides, stacked=2, norm_on_bbox=False, centerness_on_reg=False, classes=4):
        super().__init__()
        self.strides, self.norm_on_bbox, self.centerness_on_reg, self.classes = strides, norm_on_bbox, centerness_on_reg, classes
        self.cls_convs = nn.ModuleList(tower(channels) for _ in range(stacked))
        self.reg_convs = nn.ModuleList(tower(channels) for _ in range(stacked))
        self.conv_cls = nn.Conv2d(channels, classes, 3, padding=1)
        self.conv_reg = nn.Conv2d(channels, 4, 3, padding=1)
        self.conv_centerness = nn.Conv2d(channels, 1, 3, padding=1)
        self.scales = nn.ModuleList(Scale() for _ in strides)

    def forward(self, maps):
        return [self.level(x, scale.scale) for x, scale in zip(maps, self.scales)]

    def level(self, x, scale):
        cls = reg = x
        for conv in self.cls_convs:
            cls = conv(cls)
        for conv in self.reg_convs:
            reg = conv(reg)
        center = self.conv_centerness(reg if self.centerness_on_reg else cls)
        return torch.cat([self.conv_cls(cls), self.conv_reg(reg) * scale, center], 1)

    def candidates(self, maps, threshold):
        """Corners, score and class of all that score enough."""
        for x, stride in zip(maps, self.strides):
            _, _, height, width = x.shape
            flat = x[0].flatten(1).T
            scores = flat[:, : self.classes].sigmoid() * flat[:, -1:].sigmoid()
            sides = flat[:, self.classes : -1]
            sides = sides.clamp(min=0) * stride if self.norm_on_bbox else sides.exp()
            y, x = [(each.flatten() + 0.5) * stride for each in torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")]
            corners = torch.stack([x - sides[:, 0], y - sides[:, 1], x + sides[:, 2], y + sides[:, 3]], 1)
            yield from above(threshold, corners, scores)


class Detector(nn.Module):
    """`neck` and `head` on the maps of a backbone, by their channels."""

    def __init__(self, architecture, indices, neck, head):
        super().__init__()
        self.backbone = Backbone(architecture, "timm_model", indices)
        self.neck = neck(self.backbone.channels())
        self.bbox_head = head


def mmdet_outputs(network, image):
    maps = network.bbox_head(network.neck(network.backbone(image)))
    return {f"pred.{i}": each for i, each in enumerate(maps)}


def above(threshold, corners, scores):
    best, index = scores.max(1)
    assert (best - threshold).abs().min() > 1e-5, "a score is too near to the threshold"
    for box, score, each in zip(corners, best, index):
        if score >= threshold:
            yield box, score.item(), each.item()


def detections(head, outputs, size, threshold, iou):
    """As mmdetection finds them: cut to the picture, those of no area left out, suppressed within each class."""
    height, width = size
    found = []
    for box, score, index in head.candidates(list(outputs.values()), threshold):
        box = [min(max(side, 0), most) for side, most in zip(box.tolist(), (width, height) * 2)]
        if box[2] > box[0] and box[3] > box[1]:
            found.append((score, index, box))
    found.sort(key=lambda each: -each[0])
    kept = []
    for score, index, box in found:
        overlaps = [overlap(box, other) for _, each, other in kept if each == index]
        assert all(abs(each - iou) > 1e-4 for each in overlaps), "two boxes overlap too nearly as much as the threshold"
        if all(each <= iou for each in overlaps):
            kept.append((score, index, box))
    print(len(found), "candidates,", len(kept), "kept")
    assert 10 <= len(kept) <= 100
    return [[*(float(f"{side:.7g}") for side in box), float(f"{score:.7g}"), index] for score, index, box in kept]


def overlap(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return width * height / (sum(areas) - width * height)


def fcos_networks():
    """Name, network, config, size, and the threshold of the scores."""
    size = (96, 160)
    groups = lambda count, bias=False: lambda channels: group_module(channels, channels, count, bias)
    strides = (8, 16, 32, 64, 128)
    neck = lambda channels: Fpn(channels, 64, 5, "on_output")
    yield "fcos-v2", Detector("ghostnetv2_100", (2, 3, 4), neck, FcosHead(64, groups(32), strides)), {}, size, 0.35
    neck = lambda channels: Fpn(channels, 20, 5, "on_input", relu=False, mode="bilinear")
    head = FcosHead(20, groups(4, bias=True), strides, norm_on_bbox=True, centerness_on_reg=True)
    config = {"norm_on_bbox": True, "centerness_on_reg": True, "num_groups": 4, "relu_before_extra_convs": False, "upsampling": "bilinear"}
    yield "fcos-mobilenetv3", Detector("mobilenetv3_small_050", (2, 3, 4), neck, head), config, size, 0.45
    neck = lambda channels: Fpn(channels, 18, 4)
    yield "fcos-repghost-bn", Detector("repghostnet_050", (1, 2, 3), neck, FcosHead(18, lambda c: ConvModule(c, c, 3), (4, 8, 16, 32))), {}, size, 0.4
    neck = lambda channels: Fpn(channels, 24, 4, "on_lateral", norm=True)
    head = FcosHead(24, lambda c: ConvModule(c, c, 3, norm=False, bias=True), (16, 32, 64, 128))
    yield "fcos-v1-lateral", Detector("ghostnet_050", (3, 4), neck, head), {"add_extra_convs": "on_lateral"}, size, 0.25


def norm_module(channels, out, kernel=1, stride=1, padding=0, groups=1, norm=True, eps=1e-3, act=nn.ReLU6):
    """mmcv's ConvModule as SSD has it."""
    layers = OrderedDict(conv=nn.Conv2d(channels, out, kernel, stride, padding, groups=groups, bias=not norm))
    if norm:
        layers["bn"] = nn.BatchNorm2d(out, eps=eps)
    return nn.Sequential(OrderedDict(**layers, act=act()))


def separable(channels, out, kernel, stride, padding, **options):
    parts = OrderedDict(depthwise_conv=norm_module(channels, channels, kernel, stride, padding, channels, **options), pointwise_conv=norm_module(channels, out, **options))
    return nn.Sequential(parts)


class L2Norm(nn.Module):
    """mmdetection's."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        return self.weight[:, None, None] * x / (x.pow(2).sum(1, keepdim=True).sqrt() + 1e-10)


class SsdNeck(nn.Module):
    """mmdetection's: `extras` are channels, kernel, stride and padding of each further level; `first`: those of an L2 norm."""

    def __init__(self, channels, extras, lite, first=None, **options):
        super().__init__()
        if first:
            self.l2_norm = L2Norm(first)
        self.extra_layers = nn.ModuleList()
        for out, *windows in extras:
            second = separable if lite else norm_module
            self.extra_layers.append(nn.Sequential(norm_module(channels, out // 2, **options), second(out // 2, out, *windows, **options)))
            channels = out

    def forward(self, maps):
        maps = list(maps)
        for layer in self.extra_layers:
            maps.append(layer(maps[-1]))
        if hasattr(self, "l2_norm"):
            maps[0] = self.l2_norm(maps[0])
        return maps


class SsdHead(nn.Module):
    """mmdetection's; `anchors` are [width, height] of each level."""

    def __init__(self, channels, anchors, strides, lite, stds, classes=3, **options):
        super().__init__()
        self.anchors, self.strides, self.classes, self.stds = anchors, strides, classes, stds
        layers = lambda ins, out: (
            nn.Sequential(norm_module(ins, ins, 3, 1, 1, ins, **options), nn.Conv2d(ins, out, 1)) if lite else nn.Sequential(nn.Conv2d(ins, out, 3, padding=1))
        )
        self.cls_convs = nn.ModuleList(layers(each, len(level) * (classes + 1)) for each, level in zip(channels, anchors))
        self.reg_convs = nn.ModuleList(layers(each, len(level) * 4) for each, level in zip(channels, anchors))

    def forward(self, maps):
        return [torch.cat([cls(x), reg(x)], 1) for x, cls, reg in zip(maps, self.cls_convs, self.reg_convs)]

    def candidates(self, maps, threshold):
        """Corners, score and class of all that score enough."""
        limit = abs(math.log(16 / 1000))
        for x, anchors, stride in zip(maps, self.anchors, self.strides):
            _, _, height, width = x.shape
            flat = x[0].permute(1, 2, 0).reshape(height * width, -1)
            logits, deltas = flat.split([len(anchors) * (self.classes + 1), len(anchors) * 4], 1)
            scores = logits.reshape(-1, self.classes + 1).softmax(1)[:, :-1]
            dx, dy, dw, dh = (deltas.reshape(-1, 4) * torch.tensor(self.stds)).T
            y, x = [each.reshape(-1, 1) for each in torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")]
            w, h = torch.tensor(anchors).double().T
            cx, cy = (((x + 0.5) * stride) + 0 * w).flatten(), (((y + 0.5) * stride) + 0 * h).flatten()
            w, h = w.repeat(height * width), h.repeat(height * width)
            cx, cy = cx + w * dx, cy + h * dy
            w, h = w * dw.clamp(-limit, limit).exp(), h * dh.clamp(-limit, limit).exp()
            yield from above(threshold, torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], 1), scores)


class Ssd(nn.Module):
    def __init__(self, architecture, indices, extras, anchors, strides, lite, stds=(0.1, 0.1, 0.2, 0.2), l2_norm=False, **options):
        super().__init__()
        self.backbone = Backbone(architecture, "timm_model", indices)
        channels = self.backbone.channels()
        self.neck = SsdNeck(channels[-1], extras, lite, channels[0] if l2_norm else None, **options)
        self.bbox_head = SsdHead([*channels, *(each[0] for each in extras)], anchors, strides, lite, stds=stds, **options)


def ssd_anchors(sizes, counts):
    """mmdetection's SSDAnchorGenerator of `scale_major=False`."""
    levels = []
    for least, most, count in zip(sizes, sizes[1:], counts):
        between = math.sqrt(least * most)
        level = [(least, least), (between, between)]
        for ratio in range(2, 1 + count // 2):
            level += [(least * ratio**0.5, least / ratio**0.5), (least / ratio**0.5, least * ratio**0.5)]
        levels.append(level)
    return levels


def ssd_networks():
    """As fcos_networks."""
    lite = [48, 100, 150, 202, 253, 304, 320]
    strides = (16, 32, 64, 107, 160, 320)
    extras = lambda *channels: [(each, 3, 2, 1) for each in channels]
    yield "ssdlite-mobilenetv2", Ssd("mobilenetv2_035", (3, 4), extras(32, 24, 24, 16), ssd_anchors(lite, [6] * 6), strides, True), {}, (160, 192), 0.42
    yield "ssdlite-v1", Ssd("ghostnet_050", (3, 4), extras(24, 20, 20, 12), ssd_anchors(lite, [4, 6, 6, 6, 4, 4]), strides, True, eps=1e-5, act=nn.Hardswish), {"norm_eps": 1e-5, "conv_activation": "hard_swish"}, (96, 160), 0.29
    small = [21, 45, 99, 153, 207, 261, 315]
    windows = [(24, 3, 2, 1), (20, 3, 2, 1), (20, 3, 1, 0), (12, 3, 1, 0)]
    plain = dict(norm=False, act=nn.ReLU)
    yield "ssd-v2", Ssd("ghostnetv2_100", (2, 3), windows, ssd_anchors(small, [4, 6, 6, 6, 4, 4]), (8, 16, 32, 64, 100, 300), False, l2_norm=True, **plain), {}, (288, 320), 0.61
    anchors = [[(20, 30), (44.5, 30)], [(60, 50)], [(100, 110), (90, 60), (50, 120)]]
    config = {"anchors": anchors, "level_strides": [2], "level_paddings": [1], "target_stds": [0.2, 0.2, 0.1, 0.3], "norm_eps": 1e-3, "conv_activation": "silu"}
    yield "ssd-repghost", Ssd("repghostnet_050", (2, 3), [(22, 4, 2, 1)], anchors, (8, 16, 32), False, act=nn.SiLU, stds=(0.2, 0.2, 0.1, 0.3)), config, (96, 160), 0.55


def networks():
    """Name, network, its outputs by name of an image, its config, where it is another the image's size, and of a detector its thresholds."""
    for name, network, size, *config in mmseg_networks():
        yield name, network, mmseg_outputs, {"input_size": [3, *size], **(config[0] if config else {})}, size
    size = (64, 96)
    yield "nanodet-v1", NanoDet("ghostnet_050", shared=False), nanodet_outputs, {}, size, 0.5615, 0.7
    yield "nanodet-v1-shared", NanoDet("ghostnet_050", shared=True), nanodet_outputs, {}, size, 0.5615, 0.7
    yield "nanodet-mobilenetv2", NanoDet("mobilenetv2_035", shared=True), nanodet_outputs, {}, size, 0.56, 0.7
    for name, network, config, *rest in [*fcos_networks(), *ssd_networks()]:
        yield name, network, mmdet_outputs, config, *rest
    for name, network, config in smp_networks():
        yield name, network, smp_outputs, config


def channels_of(state):
    return next(shape[1] for name, shape in state.items() if name.endswith("conv_stem.weight"))


def write(name, network, outputs_of, config, size=(64, 96), threshold=None, iou=IOU):
    network, tensors = filled(network)
    shape = (1, channels_of(tensors), *size)
    with torch.no_grad():
        found = outputs_of(network, torch.from_numpy(synthetic.image(shape)).double())
    outputs = {}
    for key, value in found.items():
        assert 0.01 < value.abs().max().item() < 1e5, (name, key, value.abs().max())
        flat = value.flatten()
        step = -(-flat.numel() // MOST) | 1  # odd: every row and column has its turn
        outputs[key] = {"shape": list(value.shape), "step": step, "values": [float(f"{v:.9g}") for v in flat[::step].tolist()]}
    found_boxes = {}
    if threshold is not None:
        head = network.head if isinstance(network, NanoDet) else network.bbox_head
        boxes = detections(head, found, size, threshold, iou)
        found_boxes = {"detections": {"threshold": threshold, "iou": iou, "boxes": boxes}}
    case = {
        **({"config": config} if config else {}),
        "input": shape,
        "outputs": outputs,
        **found_boxes,
        "tensors": {key: "x".join(map(str, dims)) for key, dims in tensors.items()},
    }
    (HERE / "heads").mkdir(exist_ok=True)
    (HERE / "heads" / f"{name}.json").write_text(json.dumps(case, separators=(",", ":")) + "\n")
    print(name, len(tensors), {key: f"{value.abs().max().item():.3g}" for key, value in found.items()})


def main(wanted):
    for name, *rest in networks():
        if not wanted or name in wanted:
            write(name, *rest)


if __name__ == "__main__":
    main(sys.argv[1:])
