// The JavaScript object around a model that is being built.
#pragma once

#include "../builder.h"
#include "handle.h"

namespace ghostnet {

template <>
const napi_type_tag Owner<ModelBuilder>::kTag;

/// createBuilder(graph, { threads, isa, precision: "fp32" or "fp16", file? }, callback(failure, builder)): an object
/// with the functions of lib/native/native.ts's NativeBuilder. Returns a number for cancel(), or undefined where it has
/// failed already. `file`: the identity of the weights' file. The builder comes when it is its turn among all that load
/// the file in this process, and then lacks only what no model has packed; the others wait until it is finished or
/// closed.
Napi::Value create_builder(const Napi::CallbackInfo& info);

/// pack([{ node, first, channels, weights: Float32Array, scale: Float64Array?, bias: Float32Array? }],
/// callback(failure, found)): the pieces are packed in their order up to the first that has a weight which is not
/// finite: then found is { piece, index }. The arrays are read until the callback is called: they must not be changed
/// or transferred before.
Napi::Value pack_weights(const Napi::CallbackInfo& info);

}  // namespace ghostnet
