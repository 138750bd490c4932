// Weights that models of one file share: packed once, there as long as somebody uses them, and never half.
#include <atomic>
#include <thread>

#include "../../../testing/native/check.h"
#include "../../../testing/native/run_graph.h"
#include "../../../testing/native/synthetic_network.h"
#include "../tests.h"
#include "builder.h"
#include "kernels/select.h"

namespace ghostnet {
namespace {

const Shape kShape{1, 3, 64, 96};

std::shared_ptr<PackingTurn> turn_of(const std::string& file) {
  auto turn = std::make_shared<PackingTurn>(FileWeights::of(file), [] {});
  turn->begin();
  return turn;
}

std::unique_ptr<ModelBuilder> builder_of(const Graph& graph, const std::string& file,
                                         Precision precision = Precision::fp32) {
  std::unique_ptr<ModelBuilder> builder;
  CHECK(ModelBuilder::create(graph, ModelOptions{1, "", precision}, turn_of(file), &builder).ok());
  return builder;
}

std::unique_ptr<Model> model_of(const Graph& graph, const std::string& file) {
  std::unique_ptr<Model> model;
  CHECK(builder_of(graph, file)->finish(true, &model).ok() && model);
  return model;
}

Graph without_weights(Graph graph) {
  for (Node& node : graph.nodes) node.weight = nullptr;
  return graph;
}

std::vector<OutputTensor> answers_of(Model& model) {
  std::vector<float> image(static_cast<size_t>(kShape.elements()));
  for (size_t i = 0; i < image.size(); ++i) image[i] = std::sin(static_cast<float>(i));
  std::vector<OutputTensor> outputs;
  CHECK(infer(model, image, kShape, &outputs).ok());
  return outputs;
}

void check_same_bits(Model& model, Model& other) {
  const std::vector<OutputTensor> found = answers_of(model), expected = answers_of(other);
  CHECK(found.size() == expected.size() && !found.empty());
  for (size_t i = 0; i < found.size(); ++i) CHECK(found[i].data == expected[i].data);
}

void test_one_copy() {
  const SyntheticNetwork n = synthetic_ghostnet(2, 1.0, 37);
  const size_t before = PackedBlock::living_bytes();
  std::unique_ptr<Model> alone;
  CHECK(build_model(n.graph, ModelOptions{1, ""}, &alone).ok());
  const size_t one = PackedBlock::living_bytes() - before;
  CHECK(one >= alone->info().weight_bytes);

  std::unique_ptr<Model> first = model_of(n.graph, "file");
  // The next has no weights of its own, and needs none.
  std::unique_ptr<ModelBuilder> builder = builder_of(without_weights(n.graph), "file");
  CHECK(builder->lacking().empty());
  std::unique_ptr<Model> second;
  CHECK(builder->finish(true, &second).ok() && second);
  builder.reset();
  CHECK(PackedBlock::living_bytes() - before < 2 * one + one / 100);
  CHECK(second->info().weight_bytes == first->info().weight_bytes && second->info().own_weight_bytes == 0);
  first.reset();
  check_same_bits(*second, *alone);
  second.reset();
  CHECK(PackedBlock::living_bytes() - before == one);
  // Nobody has them any more.
  CHECK(!builder_of(without_weights(n.graph), "file")->lacking().empty());
}

void test_not_shared() {
  const SyntheticNetwork n = synthetic_ghostnet(2, 0.5, 10);
  const Graph bare = without_weights(n.graph);
  const std::unique_ptr<Model> model = model_of(n.graph, "file");
  const size_t all = builder_of(bare, "other file")->lacking().size();
  CHECK(all > 50 && builder_of(bare, "file")->lacking().empty());
  // In another precision all but the image's convolution is packed otherwise.
  if (!usable_kernels(Precision::fp16).empty())
    CHECK(builder_of(bare, "file", Precision::fp16)->lacking().size() >= all - 1);
  // What was packed but not finished, or is not of the file after all, nobody sees.
  builder_of(n.graph, "dropped").reset();
  CHECK(builder_of(bare, "dropped")->lacking().size() == all);
  std::unique_ptr<Model> private_model;
  CHECK(builder_of(n.graph, "changed")->finish(false, &private_model).ok());
  CHECK(builder_of(bare, "changed")->lacking().size() == all);
}

// Other outputs of the network: what it shares with the whole and what is its own lie in different memory.
void test_other_outputs() {
  const SyntheticNetwork n = synthetic_ghostnet(2, 1.0, 37);
  const std::unique_ptr<Model> whole = model_of(n.graph, "file");
  int mixed = 0;
  for (size_t node = 3; node < n.graph.nodes.size(); node += 5) {
    Graph other = n.graph;
    other.outputs.insert(other.outputs.begin(), {"middle", static_cast<int>(node)});
    std::unique_ptr<Model> alone;
    CHECK(build_model(other, ModelOptions{1, ""}, &alone).ok());
    const std::unique_ptr<Model> sharing = model_of(other, "file");
    const ModelInfo& info = sharing->info();
    CHECK(info.own_weight_bytes < info.weight_bytes / 2 && info.weight_bytes == alone->info().weight_bytes);
    mixed += info.own_weight_bytes > 0;
    check_same_bits(*sharing, *alone);
  }
  CHECK(mixed > 0);
}

void test_turns() {
  const std::shared_ptr<FileWeights> file = FileWeights::of("turns");
  CHECK(file == FileWeights::of("turns") && file != FileWeights::of("others"));
  std::string granted;
  const auto turn = [&](char name) {
    auto made = std::make_unique<PackingTurn>(file, [&granted, name] { granted += name; });
    made->begin();
    return made;
  };
  auto a = turn('a'), b = turn('b'), c = turn('c'), d = turn('d');
  CHECK(granted == "a" && !a->withdraw());
  CHECK(c->withdraw() && !c->withdraw());
  d.reset();  // as good as withdrawn
  auto e = turn('e');
  a->end();
  a->end();
  CHECK(granted == "ab");
  b.reset();
  CHECK(granted == "abe");
  e.reset();
  auto f = turn('f');
  CHECK(granted == "abef");
}

// Many threads load at once, some give up: what the others get is whole.
void test_many_threads() {
  const SyntheticNetwork n = synthetic_ghostnet(2, 0.5, 10);
  const Graph bare = without_weights(n.graph);
  std::atomic<int> packed{0}, borrowed{0};
  std::vector<std::thread> threads;
  std::vector<std::unique_ptr<Model>> models(16);
  for (size_t t = 0; t < models.size(); ++t) {
    threads.emplace_back([&, t] {
      std::atomic<bool> mine{false};
      auto turn = std::make_shared<PackingTurn>(FileWeights::of("crowd"), [&mine] { mine = true; });
      turn->begin();
      while (!mine) std::this_thread::yield();
      // Some have no weights: where nobody has packed any, they give up.
      std::unique_ptr<ModelBuilder> builder;
      if (!ModelBuilder::create(t % 3 == 0 ? bare : n.graph, ModelOptions{1, ""}, turn, &builder).ok()) return;
      if (!builder->finish(true, &models[t]).ok()) return;
      ++(models[t]->info().own_weight_bytes > 0 ? packed : borrowed);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(packed == 1 && borrowed >= 9);
  for (const std::unique_ptr<Model>& model : models)
    if (model) check_same_bits(*model, *models[1]);
}

}  // namespace

void weight_store_tests() {
  test_turns();
  test_one_copy();
  test_not_shared();
  test_other_outputs();
  test_many_threads();
}

}  // namespace ghostnet
