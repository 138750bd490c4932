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

/** Beginnings of the names that timm and transformers give to networks of other families. */
const otherNetworks = [
  'albert|aimv|alexnet|bat_|beit|bert|bit_|botnet|caformer|cait|clip|coat|convformer|convit|convmixer|convnext',
  'cpubone|crossvit|cs3|csatv|csp|darknet|data2vec|davit|deepseek|deit|densenet|detr|dinov|dla\\d|dm_nfnet|dpn|eca_',
  'ecares|edgenext|efficient|ese_|eva0|eva_|fasternet|fastvit|fbnet|flexivit|focalnet|gc_|gcres|gcvit|gemma|gernet',
  'gmixer|gmlp|googlenet|halo|hardcorenas|hgnet|hiera|hrnet|iformer|inception|lambda_|lamhalo|lcnet|legacy_|levit',
  'lowformer|mambaout|maxvit|maxxvit|mixer_|mixnet|mnasnet|mobilenet_edgetpu|mobilenet_?v[145]|mobileone|mobilevit',
  'mvit|naflexvit|nasnet|nest_|nextvit|nf_|nfnet|pit_|pnasnet|poolformer|pvt|qwen|rdnet|regnet|repvgg|repvit|res2ne',
  'resmlp|resne|rexnet|sam2?_|samvit|sebot|sedark|segformer|sehalo|selecsls|semnasnet|senet|sequencer|seres',
  'shufflenet|shvit|siglip|sknet|skres|spnasnet|squeezenet|starnet|swiftformer|swin|tf_|tiny_vit|tinynet|tnt_',
  'tresnet|twins|van_|vgg|visformer|vit|volo|vovnet|wide_resnet|xception|xcit|yolo',
].join('|');

const otherNetwork = new RegExp(`^(?:${otherNetworks})`, 'i');

/** Whether a name is that of a network which is not computed here, as far as its beginning tells. */
export function isOtherNetwork(name: string): boolean {
  return otherNetwork.test(name) && !/ghost/i.test(name);
}
