// `ronchi serve` as a program beside the test.
#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/command.h"

namespace ronchi::testing_support {

class ServedProgram {
 public:
  // `instrument`: a preset or a file; `protocols`: "temscript,ceos"; `ports`: a 0 for each.
  ServedProgram(const std::string& instrument, const std::string& protocols,
                const std::string& ports, const std::filesystem::path& folder,
                const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {RonchiProgram(), "serve",      "--instrument",
                                      instrument,      "--protocol", protocols,
                                      "--port",        ports,        "--json"};
    words.insert(words.end(), more.begin(), more.end());
    command_ = std::make_unique<Command>(words, folder);
    for (int i = 0; i < 12000 && command_->OutputSoFar().find('\n') == std::string::npos; ++i) {
      if (command_->CpuSeconds() < 0) break;  // it has ended
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const auto told = nlohmann::json::parse(command_->OutputSoFar(), nullptr, false);
    EXPECT_TRUE(told.is_object()) << command_->OutputSoFar() << command_->ErrorsSoFar();
    if (!told.is_object()) return;
    for (const auto& at : told["serving"]) {
      const std::string what = at["port"].get<std::string>();
      address_[at["protocol"].get<std::string>() + (what.empty() ? "" : " " + what)] =
          at["address"].get<std::string>();
    }
  }
  ~ServedProgram() {
    if (command_) (void)End();
  }
  // "temscript", "merlin data"
  const std::string& At(const std::string& port) { return address_[port]; }
  // As by Ctrl-C.
  Finished End() {
    command_->Signal(SIGINT);
    const Finished finished = command_->Wait();
    command_.reset();
    return finished;
  }

 private:
  std::unique_ptr<Command> command_;
  std::map<std::string, std::string> address_;
};

}  // namespace ronchi::testing_support
