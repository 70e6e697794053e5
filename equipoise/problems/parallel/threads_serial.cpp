// No threads but the calling one: for builds without oneTBB.
//
// Tested in tests/minimal_build/minimal_build_test.cmake
#include <utility>
#include <vector>

#include "equipoise/problems/parallel/threads.hpp"

namespace equipoise {

int available_threads() { return 1; }

struct ThreadLimit::Limit {};
ThreadLimit::ThreadLimit(int) {}
ThreadLimit::~ThreadLimit() = default;

void in_parallel(Index count, const std::function<void(Index)>& body) {
  for (Index i = 0; i < count; ++i) body(i);
}

void in_parallel_apart(std::size_t count, int, const std::function<void(std::size_t)>& body) {
  for (std::size_t i = 0; i < count; ++i) body(i);
}

struct Tasks::Group {
  std::vector<std::function<void()>> waiting;
};

Tasks::Tasks() : group_(std::make_unique<Group>()) {}
Tasks::~Tasks() = default;
void Tasks::run(std::function<void()> task) { group_->waiting.push_back(std::move(task)); }
void Tasks::wait() {
  for (const std::function<void()>& task : std::exchange(group_->waiting, {})) task();
}

}  // namespace equipoise
