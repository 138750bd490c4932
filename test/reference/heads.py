"""Writes heads/NAME.json: what PyTorch computes in float64 for segmenters and detectors. See README.md.

    python heads.py [NAME ...]
"""

import json
import pathlib
import sys

import segmentation_models_pytorch as smp
import torch

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
    yield "smp-pspnet-repghost-4", smp.PSPNet("tu-repghostnet_050", encoder_depth=4, psp_out_channels=33, **options), {}
    yield "smp-segformer-v1", smp.Segformer("tu-ghostnet_050", decoder_segmentation_channels=24, **options), {}
    yield "smp-segformer-mobilenetv3-3", smp.Segformer("tu-mobilenetv3_large_075", encoder_depth=3, decoder_segmentation_channels=20, **options), {}
    yield "smp-segformer-mobilenetv3", smp.Segformer("tu-mobilenetv3_small_050", decoder_segmentation_channels=17, **options), {}
    yield "smp-unet-mobilenetv3", smp.Unet("tu-mobilenetv3_small_050", decoder_channels=(40, 24, 20, 12, 10), **options), {}
    yield "smp-unet-repghost-3", smp.Unet("tu-repghostnet_050", encoder_depth=3, decoder_channels=(24, 20, 12), decoder_use_norm=False, **options), {}
    yield "smp-unet-mobilenetv2-bilinear", smp.Unet("tu-mobilenetv2_035", decoder_channels=(40, 24, 20, 12, 10), decoder_interpolation="bilinear", **options), {"decoder_interpolation": "bilinear"}


def smp_outputs(network, image):
    decoded = network.decoder(network.encoder(image))
    return {"head": network.segmentation_head[0](decoded), "logits": network.segmentation_head(decoded)}


def networks():
    """Name, network, its outputs by name of an image, and its config."""
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
