// What a driver exchanges with its server for one question, to the byte: taken down once on the way
// between the two, then played to the driver and to a bare socket alike, so that neither waits for
// what a server thinks.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hw/server/server.h"

namespace ronchi::hw {

inline double MedianOf(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + long(v.size() / 2), v.end());
  return v[v.size() / 2];
}
inline double Since_us(wire::Stream::Clock::time_point t) {
  return std::chrono::duration<double, std::micro>(wire::Stream::Clock::now() - t).count();
}

// Counters of alternating exchanges: bare_us, driver_us, and what the driver takes beyond.
inline void Alternate(benchmark::State& state, const std::function<absl::Status()>& bare,
                      const std::function<absl::Status()>& driver) {
  std::vector<double> bare_us, driver_us;
  for (auto _ : state) {
    auto start = wire::Stream::Clock::now();
    absl::Status s = bare();
    bare_us.push_back(Since_us(start));
    start = wire::Stream::Clock::now();
    s.Update(driver());
    driver_us.push_back(Since_us(start));
    if (!s.ok()) return state.SkipWithError(std::string(s.message()).c_str());
  }
  state.counters["bare_us"] = MedianOf(bare_us);
  state.counters["driver_us"] = MedianOf(driver_us);
  state.counters["overhead_us"] = MedianOf(driver_us) - MedianOf(bare_us);
}

class PlayedExchange {
 public:
  // `server`: the port of one that answers as it should.
  explicit PlayedExchange(int server) : shared_(std::make_shared<Shared>()) {
    shared_->upstream = {"server", "127.0.0.1", server};
    Protocol protocol{.name = "played"};
    protocol.open = [shared = shared_](auto) { return std::make_unique<Between>(shared); };
    between_ = *Server::Start({{{"between", "127.0.0.1", 0}, protocol}});
  }
  wire::Address address() const {
    return *wire::ParseAddress("127.0.0.1:" + std::to_string(between_->port(0)));
  }

  // Takes down what `question` sends and is answered, once; from then on that is played.
  absl::Status Record(const std::function<absl::Status()>& question) {
    shared_->mode = Mode::kRecord;
    const absl::Status s = question();
    shared_->mode = Mode::kPlay;
    if (s.ok() && shared_->tape.empty()) return absl::InternalError("nothing was asked");
    return s;
  }
  size_t exchanges() const { return shared_->tape.size(); }

  // The same bytes over a bare socket.
  absl::Status Bare() {
    for (const Turn& turn : shared_->tape) {
      if (turn.dials || !bare_) {
        RONCHI_ASSIGN_OR_RETURN(wire::Stream dialled, wire::Dial(address(), 5));
        bare_.emplace(std::move(dialled));
      }
      RONCHI_RETURN_IF_ERROR(bare_->Send(turn.request, wire::Stream::After(5)));
      for (size_t come = 0; come < turn.answer.size();) {
        RONCHI_ASSIGN_OR_RETURN(const size_t n, bare_->Receive(bytes_, wire::Stream::After(5)));
        if (n == 0) return absl::DeadlineExceededError("no answer");
        come += n;
      }
    }
    return absl::OkStatus();
  }

 private:
  enum class Mode { kPass, kRecord, kPlay };
  struct Turn {
    bool dials = false, ends = false;  // over a connection of its own; closed after the answer
    std::string request, answer;
  };
  struct Shared {
    wire::Address upstream;
    Mode mode = Mode::kPass;
    std::vector<Turn> tape;
  };
  class Between final : public Session {
   public:
    explicit Between(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    absl::Status Take(std::string_view bytes, std::string* answer) override {
      if (shared_->mode == Mode::kPlay) return Play(bytes, answer);
      Turn turn = {.dials = !stream_, .request = std::string(bytes)};
      RONCHI_RETURN_IF_ERROR(Pass(&turn));
      *answer += turn.answer;
      const bool ends = turn.ends;
      if (shared_->mode == Mode::kRecord) shared_->tape.push_back(std::move(turn));
      return ends ? absl::CancelledError("as the server") : absl::OkStatus();
    }

   private:
    absl::Status Play(std::string_view bytes, std::string* answer) const {
      for (const Turn& turn : shared_->tape) {
        if (turn.request != bytes) continue;
        *answer += turn.answer;
        return turn.ends ? absl::CancelledError("as the server") : absl::OkStatus();
      }
      return absl::InternalError("asked something else");
    }
    // The answer is whole when the server ends it or says nothing more for a while.
    absl::Status Pass(Turn* turn) {
      if (!stream_) {
        RONCHI_ASSIGN_OR_RETURN(wire::Stream dialled, wire::Dial(shared_->upstream, 5));
        stream_.emplace(std::move(dialled));
      }
      RONCHI_RETURN_IF_ERROR(stream_->Send(turn->request, wire::Stream::After(5)));
      std::vector<char> come(64 << 10);
      for (;;) {
        const double wait_s = turn->answer.empty() ? 5 : 0.05;
        const auto n = stream_->Receive(come, wire::Stream::After(wait_s));
        turn->ends = absl::IsOutOfRange(n.status());
        if (turn->ends) return absl::OkStatus();
        RONCHI_RETURN_IF_ERROR(n.status());
        if (*n == 0) return absl::OkStatus();
        turn->answer.append(come.data(), *n);
      }
    }
    const std::shared_ptr<Shared> shared_;
    std::optional<wire::Stream> stream_;
  };

  const std::shared_ptr<Shared> shared_;
  std::unique_ptr<Server> between_;
  std::optional<wire::Stream> bare_;
  std::vector<char> bytes_ = std::vector<char>(64 << 10);
};

// Answers whatever comes with the same bytes.
inline Protocol AnswersAlways(const std::string& answer) {
  class Always final : public Session {
   public:
    explicit Always(std::string answer) : answer_(std::move(answer)) {}
    absl::Status Take(std::string_view, std::string* answer) override {
      *answer += answer_;
      return absl::OkStatus();
    }

   private:
    const std::string answer_;
  };
  Protocol protocol{.name = "always"};
  protocol.open = [answer](auto) { return std::make_unique<Always>(answer); };
  return protocol;
}

}  // namespace ronchi::hw
