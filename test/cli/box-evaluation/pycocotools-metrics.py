"""What pycocotools makes of {"truth": a COCO file, "results": detections} on standard input: its twelve numbers as JSON."""

import contextlib
import io
import json
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

given = json.load(sys.stdin)
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO()
    truth.dataset = given['truth']
    truth.createIndex()
    evaluation = COCOeval(truth, truth.loadRes(given['results']), 'bbox')
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
print(json.dumps(evaluation.stats.tolist()))
