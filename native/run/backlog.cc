#include "backlog.h"

namespace ghostnet {
namespace {

std::string mebibytes(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

Status Backlog::enter(const std::shared_ptr<Backlog>& backlog, uint64_t bytes, Place* place) {
  size_t count;
  uint64_t waiting_bytes;
  const BacklogLimit& limit = backlog->limit_;
  {
    std::lock_guard<std::mutex> lock(backlog->mutex_);
    count = backlog->count_;
    waiting_bytes = backlog->bytes_;
    const bool fits = count < limit.count && waiting_bytes <= limit.bytes && bytes <= limit.bytes - waiting_bytes;
    if (count == 0 || fits) {
      ++backlog->count_;
      backlog->bytes_ += bytes;
      place->backlog_ = backlog;
      place->bytes_ = bytes;
      return Status::success();
    }
  }
  return Status::busy(std::to_string(count) + " " + backlog->what_ + " already, which keep " +
                      mebibytes(waiting_bytes) + " (at most " + std::to_string(limit.count) + ", or " +
                      mebibytes(limit.bytes) + "). Call again when some of them have been answered");
}

}  // namespace ghostnet
