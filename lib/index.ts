export { load, type GhostNet, type Logits, type ModelConfig, type ModelInfo } from './ghostnet.js';
export { preprocess, type Tensor4 } from './preprocess.js';
export { defaultPreprocessConfig, type PreprocessConfig } from './checkpoints/config.js';
export { GhostNetError, type GhostNetErrorCode } from './errors.js';
export type { ImageInput, RawImage } from './image.js';
export { mjpegFrames, type ByteStream, type MjpegOptions, type SkippedFrame } from './mjpeg.js';
export type { Plan, PlanStep } from './native.js';
export type { ClassifyOptions, InferOptions, LoadOptions } from './options.js';
export type { Classification } from './results.js';
