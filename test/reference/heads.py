"""Writes heads/NAME.json: what PyTorch computes in float64 for segmenters and detectors. See README.md.

    python heads.py [NAME ...]
"""

import json
import pathlib
import sys
from collections import OrderedDict

import segmentation_models_pytorch as smp
import timm
import torch
import torch.nn.functional as F
from torch import nn

import synthetic
from make import filled

HERE = pathlib.Path(__file__).parent

MOST = 600  # values of an output


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


    yield "smp-fpn-v1", smp.FPN("tu-ghostnet_050", decoder_pyramid_channels=20, decoder_segmentation_channels=32, **options), {}
    yield "smp-fpn-mobilenetv2-4-cat", smp.FPN("tu-mobilenetv2_035", encoder_depth=4, decoder_pyramid_channels=24, decoder_segmentation_channels=64, decoder_merge_policy="cat", upsampling=2, **options), {}
    yield "smp-fpn-repghost-bilinear", smp.FPN("tu-repghostnet_050", decoder_pyramid_channels=20, decoder_segmentation_channels=32, decoder_interpolation="bilinear", **options), {"decoder_interpolation": "bilinear"}


def smp_outputs(network, image):
    decoded = network.decoder(network.encoder(image))
    return {"head": network.segmentation_head[0](decoded), "logits": network.segmentation_head(decoded)}


class ConvModule(nn.Sequential):
    """mmcv's."""

    def __init__(self, channels, out, kernel=1, norm=True, act=nn.ReLU):
        layers = OrderedDict(conv=nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False))
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


class Fcn(nn.Module):
    def __init__(self, channels, out=20, count=2, cat=True, kernel=3, classes=3):
        super().__init__()
        ins = [channels[-1]] + [out] * (count - 1)
        self.convs = nn.Sequential(*[ConvModule(each, out, kernel) for each in ins])
        if cat:
            self.conv_cat = ConvModule(channels[-1] + out, out, kernel)
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
        self.shared = shared

    def forward(self, maps):
        return [self.level(i, x) for i, x in enumerate(maps)]

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


def networks():
    """Name, network, its outputs by name of an image, its config, and where it is another the image's size."""
    for name, network, size in mmseg_networks():
        yield name, network, mmseg_outputs, {"input_size": [3, *size]}, size
    yield "nanodet-v1", NanoDet("ghostnet_050", shared=False), nanodet_outputs, {}
    yield "nanodet-v1-shared", NanoDet("ghostnet_050", shared=True), nanodet_outputs, {}
    yield "nanodet-mobilenetv2", NanoDet("mobilenetv2_035", shared=True), nanodet_outputs, {}
    for name, network, config in smp_networks():
        yield name, network, smp_outputs, config


def channels_of(state):
    return next(shape[1] for name, shape in state.items() if name.endswith("conv_stem.weight"))


def write(name, network, outputs_of, config, size=(64, 96)):
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
    case = {
        **({"config": config} if config else {}),
        "input": shape,
        "outputs": outputs,
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
