// What temscript's service is asked, answered by an instrument. Of temscript_server.cc.
#pragma once

#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hw/server/column_desk.h"
#include "hw/server/temscript_server.h"

namespace ronchi::hw {

class TemscriptDesk {
 public:
  TemscriptDesk(Hub* hub, const TemscriptServerOptions& options);

  // `name`: what follows "/v1/", without a query. Errors: kNoSuchName for what it does not know;
  // those of the instrument; kBadCommand for a value of the wrong kind.
  absl::StatusOr<nlohmann::json> Get(const std::string& name, const std::string& target);
  absl::Status Put(const std::string& name, const std::string& target, const nlohmann::json& value);

 private:
  using Value = absl::StatusOr<nlohmann::json>;
  Value Property(const char* property, double scale);
  Value Pair(const char* x, const char* y);
  Value Stage();
  Value StageLimits() const;
  Value StemDetectors() const;
  Value Cameras() const;
  Value CameraParam(const std::string& camera);
  Value StemAcquisition();
  Value Acquire(const std::vector<std::string>& detectors);
  absl::Status AcquireScanned(const std::vector<std::string>& names, nlohmann::json* images);
  absl::Status AcquireCamera(const std::string& name, nlohmann::json* images);
  Value Blanked();

  absl::Status SetPair(const char* x, const char* y, const nlohmann::json& value);
  absl::Status SetStage(const nlohmann::json& value, const std::string& target);
  absl::Status SetStemAcquisition(const nlohmann::json& value);
  absl::Status SetCameraParam(const std::string& camera, const nlohmann::json& value);
  const DetectorInfo* FindDetector(const std::string& name, bool camera) const;
  std::string Family() const;

  // What temscript keeps from one question to the next, and an instrument does not have.
  struct Camera {
    double exposure_s = 0.1;
    size_t binning = 1;
  };
  ColumnDesk column_;
  const TemscriptServerOptions options_;
  std::mutex mutex_;  // of what follows
  double magnification_ = 1e6, rotation_rad_ = 0, dwell_s_ = 1e-6;
  size_t binning_ = 4, part_ = 1;  // part: 1 FULL, 2 HALF, 4 QUARTER
  std::map<std::string, Camera> cameras_;
};

}  // namespace ronchi::hw
