import { deepLabV3 } from './deeplabv3.js';
import { fcos } from './fcos.js';
import { fpn } from './fpn.js';
import type { Head } from './head.js';
import { lraspp } from './lraspp.js';
import { deepLabV3Plus } from './mmseg-deeplabv3plus.js';
import { mmsegFcn, mmsegSeparableFcn } from './mmseg-fcn.js';
import { nanoDet } from './nanodet.js';
import { mmsegLraspp } from './mmseg-lraspp.js';
import { nanoDetPlus } from './nanodet-plus.js';
import { smpFpn } from './smp-fpn.js';
import { smpLinknet } from './smp-linknet.js';
import { smpPspNet } from './smp-pspnet.js';
import { smpSegformer } from './smp-segformer.js';
import { smpUnet } from './smp-unet.js';
import { ssd, ssdLite } from './ssd.js';
import { yoloV3 } from './yolov3.js';

/** Every head, a row each. The first whose tensor is there has them. */
export const heads: readonly Head[] = [
  // Before the pyramid that it stands on.
  fcos,
  fpn,
  lraspp,
  deepLabV3,
  deepLabV3Plus,
  mmsegLraspp,
  mmsegFcn,
  mmsegSeparableFcn,
  smpUnet,
  smpFpn,
  smpLinknet,
  smpPspNet,
  smpSegformer,
  yoloV3,
  ssd,
  ssdLite,
  nanoDet,
  nanoDetPlus,
];
