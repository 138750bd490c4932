export { load } from './load.js';
export type { GhostNet } from './model.js';
export type { ModelInfo } from './model-info.js';
export type { Part } from './networks/checkpoint.js';
export { cameraFrames, type CameraOptions, type Reconnection } from './camera/camera.js';
export type { ConfigOrigins, ModelConfig, Origin } from './model-config.js';
export { exportModel, type ExportedModel, type ExportOptions } from './export/index.js';
export { preprocess } from './engine/preprocess.js';
export { type Tensor4 } from './engine/tensor-input.js';
export { inputRules, type InputRule } from './input-rules.js';
export { defaultPreprocessConfig, type PreprocessConfig } from './preprocess-config.js';
export type { ClassActivation } from './class-activation.js';
export type { Anchor, HeadConfig, HeadInfo, HeadSetting, Level, SaidSetting } from './head-config.js';
export type { GateConfig, GateInfo, GateSetting } from './gate-config.js';
export type { ClassifierConfig, ClassifierInfo, ClassifierSetting } from './classifier-config.js';
export { GhostNetError, type GhostNetErrorCode } from './errors.js';
export type { LoadProgress } from './hub/download.js';
export type { BodyLike, ImageInput, RawImage, SharpLike } from './pixels/image.js';
export type { ByteStream } from './pixels/byte-stream.js';
export { mjpegFrames, type MjpegOptions, type SkippedFrame } from './pixels/mjpeg.js';
export type { Plan, PlanStep } from './native/plan.js';
export type { Precision } from './native/native.js';
export type { ImageOptions } from './pixels/options.js';
export type { Region } from './pixels/region.js';
export type { InferOptions, Logits, OutputTensor } from './tasks/inference.js';
export type { LoadOptions } from './load-options.js';
export type { Classification, ClassifyOptions } from './tasks/classification.js';
export type { Box, DetectOptions, Detection } from './tasks/detection.js';
export type { Embedding, EmbedOptions } from './tasks/embedding.js';
export type { FeaturesOptions } from './tasks/features.js';
export type {
  LabelOptions,
  MapOptions,
  SegmentedClass,
  Segmentation,
  SegmentationMaps,
  SegmentOptions,
} from './tasks/segmentation.js';
export type { ClassColor } from './class-color.js';
export type { Drawing } from './drawing/canvas.js';
export { colorize, type ColorizeOptions } from './drawing/colorize.js';
export { drawDetections, type DrawnLine, type DrawOptions } from './drawing/draw-detections.js';
export type { BoxPoint, Line, Point, Polygon } from './tracking/geometry.js';
export { LineCounter, type LineCounterOptions, type LineCrossing } from './tracking/line-counter.js';
export { Tracker, type TrackedDetection, type TrackerOptions } from './tracking/tracker.js';
export { Zone, type ZoneEvent, type ZoneOptions, type ZoneVisitor } from './tracking/zone.js';
export type { FeatureMap, ModelTask } from './tasks/task.js';
