// A training step of GhostNetV2 on a CPU core, for plane_network.py: logits, loss and all gradients without a call back
// into Python. Parameters, their gradients and batch norm's running statistics are PyTorch's own memory.
#include <cstdio>

#include "network.h"
#include "views.h"

using ghostnet::training::Colours;
using ghostnet::training::Entry;
using ghostnet::training::Network;
using ghostnet::training::View;
using ghostnet::training::Views;

extern "C" {

/// A part has a multiple of the first as pictures, up to the second.
int64_t network_lanes() { return ghostnet::training::kLanes; }
int64_t network_largest_part() { return ghostnet::training::kColumns; }

/// A network of `entries` named float32 tensors for `count` pictures of `size` pixels a side. names, values, gradients:
/// [entries], gradients null for running statistics; shapes: [entries][4]. On failure null, with the reason, ended by a
/// zero, in error [error_bytes].
void* network_create(int64_t entries, const char** names, float** values, float** gradients, const int64_t* shapes,
                     int64_t size, int64_t count, char* error, int64_t error_bytes) {
  try {
    std::unordered_map<std::string, Entry> table;
    for (int64_t i = 0; i < entries; ++i) {
      Entry entry{{values[i], gradients[i]}, {}};
      std::copy_n(shapes + 4 * i, 4, entry.shape);
      table.emplace(names[i], entry);
    }
    return new Network(std::move(table), size, count);
  } catch (const std::bad_alloc&) {
    std::snprintf(error, static_cast<size_t>(error_bytes), "there is too little memory");
  } catch (const std::exception& e) {
    std::snprintf(error, static_cast<size_t>(error_bytes), "%s", e.what());
  }
  return nullptr;
}

/// [3][size][size][count], to be written before a step.
float* network_input(void* network) { return static_cast<Network*>(network)->input->value; }

/// Writes the input: views [count] of pictures [count][side][side][3]. mean, deviation, luma: [3].
void network_views(void* network, const uint8_t* pictures, int64_t side, const View* views, int64_t blur_radius,
                   const float* mean, const float* deviation, const float* luma) {
  const auto& input = *static_cast<Network*>(network)->input;
  Views(side, input.width, blur_radius, Colours{mean, deviation, luma})
      .write(pictures, views, input.count, input.value);
}

/// See Network::step.
double network_step(void* network, const float* targets, float scale) {
  return static_cast<Network*>(network)->step(targets, scale);
}

void network_destroy(void* network) { delete static_cast<Network*>(network); }

}  // extern "C"
