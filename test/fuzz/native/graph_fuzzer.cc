// Bytes as a graph. A sound one must give the reference's values in every way in which it can be computed; one with a
// wrong field must be refused, or be as sound.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "check.h"
#include "operators/operator.h"
#include "random_network.h"
#include "run_graph.h"

namespace ghostnet {
namespace {

/// Of all values of a graph together. Larger graphs teach nothing more and take seconds.
constexpr int64_t kMaxElements = 1 << 20;
/// Products of products leave the range in which floats and doubles can be compared.
constexpr float kMaxValue = 1e4f;

class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), end_(data + size) {}
  unsigned next() { return data_ < end_ ? *data_++ : 0; }
  bool empty() const { return data_ == end_; }

 private:
  const uint8_t* data_;
  const uint8_t* end_;
};

/// Sets one field of one node to a number that may make no sense.
void disturb(Graph& graph, Bytes& bytes) {
  Node& node = graph.nodes[bytes.next() % graph.nodes.size()];
  const unsigned field = bytes.next(), choice = bytes.next();
  constexpr int kExtremes[] = {-1, 0, 255, 256, 65536, 0x7fffffff, -0x7fffffff - 1};
  const int number = choice < 7 ? kExtremes[choice] : static_cast<int>(choice % 16);
  int* const fields[] = {&node.channels, &node.groups,    &node.kernel.y,  &node.kernel.x,   &node.stride.y,
                         &node.stride.x, &node.padding.y, &node.padding.x, &node.dilation.y, &node.dilation.x};
  // How many numbers lie behind these pointers is the caller's word.
  if (field % 14 == 0) node.scale = nullptr, node.bias = nullptr;
  if (field % 14 < 10) *fields[field % 14] = number;
  else if (field % 14 == 10) node.op = all_operators()[choice % all_operators().size()];
  else if (field % 14 == 11) node.inputs.push_back(number);
  else if (field % 14 == 12 && !node.inputs.empty()) node.inputs[choice % node.inputs.size()] = number;
  else if (!graph.outputs.empty()) graph.outputs[0].node = number;
}

bool comparable(const std::vector<std::vector<float>>& values) {
  for (const auto& value : values)
    for (float v : value)
      if (!(std::fabs(v) < kMaxValue)) return false;
  return true;
}

/// Whether a graph can be planned for this shape, without values that are too large to be computed here.
bool is_small_and_sound(const Graph& graph, const Shape& shape) {
  std::vector<Shape> shapes;
  if (!check_graph(graph).ok() || !infer_shapes(graph, shape, &shapes).ok()) return false;
  double elements = 0;
  for (const Shape& s : shapes)
    elements += static_cast<double>(s.c) * static_cast<double>(s.h) * static_cast<double>(s.w);
  return elements < kMaxElements;
}

/// A model of any graph at all is made or refused, and so are its plans; computing is for the sound ones.
void expect_an_answer(const Graph& graph, const Shape& shape) {
  std::unique_ptr<Model> model;
  PlanDescription description;
  if (build_model(graph, ModelOptions{2, "", Precision::fp32}, &model).ok())
    (void)model->describe(shape.h, shape.w, 0, &description);
}

void fuzz(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  const int nodes = 2 + static_cast<int>(bytes.next() % 16);
  const unsigned disturbances = bytes.next();
  RandomNetwork network([&] { return bytes.next(); }, nodes);
  // Of four graphs one is disturbed.
  for (unsigned left = disturbances % 4 == 3 ? 1 + disturbances / 4 % 3 : 0; left > 0; --left)
    disturb(network.n.graph, bytes);
  if (!is_small_and_sound(network.n.graph, network.shape)) return expect_an_answer(network.n.graph, network.shape);
  const std::vector<float> image = network.image();
  if (!comparable(reference_values(network.n.graph, image, network.shape))) return;
  if (check_every_way(network.n.graph, image, network.shape, "this graph")) return;
  network.describe();
  std::fflush(stdout);
  std::abort();
}

}  // namespace
}  // namespace ghostnet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ghostnet::fuzz(data, size);
  return 0;
}
