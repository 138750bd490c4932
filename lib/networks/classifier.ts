import type { Blueprint } from '../graph/blueprint.js';
import type { NodeId } from '../graph/graph.js';

/** What makes `logits` of a vector; nothing in a network that was saved without it, as timm's of num_classes 0 are. */
export function addClassifier(net: Blueprint, input: NodeId, numClasses: number): void {
  if (numClasses === 0) return;
  const logits = net.conv(input, 'classifier', numClasses, { bias: true, linear: true });
  net.output('logits', logits, { role: 'logits' });
}
