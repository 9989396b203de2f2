// The versions of environments' ids: "-v1" after "-v0". What an older one is answered.
#pragma once

#include <span>
#include <string>

#include "core/config.h"

namespace ronchi::env {

// The one of `ids` that is a later version of `asked`; "" where there is none.
std::string LaterVersion(const std::string& asked, std::span<const std::string> ids);

// "'DriftLock-v0' is now 'DriftLock-v1' …": what there is to do, in one line.
std::string OlderVersionLine(const std::string& older, const std::string& now);

// The key "id" of a task's config, which may name the task itself: `id` alone is allowed. An older
// version is an error that names the present one.
void ReadId(ConfigReader* reader, const std::string& id);

}  // namespace ronchi::env
