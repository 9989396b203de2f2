// What Send and Recv need besides the vector itself: made at the first Send. For
// env/vector_*.cc alone.
#pragma once

#include "core/work_queue.h"
#include "env/vector_environment.h"

namespace ronchi::env {

class VectorEnvironment::Workers {
 public:
  explicit Workers(VectorEnvironment* vector);

  // Copies the rows of these environments one after the other.
  Batch Collect(size_t count);

  const VectorEnvironment& vector;
  std::vector<float> actions;  // [N, action size], as sent
  // What SendReset asks for.
  std::vector<uint8_t> resets;
  std::optional<uint64_t> seed;
  ResetOptions reset_options;
  std::vector<size_t> taken;
  WorkQueue queue;  // last: its threads end first

 private:
  std::vector<float> observations_, final_observations_;
  std::vector<double> rewards_, info_, final_info_;
  std::vector<uint8_t> terminated_, truncated_, has_final_;
};

}  // namespace ronchi::env
