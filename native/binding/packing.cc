#include <vector>

#include "arguments.h"
#include "builder.h"
#include "environment.h"
#include "fields.h"

namespace ghostnet {
namespace {

struct Piece {
  int node = 0;
  Filters filters;
};

class Packing final : public Job {
 public:
  Packing(const Napi::Function& callback, const Napi::Object& builder, Owner<ModelBuilder>* owner,
          const Napi::Object& list, std::vector<Piece> pieces)
      : Job(callback), use_(builder, owner), list_(Napi::Persistent(list)), pieces_(std::move(pieces)) {}

  void run() noexcept override {
    while (packed_ < pieces_.size() && status_.ok() && not_finite_ < 0 && !cancelled()) {
      status_ = use_->pack(pieces_[packed_].node, pieces_[packed_].filters, &not_finite_);
      if (not_finite_ < 0) ++packed_;
    }
  }
  void deliver(Napi::Env env) override {
    if (!status_.ok()) return reject(env, status_);
    if (not_finite_ < 0) return resolve(env, env.Undefined());
    const Napi::Object found = Napi::Object::New(env);
    if (found.IsEmpty()) return;
    found.Set("piece", static_cast<double>(packed_));
    found.Set("index", static_cast<double>(not_finite_));
    resolve(env, found);
  }

 private:
  Use<ModelBuilder> use_;
  Napi::ObjectReference list_;  // whose arrays are read
  std::vector<Piece> pieces_;
  size_t packed_ = 0;
  int64_t not_finite_ = -1;
  Status status_;
};

Status read_piece(const Fields& o, Piece* piece) {
  Filters& f = piece->filters;
  size_t weights = 0, scales = 0, biases = 0;
  piece->node = o.integer("node");
  f.first_channel = o.integer("first");
  f.channels = o.integer("channels");
  f.weight = array<float>(o.env(), o.get("weights"), napi_float32_array, &weights);
  f.scale = array<double>(o.env(), o.get("scale"), napi_float64_array, &scales);
  f.bias = array<float>(o.env(), o.get("bias"), napi_float32_array, &biases);
  f.weight_count = static_cast<int64_t>(weights);
  const auto channels = static_cast<size_t>(f.channels);
  if ((f.scale && scales != channels) || (f.bias && biases != channels))
    return Status::internal("scale and bias need one value for each output channel");
  return Status::success();
}

}  // namespace

Napi::Value pack_weights(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& here = Environment::of(env);
  const Napi::Function callback = info[1].As<Napi::Function>();
  Owner<ModelBuilder>* const owner = Owner<ModelBuilder>::open(info);
  const Fields list(env, info[0]);
  std::vector<Piece> pieces(list.length());
  Status status;
  if (!owner) status = Status::cancelled("the model is closed");
  for (uint32_t i = 0; i < pieces.size() && status.ok(); ++i) status = read_piece(Fields(env, list.at(i)), &pieces[i]);
  if (!status.ok()) {
    callback.Call({failure(env, status)});
    return env.Undefined();
  }
  here.run(env, here.building(),
           std::make_unique<Packing>(callback, info.This().As<Napi::Object>(), owner, info[0].As<Napi::Object>(),
                                     std::move(pieces)));
  return env.Undefined();
}

}  // namespace ghostnet
