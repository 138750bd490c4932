#include "builder.h"

#include "arguments.h"
#include "environment.h"
#include "graph_reader.h"
#include "model.h"

namespace ghostnet {
namespace {

/// finish(share, callback(failure, model)): the builder is of no more use. `share`: whether its weights are those of the
/// file that it was created for.
Napi::Value finish(const Napi::CallbackInfo& info);

/// lacking(): the nodes that still lack weights.
Napi::Value lacking(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array nodes = Napi::Array::New(env);
  if (Owner<ModelBuilder>* const owner = Owner<ModelBuilder>::open(info))
    for (int node : owner->get()->lacking()) nodes.Set(nodes.Length(), node);
  return nodes;
}

Napi::Value wrap_builder(Napi::Env env, std::unique_ptr<ModelBuilder> builder) {
  const napi_property_descriptor functions[] = {
      method("lacking", entry<lacking>),
      method("pack", entry<pack_weights>),
      method("finish", entry<finish>),
      method("close", entry<Owner<ModelBuilder>::close>),
  };
  return Owner<ModelBuilder>::wrap(env, std::move(builder), functions);
}

class Creation final : public Job {
 public:
  using Job::Job;
  // Gives its id.
  static uint64_t start(Napi::Env env, std::unique_ptr<Creation> creation, const std::string& file);

  void run() noexcept override { status_ = ModelBuilder::create(std::move(graph), options, turn_, &builder_); }
  void cancel() override {
    Job::cancel();
    if (turn_ && turn_->withdraw()) give_up(Status::cancelled("loading was cancelled"));
  }
  void deliver(Napi::Env env) override {
    if (!status_.ok()) return reject(env, status_);
    const Napi::Value object = wrap_builder(env, std::move(builder_));
    if (!object.IsUndefined()) resolve(env, object);
  }

  Graph graph;
  ModelOptions options;

 private:
  void give_up(Status status) {
    status_ = std::move(status);
    channel_->post(this);
  }

  Channel* channel_ = nullptr;
  std::shared_ptr<PackingTurn> turn_;  // or null
  std::unique_ptr<ModelBuilder> builder_;
  Status status_;
};

uint64_t Creation::start(Napi::Env env, std::unique_ptr<Creation> creation, const std::string& file) {
  Environment& here = Environment::of(env);
  if (file.empty()) return here.run(env, here.building(), std::move(creation));
  Creation* const c = creation.get();
  WorkQueue* const queue = &here.building();
  c->channel_ = &here.channel();
  c->turn_ = std::make_shared<PackingTurn>(FileWeights::of(file), [c, queue] {
    if (!queue->add(c)) c->give_up(Status::out_of_memory("the system gives no more threads"));
  });
  here.channel().expect(env, std::move(creation));
  const uint64_t id = c->id();
  c->turn_->begin();
  return id;
}

class Finish final : public Job {
 public:
  Finish(const Napi::Function& callback, const Napi::Object& object, Owner<ModelBuilder>* owner, bool share)
      : Job(callback), use_(object, owner), share_(share) {}
  void run() noexcept override { status_ = use_->finish(share_, &model_); }
  void deliver(Napi::Env env) override {
    if (!status_.ok()) return reject(env, status_);
    const Napi::Value object = wrap_model(env, std::move(model_));
    if (!object.IsUndefined()) resolve(env, object);
  }

 private:
  Use<ModelBuilder> use_;
  const bool share_;
  std::unique_ptr<Model> model_;
  Status status_;
};

Napi::Value finish(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Function callback = info[1].As<Napi::Function>();
  Owner<ModelBuilder>* const owner = Owner<ModelBuilder>::open(info);
  bool share = false;
  napi_get_value_bool(env, info[0], &share);
  Environment& here = Environment::of(env);
  if (!owner) callback.Call({failure(env, Status::cancelled("the model is closed"))});
  else here.run(env, here.building(), std::make_unique<Finish>(callback, info.This().As<Napi::Object>(), owner, share));
  return env.Undefined();
}

}  // namespace

template <>
const napi_type_tag Owner<ModelBuilder>::kTag = {0x67686f73746e6574, 0x6275696c6465722e};

Napi::Value create_builder(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto creation = std::make_unique<Creation>(info[2].As<Napi::Function>());
  const Fields options(env, info[1]);
  creation->options.threads = options.integer("threads");
  creation->options.isa = options.text("isa");
  creation->options.precision = options.text("precision") == "fp16" ? Precision::fp16 : Precision::fp32;
  if (const Status read = read_graph(Fields(env, info[0]), &creation->graph); !read.ok()) {
    creation->reject(env, read);
    return env.Undefined();
  }
  return Napi::Number::New(env, static_cast<double>(Creation::start(env, std::move(creation), options.text("file"))));
}

}  // namespace ghostnet
