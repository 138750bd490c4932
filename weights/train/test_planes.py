"""The operations of `planes/`, each held to PyTorch's in float64, and the network made of them. Needs a C++ compiler."""
import copy
import ctypes
import itertools
import unittest
from functools import cache

import torch
import torch.nn.functional as F

from augment import apply_views, draw_mixes, draw_views
from ghostnetv2 import GhostNetV2
from plane_network import Index, PlaneNetwork, Workers, compile_planes, pointer

torch.set_num_threads(1)
COUNTS = (8, 40)  # pictures: one vector, and four with one left over
SIDES = ((9, 6), (7, 11))
TOLERANCE = 2e-5  # of the largest value, for sums of some thousand float32 terms


class Plane(ctypes.Structure):
    """`Tensor` of planes/operation.h."""

    _fields_ = [("value", ctypes.c_void_p), ("gradient", ctypes.c_void_p), *((name, Index) for name in ("channels", "height", "width", "count", "users"))]


class Parameter(ctypes.Structure):
    _fields_ = [("value", ctypes.c_void_p), ("gradient", ctypes.c_void_p)]


class Buffer:
    """A tensor (channels, height, width, count) of planes with its gradient; of random numbers."""

    def __init__(self, channels: int, height: int, width: int, count: int):
        self.value, self.gradient = torch.randn(2, channels, height, width, count).unbind(0)
        self.plane = Plane(pointer(self.value), pointer(self.gradient), channels, height, width, count, 0)

    def pictures(self) -> torch.Tensor:
        """Its values in PyTorch's order and in float64, of which gradients are wanted."""
        return self.value.permute(3, 0, 1, 2).double().detach().clone().requires_grad_()


@cache
def operations() -> ctypes.CDLL:
    compiled = compile_planes("test_operations.cc")
    compiled.run_loss.restype = ctypes.c_double
    return compiled


def run(name: str, buffers: list[Buffer], parameters: list[torch.Tensor], *options: int) -> list[torch.Tensor]:
    """Runs an operation; returns the gradients of its parameters, which begin at 1 as steps add to them."""
    gradients = [torch.ones_like(p) for p in parameters]
    table = (Parameter * len(parameters))(*(Parameter(p.data_ptr(), g.data_ptr()) for p, g in zip(parameters, gradients)))
    planes = [ctypes.byref(buffer.plane) for buffer in buffers]
    getattr(operations(), f"run_{name}")(*planes, *([table] if parameters else []), *map(Index, options))
    return gradients


class OperationsTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)

    def assert_close(self, actual: torch.Tensor, expected: torch.Tensor, what: str) -> None:
        error = float((actual.double() - expected).abs().max())
        self.assertLessEqual(error, TOLERANCE * max(1.0, float(expected.abs().max())), what)

    def check(self, inputs: list[Buffer], out: Buffer, before: list[torch.Tensor], seen: list[torch.Tensor], expected: torch.Tensor,
              dy: torch.Tensor) -> None:
        """The output, and each input's gradient, of which `before` was there before."""
        self.assert_close(out.value, expected.detach().permute(1, 2, 3, 0), "output")
        expected.backward(dy.permute(3, 0, 1, 2).double())
        for index, (buffer, there, pictures) in enumerate(zip(inputs, before, seen, strict=True)):
            self.assert_close(buffer.gradient, there.double() + pictures.grad.permute(1, 2, 3, 0), f"gradient of input {index}")

    def check_parameters(self, parameters: list[torch.Tensor], seen: list[torch.Tensor], gradients: list[torch.Tensor]) -> None:
        for index, (p, wide, gradient) in enumerate(zip(parameters, seen, gradients)):
            self.assert_close(gradient.view_as(p) - 1, wide.grad.view_as(p), f"gradient of parameter {index}")

    def check_convolution(self, name: str, shape: tuple, weight: torch.Tensor, stride: int, groups: int, relu: bool, others: int,
                          *options: int) -> None:
        """`shape` is the input's; `others` says whether its gradient is added to."""
        kernel = weight.shape[2:]
        channels = weight.shape[0]
        height, width = ((side - 1) // stride + 1 for side in shape[1:3])
        x, z, out = Buffer(*shape), Buffer(channels, height, width, shape[3]), Buffer(channels, height, width, shape[3])
        gamma, beta, mean, variance = torch.rand(channels) + 0.5, torch.randn(channels), torch.randn(channels), torch.rand(channels)
        parameters, dy = [weight, gamma, beta], out.gradient.clone()
        pictures, wide = x.pictures(), [p.double().requires_grad_() for p in parameters]
        statistics = mean.double(), variance.double()
        before = x.gradient.clone() if others or name == "stem" else torch.zeros_like(x.gradient)
        gradients = run(name, [x, z, out], [*parameters, mean, variance], *options)
        convolved = F.conv2d(pictures, wide[0], None, stride, (kernel[0] // 2, kernel[1] // 2), groups=groups)
        expected = F.batch_norm(convolved, *statistics, *wide[1:], training=True)
        if relu:
            # Where rounding decides whether ReLU passes, its gradient is as ours decided.
            passes = (out.value > 0).permute(3, 0, 1, 2)
            self.assertLess(float(expected[passes != (expected > 0)].abs().max()) if (passes != (expected > 0)).any() else 0.0, 1e-4)
            expected = expected * passes
        if name == "stem":  # pictures have no gradient
            pictures = pictures.detach()
            self.assert_close(out.value, expected.detach().permute(1, 2, 3, 0), "output")
            expected.backward(dy.permute(3, 0, 1, 2).double())
            self.assertTrue(torch.equal(x.gradient, before))
        else:
            self.check([x], out, [before], [pictures], expected, dy)
        self.check_parameters(parameters, wide, gradients)
        for ours, theirs in zip((mean, variance), statistics):
            self.assert_close(ours, theirs, "running statistics")

    def test_stem(self):
        for (height, width), count in itertools.product(SIDES, COUNTS):
            with self.subTest(height=height, width=width, count=count):
                self.check_convolution("stem", (3, height, width, count), torch.randn(5, 3, 3, 3), 2, 1, True, 0)

    def test_pointwise(self):
        # Rows in fours, sixes and what is left of them; one column block and several.
        for rows, inner, count, relu, others in itertools.product((1, 5, 6, 17), (2, 7, 12), COUNTS, (0, 1), (0, 1)):
            with self.subTest(rows=rows, inner=inner, count=count, relu=relu, others=others):
                shape = (inner, *SIDES[0], count)
                self.check_convolution("pointwise", shape, torch.randn(rows, inner, 1, 1), 1, 1, bool(relu), others, relu, others)

    def test_depthwise(self):
        kernels = ((3, 3), (5, 5), (1, 5), (5, 1))
        for kernel, stride, side, count, relu, others in itertools.product(kernels, (1, 2), SIDES, COUNTS, (0, 1), (0, 1)):
            with self.subTest(kernel=kernel, stride=stride, side=side, count=count, relu=relu, others=others):
                options = (*kernel, stride, relu, others)
                self.check_convolution("depthwise", (3, *side, count), torch.randn(3, 1, *kernel), stride, 3, bool(relu), others, *options)

    def test_pooling(self):
        for side, count, others in itertools.product(SIDES, COUNTS, (0, 1)):
            for name, (height, width) in (("pool", (side[0] // 2, side[1] // 2)), ("mean", (1, 1))):
                with self.subTest(name=name, side=side, count=count, others=others):
                    x, out = Buffer(3, *side, count), Buffer(3, height, width, count)
                    before, dy, pictures = x.gradient * others, out.gradient.clone(), x.pictures()
                    run(name, [x, out], [], others)
                    expected = F.avg_pool2d(pictures, 2) if name == "pool" else pictures.mean((2, 3), keepdim=True)
                    self.check([x], out, [before], [pictures], expected, dy)

    def test_gate(self):
        for side, count, sigmoid in itertools.product(SIDES, COUNTS, (0, 1)):
            for map_side in ((side[0] // 2, side[1] // 2), (1, 1), side):
                with self.subTest(side=side, map_side=map_side, count=count, sigmoid=sigmoid):
                    x, gate, out = Buffer(3, *side, count), Buffer(3, *map_side, count), Buffer(3, *side, count)
                    before, dy = [torch.zeros_like(x.gradient), torch.zeros_like(gate.gradient)], out.gradient.clone()
                    seen = [x.pictures(), gate.pictures()]
                    run("gate", [x, gate, out], [], sigmoid)
                    factor = torch.sigmoid(seen[1]) if sigmoid else seen[1]
                    self.check([x, gate], out, before, seen, seen[0] * F.interpolate(factor, size=side, mode="nearest"), dy)

    def test_add(self):
        for others in (0, 1):
            with self.subTest(others=others):
                branch, shortcut, out = (Buffer(3, *SIDES[0], 8) for _ in range(3))
                before, dy, seen = shortcut.gradient * others, out.gradient.clone(), [branch.pictures(), shortcut.pictures()]
                run("add", [branch, shortcut, out], [], others)
                self.check([shortcut], out, [before], seen[1:], seen[0] + seen[1], dy)

    def test_dense(self):
        for rows, inner, count, activation, others in itertools.product((1, 6, 13), (1, 10), COUNTS, (0, 1, 2), (0, 1)):
            with self.subTest(rows=rows, inner=inner, count=count, activation=activation, others=others):
                x, out, weight, bias = Buffer(inner, 1, 1, count), Buffer(rows, 1, 1, count), torch.randn(rows, inner), torch.randn(rows)
                before, dy, pictures = x.gradient * others, out.gradient.clone(), x.pictures()
                wide = [p.double().requires_grad_() for p in (weight, bias)]
                gradients = run("dense", [x, out], [weight, bias], activation, others)
                expected = F.linear(pictures.flatten(1), *wide)
                expected = (expected, F.relu(expected), F.hardsigmoid(expected))[activation]
                self.check([x], out, [before], [pictures], expected[:, :, None, None], dy)
                self.check_parameters([weight, bias], wide, gradients)

    def test_loss(self):
        logits, targets = Buffer(7, 1, 1, 8), torch.rand(8, 7).softmax(1)
        pictures = logits.pictures()
        loss = operations().run_loss(ctypes.byref(logits.plane), pointer(targets), ctypes.c_float(0.25))
        expected = F.cross_entropy(pictures.flatten(1), targets.double(), reduction="sum")
        self.assertAlmostEqual(loss, expected.item(), delta=1e-4)
        (expected / 4).backward()
        self.assert_close(logits.gradient, pictures.grad.permute(1, 2, 3, 0), "gradient")


class NetworkTest(unittest.TestCase):
    def test_planes_have_the_gradients_of_pytorch(self):
        for size, count, width in ((64, 16, 0.5), (97, 8, 0.3), (48, 40, 0.6)):
            torch.manual_seed(size)
            model = GhostNetV2(width, 7).train()
            reference = copy.deepcopy(model)
            inputs, labels = torch.randn(count, 3, size, size), torch.randint(0, 7, (count,))
            loss = torch.nn.functional.cross_entropy(reference(inputs), labels)
            loss.backward()
            network = PlaneNetwork(model, size, count)
            network.input().copy_(inputs.permute(1, 2, 3, 0))
            ours = network.step(torch.nn.functional.one_hot(labels, 7).float(), 1 / count) / count
            self.assertAlmostEqual(ours, loss.item(), delta=1e-5)
            whole = torch.cat([p.grad.flatten() for p in reference.parameters()]).norm()
            sizes = [p.numel() for p in reference.parameters()]
            for (name, p), part in zip(reference.named_parameters(), network.gradients.split(sizes)):
                # Where the two disagree about a ReLU near zero, single terms differ; what batch norm cancels is noise in both.
                self.assertLess(float((part.view_as(p) - p.grad).norm()), 1e-2 * float(p.grad.norm()) + 2e-4 * float(whole), name)
            for name, statistics in reference.named_buffers():
                if statistics.is_floating_point():
                    torch.testing.assert_close(model.get_buffer(name), statistics, rtol=1e-4, atol=1e-5)

    def test_workers_share_a_batch(self):
        pictures, targets = torch.randint(0, 256, (32, 64, 64, 3), dtype=torch.uint8), torch.rand(32, 7)
        views = draw_views(32, 0.35, torch.Generator().manual_seed(0))
        gradients, mixes = [], draw_mixes(4, 0.5, 0.3, (0, 2))
        for count in (1, 2, 3):
            torch.manual_seed(0)
            model = GhostNetV2(0.2, 7)
            loss = Workers(model, 64, 8, count).backward(pictures, views, targets, mixes)
            gradients.append(torch.cat([torch.tensor([loss])] + [p.grad.flatten() for p in model.parameters()]))
        for other in gradients[1:]:
            torch.testing.assert_close(other, gradients[0], rtol=1e-4, atol=1e-5)

    def test_planes_show_the_same_views(self):
        pictures, model = torch.randint(0, 256, (8, 64, 64, 3), dtype=torch.uint8), GhostNetV2(0.2, 7)
        for size in (48, 64, 97):
            views = draw_views(8, 0.35, torch.Generator().manual_seed(size))
            network = PlaneNetwork(model, size, 8)
            network.see(pictures, views)
            torch.testing.assert_close(network.input().permute(3, 0, 1, 2), apply_views(pictures, views, size), rtol=0, atol=2e-4)

    def test_says_what_a_model_lacks(self):
        model = GhostNetV2(0.2, 7)
        del model.conv_head
        with self.assertRaisesRegex(RuntimeError, "no tensor conv_head.weight"):
            PlaneNetwork(model, 64, 8)
        for count in (0, 12, 520):
            with self.assertRaisesRegex(ValueError, "multiple of 8 up to 512"):
                PlaneNetwork(GhostNetV2(0.2, 7), 64, count)


if __name__ == "__main__":
    unittest.main()
