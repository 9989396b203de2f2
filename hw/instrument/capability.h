// What can be asked of an instrument at all, by name: the verbs, and the parts of a verb that many
// instruments lack. Description::cannot lists the names that one does not have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hw/instrument/command.h"
#include "hw/instrument/description.h"

namespace ronchi::hw {

// "read" … "abort", "scan.raster", "scan.points", "scan.spiral", "scan.rotation", "scan.camera"
// (a camera as detector of a scan), "scan.lines" (streaming), "scan.rectangle" (a raster whose
// field or pixels are no square), "scan.offset" (around another place than 0), "set.relative",
// "cancel" (ends early what is running, in the midst of a frame). A verb that it cannot takes its
// parts with it.
const std::vector<std::string>& CapabilityNames();
bool Can(const Description& description, std::string_view capability);
// The capabilities that a command needs, the verb first.
std::vector<std::string> Needs(const Description& description, const Command& command);
// The first of these that it cannot; empty: it can. Allocates nothing.
std::string_view FirstLacking(const Description& description, const Command& command);

}  // namespace ronchi::hw
