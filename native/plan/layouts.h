// Which layout each value gets, and what is repacked because a reader needs it in another one.
#pragma once

#include "lowering.h"

namespace ghostnet {

class Layouts {
 public:
  Layouts(Lowering from, Precision precision, bool narrow_blocks);
  Lowered run();

 private:
  using Segments = std::vector<int>;
  struct Twin {
    ValueId of, value;
  };

  int channels(ValueId v) const { return graph_.node(out_.values[v].node).channels; }
  Segments segments_of(const Operation& draft, const Segments& first) const;
  void drop_unread();
  void bring_together();
  void find_preferences();
  void set_layout(ValueId value, Segments segments, Element element);
  void add(Operation draft);
  void concatenate(const Operation& draft);
  ValueId as_needed(const Need& need, ValueId value, const Segments& like);
  ValueId repacked(ValueId value, Segments segments, bool vector, Element element);
  ValueId copied(ValueId value, Segments segments, bool vector, Element element);
  void count_readers();
  void find_chains();
  bool extends(const std::vector<OperationId>& chain, const Operation& op) const;

  const Graph& graph_;
  const Precision precision_;
  const bool narrow_blocks_;
  std::vector<Operation> drafts_;
  Table<ValueId, Segments> preferred_;  // of the drafts' values; empty: any
  std::vector<Twin> twins_;
  Lowered out_;
};

}  // namespace ghostnet
