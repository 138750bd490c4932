#pragma once

#include <napi.h>

namespace ghostnet {

/// placeInput({ width, height, config: PreprocessConfig, place: Float64Array [6] }): a failure, or undefined
/// place: down, then across, the input's side, scale and offset: position p of the picture, in pixels from its edge,
/// becomes scale * p + offset of the input.
Napi::Value js_place_input(const Napi::CallbackInfo& info);

/// preprocess({ pixels: Uint8Array, width, height, channels, spent: boolean, config: PreprocessConfig, isa,
///              output: Float32Array [channels, height, width], of the size that placeInput() tells },
///            callback(failure)): a number for cancel(), or undefined
/// channels of the config: as many as it has means, 3 (RGB) or 1 (grey).
/// isa: as createBuilder takes it.
/// spent: nobody needs the pixels any more, nor anything else in their ArrayBuffer, which is then detached. To leave
/// tens of megabytes to the garbage collector would stop the JavaScript thread: for each of them V8 collects all of its
/// heap, and the pages are given back there and then.
/// The pixels are read and the output is written while it runs: they must not be changed or transferred before the
/// callback.
Napi::Value js_preprocess(const Napi::CallbackInfo& info);

}  // namespace ghostnet
