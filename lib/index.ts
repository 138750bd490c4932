export { load, type GhostNet, type Logits, type ModelInfo } from './model.js';
export { cameraFrames, type CameraOptions, type Reconnection } from './camera/camera.js';
export type { ModelConfig } from './model-config.js';
export type { Embedding, FeatureMap } from './tasks/outputs.js';
export { exportModel, type ExportedModel, type ExportOptions } from './export/index.js';
export { preprocess, type Tensor4 } from './pixels/preprocess.js';
export { defaultPreprocessConfig, type PreprocessConfig } from './checkpoints/config.js';
export { GhostNetError, type GhostNetErrorCode } from './errors.js';
export type { LoadProgress } from './hub/download.js';
export type { ImageInput, RawImage, SharpLike } from './pixels/image.js';
export { mjpegFrames, type ByteStream, type MjpegOptions, type SkippedFrame } from './pixels/mjpeg.js';
export type { Plan, PlanStep, Precision } from './native/native.js';
export type {
  ClassifyOptions,
  EmbedOptions,
  FeaturesOptions,
  ImageOptions,
  InferOptions,
  LoadOptions,
} from './arguments/options.js';
export type { Classification } from './tasks/classification.js';
