"""python -m unittest test_training: needs no data, makes pictures of noise. About a minute on one core."""
import json
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from augment import random_views
from evaluate import load_average, load_exported, prepare
from ghostnetv2 import DepthwiseConv2d, GhostNetV2
from optimizer import orthogonalise
from schedule import Schedule
from widen import widen

HERE = Path(__file__).parent
CLASSES = 5


def make_data(folder: Path) -> None:
    random = np.random.default_rng(0)
    wnids = [f"n{index:08d}" for index in range(CLASSES)]
    (folder / "classes.json").write_text(json.dumps([{"wnid": wnid, "words": f"class {wnid}"} for wnid in wnids]))
    for split in ("train", "val"):
        (folder / split).mkdir()
        for wnid in wnids:
            Image.fromarray(random.integers(0, 256, (128, 256, 3), dtype=np.uint8)).save(folder / split / f"{wnid}.jpg")


def run(script: str, folder: Path, *options: str) -> str:
    command = [sys.executable, HERE / script, "--data", folder, "--cache", folder / "cache", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


def train(folder: Path, name: str, *options: str) -> dict:
    """The checkpoint of a short run."""
    run("train.py", folder, "--run", folder / name, "--batch", "8", "--width", "0.2", "--warm-up-steps", "2", "--device", "cpu", *options)
    return torch.load(folder / name / "checkpoint.pt", weights_only=True)


class TrainingTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        make_data(self.folder)

    def assert_same(self, first: dict, second: dict) -> None:
        for part in ("model", "average"):
            for name, value in first[part].items():
                self.assertTrue(torch.equal(value, second[part][name]), f"{part} {name}")

    def test_goes_on_as_if_never_interrupted(self):
        whole = train(self.folder, "whole", "--workers", "1", "--stop-step", "6")
        train(self.folder, "parts", "--workers", "1", "--stop-step", "2")
        self.assert_same(whole, train(self.folder, "parts", "--workers", "1", "--stop-step", "6"))

    def test_keeps_a_whole_checkpoint_when_killed(self):
        first = train(self.folder, "killed", "--workers", "1", "--stop-step", "1")
        command = [sys.executable, HERE / "train.py", "--data", self.folder, "--cache", self.folder / "cache", "--run", self.folder / "killed",
                   "--batch", "8", "--width", "0.2", "--device", "cpu", "--workers", "1", "--checkpoint-minutes", "0"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        checkpoint = self.folder / "killed/checkpoint.pt"
        try:
            deadline = time.monotonic() + 120
            while torch.load(checkpoint, weights_only=True)["step"] < first["step"] + 3:
                self.assertLess(time.monotonic(), deadline)
        finally:
            process.kill()
            process.wait()
        GhostNetV2(0.2, CLASSES).load_state_dict(torch.load(checkpoint, weights_only=True)["average"])

    def test_workers_share_a_batch(self):
        saved = train(self.folder, "shared", "--workers", "2", "--decay-steps", "3")
        self.assertEqual((saved["step"], saved["samples"]), (3, 24))

    def test_exports_what_a_later_run_begins_with(self):
        train(self.folder, "run", "--workers", "1", "--stop-step", "3")
        out = self.folder / "exported"
        run("export.py", self.folder, "--run", self.folder / "run", "--out", out, "--size", "96", "--batch-norm-pictures", "0")
        exported, size = load_exported(out)
        averaged, _ = load_average(self.folder / "run", CLASSES)
        self.assertEqual(size, 96)
        for name, value in averaged.state_dict().items():
            torch.testing.assert_close(exported.state_dict()[name], value, rtol=1e-3, atol=1e-6)
        report = run("evaluate.py", self.folder, "--weights", out, "--predictions", self.folder / "best.json")
        self.assertIn("40 validation pictures at 96x96", report)
        self.assertEqual([len(rows) for rows in json.loads((self.folder / "best.json").read_text())["tiles"].values()], [8] * CLASSES)
        further = train(self.folder, "further", "--workers", "1", "--init", out, "--stop-step", "1", "--lr", "0", "--muon-lr", "0")
        for name, value in load_file(out / "model.safetensors").items():
            if "running" not in name and "tracked" not in name:
                self.assertTrue(torch.equal(further["model"][name], value.float()), name)

    def test_measures_batch_norm_on_whole_pictures(self):
        train(self.folder, "run", "--workers", "1", "--stop-step", "1")
        run("export.py", self.folder, "--run", self.folder / "run", "--out", self.folder / "out", "--size", "64", "--batch-norm-pictures", "40")
        inputs = []
        model, _ = load_exported(self.folder / "out")
        model.bn1.register_forward_hook(lambda _module, given, _out: inputs.append(given[0]))
        sheets = [np.asarray(Image.open(path)) for path in sorted((self.folder / "train").iterdir())]
        tiles = np.stack(sheets).reshape(CLASSES, 2, 64, 4, 64, 3).swapaxes(2, 3).reshape(-1, 64, 64, 3)
        pixels = (torch.from_numpy(tiles).float() / 255 - torch.tensor((0.485, 0.456, 0.406))) / torch.tensor((0.229, 0.224, 0.225))
        model.eval()(pixels.permute(0, 3, 1, 2))
        torch.testing.assert_close(model.bn1.running_mean, inputs[0].mean((0, 2, 3)), rtol=5e-3, atol=1e-3)


class PartsTest(unittest.TestCase):
    def test_widening_keeps_the_function(self):
        torch.manual_seed(1)
        for small, large in ((0.3, 0.5), (0.5, 1.0)):
            narrow, wide = GhostNetV2(small, 7), GhostNetV2(large, 7)
            for norm in [module for module in narrow.modules() if isinstance(module, torch.nn.BatchNorm2d)]:
                norm.momentum = 1.0
            narrow.train()(torch.randn(8, 3, 64, 64))  # leaves its own statistics in batch norm
            wide.load_state_dict(widen(narrow.state_dict(), wide.state_dict()))
            x = torch.randn(2, 3, 96, 64)
            with torch.no_grad():
                expected = narrow.eval()(x)
                torch.testing.assert_close(wide.eval()(x), expected, rtol=0, atol=1e-4 * float(expected.abs().max()))

    def test_dense_depthwise_convolution_equals_the_sparse_one(self):
        for kernel, stride, side in ((3, 1, 4), (5, 2, 4), (3, 2, 3), (5, 1, 2), ((1, 5), 1, 2), ((5, 1), 1, 1)):
            height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
            layer = DepthwiseConv2d(6, 6, (height, width), stride, (height // 2, width // 2), groups=6, bias=False)
            x = torch.randn(3, 6, side, side, requires_grad=True)
            ways = [layer(x), torch.nn.functional.conv2d(x, layer.weight, None, stride, layer.padding, 1, 6)]
            gradient = torch.randn_like(ways[1])
            torch.testing.assert_close(*ways)
            for ours, theirs in zip(*(torch.autograd.grad(out, (x, layer.weight), gradient) for out in ways)):
                torch.testing.assert_close(ours, theirs)

    def test_orthogonalised_matrices_have_singular_values_near_one(self):
        for rows, columns in ((8, 40), (40, 8), (16, 16)):
            values = torch.linalg.svdvals(orthogonalise(torch.randn(3, rows, columns)))
            self.assertTrue(((values > 0.3) & (values < 1.3)).all(), values)

    def test_schedule_rises_stays_and_falls_when_asked(self):
        schedule = Schedule(warm_up_steps=4)
        self.assertEqual([schedule.factor(step) for step in (0, 1, 3, 1000)], [0.25, 0.5, 1.0, 1.0])
        schedule.begin_decay(1000, 100)
        self.assertEqual([schedule.factor(step) for step in (1000, 1050, 1100)], [1.0, 0.5, 0.0])
        schedule.begin_decay(1050, 200)
        self.assertEqual([schedule.factor(step) for step in (1050, 1150)], [0.5, 0.25])
        self.assertEqual([schedule.is_over(step) for step in (1249, 1250)], [False, True])

    def test_views_are_a_function_of_the_seed(self):
        pictures = torch.randint(0, 256, (6, 64, 64, 3), dtype=torch.uint8)
        views = [random_views(pictures, size, 0.35, torch.Generator().manual_seed(seed)) for size, seed in ((96, 1), (96, 1), (96, 2))]
        self.assertEqual(views[0].shape, (6, 3, 96, 96))
        self.assertTrue(torch.equal(views[0], views[1]))
        self.assertFalse(torch.equal(views[0], views[2]))

    def test_prepares_pictures_as_torchvision_does(self):
        self.assertEqual(prepare(Image.new("RGB", (300, 200), (9, 8, 7)), 64).shape, (64, 64, 3))
        tile = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        np.testing.assert_array_equal(prepare(Image.fromarray(tile), 64), tile)


if __name__ == "__main__":
    unittest.main()
