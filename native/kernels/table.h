// What each kernel computes and where its operands lie; catalogue.inc lists them. One KernelTable per instruction set.
//
// Activations are stored in channel blocks. A block holds up to 16 channels and has 4, 8 or 16 *lanes* (the smallest
// of these that fits); a pixel of a block is `lanes` consecutive elements, lanes without a channel hold finite values.
// Rows of a block are `pitch` elements apart. Pointers named `rows` point at pixels, never at bytes.
//
// Elements are what a table stores activations and the weights of maps in: floats, or halves. Pointers to them are
// void: only the kernels, and who packs and unpacks for them, know. The image, sums and vectors are floats in every
// table.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../activation.h"
#include "../element.h"
#include "resize.h"

namespace ghostnet {

constexpr int kMaxLanes = 16;
/// 0, 1, 2 for blocks of 4, 8, 16 lanes: the index into the table's arrays.
constexpr int lanes_index(int lanes) { return lanes == 16 ? 2 : lanes == 8 ? 1 : 0; }
constexpr int lanes_for(int channels) { return channels <= 4 ? 4 : channels <= 8 ? 8 : 16; }

/// out[p] = max(low, bias + sum_k weights[k] * input[k][p]) for one output block.
struct PointwiseArgs {
  const void* const* input;  // [input_blocks] pixel 0 of each input block
  const int* input_lanes;    // [input_blocks]
  const int* input_quads;    // [input_blocks] channels of the block, rounded up to fours, over 4
  int input_blocks;
  const void* weights;          // [sum(4 * input_quads)][lanes]
  const float* bias;            // [lanes]
  void* output;                 // pixel 0 of the output block
  const int32_t* output_pixel;  // [pixels] where pixel p is written, in pixels from `output`
  float low;                    // 0 (ReLU) or -infinity
  int part_bytes;               // of the weights: what may be read again and again, for the first-level cache keeps it
  // Weights that will be needed soon: brought into the second-level cache while this convolution computes. The kernel
  // moves `prefetch` on by what it has asked for; at prefetch_end it stops.
  const char* prefetch;
  const char* prefetch_end;
};
/// Computes pixels [begin, end).
using PointwiseFn = void (*)(PointwiseArgs&, int begin, int end);

/// A convolution over planar input (the image), for one output block and one output row.
struct PlanarConvArgs {
  const float* const* rows;  // [in_channels * kernel_h] zero-padded input rows, at the first output's first tap
  int row_count;             // in_channels * kernel_h
  int kernel_w, stride_x, dilation_x;
  const float* weights;  // [row_count][kernel_w][lanes]
  const float* bias;     // [lanes]
  void* output;          // [width][lanes]
  int width;
  float low;
};
using PlanarConvFn = void (*)(const PlanarConvArgs&);

/// Windows of 6x6 pixels of one block, 4 apart, of a tile row each: output[i * product][tile] is number i of their 36.
struct WinogradWindowArgs {
  const void* const* rows;  // [6] each at the first window's first pixel
  void* output;             // [36] of [tiles][lanes]
  ptrdiff_t product;        // elements from one of the 36 to the next
  int tiles;
};
using WinogradWindowFn = void (*)(const WinogradWindowArgs&);
/// Rows of an output block from the products of its tiles: max(low, bias + sum).
struct WinogradPixelsArgs {
  const void* products;  // [36] of [tiles][lanes]
  ptrdiff_t product;     // as above
  const float* bias;     // [lanes]
  void* const* rows;     // [height] of [width][lanes]
  int height, width;     // 1 to 4; the last tile may have fewer than 4 columns
  float low;
};
using WinogradPixelsFn = void (*)(const WinogradPixelsArgs&);

struct DepthwiseWindow {
  int kernel_h, kernel_w, stride_y, stride_x, dilation_y, dilation_x;
};

/// Depthwise convolution of one block. Output row y reads rows[y * stride_y + ky * dilation_y].
struct DepthwiseArgs {
  const void* const* rows;  // each at the first output's first tap; rows outside the map are rows of zeros
  const void* weights;      // [kernel_h * kernel_w][lanes], then bias [lanes]
  void* output;             // [height] rows of [width][lanes]
  ptrdiff_t output_pitch;   // elements
  int height, width;        // of the output
  float low;
  DepthwiseWindow window;  // read by the general kernel alone; the others have theirs in their names
};
using DepthwiseFn = void (*)(const DepthwiseArgs&);

/// The ghost module's second half, from one block of primary_conv's output p:
///   concat:    identity = p,                ghost = max(low, depthwise3x3(p))
///   gated:     identity = p * gate[0],      ghost = max(low, depthwise3x3(p)) * gate[1]
///   residual:  identity = p + residual[0],  ghost = max(low, depthwise3x3(p)) + residual[1]
struct GhostArgs {
  const void* const* rows;      // [height + 2] rows of p from one above, each one pixel left of the first
  const void* weights;          // [9][lanes], then bias [lanes]
  void* identity;               // [height] rows of [width][lanes]
  void* ghost;                  // the same
  ptrdiff_t output_pitch;       // of both, elements
  const void* const* other[2];  // [height] rows of gate or residual for either output
  const int32_t* gate_pixel;    // [width] column of the gate for column x; unused by residual and gated_doubled
  int height, width;
  float low;
};
using GhostFn = void (*)(const GhostArgs&);

/// A row of windows over one block. Window x has the pixels rows[r][columns[x * taps + t]] of all r and t, whatever
/// kernel, stride, dilation and padding they come from.
struct WindowArgs {
  const void* const* rows;  // [row_count] each at pixel 0
  int row_count;
  const int32_t* columns;  // [width][taps]
  int taps;
  void* output;  // [width][lanes]
  int width;
};
using WindowFn = void (*)(const WindowArgs&);
/// Means of 2x2 windows with stride 2 of one block.
using AvgPool2Fn = void (*)(const void* row0, const void* row1, void* output, int width);
/// total += sum over pixels (total has the block's lanes).
using SumFn = void (*)(const void* row, int pixels, float* total);
/// output = row * scale for `pixels` pixels (scale has the block's lanes). May be in place.
using ScaleFn = void (*)(const void* row, const float* scale, void* output, int pixels);
/// An activation in place, of `pixels` pixels that lie side by side. `slope`: of a leaky ReLU.
using ActivateFn = void (*)(void* row, int pixels, float slope);
/// output = a + b, or a * b, for `pixels` pixels. May be in place.
using BinaryFn = void (*)(const void* a, const void* b, void* output, int pixels);
/// output[x] = row[column[x]] for 0 <= x < width. Never in place.
using GatherRowFn = void (*)(const void* row, const int32_t* column, void* output, int width);
/// A pixel between two of a row: row[first] + (row[second] - row[first]) * distance.
struct BetweenPixels {
  int32_t first, second;
  float distance;
};
/// output[x] = a + (b - a) * distance, where a and b are as pixels[x] says of the row above and the row below.
struct BilinearRowArgs {
  const void *above, *below;
  float distance;
  const BetweenPixels* pixels;  // [width]
  void* output;                 // [width][lanes]; never one of the rows
  int width;
};
using BilinearRowFn = void (*)(const BilinearRowArgs&);

/// out = activation(bias + sum_k weights[k] * x[k]) for one output block of 16 lanes or fewer.
struct MatVecArgs {
  const float* x;       // [inputs], padded to a multiple of 4 with finite values
  int inputs;           // a multiple of 4
  const void* weights;  // [inputs][lanes], elements
  const float* bias;    // [lanes]
  float* output;        // [lanes]
  Activation activation;
  float slope;  // of a leaky ReLU
};
using MatVecFn = void (*)(const MatVecArgs&);

/// A row of pixels between the columns of a map of logits. Those between the same two columns are a cell, in which some
/// classes may win, its candidates.
struct WinnerRowArgs {
  const float* logits;             // [candidates, 2] in the columns left and right, cell after cell
  const float* label;              // [candidates] what is written where it wins: of equal ones the first of its cell
  const int32_t* first_candidate;  // [cells + 1] at least one each
  const int32_t* first_pixel;      // [cells + 1]
  const float* of_left;            // [pixels + kWinnerPixels - 1] how much of each column
  const float* of_right;           // the same
  float* output;                   // the same, of which the first `pixels` mean something
  int cells;
};
/// That are taken at a time.
constexpr int kWinnerPixels = 8;
using WinnerRowFn = void (*)(const WinnerRowArgs&);

/// What a depthwise convolution's kernel does to its sums: max(low, sum), or the sigmoid.
enum class Epilogue { clamp, sigmoid };

enum class DepthwiseKind {
#define GHOSTNET_DEPTHWISE(name, ...) name,
#include "catalogue.inc"
};
constexpr int kDepthwiseKinds = 0
#define GHOSTNET_DEPTHWISE(...) +1
#include "catalogue.inc"
    ;

/// gated_doubled: the gate's column is floor(x / 2), as the gate is exactly half as wide.
enum class GhostKind {
#define GHOSTNET_GHOST(name, ...) name,
#include "catalogue.inc"
};
constexpr int kGhostKinds = 0
#define GHOSTNET_GHOST(...) +1
#include "catalogue.inc"
    ;

enum class BinaryKind {
#define GHOSTNET_BINARY(name, ...) name,
#include "catalogue.inc"
};
constexpr int kBinaryKinds = 0
#define GHOSTNET_BINARY(...) +1
#include "catalogue.inc"
    ;

constexpr bool activations_in_order() {
  int number = 0;
  bool in_order = true;
#define GHOSTNET_ACTIVATE(name) in_order = in_order && static_cast<int>(Activation::name) == number++;
#include "catalogue.inc"
  return in_order && number == kActivations;
}
static_assert(activations_in_order(), "a table is indexed by Activation: catalogue.inc has its names in its order");

struct KernelTable {
  const char* name;     // "avx512", "avx2", "neon", "neon_fp16", "plain"
  Precision precision;  // of its elements
#define GHOSTNET_KERNEL(name, function) function name[3];
#include "catalogue.inc"
  DepthwiseFn depthwise[kDepthwiseKinds][3];
  GhostFn ghost[kGhostKinds][3];
  BinaryFn binary[kBinaryKinds][3];
  ActivateFn activate[kActivations][3];  // none: does nothing
  ResizeKernels resize;
  WinnerRowFn winner_row;
};

}  // namespace ghostnet
