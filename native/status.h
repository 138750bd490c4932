// The one way in which the engine reports failure: no exception leaves a function that returns a Status,
// and nothing below the binding prints, aborts or exits.
#pragma once

#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace ghostnet {

enum class StatusCode {
  ok,
  invalid_argument,  // the caller's value is wrong: type, range, shape
  out_of_memory,     // an allocation failed, or a size does not fit the address space
  cancelled,         // the caller asked to stop
  busy,              // more waits already than may
  unsupported,       // valid, but this build or this CPU cannot do it
  internal,          // a broken invariant: a fault of this library
};

// A code and, unless the code is ok, one sentence: what was expected, what was found, what to do.
class [[nodiscard]] Status {
 public:
  Status() noexcept = default;  // ok

  [[nodiscard]] static Status success() noexcept { return Status(); }
  [[nodiscard]] static Status invalid_argument(std::string message) noexcept {
    return Status(StatusCode::invalid_argument, std::move(message));
  }
  [[nodiscard]] static Status cancelled(std::string message) noexcept {
    return Status(StatusCode::cancelled, std::move(message));
  }
  [[nodiscard]] static Status busy(std::string message) noexcept {
    return Status(StatusCode::busy, std::move(message));
  }
  [[nodiscard]] static Status unsupported(std::string message) noexcept {
    return Status(StatusCode::unsupported, std::move(message));
  }
  [[nodiscard]] static Status internal(std::string message) noexcept {
    return Status(StatusCode::internal, std::move(message));
  }
  // Takes a literal and never fails itself: where memory is short, the sentence may not fit either,
  // and the short one needs no allocation (10 characters fit a std::string of every library, 32-bit ones included).
  [[nodiscard]] static Status out_of_memory(const char* message = "out of memory") noexcept {
    Status status;
    status.code_ = StatusCode::out_of_memory;
    try {
      status.message_ = message;
    } catch (const std::bad_alloc&) {
      status.message_ = "no memory";
    }
    return status;
  }

  [[nodiscard]] bool ok() const noexcept { return code_ == StatusCode::ok; }
  [[nodiscard]] StatusCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

 private:
  Status(StatusCode code, std::string message) noexcept : code_(code), message_(std::move(message)) {}

  StatusCode code_ = StatusCode::ok;
  std::string message_;
};

/// What `work` returns, or where it runs out of memory, a status with this sentence.
template <class Work>
[[nodiscard]] Status guarded(const char* out_of_memory, Work work) noexcept {
  try {
    return work();
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {}
  return Status::out_of_memory(out_of_memory);
}

}  // namespace ghostnet
