// A training step of GhostNetV2 on a CPU core: logits, loss and all gradients, without a call back into Python.
//
// Built once for a number of pictures and their size; every buffer is allocated then. Operations are run in order, and
// backwards in reverse. Parameters, their gradients and batch norm's running statistics are PyTorch's own memory.
#include "plane_operations.h"
#include "plane_views.h"

#include <sys/mman.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace {

/// Memory of all tensors, in pages of 2 MiB where the system has them.
class Arena {
 public:
  ~Arena() {
    for (auto [start, bytes] : blocks_) munmap(start, bytes);
  }
  float* take(long floats) {
    const size_t bytes = (size_t(floats) * sizeof(float) + 63) / 64 * 64;
    if (used_ + bytes > room_) {
      room_ = std::max(bytes, size_t(64) << 20);
      void* start = mmap(nullptr, room_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (start == MAP_FAILED) throw std::bad_alloc();
      madvise(start, room_, MADV_HUGEPAGE);
      blocks_.push_back({start, room_});
      next_ = static_cast<char*>(start);
      used_ = 0;
    }
    used_ += bytes;
    return reinterpret_cast<float*>(next_ + used_ - bytes);
  }

 private:
  std::vector<std::pair<void*, size_t>> blocks_;
  char* next_ = nullptr;
  size_t used_ = 0, room_ = 0;
};

/// A named tensor of the model.
struct Entry {
  Parameter parameter;
  long shape[4];
};

/// GhostNetV2 as the names and shapes of its parameters tell it.
class Network {
 public:
  Network(std::unordered_map<std::string, Entry> entries, long size, long count)
      : entries_(std::move(entries)), count_(count) {
    input = tensor(3, size, size);
    Tensor* x = stem(input);
    auto has_block = [&](long stage, long index) {
      return has(block_name(stage, index) + "ghost1.primary_conv.0.weight");
    };
    long stage = 0;
    for (; has_block(stage, 0); ++stage)
      for (long index = 0; has_block(stage, index); ++index) x = bottleneck(x, block_name(stage, index));
    x = mean(pointwise(x, block_name(stage, 0) + "conv", block_name(stage, 0) + "bn1", true));
    loss.logits = dense(dense(x, "conv_head", Activation::RELU), "classifier", Activation::NONE);
  }

  double step(const float* targets, float scale) {
    for (auto& operation : operations_) operation->forward();
    const double sum = loss.evaluate(targets, scale);
    for (auto operation = operations_.rbegin(); operation != operations_.rend(); ++operation) (*operation)->backward();
    return sum;
  }

  Tensor* input;
  Loss loss;

 private:
  static std::string block_name(long stage, long index) {
    return "blocks." + std::to_string(stage) + "." + std::to_string(index) + ".";
  }
  bool has(const std::string& name) const { return entries_.count(name); }
  const Entry& entry(const std::string& name) const { return entries_.at(name); }
  Parameter parameter(const std::string& name) const { return entry(name).parameter; }

  Tensor* tensor(long channels, long height, long width, bool gradient = true) {
    auto t = std::make_unique<Tensor>(Tensor{nullptr, nullptr, channels, height, width, count_});
    t->value = arena_.take(t->size());
    if (gradient) t->gradient = arena_.take(t->size());
    tensors_.push_back(std::move(t));
    return tensors_.back().get();
  }

  /// `channels` of a tensor from `first` on.
  Tensor* part(Tensor* whole, long first, long channels) {
    const long offset = first * whole->length();
    tensors_.push_back(std::make_unique<Tensor>(
        Tensor{whole->value + offset, whole->gradient + offset, channels, whole->height, whole->width, count_}));
    return tensors_.back().get();
  }

  BatchNorm batch_norm(const std::string& name) const {
    const long channels = entry(name + ".weight").shape[0];
    return {parameter(name + ".weight"),
            parameter(name + ".bias"),
            parameter(name + ".running_mean").value,
            parameter(name + ".running_var").value,
            std::vector<float>(channels),
            std::vector<float>(channels)};
  }

  template <class Op, class... Arguments>
  Op* add(Arguments... arguments) {
    auto operation = std::make_unique<Op>(arguments...);
    Op* plain = operation.get();
    operations_.push_back(std::move(operation));
    return plain;
  }

  Tensor* stem(Tensor* x) {
    Stem* op = add<Stem>();
    const long channels = entry("conv_stem.weight").shape[0], height = (x->height - 1) / 2 + 1,
               width = (x->width - 1) / 2 + 1;
    op->in = x, op->z = tensor(channels, height, width, false), op->out = tensor(channels, height, width);
    op->weight = parameter("conv_stem.weight"), op->norm = batch_norm("bn1");
    return op->out;
  }

  Tensor* pointwise(Tensor* x, const std::string& conv, const std::string& norm, bool relu, Tensor* out = nullptr) {
    const long channels = entry(conv + ".weight").shape[0];
    Pointwise* op = add<Pointwise>(x);
    op->z = tensor(channels, x->height, x->width, false), op->out = out ? out : tensor(channels, x->height, x->width);
    op->weight = parameter(conv + ".weight"), op->norm = batch_norm(norm), op->relu = relu;
    return op->out;
  }

  Tensor* depthwise(Tensor* x, const std::string& conv, const std::string& norm, long stride, bool relu = false,
                    Tensor* out = nullptr) {
    const Entry& weight = entry(conv + ".weight");
    const long kh = weight.shape[2], kw = weight.shape[3];
    const Geometry g{x->channels,
                     x->height,
                     x->width,
                     count_,
                     kh,
                     kw,
                     stride,
                     (x->height - 1) / stride + 1,
                     (x->width - 1) / stride + 1};
    if (!of_kernel(g, [](auto) {})) throw std::invalid_argument(conv + ": no kernel of its size");
    DepthwiseNorm* op = add<DepthwiseNorm>(x);
    op->geometry = g;
    op->z = tensor(x->channels, g.out_height, g.out_width, false),
    op->out = out ? out : tensor(x->channels, g.out_height, g.out_width);
    op->weight = weight.parameter, op->norm = batch_norm(norm), op->relu = relu;
    return op->out;
  }

  Tensor* gate(Tensor* x, Tensor* map, bool sigmoid) {
    Gate* op = add<Gate>(x, map);
    op->out = tensor(x->channels, x->height, x->width), op->sigmoid = sigmoid;
    return op->out;
  }

  Tensor* mean(Tensor* x) {
    Mean* op = add<Mean>(x);
    return op->out = tensor(x->channels, 1, 1);
  }

  Tensor* dense(Tensor* x, const std::string& name, Activation activation) {
    Dense* op = add<Dense>(x);
    op->out = tensor(entry(name + ".weight").shape[0], 1, 1), op->activation = activation;
    op->weight = parameter(name + ".weight"), op->bias = parameter(name + ".bias");
    return op->out;
  }

  Tensor* ghost_module(Tensor* x, const std::string& name, bool relu) {
    const long half = entry(name + "primary_conv.0.weight").shape[0];
    Tensor *out = tensor(2 * half, x->height, x->width), *intrinsic = part(out, 0, half);
    pointwise(x, name + "primary_conv.0", name + "primary_conv.1", relu, intrinsic);
    depthwise(intrinsic, name + "cheap_operation.0", name + "cheap_operation.1", 1, relu, part(out, half, half));
    ++intrinsic->users;  // as part of `out` it has a user that runs back first
    if (!has(name + "short_conv.0.weight")) return out;
    Pool* pool = add<Pool>(x);
    Tensor* map = pool->out = tensor(x->channels, x->height / 2, x->width / 2);
    map = pointwise(map, name + "short_conv.0", name + "short_conv.1", false);
    map = depthwise(map, name + "short_conv.2", name + "short_conv.3", 1);
    map = depthwise(map, name + "short_conv.4", name + "short_conv.5", 1);
    return gate(out, map, true);
  }

  Tensor* squeeze_excite(Tensor* x, const std::string& name) {
    Tensor* reduced = dense(mean(x), name + "conv_reduce", Activation::RELU);
    return gate(x, dense(reduced, name + "conv_expand", Activation::HARD_SIGMOID), false);
  }

  Tensor* bottleneck(Tensor* x, const std::string& name) {
    const bool strided = has(name + "conv_dw.weight");
    Tensor* out = ghost_module(x, name + "ghost1.", true);
    if (strided) out = depthwise(out, name + "conv_dw", name + "bn_dw", 2);
    if (has(name + "se.conv_reduce.weight")) out = squeeze_excite(out, name + "se.");
    out = ghost_module(out, name + "ghost2.", false);
    Tensor* shortcut = x;
    const bool convolved = has(name + "shortcut.0.weight");
    if (convolved) {
      shortcut = depthwise(x, name + "shortcut.0", name + "shortcut.1", strided ? 2 : 1);
      shortcut = pointwise(shortcut, name + "shortcut.2", name + "shortcut.3", false);
    }
    Add* op = add<Add>(out, shortcut);
    op->out = tensor(out->channels, out->height, out->width), op->shared = convolved;
    // Both branches read the sum's gradient; the ghost module, which adds to its own, runs back last.
    share_gradient(out, op->out->gradient);
    if (convolved) shortcut->gradient = op->out->gradient;
    return op->out;
  }

  /// A ghost module's output and its two parts.
  void share_gradient(Tensor* whole, float* gradient) {
    for (auto& t : tensors_)
      if (t.get() != whole && t->value >= whole->value && t->value < whole->value + whole->size())
        t->gradient = gradient + (t->value - whole->value);
    whole->gradient = gradient;
  }

  std::unordered_map<std::string, Entry> entries_;
  long count_;
  Arena arena_;
  std::vector<std::unique_ptr<Tensor>> tensors_;
  std::vector<std::unique_ptr<Operation>> operations_;
};

}  // namespace

extern "C" {

/// A network of `entries` named tensors (float32; `gradients` null for running statistics; four dimensions each) for
/// `count` pictures of `size` pixels a side, or null: no memory, a name is missing, or a kernel's size is none of
/// GhostNetV2's.
void* network_create(long entries, const char** names, float** values, float** gradients, const long* shapes, long size,
                     long count) {
  try {
    std::unordered_map<std::string, Entry> table;
    for (long i = 0; i < entries; ++i) {
      Entry entry{{values[i], gradients[i]}, {}};
      std::copy_n(shapes + 4 * i, 4, entry.shape);
      table.emplace(names[i], entry);
    }
    return new Network(std::move(table), size, count);
  } catch (const std::exception&) {
    return nullptr;
  }
}

/// (3, size, size, count), to be written before a step.
float* network_input(void* network) { return static_cast<Network*>(network)->input->value; }

/// Writes the input: views of pictures (count, side, side, 3).
void network_views(void* network, const uint8_t* pictures, long side, const View* views, long blur_radius,
                   const float* mean, const float* deviation) {
  const Tensor& input = *static_cast<Network*>(network)->input;
  Views(side, input.width, blur_radius).write(pictures, views, input.count, mean, deviation, input.value);
}

/// Adds the gradients of `scale` times the summed loss against targets (count, classes); returns that sum.
double network_step(void* network, const float* targets, float scale) {
  return static_cast<Network*>(network)->step(targets, scale);
}

void network_destroy(void* network) { delete static_cast<Network*>(network); }

}  // extern "C"
