// The functions of a model's JavaScript object that are more than a line.
#pragma once

#include <napi.h>

namespace ghostnet {

/// infer({ data: Float32Array, shape: [n, c, h, w], lent: boolean, outputs: Float32Array[] }, callback(failure)): a
/// number for cancel(), or undefined. The data is read until the callback is called where it is lent; else it is copied
/// before this returns. The outputs, in the graph's order and of the sizes that follow from the shape, are written to
/// until the callback is called, and hold nothing of use where that gets a failure.
Napi::Value infer(const Napi::CallbackInfo& info);

/// describe(height, width, profileRuns): the plan (see lib/native/native.ts), or { code, message }
Napi::Value describe_plan(const Napi::CallbackInfo& info);

}  // namespace ghostnet
