// Vectors over threads: nothing is allocated while they step, and what an environment goes through
// is the same with Step and Send/Recv, in any order, on any number of threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <new>

#include "core/parallel.h"
#include "core/random.h"
#include "env/vector_environment.h"
#include "tests/support/cheap_environment.h"

namespace {
std::atomic<size_t> g_allocations = 0;
void* Allocate(size_t size) {
  ++g_allocations;
  if (void* p = std::malloc(size ? size : 1)) return p;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }

namespace ronchi::env {
namespace {

using testing_support::CheapFactory;

constexpr size_t kWidth = 8;

TEST(VectorThreads, SteppingAllocatesNothing) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ParallelFor starts threads of its own for the thread sanitizer";
#endif
  constexpr size_t kN = 300;
  for (const int threads : {1, 2}) {
    for (const Autoreset autoreset : {Autoreset::kNextStep, Autoreset::kSameStep}) {
      SetThreads(threads);
      auto v = *VectorEnvironment::Create(
          CheapFactory(), {.environments = kN, .autoreset = autoreset, .batch = 100});
      ASSERT_TRUE(v->Reset(1).ok());
      const std::vector<float> actions(kN * 2, 0.5f);
      for (int t = 0; t < 20; ++t) ASSERT_TRUE(v->Step(actions).ok());
      const size_t before = g_allocations;
      ASSERT_GT(before, kN);  // it counts
      for (int t = 0; t < 100; ++t) {
        if (!v->Step(actions).ok()) std::abort();
      }
      EXPECT_EQ(g_allocations - before, 0u) << threads;

      std::vector<size_t> all(kN);
      for (size_t i = 0; i < kN; ++i) all[i] = i;
      ASSERT_TRUE(v->Send(all, actions).ok());
      const auto turn = [&] {
        const auto batch = v->Recv();
        if (!batch.ok() || batch->environments.size() != 100) std::abort();
        if (!v->Send(batch->environments, std::span(actions).first(200)).ok()) std::abort();
      };
      for (int t = 0; t < 20; ++t) turn();
      const size_t then = g_allocations;
      for (int t = 0; t < 100; ++t) turn();
      EXPECT_EQ(g_allocations - then, 0u) << threads;
    }
  }
  SetThreads(0);
}

// All that an environment shows, step by step.
struct Life {
  std::vector<float> observations, finals;
  std::vector<double> rewards, info;
  std::vector<int> flags;
  bool operator==(const Life&) const = default;
};

// What environment i does at its t-th step.
std::array<float, 2> ActionOf(size_t i, int t) {
  RandomStream stream({.seed = 3, .name = "actions", .environment = i, .step = uint64_t(t)});
  return {float(stream.Uniform(-1, 1)), float(stream.Uniform(-2, 2))};
}

template <class Results>  // a vector or a batch of one: row k is environment i's
void Note(const Results& r, size_t k, Life* life) {
  const auto row = r.observations.subspan(k * kWidth, kWidth);
  life->observations.insert(life->observations.end(), row.begin(), row.end());
  life->rewards.push_back(r.rewards[k]);
  life->info.push_back(r.info[2 * k + 1]);
  life->flags.push_back(r.terminated[k] + 2 * r.truncated[k]);
  if (!r.has_final.empty() && r.has_final[k]) {
    const auto last = r.final_observations.subspan(k * kWidth, kWidth);
    life->finals.insert(life->finals.end(), last.begin(), last.end());
    life->flags.push_back(10);
  }
}

constexpr size_t kLives = 24;
constexpr int kSteps = 40;

std::vector<Life> BySteps(Autoreset autoreset, int threads) {
  SetThreads(threads);
  auto v =
      *VectorEnvironment::Create(CheapFactory(), {.environments = kLives, .autoreset = autoreset});
  RONCHI_CHECK(v->Reset(4).ok());
  std::vector<Life> lives(kLives);
  for (int t = 0; t < kSteps; ++t) {
    std::vector<float> actions;
    for (size_t i = 0; i < kLives; ++i) {
      for (const float a : ActionOf(i, t)) actions.push_back(a);
    }
    RONCHI_CHECK(v->Step(actions).ok());
    struct {
      std::span<const float> observations, final_observations;
      std::span<const double> rewards, info;
      std::span<const uint8_t> terminated, truncated, has_final;
    } results = {v->observations(), v->final_observations(), v->rewards(),  v->info(),
                 v->terminated(),   v->truncated(),          v->has_final()};
    for (size_t i = 0; i < kLives; ++i) Note(results, i, &lives[i]);
  }
  SetThreads(0);
  return lives;
}

// By Send and Recv; `order` gets the numbers in which they came back.
std::vector<Life> ByMessages(const VectorOptions& options, std::vector<size_t>* order = nullptr) {
  auto v = *VectorEnvironment::Create(CheapFactory(), options);
  RONCHI_CHECK(v->SendReset(4).ok());
  std::vector<Life> lives(kLives);
  std::vector<int> steps(kLives, -1);  // -1: its reset is to come
  while (v->under_way() > 0) {
    const VectorEnvironment::Batch batch = *v->Recv();
    RONCHI_CHECK(batch.status.ok());
    std::vector<size_t> next;
    std::vector<float> actions;
    for (size_t k = 0; k < batch.environments.size(); ++k) {
      const size_t i = batch.environments[k];
      if (order) order->push_back(i);
      if (++steps[i] > 0) Note(batch, k, &lives[i]);
      if (steps[i] == kSteps) continue;
      next.push_back(i);
      for (const float a : ActionOf(i, steps[i])) actions.push_back(a);
    }
    RONCHI_CHECK(v->Send(next, actions).ok());
  }
  return lives;
}

TEST(VectorThreads, AnyNumberOfThreadsGivesTheSameBits) {
  for (const Autoreset autoreset : {Autoreset::kNextStep, Autoreset::kSameStep}) {
    const std::vector<Life> one = BySteps(autoreset, 1);
    EXPECT_EQ(BySteps(autoreset, 2), one);
    EXPECT_EQ(BySteps(autoreset, 5), one);
    for (const size_t threads : {1, 2, 5}) {
      for (const size_t batch : {0, 1, 7}) {
        for (const bool ordered : {false, true}) {
          EXPECT_EQ(ByMessages({.environments = kLives,
                                .autoreset = autoreset,
                                .batch = batch,
                                .ordered = ordered,
                                .threads = threads}),
                    one)
              << threads << " " << batch << " " << ordered;
        }
      }
    }
  }
}

TEST(VectorThreads, OrderedBatchesAreTheSameOnEveryRun) {
  std::vector<size_t> first, again;
  VectorOptions options{.environments = kLives, .batch = 7, .ordered = true, .threads = 3};
  ByMessages(options, &first);
  options.threads = 1;
  ByMessages(options, &again);
  EXPECT_EQ(first, again);
  ASSERT_GE(first.size(), kLives);
  for (size_t i = 0; i < kLives; ++i) EXPECT_EQ(first[i], i);
}

}  // namespace
}  // namespace ronchi::env
