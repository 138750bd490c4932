// One convolution's numbers, from where a graph has them to where kernels read them.
#pragma once

#include <algorithm>
#include <string>

#include "../kernels/winograd.h"
#include "lower.h"
#include "sources.h"

namespace ghostnet {

// One convolution seen as a matrix: rows are what a kernel multiplies by, columns are output channels.
struct Packer {
  const Node& conv;
  const Layout& in;
  const Layout& out;
  WeightFormat format;
  Element element;
  uint64_t dense_rows = 0;  // of every output block alike, unless there are groups

  static Packer of(const Graph& graph, const Lowered& lowered, const Operation& op) {
    const WeightFormat format = op.kind->weights;
    const Layout& in = lowered.layout(op.inputs[0]);
    // Each channel for itself: as the input's channels lie.
    const Layout& out = format == WeightFormat::taps ? in : lowered.layout(op.value);
    Packer packer{graph.node(op.conv), in, out, format, op.weights};
    if (packer.conv.groups == 1 && !packer.taps_alone()) packer.dense_rows = packer.rows(out.blocks[0]);
    return packer;
  }

  bool bias_behind() const { return format == WeightFormat::taps; }
  // Its rows are the weights of a channel as they come, without regard to blocks of input channels.
  bool taps_alone() const { return format == WeightFormat::taps || format == WeightFormat::planar; }
  size_t filter_size() const { return static_cast<size_t>(conv.weight_count / conv.channels); }
  // That an output block has, one behind the other.
  size_t matrices() const { return format == WeightFormat::winograd ? size_t{kWinogradProducts} : taps(); }
  size_t taps() const { return static_cast<size_t>(conv.kernel.y) * static_cast<size_t>(conv.kernel.x); }

  // That an output block's weights have.
  uint64_t rows(const Block& output) const {
    if (taps_alone()) return static_cast<uint64_t>(filter_size());
    if (dense_rows > 0) return dense_rows;
    uint64_t sum = 0;
    for (const Source& source : sources_of(conv, in, output)) sum += row_count(source);
    return sum * matrices();
  }
  size_t row_count(const Source& s) const {
    return static_cast<size_t>(format == WeightFormat::vector_matrix ? in.lanes(s.block) : 4 * s.quads);
  }

  // Of `count` elements: a whole number, as blocks have at least 4 lanes.
  uint64_t floats_of(uint64_t count) const { return count * element_bytes(element) / sizeof(float); }

  // Those of the block's channels that `filters` has. What belongs to no channel stays zero.
  void pack(const Filters& filters, const Block& block, float* weights, float* bias) const {
    with_type(element, [&](auto number) {
      using Number = decltype(number);
      Number* const to = reinterpret_cast<Number*>(weights);
      if (bias_behind()) pack_elements(filters, block, to, reinterpret_cast<Number*>(bias));
      else pack_elements(filters, block, to, bias);
    });
  }

  template <class Number, class Bias>
  void pack_elements(const Filters& filters, const Block& block, Number* weights, Bias* bias) const {
    const int first = std::max(block.first_channel, filters.first_channel);
    const int last = std::min(block.first_channel + block.channels, filters.first_channel + filters.channels);
    if (first >= last) return;
    for (int c = first; c < last; ++c)
      bias[c - block.first_channel] = static_cast<Bias>(filters.bias ? filters.bias[c - filters.first_channel] : 0.0f);
    const auto lanes = static_cast<size_t>(block.lanes);
    if (taps_alone()) {
      for (int c = first; c < last; ++c)
        pack_rows(filters, c, {0, filter_size(), 1}, weights + (c - block.first_channel), lanes);
      return;
    }
    if (format == WeightFormat::winograd) return pack_winograd(filters, block, {first, last}, weights);
    // At most 16 x 16 numbers at a time: they stay in the first-level cache until their lines are complete.
    const std::vector<Source> sources = sources_of(conv, in, block);
    ChannelRange read[kMaxLanes];
    for (int c = first; c < last; ++c) read[c - first] = channels_read(conv, in.channels, c);
    for (size_t tap = 0; tap < taps(); ++tap) {
      for (const Source& source : sources) {
        for (int c = first; c < last; ++c) {
          const ChannelRange own = read[c - first];
          const int begin = std::max(own.begin, source.first_channel(in));
          const int count = std::min(own.end, source.end_channel(in)) - begin;
          if (count <= 0) continue;
          Number* const to = weights + static_cast<size_t>(begin - source.first_channel(in)) * lanes;
          pack_rows(filters, c,
                    {static_cast<size_t>(begin - own.begin) * taps() + tap, static_cast<size_t>(count), taps()},
                    to + (c - block.first_channel), lanes);
        }
        weights += row_count(source) * lanes;
      }
    }
  }

  // Of output channels [begin, end). They are innermost: the 36 lines of an input channel stay near until all have theirs.
  template <class Number>
  void pack_winograd(const Filters& filters, const Block& block, Range channels, Number* weights) const {
    const auto lanes = static_cast<size_t>(block.lanes), matrix = static_cast<size_t>(dense_rows) / matrices() * lanes;
    for (const Source& source : sources_of(conv, in, block)) {
      for (int k = source.first_channel(in); k < source.end_channel(in); ++k, weights += lanes) {
        for (int c = channels.begin; c < channels.end; ++c) {
          const auto i = static_cast<size_t>(c - filters.first_channel);
          double products[kWinogradProducts];
          winograd_filter(filters.weight + i * filter_size() + static_cast<size_t>(k) * taps(), products);
          const double scale = filters.scale ? filters.scale[i] : 1.0;
          for (size_t p = 0; p < matrices(); ++p)
            weights[p * matrix + static_cast<size_t>(c - block.first_channel)] =
                static_cast<Number>(products[p] * scale);
        }
      }
      weights += (row_count(source) - static_cast<size_t>(source.end_channel(in) - source.first_channel(in))) * lanes;
    }
  }

  // Some of a filter's numbers.
  struct Rows {
    size_t first, count, step;
  };
  template <class Number>
  void pack_rows(const Filters& filters, int channel, Rows rows, Number* to, size_t lanes) const {
    const auto i = static_cast<size_t>(channel - filters.first_channel);
    const float* from = filters.weight + i * filter_size() + rows.first;
    // The packed product is rounded once, from the exact double.
    const double scale = filters.scale ? filters.scale[i] : 1.0;
    for (size_t k = 0; k < rows.count; ++k) to[k * lanes] = static_cast<Number>(from[k * rows.step] * scale);
  }
};

}  // namespace ghostnet
