#include "hw/wire/de_packet.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/printable.h"
#include "hw/wire/de_server.pb.h"

namespace ronchi::hw::wire {
namespace {

constexpr size_t kDeLengthBytes = 4;

absl::Status NoDe(const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("no answer of a DE-Server: ", why));
}

// Bytes from x86 machines, whatever this one is.
uint32_t LittleEndian(std::string_view bytes) {
  uint32_t n = 0;
  for (size_t i = 0; i < kDeLengthBytes; ++i) n |= uint32_t(uint8_t(bytes[i])) << (8 * i);
  return n;
}

// The length and the message behind it; 0: it is not whole yet.
absl::StatusOr<size_t> MessageEnd(std::string_view bytes) {
  if (bytes.size() < kDeLengthBytes) return 0;
  const size_t length = LittleEndian(bytes);
  if (length == 0 || length > kMostDeMessage) {
    return NoDe(absl::StrCat("a message of ", length, " bytes; allowed are 1 … ", kMostDeMessage));
  }
  return bytes.size() < kDeLengthBytes + length ? 0 : kDeLengthBytes + length;
}

absl::StatusOr<pb::Packet> PacketOf(std::string_view message) {
  pb::Packet packet;
  message.remove_prefix(kDeLengthBytes);
  if (!packet.ParseFromArray(message.data(), int(message.size()))) return NoDe("no protobuf");
  return packet;
}

bool BringsImage(const pb::Packet& packet) {
  if (packet.type() != pb::Packet::ACKNOWLEDGE || packet.acknowledge_size() == 0) return false;
  const pb::Acknowledge& a = packet.acknowledge(0);
  return !a.error() && a.command_id() % kDeOperations == uint32_t(DeOperation::kGetResult);
}

// Bytes of the image, from the header.
absl::StatusOr<size_t> ImageBytes(std::string_view message) {
  RONCHI_ASSIGN_OR_RETURN(const pb::Packet packet, PacketOf(message));
  if (packet.type() != pb::Packet::DATA_HEADER) return NoDe("an image without its header");
  const uint64_t bytes = packet.data_header().bytesize();
  if (bytes > kMostDePixels * sizeof(float)) {
    return NoDe(
        absl::StrCat("an image of ", bytes, " bytes; allowed are ", kMostDePixels * sizeof(float)));
  }
  return size_t(bytes);
}

std::optional<DeValue> ValueOf(const pb::Value& v) {
  switch (v.type()) {
    case pb::Value::INT:
      return v.p_int();
    case pb::Value::BOOL:
      return v.p_bool();
    case pb::Value::FLOAT:
      return v.p_float();
    case pb::Value::STRING:
      return v.p_string();
    default:
      return std::nullopt;
  }
}

void PutValue(const DeValue& value, bool first, pb::Value* to) {
  to->set_name("val");
  if (const auto* i = std::get_if<int32_t>(&value)) {
    to->set_type(pb::Value::INT);
    to->set_p_int(*i);
  } else if (const auto* b = std::get_if<bool>(&value)) {
    to->set_type(pb::Value::BOOL);
    to->set_p_bool(*b);
  } else if (const auto* f = std::get_if<float>(&value)) {
    to->set_type(pb::Value::FLOAT);
    to->set_p_float(*f);
  } else {
    to->set_type(pb::Value::STRING);
    to->set_p_string(std::get<std::string>(value));
    if (first) to->set_name("label");
  }
}

template <class Pixel>
void ToFloats(std::string_view bytes, std::span<float> to) {
  for (size_t i = 0; i < to.size(); ++i) {
    Pixel p;
    std::memcpy(&p, bytes.data() + i * sizeof(Pixel), sizeof(Pixel));
    to[i] = float(p);
  }
}

}  // namespace

std::string DeText(const DeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  if (const auto* f = std::get_if<float>(&value)) return absl::StrCat(*f);
  return absl::StrCat(std::get<int32_t>(value));
}

std::optional<double> DeNumber(const DeValue& value) {
  double number = 0;
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (!absl::SimpleAtod(*text, &number)) return std::nullopt;
  } else if (const auto* f = std::get_if<float>(&value)) {
    number = *f;
  } else if (const auto* i = std::get_if<int32_t>(&value)) {
    number = *i;
  } else {
    return std::nullopt;
  }
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::string DeCommandBytes(uint32_t id, const std::string& camera,
                           const std::vector<DeValue>& values) {
  pb::Packet packet;
  packet.set_type(pb::Packet::COMMAND);
  packet.set_camera_name(camera);
  pb::Command& command = *packet.add_command();
  command.set_command_id(id);
  for (const DeValue& v : values) {
    const bool first = command.parameter_size() == 0;
    PutValue(v, first, command.add_parameter());
  }
  const std::string message = packet.SerializeAsString();
  std::string bytes;
  for (size_t i = 0; i < kDeLengthBytes; ++i) bytes.push_back(char(message.size() >> (8 * i)));
  return bytes + message;
}

absl::StatusOr<size_t> DeAnswerEnd(std::string_view bytes) {
  RONCHI_ASSIGN_OR_RETURN(const size_t first, MessageEnd(bytes));
  if (first == 0) return 0;
  RONCHI_ASSIGN_OR_RETURN(const pb::Packet packet, PacketOf(bytes.substr(0, first)));
  if (!BringsImage(packet)) return first;
  RONCHI_ASSIGN_OR_RETURN(const size_t second, MessageEnd(bytes.substr(first)));
  if (second == 0) return 0;
  RONCHI_ASSIGN_OR_RETURN(const size_t image, ImageBytes(bytes.substr(first, second)));
  return first + second + image;
}

absl::StatusOr<DeAnswer> ParseDeAnswer(std::string_view frame, uint32_t id) {
  RONCHI_ASSIGN_OR_RETURN(const size_t first, MessageEnd(frame));
  if (first == 0) return NoDe("it is cut off");
  RONCHI_ASSIGN_OR_RETURN(const pb::Packet packet, PacketOf(frame.substr(0, first)));
  if (packet.type() != pb::Packet::ACKNOWLEDGE || packet.acknowledge_size() != 1) {
    return NoDe(absl::StrCat("a packet of type ", int(packet.type()), " with ",
                             packet.acknowledge_size(), " acknowledgements"));
  }
  const pb::Acknowledge& a = packet.acknowledge(0);
  if (a.command_id() != id) {
    return NoDe(absl::StrCat("it answers command ", a.command_id(), ", not ", id));
  }
  DeAnswer answer = {.refused = a.error(), .why = a.error_message()};
  for (const pb::Value& v : a.parameter()) {
    const auto value = ValueOf(v);
    if (!value) return NoDe(absl::StrCat("a value of type ", int(v.type())));
    answer.values.push_back(*value);
  }
  if (answer.refused && answer.why.empty() && !answer.values.empty()) {
    answer.why = DeText(answer.values[0]);
  }
  if (BringsImage(packet)) {
    RONCHI_ASSIGN_OR_RETURN(const size_t second, MessageEnd(frame.substr(first)));
    if (second == 0) return NoDe("an image without its header");
    answer.pixels = frame.substr(first + second);
  }
  return answer;
}

absl::StatusOr<DeImage> DeImageOf(const DeAnswer& answer) {
  // In the order of the wire: format, width, height, name, acquisition, whether it runs, number of
  // the frame, frames in it; then statistics of the image, which are not used.
  constexpr size_t kNeeded = 8;
  if (answer.values.size() < kNeeded) {
    return NoDe(absl::StrCat("an image with ", answer.values.size(), " words of it"));
  }
  std::array<int64_t, kNeeded> n{};
  for (const size_t i : {0, 1, 2, 4, 7}) {
    const auto* whole = std::get_if<int32_t>(&answer.values[i]);
    if (!whole)
      return NoDe(absl::StrCat("'", Printable(DeText(answer.values[i])), "' is no count"));
    n[i] = *whole;
  }
  const auto [format, width, height] = std::array{n[0], n[1], n[2]};
  const size_t bytes = format == 1 ? 1 : format == 5 ? 2 : format == 13 ? 4 : 0;
  if (bytes == 0) return NoDe(absl::StrCat("pixels of format ", format));
  const bool sides = width >= 1 && height >= 1 && width <= int64_t(kMostDePixels) &&
                     height <= int64_t(kMostDePixels) / width;
  if (!sides || answer.pixels.size() != size_t(width * height) * bytes) {
    return NoDe(absl::StrCat(answer.pixels.size(), " bytes for an image of ", width, " × ", height,
                             " pixels of ", bytes, " bytes"));
  }
  DeImage image = {n[4], n[7], Array<float>({size_t(height), size_t(width)})};
  const std::span<float> to = image.counts.values();
  if (bytes == 1) ToFloats<uint8_t>(answer.pixels, to);
  if (bytes == 2) ToFloats<uint16_t>(answer.pixels, to);
  if (bytes == 4) ToFloats<float>(answer.pixels, to);
  if (!std::all_of(to.begin(), to.end(), [](float f) { return std::isfinite(f); })) {
    return NoDe("pixels that are no numbers");
  }
  return image;
}

std::optional<DeRange> DeRangeOf(const DeAnswer& answer) {
  constexpr size_t kKind = 1;  // after the type; then options, or the category and them in one text
  if (answer.values.size() <= kKind || DeText(answer.values[kKind]) != "Range") return std::nullopt;
  std::vector<double> numbers;
  for (size_t i = kKind + 1; i < answer.values.size() && numbers.size() < 2; ++i) {
    const std::vector<std::string> parts = absl::StrSplit(DeText(answer.values[i]), ',');
    for (const std::string& part : parts) {
      if (const auto number = DeNumber(part)) numbers.push_back(*number);
    }
  }
  if (numbers.size() < 2 || !(numbers[0] <= numbers[1])) return std::nullopt;
  return DeRange{numbers[0], numbers[1]};
}

}  // namespace ronchi::hw::wire
