"""Compares ghostnetv2.py with the reference results: same names and shapes, same numbers to 1e-4.

    python check_reference.py ../../../shared/reference
"""
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import torch

from ghostnetv2 import GhostNetV2

TOLERANCE = 1e-4  # the references were computed in float64, this network runs in float32; logits are of magnitude 1


def load_synthetic(reference: Path):
    spec = importlib.util.spec_from_file_location("synthetic", reference / "synthetic.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_names(reference: Path) -> int:
    """Counts the architectures whose parameter names or shapes differ."""
    failures = 0
    for name, expected in json.loads((reference / "state-dicts.json").read_text()).items():
        if not name.startswith("ghostnetv2_"):
            continue
        actual = {key: list(value.shape) for key, value in GhostNetV2(int(name[-3:]) / 100).state_dict().items()}
        different = sorted({key for key in expected | actual if expected.get(key) != actual.get(key)})
        print(f"{name}: {len(actual)} tensors, {len(different)} differ {different[:3] or ''}")
        failures += bool(different)
    return failures


def read_result(reference: Path, case: dict, result: dict) -> np.ndarray:
    count = int(np.prod(result["shape"]))
    return np.fromfile(reference / "results" / case["file"], "<f4", count, offset=result["offset"]).reshape(result["shape"])


def check_results(reference: Path, synthetic) -> int:
    """Counts the cases with a logit or a stage's output off by more than TOLERANCE of the largest value (at least 1)."""
    failures = 0
    for case in json.loads((reference / "results/index.json").read_text()):
        if case["architecture"] != "ghostnetv2":
            continue
        stages = {result["name"]: result for result in case["results"]}
        model = GhostNetV2(case["width"], stages["logits"]["shape"][1]).eval()
        model.load_state_dict({key: torch.from_numpy(synthetic.tensor(key, tuple(value.shape)))
                               for key, value in model.state_dict().items()})
        seen = {}
        for name, module in model.named_modules():
            module.register_forward_hook(lambda _m, _i, out, name=name: seen.__setitem__(name, out.numpy()))
        with torch.no_grad():
            seen["logits"] = model(torch.from_numpy(synthetic.image("input", tuple(case["input"])))).numpy()
        worst = 0.0
        for name in stages.keys() & seen.keys():
            expected = read_result(reference, case, stages[name])
            worst = max(worst, float(np.abs(seen[name] - expected).max() / max(1.0, np.abs(expected).max())))
        print(f"{case['id']}: {len(stages.keys() & seen.keys())} tensors, largest error {worst:.1e}")
        failures += not worst <= TOLERANCE
    return failures


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python check_reference.py REFERENCE_FOLDER")
    reference = Path(sys.argv[1])
    failures = check_names(reference) + check_results(reference, load_synthetic(reference))
    sys.exit(f"{failures} checks failed" if failures else 0)


if __name__ == "__main__":
    main()
