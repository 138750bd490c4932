export { load, type GhostNet, type Logits, type ModelInfo } from './ghostnet.js';
export { cameraFrames, type CameraOptions, type Reconnection } from './camera/camera.js';
export type { ModelConfig } from './model-config.js';
export type { Embedding, FeatureMap } from './outputs.js';
export { exportModel, type ExportedModel, type ExportOptions } from './export/index.js';
export { preprocess, type Tensor4 } from './preprocess.js';
export { defaultPreprocessConfig, type PreprocessConfig } from './checkpoints/config.js';
export { GhostNetError, type GhostNetErrorCode } from './errors.js';
export type { LoadProgress } from './hub/download.js';
export type { ImageInput, RawImage, SharpLike } from './image/index.js';
export { mjpegFrames, type ByteStream, type MjpegOptions, type SkippedFrame } from './mjpeg.js';
export type { Plan, PlanStep, Precision } from './native.js';
export type {
  ClassifyOptions,
  EmbedOptions,
  FeaturesOptions,
  ImageOptions,
  InferOptions,
  LoadOptions,
} from './options.js';
export type { Classification } from './results.js';
