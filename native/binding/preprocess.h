#pragma once

#include <napi.h>

namespace ghostnet {

/// preprocess({ data, width, height, channels }, { inputSize, interpolation, cropPct, cropMode, mean, std },
///            callback(failure, Float32Array [3 * height * width]))
/// The pixels are read while it runs: they must not be changed or transferred before the callback.
Napi::Value js_preprocess(const Napi::CallbackInfo& info);

}  // namespace ghostnet
