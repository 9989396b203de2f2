// A DE-Server as typed questions, over one connection that is kept: it serves one at a time. The
// version of its commands is found out by asking, the newest first.
// Errors are of hw/instrument/error.h. After whatever went wrong on the link the next question is
// asked over a new one, and the version anew.
// Threads: one at a time.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hw/wire/de_packet.h"
#include "hw/wire/framed_peer.h"

namespace ronchi::hw::de {

// The versions that are spoken, the newest first; ids of commands are operation + 100 · version.
inline constexpr std::array<int, 5> kVersions = {17, 16, 15, 13, 12};

// The largest number that a count of the wire can be.
inline constexpr int32_t kMostWhole = 2147483647;

// What a result is: of the maker's list of types.
inline constexpr int kSumTotal = 10, kVirtualImage0 = 17, kExternalImage1 = 22;

struct DeServerOptions {
  wire::Address address;
  std::string camera;  // by the server's name; "": its first
  double connect_s = 5;
  double answer_s = 10;
  size_t most_bytes = size_t{1} << 30;  // of an answer with its image
};

class DeServer {
 public:
  explicit DeServer(const DeServerOptions& options);

  absl::Status Open();  // finds the version; does nothing where it is known
  const std::string& name() const { return peer_.name(); }
  int version() const { return version_; }
  const std::string& software() const { return software_; }  // "2.8.3.12436"
  size_t links() const { return peer_.links(); }

  absl::StatusOr<std::vector<std::string>> Cameras();
  void Choose(const std::string& camera) { camera_ = camera; }
  absl::StatusOr<std::set<std::string>> Properties();
  absl::StatusOr<std::optional<wire::DeRange>> Limits(const std::string& property);

  absl::StatusOr<std::string> Text(const std::string& property);
  absl::StatusOr<double> Number(const std::string& property);
  // Sets it and reads it back. kOutOfTolerance: it stands elsewhere.
  absl::Status Set(const std::string& property, const std::string& value);
  absl::Status SetWhole(const std::string& property, int32_t value);
  // Within `tolerance`, relative. Where it stands.
  absl::StatusOr<double> SetNumber(const std::string& property, double value, double tolerance);

  absl::Status Start();
  absl::StatusOr<bool> Acquiring();
  absl::StatusOr<wire::DeImage> Result(int type, double within_s);
  // Ends what is acquired, by a datagram as the maker's client does and, if nobody answers it, by
  // the connection. Returns when the server says that it acquires nothing.
  absl::Status Stop();

 private:
  absl::StatusOr<wire::DeAnswer> Ask(wire::DeOperation operation,
                                     const std::vector<wire::DeValue>& values,
                                     const std::string& what, double within_s = 0);
  absl::StatusOr<wire::DeAnswer> AskOnce(wire::DeOperation operation,
                                         const std::vector<wire::DeValue>& values,
                                         const std::string& what, double within_s);
  absl::Status Put(const std::string& property, const wire::DeValue& value);
  absl::StatusOr<wire::DeValue> Get(const std::string& property);
  absl::Status Nonsense(const std::string& what, const std::string& why) const;

  const DeServerOptions options_;
  wire::FramedPeer peer_;
  std::string camera_;
  std::string frame_;  // the last answer, of which the pixels are a part
  int version_ = 0;    // 0: not known
  std::string software_;
};

// The version that software of this name speaks: "2.8.3.12436" is 17. 0: not known.
int VersionOfSoftware(const std::string& software);

}  // namespace ronchi::hw::de
