#include "weight_store.h"

namespace ghostnet {

std::atomic<size_t> PackedBlock::living_bytes_{0};

std::shared_ptr<PackedBlock> PackedBlock::allocate(uint64_t floats) {
  std::shared_ptr<PackedBlock> block(new PackedBlock());
  if (!block->floats_.allocate(floats)) return nullptr;
  living_bytes_ += block->floats_.count() * sizeof(float);
  return block;
}

PackedBlock::~PackedBlock() { living_bytes_ -= floats_.count() * sizeof(float); }

std::shared_ptr<FileWeights> FileWeights::of(const std::string& identity) {
  static std::mutex mutex;
  static std::unordered_map<std::string, std::weak_ptr<FileWeights>> files;
  std::lock_guard<std::mutex> lock(mutex);
  for (auto it = files.begin(); it != files.end();) it = it->second.expired() ? files.erase(it) : std::next(it);
  std::weak_ptr<FileWeights>& known = files[identity];
  std::shared_ptr<FileWeights> file = known.lock();
  if (!file) known = file = std::make_shared<FileWeights>();
  return file;
}

PackedChain FileWeights::find(const std::string& key) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = chains_.find(key);
  return found == chains_.end() ? PackedChain() : PackedChain{found->second.block.lock(), found->second.first};
}

void FileWeights::add(const std::string& key, const PackedChain& chain) {
  std::lock_guard<std::mutex> lock(mutex_);
  chains_[key] = {chain.block, chain.first};
}

PackingTurn::PackingTurn(std::shared_ptr<FileWeights> file, std::function<void()> granted)
    : file_(std::move(file)), granted_(std::move(granted)) {}

void PackingTurn::begin() noexcept {
  std::lock_guard<std::mutex> lock(file_->mutex_);
  if (!file_->current_) {
    file_->current_ = this;
    // Under the lock, as below: once withdraw() has returned, nobody is in granted().
    return granted_();
  }
  (file_->waiting_ ? file_->last_->next_ : file_->waiting_) = this;
  file_->last_ = this;
}

bool PackingTurn::withdraw() noexcept {
  std::lock_guard<std::mutex> lock(file_->mutex_);
  return leave_queue();
}

void PackingTurn::end() noexcept {
  std::lock_guard<std::mutex> lock(file_->mutex_);
  if (file_->current_ != this) return void(leave_queue());
  file_->current_ = file_->waiting_;
  if (!file_->current_) return;
  file_->waiting_ = file_->current_->next_;
  file_->current_->granted_();
}

bool PackingTurn::leave_queue() {
  PackingTurn* before = nullptr;
  for (PackingTurn* turn = file_->waiting_; turn; before = turn, turn = turn->next_) {
    if (turn != this) continue;
    (before ? before->next_ : file_->waiting_) = next_;
    if (file_->last_ == this) file_->last_ = before;
    return true;
  }
  return false;
}

}  // namespace ghostnet
