// N environments of one kind, stepped together, with one run of memory for each kind of result:
// observations [N, observation_size], rewards [N], … The buffers are made once; stepping allocates
// nothing of its own.
//
// Environment i is number i of the factory: its random streams have i in their key, so that one
// seed serves all of them and no two share a stream. What environment i goes through is a function
// of its seed and its actions: the same bits with Step and with Send/Recv, on any number of
// threads.
//
// Autoreset is Gymnasium's (>= 1.1, AutoresetMode), environment by environment:
//   kNextStep  a step that ends an episode shows its last observation; the next step ignores that
//              environment's action and resets it: reward 0, neither terminated nor truncated
//   kSameStep  the step that ends an episode resets at once and shows the first observation of the
//              new one; the last observation and info of the old one are in final_*()
//   kDisabled  Step fails until Reset(…, mask) has begun the ended ones anew
//
// When one environment fails, Step tells "environment 3: …" and status(3) has it; all others have
// made their step. The failed one's row is not to be used; step it again, or reset it by a mask.
//
// Threads: one at a time calls a VectorEnvironment; it uses several (core/parallel.h for Step and
// Reset, core/background.h for Send and Recv).
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "env/environment.h"

namespace ronchi::env {

enum class Autoreset { kNextStep, kSameStep, kDisabled };

struct VectorOptions {
  size_t environments = 1;
  Autoreset autoreset = Autoreset::kNextStep;
  // Every environment is number 0: then an episode is a function of its seed alone, whichever
  // environment plays it. For suites of seeds; a single seed for all is then refused.
  bool same_index = false;
  // Of Recv: how many environments it waits for; 0: all that are under way.
  size_t batch = 0;
  // Of Recv: true: in the order of Send, so that batches are the same on every run; false: the
  // first that are ready.
  bool ordered = false;
  size_t threads = 0;  // of Send and Recv; 0: as many as ParallelFor has
};

class VectorEnvironment {
 public:
  // InvalidArgument: no environment, or environments of different spaces.
  static absl::StatusOr<std::unique_ptr<VectorEnvironment>> Create(const EnvironmentFactory& make,
                                                                   const VectorOptions& options);
  ~VectorEnvironment();  // waits for what is under way

  size_t size() const { return environments_.size(); }
  const Spec& spec() const { return environments_[0]->spec(); }  // of one environment
  const VectorOptions& options() const { return options_; }

  // All of them, with one seed, or without (each sequence of episodes goes on).
  absl::Status Reset(std::optional<uint64_t> seed, const ResetOptions& options = {});
  // Those with a mask other than 0 (an empty mask: all), each with the seed of its own place (no
  // seeds: none). InvalidArgument: a wrong number of seeds or masks, or a mask with no one in it.
  absl::Status Reset(std::span<const std::optional<uint64_t>> seeds, std::span<const uint8_t> mask,
                     const ResetOptions& options = {});
  // actions: [N, action size]. InvalidArgument: a wrong size, or an action outside its space
  // ("environment 3: …"): nothing has happened to any of them. FailedPrecondition: before Reset,
  // with kDisabled after an end, or while Send's environments are under way.
  absl::Status Step(std::span<const float> actions);

  // Row by row, what the last Reset or Step gave. Valid as long as this object; the addresses stay.
  std::span<const float> observations() const { return observations_; }  // [N, observation_size]
  std::span<const double> rewards() const { return rewards_; }           // [N]
  std::span<const uint8_t> terminated() const { return terminated_; }    // [N]
  std::span<const uint8_t> truncated() const { return truncated_; }      // [N]
  std::span<const double> info() const { return info_; }                 // [N, info_names]
  // kSameStep: rows of environments whose last step ended an episode; empty in the other modes.
  std::span<const uint8_t> has_final() const { return has_final_; }                  // [N]
  std::span<const float> final_observations() const { return final_observations_; }  // [N, …]
  std::span<const double> final_info() const { return final_info_; }                 // [N, …]
  const absl::Status& status(size_t i) const { return status_[i]; }
  const Environment& environment(size_t i) const { return *environments_[i]; }  // e.g. to Render

  // What came back, row by row. Valid until the next Recv.
  struct Batch {
    std::span<const size_t> environments;  // [n], which they are
    std::span<const float> observations;   // [n, observation_size]
    std::span<const double> rewards;       // [n]
    std::span<const uint8_t> terminated, truncated;
    std::span<const double> info;
    std::span<const uint8_t> has_final;  // as above: kSameStep alone
    std::span<const float> final_observations;
    std::span<const double> final_info;
    absl::Status status;  // the first error among them, with its environment's number
  };
  // Steps these environments on other threads: actions [environments.size(), action size].
  // InvalidArgument and FailedPrecondition as Step, also for one that is under way already; then
  // none of them has begun.
  absl::Status Send(std::span<const size_t> environments, std::span<const float> actions);
  // Resets all of them on other threads, to be received like steps.
  absl::Status SendReset(std::optional<uint64_t> seed, const ResetOptions& options = {});
  // Waits for options().batch of those under way, or all when they are fewer.
  // FailedPrecondition: none is.
  absl::StatusOr<Batch> Recv();
  size_t under_way() const;

  // Everything that the future depends on, and the buffers. FailedPrecondition: before Reset, or
  // with environments under way. Restore takes what a vector of the same size and kind has saved;
  // after an error everything is as it was (one that was never reset wants a Reset).
  absl::StatusOr<std::string> Save() const;
  absl::Status Restore(const std::string& saved);

 private:
  class Workers;
  VectorEnvironment(std::vector<std::unique_ptr<Environment>> environments,
                    const VectorOptions& options);
  absl::Status CheckSeed(std::optional<uint64_t> seed) const;
  absl::Status CheckStep(size_t i, std::span<const float> action) const;
  bool AllWithinBounds(std::span<const float> actions) const;
  void ResetOne(size_t i, std::optional<uint64_t> seed, const ResetOptions& options);
  void StepOne(size_t i, std::span<const float> action);
  void CopyInfo(size_t i, std::vector<double>* to) const;
  std::span<float> Row(std::vector<float>& rows, size_t i) const;
  size_t Grain() const;
  // body(i) for all i, over threads; the first error there is afterwards.
  template <class Body>
  absl::Status ForAll(const Body& body);
  absl::Status FirstError() const;

  const VectorOptions options_;
  const size_t observation_size_, action_size_, info_size_;
  std::vector<std::unique_ptr<Environment>> environments_;
  std::vector<float> low_, high_;  // of an action
  std::vector<float> observations_, final_observations_;
  std::vector<double> rewards_, info_, final_info_;
  std::vector<uint8_t> terminated_, truncated_, has_final_;
  std::vector<uint8_t> started_, ended_;  // ended_: to be reset before the next step
  std::vector<uint8_t> sent_;             // Send's own marks
  std::vector<absl::Status> status_;
  std::atomic<bool> failed_ = false;
  double cost_s_ = 0;                 // of one step, smoothed; 0: not known
  std::unique_ptr<Workers> workers_;  // last: its threads end first
};

}  // namespace ronchi::env
