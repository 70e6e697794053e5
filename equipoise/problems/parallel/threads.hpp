// Threads behind five functions: oneTBB's, or the calling thread alone, with the same results.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "equipoise/core/factors.hpp"

namespace equipoise {

/// How many threads loops use from here, the calling one included. At least 1.
int available_threads();

/// The most threads that loops of this process may use, as long as this lives; 0 changes nothing. Of several limits the
/// smallest holds. Not copied.
class ThreadLimit {
 public:
  explicit ThreadLimit(int most);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  struct Limit;
  std::unique_ptr<Limit> limit_;
};

/// Calls body(i) once for each i in [0, count), in any order, on any thread. Throws what a body threw.
void in_parallel(Index count, const std::function<void(Index)>& body);

/// The same on at most `threads` threads (0: all there are), one i at a time, for bodies that take long: a thread that
/// waits in a loop inside its body does not begin another body.
void in_parallel_apart(std::size_t count, int threads, const std::function<void(std::size_t)>& body);

/// Tasks that run beside the calling thread, if there are threads for them: without, a task is run by wait().
class Tasks {
 public:
  Tasks();
  ~Tasks();  ///< after wait()
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  /// Throws std::bad_alloc where there is no memory for the task.
  void run(std::function<void()> task);
  /// Returns once all tasks have ended.
  void wait();

 private:
  struct Group;
  std::unique_ptr<Group> group_;
};

}  // namespace equipoise
