"""ghostnetv2.py and the package describe one network, and answer alike. Needs Node and the package, built (`npm run build:all`)."""
import json
import operator
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
import torch.fx
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from augment import normalise, to_planes
from evaluate import load_exported, prepare
from export import describe, to_half
from ghostnetv2 import GhostNetV2

HERE = Path(__file__).parent
CLI = HERE.parent.parent / "dist/cli/main.js"
CLASSES = 7
torch.set_num_threads(1)

# What a layer (a convolution or the classifier) computes, and "of" what: an expression of layers, by their weights' names, and of the
# operators between them. Two descriptions agree if their layers and the logits' expressions do.
Layers = dict[str, dict]
FACTS = ("inChannels", "outChannels", "kernel", "stride", "padding", "dilation", "groups", "bias", "batchNorm", "activation")


def layers_of_package(nodes: list[dict]) -> tuple[Layers, str]:
    """The layers of `describe_network.js`'s nodes, and the logits."""
    values, layers = [], {}
    for node in nodes:
        inputs, op = ", ".join(values[index] for index in node["inputs"]), node["op"]
        if op == "conv2d":
            layers[node["weight"]] = {"of": inputs, **{fact: node[fact] for fact in FACTS}}
        values.append({
            "conv2d": lambda: node["weight"],
            "input": lambda: "input",
            "concat": lambda: f"concat({inputs})[:{node['channels']}]",
            "avg_pool2d": lambda: f"avg_pool2d({inputs}, {node['kernel']}, {node['stride']})",
        }.get(op, lambda: f"{op}({inputs})")())
    return layers, values[-1]


class LayersOfPyTorch(torch.fx.Interpreter):
    """Goes through a traced network with expressions in place of tensors."""

    def __init__(self, model: nn.Module):
        super().__init__(torch.fx.symbolic_trace(model))
        self.layers: Layers = {}

    def attach(self, layer: str, fact: str, value: str) -> str:
        """Batch norm and activations are facts of the layer that they follow."""
        if self.layers[layer][fact] != {"batchNorm": None, "activation": "none"}[fact]:
            raise AssertionError(f"{layer} has {fact} {self.layers[layer][fact]}, and then {value}")
        self.layers[layer][fact] = value
        return layer

    def call_module(self, target, args, kwargs):
        module, (x,) = self.fetch_attr(target), args
        if isinstance(module, nn.BatchNorm2d):
            return self.attach(x, "batchNorm", target)
        if isinstance(module, nn.ReLU):
            return self.attach(x, "activation", "relu")
        pair = {fact: [1, 1] for fact in ("kernel", "stride", "dilation")} | {"padding": [0, 0], "groups": 1}
        if isinstance(module, nn.Conv2d):
            pair = {"kernel": list(module.kernel_size), "stride": list(module.stride), "padding": list(module.padding),
                    "dilation": list(module.dilation), "groups": module.groups}
        outputs, inputs = module.weight.shape[:2]
        self.layers[f"{target}.weight"] = {"of": x, "inChannels": inputs * pair["groups"], "outChannels": outputs, **pair,
                                           "bias": module.bias is not None, "batchNorm": None, "activation": "none"}
        return f"{target}.weight"

    def call_method(self, target, args, kwargs):
        if target == "flatten":
            return args[0]
        if (target, args[1:], kwargs) == ("mean", ((2, 3),), {"keepdim": True}):
            return f"global_avg_pool({args[0]})"
        raise AssertionError(f"unknown method {target}{args[1:]} {kwargs}")

    def call_function(self, target, args, kwargs):
        activations = {torch.sigmoid: "sigmoid", F.relu: "relu", F.hardsigmoid: "hard_sigmoid"}
        if target in activations:
            return self.attach(args[0], "activation", activations[target])
        if target is torch.cat:
            return f"concat({', '.join(args[0])})"
        if target is getattr or (target is operator.getitem and args[1] == slice(-2, None)):
            return args[0]  # of a shape, whose it is
        if target is operator.getitem and args[1][0] == slice(None):
            return f"{args[0]}[:{args[1][1].stop}]"
        if target is F.avg_pool2d:
            return f"avg_pool2d({args[0]}, {[args[1]] * 2}, {[args[1]] * 2})"
        if target is F.interpolate and kwargs["mode"] == "nearest":
            return f"upsample_nearest({args[0]}, {kwargs['size']})"
        return f"{ {operator.mul: 'mul', operator.add: 'add'}[target]}({args[0]}, {args[1]})"


def calibrated(width: float, size: int) -> GhostNetV2:
    """Random weights, with statistics of noise, so that logits are of magnitude 1."""
    torch.manual_seed(0)
    model = GhostNetV2(width, CLASSES).train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        model(torch.randn(16, 3, size, size))
    return model.eval()


@unittest.skipUnless(CLI.exists(), f"the package is not built: {CLI} is missing (npm run build:all)")
class NetworkTest(unittest.TestCase):
    maxDiff = 2000

    def test_is_the_package_s(self):
        for width in (0.2, 0.35, 0.5, 1.0, 1.3):
            with self.subTest(width=width):
                command = ["node", HERE / "describe_network.js", str(width), str(CLASSES)]
                described = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                model = GhostNetV2(width, CLASSES)
                shapes = {name: list(value.shape) for name, value in model.state_dict().items() if value.is_floating_point()}
                self.assertEqual(shapes, {tensor["name"]: tensor["shape"] for tensor in described["tensors"]})
                layers, logits = layers_of_package(described["nodes"])
                interpreter = LayersOfPyTorch(model)
                self.assertEqual(interpreter.run("input"), logits)
                self.assertEqual(interpreter.layers.keys(), layers.keys())
                for name, layer in interpreter.layers.items():
                    self.assertEqual(layer, layers[name], name)

    def test_answers_as_the_package_does(self):
        size, wnids = 64, [f"n{index:08d}" for index in range(CLASSES)]
        model = calibrated(0.35, size)
        random = np.random.default_rng(0)
        picture = Image.fromarray(random.integers(0, 256, (12, 20, 3), dtype=np.uint8)).resize((200, 120), Image.Resampling.BICUBIC)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder)
            save_file(to_half(model.state_dict()), out / "model.safetensors", metadata={"format": "pt"})
            (out / "config.json").write_text(json.dumps(describe(0.35, model.num_features, size, {wnid: wnid for wnid in wnids})))
            picture.save(out / "picture.png")
            command = ["node", CLI, "classify", "--model", out, "--json", "--top", str(CLASSES), out / "picture.png"]
            answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            exported, _ = load_exported(out)
        planes = normalise(to_planes(torch.from_numpy(prepare(picture, size).copy())[None]))
        with torch.no_grad():
            expected = exported.eval()(planes).softmax(1)[0]
        self.assertGreater(float(expected.max() - expected.min()), 0.05)  # they can be told apart
        found = {row["index"]: row["probability"] for row in answer["top"]}
        for index in range(CLASSES):
            self.assertAlmostEqual(found[index], float(expected[index]), delta=2e-3)


if __name__ == "__main__":
    unittest.main()
