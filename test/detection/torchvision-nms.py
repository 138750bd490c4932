"""What torchvision keeps of random boxes: the numbers of suppression.test.ts, which makes the same boxes.

For each case: how many nms keeps and a checksum of their indices, and the same of batched_nms within each class.
"""

import torch
from torchvision.ops import nms
from torchvision.ops.boxes import _batched_nms_vanilla

state = 1


def random():
    global state
    state = state * 48271 % 2147483647
    return state / 2147483647


def checksum(indices):
    total = 0
    for index in indices:
        total = (total * 31 + index + 1) % 2147483647
    return total


for case in range(24):
    count = [20, 60, 300, 1000][case % 4]
    on_grid = case % 3 == 0  # equal scores, equal overlaps, boxes without an area
    boxes, scores, classes = [], [], []
    for _ in range(count):
        x, y = random() * 200, random() * 150
        width, height = random() * 60, random() * 60
        box = [x, y, x + width, y + height]
        boxes.append([float(int(side / 8) * 8) for side in box] if on_grid else box)
        score = random()
        scores.append(int(score * 20) / 20 if on_grid else score)
        classes.append(int(random() * 4))
    boxes, scores = torch.tensor(boxes), torch.tensor(scores)
    threshold = [0.3, 0.5, 0.6, 0.75][case // 4 % 4]
    kept = nms(boxes, scores, threshold).tolist()
    of_classes = _batched_nms_vanilla(boxes, scores, torch.tensor(classes), threshold).tolist()
    of_classes.sort(key=lambda index: (-scores[index].item(), index))  # its own sort leaves open which of equal ones is first
    print(f'  [{len(kept)}, {checksum(kept)}, {len(of_classes)}, {checksum(of_classes)}],')
