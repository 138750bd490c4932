// Requests on their way: what may wait, whose memory is read and when, what ends with whom.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "../../../testing/native/check.h"
#include "../../../testing/native/run_graph.h"
#include "../../../testing/native/synthetic_network.h"
#include "../tests.h"
#include "builder.h"
#include "run/backlog.h"

namespace ghostnet {
namespace {

const Shape kShape{1, 3, 33, 40};
constexpr int kClasses = 5;
constexpr uint64_t kBytes = (3 * 33 * 40 + kClasses) * sizeof(float);  // of an image and its answer

std::vector<float> image_of(SyntheticNetwork& n, int64_t images = 1) {
  std::vector<float> image(static_cast<size_t>(images * kShape.elements()));
  for (float& x : image) x = n.uniform();
  return image;
}

std::unique_ptr<Model> model_of(const Graph& graph, BacklogLimit waiting = BacklogLimit()) {
  std::unique_ptr<Model> model;
  ModelOptions options{2, ""};
  options.waiting = waiting;
  CHECK(build_model(graph, options, &model).ok());
  return model;
}

// Requests whose answers lie here.
class Calls {
 public:
  ~Calls() { wait(); }

  void submit(Model& model, std::unique_ptr<Request> request) {
    answers_.emplace_back(static_cast<size_t>(request->outputs[0].shape.elements()));
    request->outputs[0].data = answers_.back().data();
    request->done = [this](Status status) {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!status.ok()) ++failed_;
      ++ended_;
      changed_.notify_one();
    };
    model.submit(std::move(request));
  }
  void wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return ended_ == answers_.size(); });
  }
  int failed() const { return failed_; }
  const std::vector<float>& answer(size_t i) const { return answers_[i]; }

 private:
  std::deque<std::vector<float>> answers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t ended_ = 0;
  int failed_ = 0;
};

void test_backlog() {
  const auto backlog = std::make_shared<Backlog>("letters wait", BacklogLimit{3, uint64_t{10} << 20});
  const auto enter = [&](uint64_t mebibytes, Backlog::Place* place) {
    return Backlog::enter(backlog, mebibytes << 20, place);
  };
  {
    Backlog::Place first, second, third, fourth;
    CHECK(enter(4, &first).ok() && enter(6, &second).ok());
    expect_refused(enter(1, &third), StatusCode::busy,
                   "2 letters wait already, which keep 10 MiB (at most 3, or 10 MiB)");
    CHECK(enter(0, &third).ok());
    expect_refused(enter(0, &fourth), StatusCode::busy, "3 letters wait already");
    second.leave();
    second.leave();
    CHECK(enter(6, &fourth).ok());
    // Who is moved waits once.
    Backlog::Place moved(std::move(first));
    first.leave();
    expect_refused(enter(0, &second), StatusCode::busy, "3 letters wait already");
    moved = Backlog::Place();
    CHECK(enter(4, &second).ok());
  }
  // However large, one may wait, and nobody beside it.
  Backlog::Place large, small;
  CHECK(Backlog::enter(backlog, UINT64_MAX, &large).ok());
  expect_refused(enter(0, &small), StatusCode::busy, "1 letters wait already");
  expect_refused(enter(1, &small), StatusCode::busy, "1 letters wait already");
  large.leave();
  CHECK(enter(1, &small).ok());
}

void test_bound_on_requests() {
  SyntheticNetwork n = synthetic_ghostnet(2, 0.1, kClasses);
  const std::vector<float> image = image_of(n);
  for (const BacklogLimit limit : {BacklogLimit{3, UINT64_MAX}, BacklogLimit{1000, 3 * kBytes}}) {
    for (const Model::Input input : {Model::Input::copied, Model::Input::lent}) {
      const std::unique_ptr<Model> model = model_of(n.graph, limit);
      if (!model) return;
      // Again once they have been answered, and some without that they ever were submitted.
      for (int round = 0; round < 3; ++round) {
        std::vector<std::unique_ptr<Request>> requests(3);
        std::unique_ptr<Request> refused;
        for (std::unique_ptr<Request>& r : requests) CHECK(model->request(image.data(), kShape, input, &r).ok());
        expect_refused(model->request(image.data(), kShape, input, &refused), StatusCode::busy,
                       "3 inputs wait for this model already");
        CHECK(!refused);
        requests[1].reset();
        CHECK(model->request(image.data(), kShape, input, &requests[1]).ok());
        Calls calls;
        for (std::unique_ptr<Request>& r : requests)
          if (round > 0) calls.submit(*model, std::move(r));
        calls.wait();
        CHECK(calls.failed() == 0);
      }
    }
  }
}

// An answer can be larger than what was asked.
void test_bound_on_answers() {
  SyntheticNetwork n;
  n.graph.outputs = {{"out", n.conv("conv", n.input(3), 30, {1, 1}, {1, 1}, {0, 0}, 1, Activation::none)}};
  const std::vector<float> image = image_of(n);
  const std::unique_ptr<Model> model = model_of(n.graph, {1000, 11 * 3 * 33 * 40 * sizeof(float)});
  if (!model) return;
  std::unique_ptr<Request> first, second;
  CHECK(model->request(image.data(), kShape, Model::Input::lent, &first).ok());
  expect_refused(model->request(image.data(), kShape, Model::Input::lent, &second), StatusCode::busy,
                 "1 inputs wait for this model already");
}

// Under way it waits no more: a batch of any size can be computed, and others can wait for it.
void test_batch_beyond_the_bound() {
  SyntheticNetwork n = synthetic_ghostnet(2, 0.1, kClasses);
  const std::unique_ptr<Model> model = model_of(n.graph, {2, 2 * kBytes});
  if (!model) return;
  const std::vector<float> images = image_of(n, 40);
  std::unique_ptr<Request> batch, single;
  CHECK(model->request(images.data(), {40, 3, kShape.h, kShape.w}, Model::Input::lent, &batch).ok());
  expect_refused(model->request(images.data(), kShape, Model::Input::lent, &single), StatusCode::busy,
                 "1 inputs wait for this model already");
  Calls calls;
  calls.submit(*model, std::move(batch));
  while (!model->request(images.data(), kShape, Model::Input::lent, &single).ok()) std::this_thread::yield();
  calls.submit(*model, std::move(single));
  calls.wait();
  CHECK(calls.failed() == 0);
  const size_t classes = calls.answer(1).size();
  CHECK(std::vector<float>(calls.answer(0).begin(), calls.answer(0).begin() + static_cast<ptrdiff_t>(classes)) ==
        calls.answer(1));
}

// What was copied is the caller's again at once; what is lent is read where it lies.
void test_whose_memory_is_read() {
  SyntheticNetwork n = synthetic_ghostnet(2, 0.1, kClasses);
  const std::unique_ptr<Model> model = model_of(n.graph);
  if (!model) return;
  const std::vector<float> before = image_of(n), after = image_of(n);
  std::vector<OutputTensor> of_before, of_after;
  CHECK(infer(*model, before, kShape, &of_before).ok() && infer(*model, after, kShape, &of_after).ok());
  CHECK(of_before[0].data != of_after[0].data);
  for (const Model::Input input : {Model::Input::copied, Model::Input::lent}) {
    std::vector<float> memory = before;
    std::unique_ptr<Request> request;
    CHECK(model->request(memory.data(), kShape, input, &request).ok());
    memory = after;
    Calls calls;
    calls.submit(*model, std::move(request));
    calls.wait();
    CHECK(calls.answer(0) == (input == Model::Input::copied ? of_before : of_after)[0].data);
  }
}

// Memory is handed on from image to image: none may show what another one left.
void test_images_of_many_sizes() {
  SyntheticNetwork n = synthetic_ghostnet(2, 0.1, kClasses);
  std::vector<Shape> shapes{{3, 3, 33, 40}, {1, 3, 40, 33}, {5, 3, 64, 33}, {1, 3, 33, 40}, {2, 3, 65, 47}};
  std::vector<std::vector<float>> images, expected;
  for (const Shape& shape : shapes) {
    images.emplace_back(static_cast<size_t>(shape.elements()));
    for (float& x : images.back()) x = n.uniform();
    const std::unique_ptr<Model> alone = model_of(n.graph);
    std::vector<OutputTensor> outputs;
    if (!alone || !infer(*alone, images.back(), shape, &outputs).ok()) return;
    expected.push_back(outputs[0].data);
  }
  const std::unique_ptr<Model> model = model_of(n.graph);
  if (!model) return;
  for (int round = 0; round < 5; ++round) {
    Calls calls;
    for (size_t i = 0; i < shapes.size(); ++i) {
      std::unique_ptr<Request> request;
      CHECK(model->request(images[i].data(), shapes[i], round % 2 ? Model::Input::lent : Model::Input::copied, &request)
                .ok());
      calls.submit(*model, std::move(request));
    }
    calls.wait();
    for (size_t i = 0; i < shapes.size(); ++i) CHECK(calls.answer(i) == expected[i]);
  }
}

}  // namespace

void executor_tests() {
  test_backlog();
  test_bound_on_requests();
  test_bound_on_answers();
  test_batch_beyond_the_bound();
  test_whose_memory_is_read();
  test_images_of_many_sizes();
}

void run_tests() {
  executor_tests();
  memory_tests();
}

}  // namespace ghostnet
