// Threads that stay together over many loops, each too short to wake a thread for.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <thread>
#include <utility>

#include "equipoise/core/factors.hpp"
#include "equipoise/problems/parallel/threads.hpp"

namespace equipoise {

/// Loops over the same number of chunks, one after the other, by the thread that asks and by helpers
/// that wait for the next loop without going to sleep. Helpers that do not come are not waited for: the asking thread
/// then takes all chunks. Each chunk runs exactly once, on an unspecified thread; memory that one loop wrote is seen by
/// the next. Helpers are busy from the first loop until the destructor: for some milliseconds, not for a program's
/// life.
class Crew {
 public:
  /// Helpers are asked for where there are more chunks than one, and threads for them. Throws std::bad_alloc where
  /// there is no memory for a number a chunk.
  Crew(Index chunks, bool with_helpers)
      : chunks_(chunks), taken_(new std::atomic<std::uint64_t>[static_cast<std::size_t>(chunks)]()) {
    if (!with_helpers) return;
    const Index helpers = std::min<Index>(available_threads(), chunks) - 1;
    try {
      for (Index h = 1; h <= helpers; ++h) pool_.run([this, start = h * chunks_ / (helpers + 1)] { help(start); });
    } catch (const std::bad_alloc&) {
      // Those that are on their way need this object, and fewer do.
    }
  }
  ~Crew() {
    ended_.store(true, std::memory_order_release);
    pool_.wait();
  }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Calls body(chunk) for every chunk in [0, chunks). Throws what a body threw, once all chunks are done.
  template <class Body>
  void for_each_chunk(const Body& body) {
    call_ = [](const void* what, Index chunk) { (*static_cast<const Body*>(what))(chunk); };
    body_ = &body;
    done_.store(0, std::memory_order_relaxed);
    const std::uint64_t loop = loop_.load(std::memory_order_relaxed) + 1;
    loop_.store(loop, std::memory_order_release);
    take(loop, 0);
    wait_until([&] { return done_.load(std::memory_order_acquire) == chunks_; });
    if (failed_.exchange(false, std::memory_order_relaxed)) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  // Chunks of this loop that nobody has, from `start` on and around. A helper that comes when the loop is over finds
  // all of them taken, whatever loop the others are in by then.
  void take(std::uint64_t loop, Index start) {
    for (Index i = 0; i < chunks_; ++i) {
      const Index chunk = start + i < chunks_ ? start + i : start + i - chunks_;
      std::uint64_t before = loop - 1;
      if (!taken_[static_cast<std::size_t>(chunk)].compare_exchange_strong(before, loop, std::memory_order_acquire,
                                                                           std::memory_order_relaxed))
        continue;
      try {
        call_(body_, chunk);
      } catch (...) {
        if (!failed_.exchange(true, std::memory_order_relaxed)) failure_ = std::current_exception();
      }
      done_.fetch_add(1, std::memory_order_release);
    }
  }
  void help(Index start) {
    for (std::uint64_t seen = 0;;) {
      std::uint64_t loop = seen;
      wait_until([&] {
        loop = loop_.load(std::memory_order_acquire);
        return loop != seen || ended_.load(std::memory_order_acquire);
      });
      if (loop == seen) return;
      take(loop, start);
      seen = loop;
    }
  }
  template <class Condition>
  static void wait_until(const Condition& holds) {
    // Longer than a loop takes; then whoever is waited for may not have a processor.
    constexpr int kPatience = 20000;
    for (int i = 0; !holds(); ++i) {
      if (i >= kPatience) {
        std::this_thread::yield();
      } else {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
      }
    }
  }

  const Index chunks_;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> taken_;  ///< the last loop in which each chunk was taken
  // Of the current loop: written by the asking thread alone, before loop_ and while nobody works.
  void (*call_)(const void*, Index) = nullptr;
  const void* body_ = nullptr;
  alignas(64) std::atomic<std::uint64_t> loop_{0};
  alignas(64) std::atomic<Index> done_{0};
  std::atomic<bool> ended_{false}, failed_{false};
  std::exception_ptr failure_;
  Tasks pool_;
};

}  // namespace equipoise
