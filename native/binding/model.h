// The JavaScript object around a model.
#pragma once

#include "../model.h"
#include "handle.h"

namespace ghostnet {

template <>
const napi_type_tag Owner<Model>::kTag;

/// An object with the functions of lib/native/native.ts's NativeModel; undefined where the environment is ending. May
/// throw std::bad_alloc.
Napi::Value wrap_model(Napi::Env env, std::unique_ptr<Model> model);

/// infer({ data: Float32Array, shape: [n, c, h, w], lent: boolean, outputs: Float32Array[] }, callback(failure)): a
/// number for cancel(), or undefined. The data is read until the callback is called where it is lent; else it is copied
/// before this returns. The outputs, in the graph's order and of the sizes that follow from the shape, are written to
/// until the callback is called, and hold nothing of use where that gets a failure.
Napi::Value infer(const Napi::CallbackInfo& info);

/// describe(height, width, profileRuns): the plan (see lib/native/native.ts), or { code, message }
Napi::Value describe_plan(const Napi::CallbackInfo& info);

}  // namespace ghostnet
