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

}  // namespace ghostnet
