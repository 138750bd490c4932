// Numbers of things, each of a type of its own: what counts values cannot index operations.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace ghostnet {

/// A node of the caller's graph. Graphs are described in plain numbers, so these become one by themselves.
struct NodeId {
  int number = -1;
  NodeId() = default;
  constexpr NodeId(int n) : number(n) {}
  constexpr operator int() const { return number; }
  bool none() const { return number < 0; }
  size_t index() const { return static_cast<size_t>(number); }
};

template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(size_t index) : number_(static_cast<int>(index)) {}
  bool none() const { return number_ < 0; }
  size_t index() const { return static_cast<size_t>(number_); }
  bool operator==(Id o) const { return number_ == o.number_; }
  bool operator!=(Id o) const { return number_ != o.number_; }
  Id& operator++() { return ++number_, *this; }
  Id operator*() const { return *this; }  // of a range of all that a table has

 private:
  int number_ = -1;
};

using ValueId = Id<struct ValueTag>;          // what operations compute and read
using OperationId = Id<struct OperationTag>;  // of a lowered graph
using StepId = Id<struct StepTag>;            // of a program

/// One T for each of the things that an I numbers.
template <class I, class T>
class Table {
 public:
  Table() = default;
  explicit Table(size_t count, const T& value = T()) : items_(count, value) {}

  decltype(auto) operator[](I id) { return items_[id.index()]; }
  decltype(auto) operator[](I id) const { return items_[id.index()]; }
  I add(T item) {
    items_.push_back(std::move(item));
    return I(items_.size() - 1);
  }
  size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

  /// To go through the numbers of all.
  struct Ids {
    I first, last;
    I begin() const { return first; }
    I end() const { return last; }
  };
  Ids ids() const { return {I(size_t{0}), I(items_.size())}; }

 private:
  std::vector<T> items_;
};

}  // namespace ghostnet
