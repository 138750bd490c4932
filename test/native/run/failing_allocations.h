// Lack of memory on demand: the test program's operator new.
#pragma once

namespace ghostnet {

/// While it lives, the n-th allocation from now on fails (n from 0, of any thread), and with `lasting` all behind it
/// too.
class FailingAllocations {
 public:
  explicit FailingAllocations(int n, bool lasting = true);
  ~FailingAllocations();
  /// Whether it has come to the n-th allocation.
  bool failed() const;
};

}  // namespace ghostnet
