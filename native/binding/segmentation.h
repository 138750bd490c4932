#pragma once

#include <napi.h>

namespace ghostnet {

/// segment({ data: Float32Array [classes, height, width], numbers: Float64Array [10], isa,
///           output: Uint8Array, or Uint16Array of more than 256 classes [height, width of the result], with
///           counts: Uint32Array [classes, or 2 of one class]; or Float32Array [classes, height, width of the result] },
///         callback(failure, index)): a number for cancel(), or undefined
/// numbers: classes, height and width of the data; height and width of the result; begin and step down, then across, see
/// AxisMap in native/segmentation/sampling.h; for labels of one class the logit from which they are 1, for floats
/// what they are: 0 logits, 1 their sigmoid, 2 their softmax.
/// isa: as createBuilder takes it.
/// index: of the first logit that is NaN or infinite; then there is no result.
/// The data is read and the output is written while it runs: they must not be changed or transferred before the
/// callback.
Napi::Value js_segment(const Napi::CallbackInfo& info);

}  // namespace ghostnet
