#include "hw/twin/base/common_options.h"

namespace ronchi::hw {

absl::Status ReadCommonOptions(ConfigReader* r, CommonOptions* o) {
  r->Text("name", &o->name);
  r->Bool("real_time", &o->real_time);
  RONCHI_ASSIGN_OR_RETURN(o->faults, ReadFaultOptions(r->Child("faults"), o->faults));
  return absl::OkStatus();
}

}  // namespace ronchi::hw
