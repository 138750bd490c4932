// A map's channels change places with its rows, columns or positions, so that a 1x1 convolution of what comes of it
// mixes these: a weight for each pair of them, the same for every channel. How many there are is fixed by `channels`.
//   rows_as_channels       [n, c, h, w] -> [n, h, c, w], and back
//   columns_as_channels    [n, c, h, w] -> [n, w, h, c], and back
//   positions_as_channels  [n, c, h, w] -> [n, h * w, 1, c]
//   channels_as_positions  inputs = {source, like}: [n, h * w, 1, c] -> [n, c, h, w], like's height and width
#include "../plan/lowering.h"
#include "operator.h"

namespace ghostnet {
namespace {

Status check(const Node&, const std::vector<int>&) { return Status::success(); }

Status expect(const Node& node, const char* what, int64_t found) {
  if (found == node.channels) return Status::success();
  return Status::invalid_argument(named(node) + ": expected a map of " + std::to_string(node.channels) + " " + what +
                                  ", found " + std::to_string(found) +
                                  "; the network's weights are for inputs of another size");
}

Status rows_shape(const Node& node, const std::vector<Shape>& inputs, Shape* shape) {
  shape->h = inputs[0].c;
  shape->w = inputs[0].w;
  return expect(node, "rows", inputs[0].h);
}

Status columns_shape(const Node& node, const std::vector<Shape>& inputs, Shape* shape) {
  shape->h = inputs[0].h;
  shape->w = inputs[0].c;
  return expect(node, "columns", inputs[0].w);
}

Status positions_shape(const Node& node, const std::vector<Shape>& inputs, Shape* shape) {
  shape->h = 1;
  shape->w = inputs[0].c;
  return expect(node, "positions", inputs[0].h * inputs[0].w);
}

Status back_shape(const Node& node, const std::vector<Shape>& inputs, Shape* shape) {
  const Shape &in = inputs[0], &like = inputs[1];
  shape->h = like.h;
  shape->w = like.w;
  if (in.h != 1 || in.c != like.h * like.w)
    return Status::invalid_argument(named(node) + ": its channels are not the positions of the other map");
  return expect(node, "columns", in.w);
}

// How far apart in the input's plane-by-plane order are neighbours in the value's channels, rows and columns.
struct Steps {
  int64_t channel, row, column;
};

void permute(const Steps& by, const Operand& in, const Shape& shape, float* out) {
  const int64_t image = in.shape.elements() / in.shape.n;
  for (int64_t n = 0; n < shape.n; ++n)
    for (int64_t c = 0; c < shape.c; ++c)
      for (int64_t y = 0; y < shape.h; ++y)
        for (int64_t x = 0; x < shape.w; ++x) *out++ = in.data[n * image + c * by.channel + y * by.row + x * by.column];
}

using Operands = const std::vector<Operand>&;

void rows(const Node&, Operands inputs, const Shape& shape, float* out) {
  const Shape& in = inputs[0].shape;
  permute({in.w, in.h * in.w, 1}, inputs[0], shape, out);
}

void columns(const Node&, Operands inputs, const Shape& shape, float* out) {
  const Shape& in = inputs[0].shape;
  permute({1, in.w, in.h * in.w}, inputs[0], shape, out);
}

void positions(const Node&, Operands inputs, const Shape& shape, float* out) {
  const Shape& in = inputs[0].shape;
  permute({1, 0, in.h * in.w}, inputs[0], shape, out);
}

void back(const Node&, Operands inputs, const Shape& shape, float* out) {
  const Shape& in = inputs[0].shape;
  permute({1, shape.w * in.w, in.w}, inputs[0], shape, out);
}

// Of channels_as_positions the second input only tells the size.
void lower(Lowering& to, NodeId id) { to.emit(kinds::transpose, id, {to.node(id).inputs[0]}); }

}  // namespace

const Operator op::rows_as_channels{"rows_as_channels", 1, check, rows_shape, rows, lower};
const Operator op::columns_as_channels{"columns_as_channels", 1, check, columns_shape, columns, lower};
const Operator op::positions_as_channels{"positions_as_channels", 1, check, positions_shape, positions, lower};
const Operator op::channels_as_positions{"channels_as_positions", 2, check, back_shape, back, lower};

std::vector<const Operator*> transpose_operators() {
  return {&op::rows_as_channels, &op::columns_as_channels, &op::positions_as_channels, &op::channels_as_positions};
}

}  // namespace ghostnet
