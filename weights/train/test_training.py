"""The recipe's parts and whole short runs, on pictures of noise."""
import argparse
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

from augment import apply_views, draw_mixes, draw_views, mix_with_reversed
from evaluate import load_average, load_exported, prepare
from ghostnetv2 import GhostNetV2
from optimizer import orthogonalise, two_shares
from schedule import Schedule
from train import Targets

HERE = Path(__file__).parent
torch.set_num_threads(1)
CLASSES = 5
SMALL = ("--batch", "16", "--part", "8", "--width", "0.2", "--device", "cpu")


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
    run("train.py", folder, "--run", folder / name, *SMALL, "--warm-up-steps", "2", *options)
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
        for workers in ("1", "2"):
            whole = train(self.folder, f"whole{workers}", "--workers", workers, "--stop-step", "6")
            train(self.folder, f"parts{workers}", "--workers", workers, "--stop-step", "2")
            self.assert_same(whole, train(self.folder, f"parts{workers}", "--workers", workers, "--stop-step", "6"))

    def test_keeps_a_whole_checkpoint_when_killed(self):
        first = train(self.folder, "killed", "--workers", "1", "--stop-step", "1")
        command = [sys.executable, HERE / "train.py", "--data", self.folder, "--cache", self.folder / "cache", "--run",
                   self.folder / "killed", *SMALL, "--workers", "1", "--checkpoint-minutes", "0"]
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

    def test_decays_to_the_end_of_a_run(self):
        saved = train(self.folder, "run", "--decay-steps", "2")
        self.assertEqual((saved["step"], saved["samples"]), (2, 32))

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

    def test_exported_weights_teach_a_later_run(self):
        train(self.folder, "run", "--workers", "1", "--stop-step", "1")
        out, teacher = self.folder / "exported", self.folder / "teacher.npy"
        # With the statistics of a single step the network would magnify what rounding does to its input.
        run("export.py", self.folder, "--run", self.folder / "run", "--out", out, "--size", "96", "--batch-norm-pictures", "40")
        run("teach.py", self.folder, "--weights", out, "--out", teacher)
        logits, (model, _) = torch.from_numpy(np.load(teacher)).float(), load_exported(out)
        sheet = np.asarray(Image.open(self.folder / "train/n00000001.jpg"))[64:, :64]
        seen = torch.tensor([[1.0, 1, 0, 0, 0, 1, 1, 0], [-1, 1, 0, 0, 0, 1, 1, 0]])
        expected = model.eval()(apply_views(torch.from_numpy(np.stack([sheet] * 2)), seen, 96)).mean(0)
        torch.testing.assert_close(logits[8 + 4], expected, rtol=1e-3, atol=1e-3)  # the fifth tile of the second class
        train(self.folder, "taught", "--workers", "1", "--teacher", teacher, "--stop-step", "1")
        np.save(teacher, logits[1:])
        with self.assertRaisesRegex(AssertionError, "make it anew"):
            train(self.folder, "untaught", "--workers", "1", "--teacher", teacher, "--stop-step", "1")

    def test_measures_batch_norm_on_whole_pictures(self):
        train(self.folder, "run", "--workers", "1", "--stop-step", "1")
        options = ("--out", self.folder / "out", "--size", "64", "--batch-norm-pictures", "40")
        run("export.py", self.folder, "--run", self.folder / "run", *options)
        inputs = []
        model, _ = load_exported(self.folder / "out")
        model.bn1.register_forward_hook(lambda _module, given, _out: inputs.append(given[0]))
        sheets = [np.asarray(Image.open(path)) for path in sorted((self.folder / "train").iterdir())]
        tiles = np.stack(sheets).reshape(CLASSES, 2, 64, 4, 64, 3).swapaxes(2, 3).reshape(-1, 64, 64, 3)
        pixels = (torch.from_numpy(tiles).float() / 255 - torch.tensor((0.485, 0.456, 0.406))) / torch.tensor((0.229, 0.224, 0.225))
        model.eval()(pixels.permute(0, 3, 1, 2))
        torch.testing.assert_close(model.bn1.running_mean, inputs[0].mean((0, 2, 3)), rtol=5e-3, atol=1e-3)


class PartsTest(unittest.TestCase):
    def test_targets_are_those_of_labels_and_teacher(self):
        with tempfile.TemporaryDirectory() as folder:
            logits = np.log(np.array([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]]))
            np.save(Path(folder) / "teacher.npy", 2 * logits)
            args = argparse.Namespace(teacher=Path(folder) / "teacher.npy", teacher_share=0.25, temperature=2.0, label_smoothing=0.2)
            targets = Targets(torch.tensor([0, 1, 1]), args).of(torch.tensor([2, 0]))
            expected = torch.tensor([[0.75 * 0.1 + 0.25 * 0.9, 0.75 * 0.9 + 0.25 * 0.1], [0.75 * 0.9 + 0.25 * 0.2, 0.75 * 0.1 + 0.25 * 0.8]])
            torch.testing.assert_close(targets, expected)
            args.teacher = None
            torch.testing.assert_close(Targets(torch.tensor([0, 1, 1]), args).of(torch.tensor([2])), torch.tensor([[0.1, 0.9]]))

    def test_muon_shares_matrices_by_shape(self):
        matrices = [torch.zeros(shape) for shape in ((8, 4), (8, 4), (40, 20), (4, 4), (20, 20))]
        shares = two_shares(matrices)
        self.assertEqual(sorted(len(share) for share in shares), [1, 4])

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
        schedule.begin_decay(1250, 10)
        self.assertEqual([schedule.factor(step) for step in (1250, 1255, 1260)], [1.0, 0.5, 0.0])

    def test_views_are_a_function_of_the_seed(self):
        views = [draw_views(6, 0.35, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
        self.assertTrue(torch.equal(views[0], views[1]))
        self.assertFalse(torch.equal(views[0], views[2]))

    def test_mixes_pictures_and_targets_alike(self):
        targets = torch.eye(4)
        planes = torch.arange(4.0).expand(3, 8, 8, 4).contiguous()
        mixed = mix_with_reversed(planes, targets, 0.75)
        torch.testing.assert_close(planes[0, 0, 0], torch.tensor([0.75, 1.25, 1.75, 2.25]))
        torch.testing.assert_close(mixed[0], torch.tensor([0.75, 0, 0, 0.25]))
        planes = torch.arange(4.0).expand(3, 8, 8, 4).contiguous()
        mixed = mix_with_reversed(planes, targets, (0.0, 0.5, 0.5, 1.0))
        torch.testing.assert_close(planes[0, 3, 4], torch.tensor([3.0, 2, 1, 0]))
        torch.testing.assert_close(planes[0, 0, 7], torch.tensor([3.0, 2, 1, 0]))
        torch.testing.assert_close(planes[0, 7, 0], torch.tensor([0.0, 1, 2, 3]))
        torch.testing.assert_close(mixed[1], torch.tensor([0, 0.75, 0.25, 0]))
        mixes = draw_mixes(1000, 0.5, 0.2, (1, 2))
        self.assertEqual(mixes, draw_mixes(1000, 0.5, 0.2, (1, 2)))
        self.assertTrue(400 < sum(isinstance(mix, tuple) for mix in mixes) < 600)
        self.assertTrue(200 < sum(mix is None for mix in mixes) < 400)

    def test_prepares_pictures_as_torchvision_does(self):
        self.assertEqual(prepare(Image.new("RGB", (300, 200), (9, 8, 7)), 64).shape, (64, 64, 3))
        tile = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        np.testing.assert_array_equal(prepare(Image.fromarray(tile), 64), tile)


if __name__ == "__main__":
    unittest.main()
