// Threads of oneTBB.
//
// Tested in equipoise/problems/parallel/crew_test.cpp
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <algorithm>
#include <utility>

#include "equipoise/problems/parallel/threads.hpp"

namespace equipoise {

int available_threads() { return std::max(1, tbb::this_task_arena::max_concurrency()); }

struct ThreadLimit::Limit {
  explicit Limit(int most) : control(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(most)) {}
  tbb::global_control control;
};

ThreadLimit::ThreadLimit(int most) {
  if (most > 0) limit_ = std::make_unique<Limit>(most);
}
ThreadLimit::~ThreadLimit() = default;

void in_parallel(Index count, const std::function<void(Index)>& body) { tbb::parallel_for(Index{0}, count, body); }

void in_parallel_apart(std::size_t count, int threads, const std::function<void(std::size_t)>& body) {
  const int most = tbb::info::default_concurrency();  // more than there are would be refused with a warning
  tbb::task_arena arena(threads == 0 ? most : std::min(threads, most));
  arena.execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, count, 1),
        [&](const tbb::blocked_range<std::size_t>& range) {
          for (std::size_t i = range.begin(); i < range.end(); ++i) {
            tbb::this_task_arena::isolate([&] { body(i); });
          }
        },
        tbb::simple_partitioner());
  });
}

struct Tasks::Group {
  tbb::task_group tasks;
};

Tasks::Tasks() : group_(std::make_unique<Group>()) {}
Tasks::~Tasks() = default;
void Tasks::run(std::function<void()> task) { group_->tasks.run(std::move(task)); }
void Tasks::wait() { group_->tasks.wait(); }

}  // namespace equipoise
