#include "layouts.h"

#include <algorithm>

namespace ghostnet {

Layouts::Layouts(Lowering from, Precision precision, bool narrow_blocks)
    : graph_(from.graph), precision_(precision), narrow_blocks_(narrow_blocks), drafts_(std::move(from.drafts_)) {
  out_.values = std::move(from.values_);
  out_.value_of = std::move(from.value_of_);
  out_.image_padding = from.image_padding_;
}

Lowered Layouts::run() {
  drop_unread();
  bring_together();
  find_preferences();
  set_layout(ValueId(size_t{0}), {graph_.nodes[0].channels}, element_of(Numbers::floats, precision_));
  for (const Operation& draft : drafts_) {
    if (draft.kind) add(draft);
    else concatenate(draft);
  }
  count_readers();
  find_chains();
  return std::move(out_);
}

// What nobody reads is not computed: in a row pipeline nobody would ask for its rows.
void Layouts::drop_unread() {
  Table<ValueId, bool> read(out_.values.size(), false);
  for (const GraphOutput& o : graph_.outputs) read[out_.value_of[o.node]] = true;
  for (size_t i = drafts_.size(); i-- > 0;)
    if (read[drafts_[i].value])
      for (ValueId input : drafts_[i].inputs) read[input] = true;
  const auto unread = [&](const Operation& draft) { return !read[draft.value]; };
  drafts_.erase(std::remove_if(drafts_.begin(), drafts_.end(), unread), drafts_.end());
}

// A convolution whose value one operation takes on channel by channel moves next to it, past what lies between, so that
// both can share a step.
void Layouts::bring_together() {
  Table<ValueId, int> reads(out_.values.size(), 0);
  for (const Operation& op : drafts_)
    for (ValueId input : op.inputs) ++reads[input];
  for (const GraphOutput& o : graph_.outputs) ++reads[out_.value_of[o.node]];
  for (size_t reader = 0; reader < drafts_.size(); ++reader) {
    if (!drafts_[reader].kind || !drafts_[reader].kind->per_channel() || reads[drafts_[reader].inputs[0]] != 1)
      continue;
    for (size_t p = 0; p < reader; ++p)
      if (drafts_[p].value == drafts_[reader].inputs[0] && drafts_[p].kind && drafts_[p].kind->mixes_channels())
        std::rotate(drafts_.begin() + static_cast<long>(p), drafts_.begin() + static_cast<long>(p) + 1,
                    drafts_.begin() + static_cast<long>(reader));
  }
}

Layouts::Segments Layouts::segments_of(const Operation& draft, const Segments& first) const {
  Segments all;
  for (int i = 0; i < draft.kind->repeats; ++i) all.insert(all.end(), first.begin(), first.end());
  return all;
}

// What is settled goes forwards: an operation that keeps its input's layout, or doubles it, has that one. What is
// wanted goes backwards, and of several readers the earliest is asked.
void Layouts::find_preferences() {
  Table<ValueId, Segments> settled(out_.values.size());
  for (const Operation& draft : drafts_) {
    Segments& segments = settled[draft.value];
    if (!draft.kind) {
      int left = channels(draft.value);
      for (ValueId v : draft.inputs) {
        if ((left -= channels(v)) < 0) segments.push_back(left + channels(v));
        else if (settled[v].empty()) segments.push_back(channels(v));
        else segments.insert(segments.end(), settled[v].begin(), settled[v].end());
      }
    } else if (draft.kind->first.lay == Need::Lay::one_segment) {
      segments = segments_of(draft, {channels(draft.inputs[0])});
    } else if (draft.kind->per_channel()) {
      for (size_t k = 0; k < draft.inputs.size() && segments.empty(); ++k)
        segments = segments_of(draft, settled[draft.inputs[k]]);
    }
  }
  preferred_ = Table<ValueId, Segments>(out_.values.size());
  for (size_t i = drafts_.size(); i-- > 0;) {
    const Operation& draft = drafts_[i];
    if (!draft.kind || !draft.kind->per_channel()) continue;
    const Segments& output = settled[draft.value].empty() ? preferred_[draft.value] : settled[draft.value];
    for (size_t k = draft.inputs.size(); k-- > 0;) {
      const Segments wanted =
          k == 0 && draft.kind->first.lay == Need::Lay::one_segment ? Segments{channels(draft.inputs[0])} : output;
      if (!wanted.empty()) preferred_[draft.inputs[k]] = wanted;
    }
  }
}

void Layouts::set_layout(ValueId id, Segments segments, Element element) {
  Value& value = out_.values[id];
  value.layout = Layout::of(std::move(segments), narrow_blocks_);
  value.element = element;
}

void Layouts::add(Operation op) {
  if (!op.inputs.empty()) op.inputs[0] = as_needed(op.kind->first, op.inputs[0], {});
  Segments segments =
      op.kind->per_channel() ? segments_of(op, out_.layout(op.inputs[0]).segments) : preferred_[op.value];
  if (segments.empty()) segments = {channels(op.value)};
  for (size_t k = 1; k < op.inputs.size(); ++k) op.inputs[k] = as_needed(op.kind->others, op.inputs[k], segments);
  const ValueId value = op.value;
  set_layout(value, std::move(segments), element_of(op.kind->makes, precision_));
  op.weights = element_of(op.kind->weight_numbers, precision_);
  out_.values[value].producer = out_.operations.add(std::move(op));
}

/// `like`: the output's layout; empty where it follows the input's own.
ValueId Layouts::as_needed(const Need& need, ValueId value, const Segments& like) {
  if (need.lay == Need::Lay::any) return value;
  Segments segments = out_.layout(value).segments;
  if (need.lay == Need::Lay::one_segment) segments = {channels(value)};
  if (need.lay == Need::Lay::like_output && !like.empty()) segments = like;
  return repacked(value, std::move(segments), need.vector, element_of(need.numbers, precision_));
}

// The value itself where it lies like that, else its twin, which is made once for all that want it.
ValueId Layouts::repacked(ValueId of, Segments segments, bool vector, Element element) {
  const auto fits = [&](ValueId id) {
    const Value& v = out_.values[id];
    return v.layout.segments == segments && v.vector == vector && v.element == element;
  };
  if (fits(of)) return of;
  for (const Twin& twin : twins_)
    if (twin.of == of && fits(twin.value)) return twin.value;
  twins_.push_back({of, copied(of, std::move(segments), vector, element)});
  return twins_.back().value;
}

// The first channels of a value, as many as the segments have.
ValueId Layouts::copied(ValueId of, Segments segments, bool vector, Element element) {
  Value copy;
  copy.node = out_.values[of].node;
  copy.vector = vector;
  const ValueId value = out_.values.add(std::move(copy));
  set_layout(value, std::move(segments), element);
  Operation op;
  op.kind = &kinds::repack;
  op.value = value;
  op.inputs = {of};
  out_.values[value].producer = out_.operations.add(std::move(op));
  return value;
}

// The inputs become parts of one value: each is written where it lies in the whole. Only what is cut, or lies in
// another whole already, is copied.
void Layouts::concatenate(const Operation& draft) {
  const auto alike = [this, &draft](ValueId input) {
    return out_.values[input].vector == out_.values[draft.value].vector;
  };
  const bool vector = out_.values[draft.value].vector;
  const Element element = out_.values[*std::find_if(draft.inputs.begin(), draft.inputs.end(), alike)].element;
  int left = channels(draft.value);
  Segments segments;
  std::vector<ValueId> parts;
  for (ValueId input : draft.inputs) {
    const int count = std::min(left, channels(input));
    left -= count;
    const bool fits = count == channels(input) && alike(input) && out_.values[input].element == element;
    Segments own = fits ? out_.layout(input).segments : Segments{count};
    segments.insert(segments.end(), own.begin(), own.end());
    const bool taken = !out_.values[input].whole.none() || std::count(parts.begin(), parts.end(), input) > 0;
    parts.push_back(fits && !taken ? input : copied(input, std::move(own), vector, element));
  }
  set_layout(draft.value, std::move(segments), element);
  int block = 0;
  for (ValueId part : parts) {
    out_.values[part].whole = draft.value;
    out_.values[part].first_block = block;
    block += out_.layout(part).count();
  }
}

void Layouts::count_readers() {
  for (const Operation& op : out_.operations)
    for (ValueId input : op.inputs) ++out_.values[input].readers;
  for (Value& value : out_.values)
    if (!value.whole.none()) ++value.readers;
  for (const GraphOutput& o : graph_.outputs) {
    ++out_.values[out_.value_of[o.node]].readers;
    out_.values[out_.value_of[o.node]].output = true;
  }
}

void Layouts::find_chains() {
  for (OperationId id : out_.operations.ids()) {
    if (out_.chains.empty() || !extends(out_.chains.back(), out_.operations[id])) out_.chains.emplace_back();
    out_.chains.back().push_back(id);
  }
}

bool Layouts::extends(const std::vector<OperationId>& chain, const Operation& op) const {
  const Operation& first = out_.operations[chain[0]];
  if (!op.kind->by_groups || !first.kind->by_groups) return false;
  const Layout &a = out_.layout(first.value), &b = out_.layout(op.value);
  if (a.groups() != b.groups()) return false;
  for (int g = 0; g < a.groups(); ++g)
    if (a.lanes(g) != b.lanes(g)) return false;
  for (OperationId member : chain)
    for (ValueId input : op.inputs) {
      const ValueId made = out_.operations[member].value;
      if (out_.overlap(made, input) && !(made == input && op.kind->per_channel())) return false;
    }
  return true;
}

}  // namespace ghostnet
