/** Signs of networks that people load by mistake, in names of tensors. */
const lookAlikes: readonly (readonly [sign: RegExp, network: string])[] = [
  [/^(?!blocks\.)(?:.*\.)?(?:primary_conv|cheap_operation)\./, 'another port of GhostNet, with names of its own'],
  [/^layer[1-4]\.\d+\.conv\d\./, 'a ResNet'],
  [/^blocks\.\d+\.\d+\.conv_pwl?\./, "one of timm's EfficientNets or MobileNets"],
  [/^features\.\d+\./, "one of torchvision's MobileNets or EfficientNets"],
  [/^(?:cls_token$|patch_embed\.|encoder\.layers\.)/, 'a vision transformer'],
  [/^model\.\d+\./, 'a YOLO'],
  [/\.conv_stem\.weight$/, 'a larger network, of which this may be the backbone'],
];

/** Which other network the names are most likely of; undefined where nothing tells. */
export function lookAlike(names: readonly string[]): string | undefined {
  return lookAlikes.find(([sign]) => names.some((name) => sign.test(name)))?.[1];
}
