// The entry of libronchi_torch.so.
#include "agents/torch/backend.h"

extern "C" const ronchi::agents::TorchBackend* RonchiTorchBackend() {
  static const ronchi::agents::TorchBackend backend = {ronchi::agents::MakePpoLearner,
                                                       ronchi::agents::ReadPpoPolicy};
  return &backend;
}
