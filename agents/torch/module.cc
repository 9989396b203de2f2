// The entry of libronchi_torch.so.
#include "agents/torch/networks.h"

extern "C" const ronchi::agents::NetworkBackend* RonchiNetworkBackend() {
  return &ronchi::agents::TorchNetworks();
}
