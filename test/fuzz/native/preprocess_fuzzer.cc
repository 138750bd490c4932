// Bytes as a picture and the settings of its preprocessing: every kernel table must give what plain loops give.
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "kernels/select.h"
#include "preprocess/geometry.h"
#include "preprocess_reference.h"

namespace ghostnet {
namespace {

/// Of the picture, and of what the plain loops make of it: they compute all of it, whatever is cropped.
constexpr int64_t kMaxPixels = 1 << 19;

class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), end_(data + size) {}
  int below(int limit) { return static_cast<int>(next16() % static_cast<unsigned>(limit)); }
  uint8_t next() { return data_ < end_ ? *data_++ : 0; }

 private:
  unsigned next16() {
    const unsigned low = next();
    return low | unsigned{next()} << 8;
  }
  const uint8_t* data_;
  const uint8_t* end_;
};

/// Mostly small; some long, some impossible.
int side(Bytes& bytes) {
  switch (bytes.next() % 8) {
    case 0: return bytes.below(65536);
    case 1: return 1;
    default: return bytes.below(300);
  }
}

PreprocessConfig config(Bytes& bytes) {
  PreprocessConfig c{};
  c.input_height = bytes.below(80);
  c.input_width = bytes.below(80);
  c.interpolation = static_cast<Interpolation>(bytes.below(7));
  c.crop_mode = static_cast<CropMode>(bytes.below(3));
  c.crop_pct = static_cast<double>(bytes.below(4096)) / 2048;
  for (double& m : c.mean) m = static_cast<double>(bytes.below(1024)) / 512 - 0.5;
  for (double& s : c.std) s = static_cast<double>(bytes.below(1024)) / 512;
  c.resize = static_cast<Resize>(bytes.below(4));
  c.rounding = static_cast<Rounding>(bytes.below(3));
  c.pad = static_cast<Pad>(bytes.below(2));
  c.pad_value = bytes.below(257) - 1;
  c.pad_multiple = bytes.below(70);
  c.antialias = bytes.next() % 2 != 0;
  c.bgr = bytes.next() % 2 != 0;
  return c;
}

bool is_small(const ImageView& image, const Geometry& g) {
  const auto fits = [](int64_t width, int64_t height) { return width <= kMaxPixels / height; };
  return fits(g.x.resized_size, g.y.resized_size) && fits(image.width, g.y.resized_size) &&
         fits(g.x.resized_size, image.height);
}

void expect(bool holds, const char* what, const char* kernels) {
  if (holds) return;
  std::printf("%s: %s\n", kernels, what);
  std::fflush(stdout);
  std::abort();
}

/// Exactly as long as the picture, so that the sanitizer sees a read beyond it.
std::vector<uint8_t> pixels(Bytes& bytes, int64_t count) {
  std::vector<uint8_t> all(static_cast<size_t>(count));
  uint32_t seed = bytes.next() * 256u + bytes.next();
  for (uint8_t& value : all) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<uint8_t>(seed >> 24);
  }
  return all;
}

void fuzz(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  const PreprocessConfig c = config(bytes);
  const int width = side(bytes), height = side(bytes), channels = bytes.next() % 5;
  const int64_t count = int64_t{width} * height * channels;
  if (count > 4 * kMaxPixels) return;
  const std::vector<uint8_t> picture = pixels(bytes, count);
  const ImageView image{picture.data(), width, height, channels};
  Geometry geometry;
  // What is refused writes nothing.
  const bool is_placed = width > 0 && height > 0 && c.input_height > 0 && c.input_width > 0 && c.crop_pct > 0 &&
                         plan_geometry(image, c, &geometry).ok();
  const auto outputs = is_placed
                           ? static_cast<size_t>(geometry.y.input_size) * static_cast<size_t>(geometry.x.input_size) * 3
                           : size_t{1};
  if (outputs > 3 * kMaxPixels) return;
  const std::atomic<bool> never{false};
  std::vector<uint8_t> expected;
  for (const KernelTable* kernels : usable_kernels()) {
    std::vector<uint8_t> found(outputs);
    std::vector<float> floats(outputs);
    const Status status = preprocess_bytes(image, c, *kernels, found.data());
    expect(preprocess(image, c, *kernels, never, floats.data()).code() == status.code(),
           "floats and bytes differ in whether there is an answer", kernels->name);
    if (!status.ok() || !is_small(image, geometry)) continue;
    if (expected.empty()) expected = reference::preprocess_bytes(image, c);
    expect(found == expected, "differs from the plain loops", kernels->name);
  }
}

}  // namespace
}  // namespace ghostnet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ghostnet::fuzz(data, size);
  return 0;
}
