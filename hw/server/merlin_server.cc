#include "hw/server/merlin_server.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "hw/instrument/capability.h"
#include "hw/server/merlin_camera.h"
#include "hw/wire/mib.h"
#include "hw/wire/mpx.h"

namespace ronchi::hw {
namespace {

// Both ports have silent connections: of clients that think, or that wait for frames.
constexpr double kSilent_s = 1e5;

class MerlinControlSession final : public Session {
 public:
  explicit MerlinControlSession(std::shared_ptr<MerlinCamera> camera)
      : camera_(std::move(camera)) {}

  // What is no request ends the connection: where the next one begins would be a guess.
  absl::Status Take(std::string_view bytes, std::string* answer) override {
    come_ += bytes;
    size_t at = 0;
    for (;;) {
      const std::string_view rest = std::string_view(come_).substr(at);
      RONCHI_ASSIGN_OR_RETURN(const size_t end, wire::MpxEnd(rest));
      if (end == 0) break;
      RONCHI_ASSIGN_OR_RETURN(const auto request, wire::ParseMpxRequest(rest.substr(0, end)));
      *answer += wire::MpxMessage(wire::MpxAnswerText(camera_->Answer(request)));
      at += end;
    }
    come_.erase(0, at);
    return absl::OkStatus();
  }

 private:
  const std::shared_ptr<MerlinCamera> camera_;
  std::string come_;  // of the next request, never more than one
};

class MerlinDataSession final : public Session {
 public:
  MerlinDataSession(std::shared_ptr<MerlinCamera> camera, std::shared_ptr<Outbox> out)
      : camera_(std::move(camera)), out_(std::move(out)) {
    camera_->Listen(out_);
  }
  ~MerlinDataSession() override { camera_->Leave(out_); }

  // Nothing is said on this port; what comes is let pass, as in the vendor's.
  absl::Status Take(std::string_view, std::string*) override { return absl::OkStatus(); }

 private:
  const std::shared_ptr<MerlinCamera> camera_;
  const std::shared_ptr<Outbox> out_;
};

absl::StatusOr<DetectorInfo> CameraNamed(const Description& d, const std::string& name) {
  std::vector<std::string> names;
  const DetectorInfo* camera = nullptr;
  for (const DetectorInfo& x : d.detectors) {
    if (x.kind != DetectorKind::kCamera) continue;
    names.push_back(x.name);
    if (name.empty() || x.name == name) camera = &x;
  }
  if (names.empty()) return absl::NotFoundError(d.id + " has no camera");
  if (!camera || (name.empty() && names.size() > 1)) {
    return absl::NotFoundError(absl::StrCat(
        d.id, ": camera '", name, "' is not allowed; allowed: ", absl::StrJoin(names, ", ")));
  }
  if (!Can(d, "expose")) return absl::UnimplementedError(d.id + " cannot expose its camera");
  if (camera->pixels_x <= wire::kMostMibSide && camera->pixels_y <= wire::kMostMibSide) {
    return *camera;
  }
  return absl::OutOfRangeError(absl::StrCat(camera->name, " has ", camera->pixels_x, " × ",
                                            camera->pixels_y, " pixels; allowed are ",
                                            wire::kMostMibSide, " along an axis"));
}

}  // namespace

absl::StatusOr<MerlinProtocols> MakeMerlinProtocols(Hub* hub, const MerlinServerOptions& options) {
  RONCHI_ASSIGN_OR_RETURN(const DetectorInfo camera,
                          CameraNamed(hub->description(), options.camera));
  const auto served = std::make_shared<MerlinCamera>(hub, camera, options);
  MerlinProtocols both;
  both.control = {.name = "merlin", .silent_s = kSilent_s};
  both.control.open = [served](std::shared_ptr<Outbox>) {
    return std::make_unique<MerlinControlSession>(served);
  };
  both.data = {.name = "merlin data", .silent_s = kSilent_s};
  both.data.open = [served](std::shared_ptr<Outbox> out) {
    return std::make_unique<MerlinDataSession>(served, std::move(out));
  };
  return both;
}

}  // namespace ronchi::hw
