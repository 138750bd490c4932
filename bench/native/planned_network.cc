#include "planned_network.h"

#include <cstring>

#include "plan/transfer.h"

namespace ghostnet {

Status PlannedNetwork::create(const Graph& graph, const KernelTable& kernels, const Choices& choices,
                              const Shape& shape, const std::vector<float>& image, int threads,
                              std::unique_ptr<PlannedNetwork>* network) {
  auto n = std::make_unique<PlannedNetwork>();
  n->output_ = graph.outputs[0].node;
  n->threads_ = threads;
  n->lowered_ = lower(graph, kernels.precision, choices.lower);
  if (Status s = n->weights_.allocate(graph, n->lowered_, choices.weights_by_group); !s.ok()) return s;
  if (Status s = n->weights_.pack_all(graph, n->lowered_); !s.ok()) return s;
  std::unique_ptr<Program> program;
  if (Status s = Program::plan(graph, n->lowered_, n->weights_, kernels, shape, choices.plan, &program); !s.ok())
    return s;
  n->program_ = std::move(program);
  const Pair padding = n->lowered_.image_padding;
  if (Status s = n->workspace_.allocate(*n->program_, threads); !s.ok()) return s;
  if (Status s = n->workspace_.allocate_image(*n->program_, padding); !s.ok()) return s;
  pad_image(image.data(), shape, padding, {0, static_cast<int>(shape.h)}, n->workspace_.image());
  *network = std::move(n);
  return Status::success();
}

void PlannedNetwork::run(ThreadPool& pool) {
  static const std::atomic<bool> never{false};
  const std::shared_ptr<Team> team = program_->assemble(threads_);
  const Program::Batch batch{{{workspace_.workers(), &never}}, nullptr, nullptr};
  pool.run(threads_, std::make_shared<ThreadPool::Work>(
                         [program = program_, team, batch](int rank) { program->run(*team, rank, batch, nullptr); }));
}

std::vector<float> PlannedNetwork::logits() {
  std::vector<float> values(static_cast<size_t>(program_->shapes()[static_cast<size_t>(output_)].elements()));
  program_->read_output(output_, workspace_.workers()[0], values.data());
  return values;
}

}  // namespace ghostnet
