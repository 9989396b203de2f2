#include "experiments/record/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace ronchi {

void SetVerbose(bool verbose) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("ronchi"));
  spdlog::set_pattern("%H:%M:%S.%e  %v");
  spdlog::set_level(verbose ? spdlog::level::info : spdlog::level::warn);
}

void Log(const std::string& line) { spdlog::info("{}", line); }

}  // namespace ronchi
