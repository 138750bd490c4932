"""Writes cases/NAME.json: what PyTorch computes in float64 from float32 weights. See README.md.

    python make.py [NAME ...]
"""

import json
import math
import pathlib
import sys
from dataclasses import replace

import timm
import torch
from torch import nn

import synthetic
from ghostnet import Block, Columns, Gate, Ghost, GhostNet, Network, Positions, Rows, attention_where, changed, unshared

HERE = pathlib.Path(__file__).parent

# Odd channel counts throughout, so that halves and blocks do not come out even.
STAGES = (
    (Block(3, 14, 14),),
    (Block(3, 34, 18, stride=2), Block(3, 26, 18)),
    (Block(5, 37, 21, squeeze=9, stride=2), Block(5, 42, 21, squeeze=10)),
    (Block(3, 50, 30, stride=2), Block(3, 44, 30)),
    (Block(5, 60, 38, squeeze=12, stride=2), Block(5, 58, 38, squeeze=12)),
)
OTHER_GATE = Gate("hard_sigmoid", "max", "bilinear")
PUBLISHED = attention_where(STAGES, lambda stage, block: stage >= 2)

# The papers' table without squeeze-and-excitation, (kernel, expansion, channels) of each block: MindSpore's nose_1x.
NOSE = (
    ((3, 16, 16),),
    ((3, 48, 24),),
    ((3, 72, 24),),
    ((5, 72, 40),),
    ((5, 120, 40),),
    ((3, 240, 80),),
    ((3, 200, 80), (3, 184, 80), (3, 184, 80), (3, 480, 112), (3, 672, 112)),
    ((5, 672, 160),),
    ((5, 960, 160),) * 4,
)


def nose(width):
    """MindSpore goes up to the next multiple of 4, and upsamples the gate with the corners of both maps on each other."""
    up = lambda count: math.ceil(count * width / 4) * 4
    stages = tuple(
        tuple(Block(k, up(middle), up(channels), stride=2 if i in (1, 3, 5, 7) else 1) for k, middle, channels in stage)
        for i, stage in enumerate(NOSE)
    )
    stages = attention_where(stages, lambda stage, block: stage >= 2)
    return Network(stages, stem=up(16), last=up(960), gate=Gate(upsampling="bilinear_aligned"))


def ghosts(stages, **change):
    return changed(stages, lambda b, s, i: replace(b, ghost1=replace(b.ghost1, **change), ghost2=replace(b.ghost2, **change)))


def networks():
    """Name and description of each GhostNet."""
    yield "v1", Network(STAGES, version=1)
    yield "v2", Network(PUBLISHED)
    yield "v3", Network(PUBLISHED, version=3)
    yield "dfc-first-stage", Network(attention_where(STAGES, lambda s, i: True))
    yield "dfc-late", Network(attention_where(STAGES, lambda s, i: s >= 4))
    yield "dfc-every-other", Network(attention_where(STAGES, lambda s, i: i == 1))
    yield "dfc-ghost2", Network(attention_where(STAGES, lambda s, i: s >= 1, module="ghost2"))
    both = attention_where(attention_where(STAGES, lambda s, i: s >= 1), lambda s, i: s >= 1, module="ghost2")
    yield "dfc-both", Network(both)
    yield "dfc-7x9", Network(attention_where(STAGES, lambda s, i: True, (7, 9)))
    yield "dfc-3x1", Network(attention_where(STAGES, lambda s, i: s >= 2, (3, 1)))
    yield "dfc-v3-7x3", Network(attention_where(STAGES, lambda s, i: s >= 1, (7, 3)), version=3)
    of_positions = unshared(STAGES, (97, 97), lambda height, width: [Positions(height * width)])
    yield "attention-positions", Network(of_positions, size=(97, 97))
    of_rows_columns = unshared(STAGES, (97, 65), lambda height, width: [Rows(height), Columns(width)])
    yield "attention-rows-columns", Network(of_rows_columns)
    yield "attention-rows-columns-v3", Network(of_rows_columns, version=3)
    yield "cheap-5", Network(ghosts(PUBLISHED, cheap=5))
    yield "cheap-1", Network(ghosts(PUBLISHED, cheap=1))
    yield "ratio-3", Network(ghosts(PUBLISHED, ratio=3))
    yield "ratio-4", Network(ghosts(STAGES, ratio=4), version=1)
    yield "ratio-3-v3", Network(ghosts(PUBLISHED, ratio=3), version=3)
    yield "no-squeeze", Network(changed(PUBLISHED, lambda b, s, i: replace(b, squeeze=0)))
    yield "all-squeeze", Network(changed(PUBLISHED, lambda b, s, i: replace(b, squeeze=7 + s)))
    yield "kernels-7", Network(changed(PUBLISHED, lambda b, s, i: replace(b, kernel=7)))
    yield "nose_1x", nose(0.15)
    yield "three-stages", Network(PUBLISHED[:3])
    yield "gray", Network(PUBLISHED, image_channels=1)
    yield "rgba", Network(STAGES, version=1, image_channels=4)
    yield "five-channels", Network(PUBLISHED, image_channels=5)
    yield "wide-head", Network(STAGES, version=1, stem=10, last=33, head=45)
    yield "no-classifier", Network(PUBLISHED, classes=0)
    for activation in ("sigmoid", "hard_sigmoid", "relu"):
        for pooling in ("mean", "max", "none"):
            for upsampling in ("nearest", "bilinear", "bilinear_aligned"):
                gate = Gate(activation, pooling, upsampling)
                # Each value beside the default ones, and all that differ at once.
                changes = sum(a != b for a, b in zip((activation, pooling, upsampling), ("sigmoid", "mean", "nearest")))
                if changes == 1 or changes == 3:
                    yield f"gate-{activation}-{pooling}-{upsampling}", Network(PUBLISHED, gate=gate)
    yield "gate-v3", Network(PUBLISHED, version=3, gate=OTHER_GATE)


def classifiers():
    """Name, timm's name of the architecture, network, and what must be said of its classifier."""
    for pool in ("max", "catavgmax"):
        yield f"pool-{pool}", "ghostnet", GhostNet(Network(STAGES, version=1, pool=pool)), {"globalPool": pool}
    for name, pool in (("mobilenetv3_small_050", "avgmax"), ("mobilenetv2_035", "catavgmax")):
        yield f"pool-{pool}-{name}", name, timm.create_model(name, num_classes=7, global_pool=pool), {"globalPool": pool}
    layers = nn.Linear(20, 9), nn.ReLU(), nn.Dropout(), nn.Linear(9, 6, bias=False), nn.ReLU(), nn.Linear(6, 7)
    norms = nn.BatchNorm1d(20), nn.Linear(20, 9), nn.BatchNorm1d(9), nn.Hardswish(), nn.Linear(9, 6), nn.Hardswish()
    norms += nn.BatchNorm1d(6), nn.Dropout(), nn.Linear(6, 7)
    plain = nn.BatchNorm1d(20), nn.Linear(20, 9, bias=False), nn.BatchNorm1d(9), nn.Linear(9, 7)
    for name, found, said in (
        ("layers", layers, {"classifierActivation": "relu"}),
        ("norms", norms, {"classifierActivation": "hard_swish"}),
        ("neighbours", plain, {}),
    ):
        classifier = nn.Sequential(*found)
        yield f"classifier-{name}", "ghostnet", GhostNet(Network(STAGES, version=1, classifier=classifier)), said


class GatedExpansion(nn.Module):
    """MobileNetV2's block with DFC attention, as the GhostNetV2 paper tries it: the gate multiplies what is expanded."""

    def __init__(self, block, gate, kernels):
        super().__init__()
        from ghostnet import dfc_branch

        self.gate = gate
        for name, child in block.named_children():
            setattr(self, name, child)
        self.has_skip = block.has_skip
        self.short_conv = dfc_branch(block.conv_pw.in_channels, block.conv_pw.out_channels, kernels)

    def forward(self, x):
        y = self.bn1(self.conv_pw(x))
        y = y * self.gate(x, y.shape[-2:], self.short_conv)
        y = self.bn3(self.conv_pwl(self.bn2(self.conv_dw(y))))
        return x + y if self.has_skip else y


def dfc_mobilenetv2(gate, kernels=lambda height, width: (5, 5)):
    """`kernels` of the map at half resolution: as in `Ghost.attention`."""
    net = timm.create_model("mobilenetv2_035", num_classes=7)
    height, width = 49, 33
    for stage in net.blocks[1:]:
        for i, block in enumerate(stage):
            stage[i] = GatedExpansion(block, gate, kernels(height // 2, width // 2))
            if block.conv_dw.stride[0] == 2:
                height, width = (height + 1) // 2, (width + 1) // 2
    return net


def all_kinds(height, width):
    return (7, 9) if height > 20 else [Rows(height), Columns(width)]


def others():
    """Name, timm's name where it has one, the network, and its gate where it is not the default."""
    for name in ("mobilenetv2_035", "mobilenetv2_110d", "mobilenetv3_small_050", "mobilenetv3_large_075", "repghostnet_050"):
        yield name, name, timm.create_model(name, num_classes=7)
    from timm.utils.model import reparameterize_model

    yield "repghostnet_050-deployed", "repghostnet_050", reparameterize_model(timm.create_model("repghostnet_050", num_classes=7))
    yield "mobilenetv2_035-dfc", "mobilenetv2_035_dfc", dfc_mobilenetv2(Gate())
    yield "mobilenetv2_035-attention", "mobilenetv2_035_dfc", dfc_mobilenetv2(Gate(), all_kinds)
    yield "gate-mobilenetv2_035", "mobilenetv2_035_dfc", dfc_mobilenetv2(OTHER_GATE), OTHER_GATE


def folded(network, where=lambda name: True, norm=lambda bn: getattr(bn, "act", nn.Identity())):
    """Convolutions have a bias, and `norm` of the batch norm behind each in its place, which is nothing but its activation."""
    for name, module in list(network.named_modules()):
        children = list(module.named_children())
        for (first, conv), (second, bn) in zip(children, children[1:]):
            if isinstance(conv, nn.Conv2d) and isinstance(bn, nn.BatchNorm2d) and where(f"{name}.{first}"):
                conv.bias = nn.Parameter(torch.empty(conv.out_channels))
                setattr(module, second, norm(bn))
    return network


def foldings():
    """Name, architecture and network of each with batch norms folded, or with biases before them."""
    from timm.utils.model import reparameterize_model

    v1, v2, v3 = (Network(PUBLISHED if version > 1 else STAGES, version=version) for version in (1, 2, 3))
    yield "folded-v1", "ghostnet", folded(GhostNet(v1))
    yield "folded-v2", "ghostnetv2", folded(GhostNet(v2))
    # Of branches one alone, or the sums would grow beyond measure.
    yield "folded-v3", "ghostnetv3", folded(GhostNet(v3), lambda name: "_rpr_" not in name or ".1.conv" in name)
    yield "folded-partly", "ghostnet", folded(GhostNet(v1), lambda name: name.endswith(("0", "conv_dw")))
    deployed = ("primary_conv.0", "cheap_operation.0", "conv_dw")
    yield "deployed-v3", "ghostnetv3", folded(GhostNet(v2), lambda name: name.endswith(deployed))
    yield "biases-and-norms", "ghostnetv2", folded(GhostNet(v2), norm=lambda bn: bn)
    for name in ("mobilenetv2_035", "mobilenetv3_small_050"):
        yield f"folded-{name}", name, folded(timm.create_model(name, num_classes=7))
    trained = timm.create_model("repghostnet_050", num_classes=7)
    yield "folded-repghostnet_050", "repghostnet_050", folded(trained, lambda name: ".ghost1." not in name)
    merged = reparameterize_model(timm.create_model("repghostnet_050", num_classes=7))
    yield "folded-repghostnet_050-deployed", "repghostnet_050", folded(merged, lambda name: ".ghost1." not in name)


def filled(network):
    network = network.double().eval()
    state = {
        name: value if name.endswith("num_batches_tracked") else torch.from_numpy(synthetic.parameter(name, tuple(value.shape))).double()
        for name, value in network.state_dict().items()
    }
    network.load_state_dict(state)
    return network, {name: list(value.shape) for name, value in state.items() if not name.endswith("num_batches_tracked")}


def described(architecture, gate=Gate()):
    return {**({"architecture": architecture} if architecture else {}), **({"gate": vars(gate)} if gate != Gate() else {})}


def write(name, network, channels, more, size=(97, 65)):
    network, tensors = filled(network)
    shape = (1, channels, *size)
    with torch.no_grad():
        found = network(torch.from_numpy(synthetic.image(shape)).double())
    outputs = found if isinstance(found, dict) else {"logits": found}
    largest = max(value.abs().max().item() for value in outputs.values())
    assert 0.01 < largest < 1e5, (name, largest)  # what folded networks lack is the variance of 4
    case = {
        **more,
        "input": shape,
        "outputs": {key: [float(f"{v:.9g}") for v in value.flatten().tolist()] for key, value in outputs.items()},
        "tensors": {key: "x".join(map(str, dims)) for key, dims in tensors.items()},
    }
    (HERE / "cases" / f"{name}.json").write_text(json.dumps(case, separators=(",", ":")) + "\n")
    print(name, len(tensors), f"{largest:.3g}")


def main(wanted):
    (HERE / "cases").mkdir(exist_ok=True)
    for name, net in networks():
        if wanted and name not in wanted:
            continue
        architecture = "ghostnet" if net.version == 1 else f"ghostnetv{net.version}"
        write(name, GhostNet(net), net.image_channels, described(architecture, net.gate), net.size)
    for name, architecture, network, *gate in [*others(), *foldings()]:
        if not wanted or name in wanted:
            write(name, network, 3, described(architecture, *gate))
    for name, architecture, network, said in classifiers():
        if not wanted or name in wanted:
            write(name, network, 3, {**described(architecture), **({"classifier": said} if said else {})})


if __name__ == "__main__":
    main(sys.argv[1:])
