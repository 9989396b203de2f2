#include "hw/workflow/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/file_lock.h"
#include "core/files.h"
#include "core/json_error.h"
#include "core/nesting.h"
#include "hw/workflow/journal_entry.h"

namespace ronchi::hw::workflow {
namespace {

using nlohmann::json;

constexpr char kFile[] = "/journal.jsonl";
constexpr char kImages[] = "/images.f32";

// FNV-1a, 64 bits: finds a damaged line; nobody forges one.
uint64_t Sum(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char c : bytes) hash = (hash ^ c) * 0x100000001b3u;
  return hash;
}

std::string Hex(uint64_t v) { return absl::StrFormat("%016x", v); }

absl::Status WriteAll(const Descriptor& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = write(file.value(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, path);
    bytes.remove_prefix(size_t(n));
  }
  return absl::OkStatus();
}

constexpr std::string_view kHead = "{\"sum\":\"", kMiddle = "\",\"entry\":";
constexpr size_t kHexDigits = 16;
constexpr size_t kEntryAt = kHead.size() + kHexDigits + kMiddle.size();

std::string LineOf(const json& entry) {
  const std::string text = entry.dump(-1, ' ', false, json::error_handler_t::replace);
  return absl::StrCat(std::string(kHead), Hex(Sum(text)), std::string(kMiddle), text, "}\n");
}

// False: not a whole line.
bool ParseLine(std::string_view line, json* entry) {
  if (line.size() <= kEntryAt || line.substr(0, kHead.size()) != kHead || line.back() != '}') {
    return false;
  }
  const std::string_view text = line.substr(kEntryAt, line.size() - kEntryAt - 1);
  if (line.substr(kHead.size(), kHexDigits) != Hex(Sum(text))) return false;
  if (NestsTooDeeply(text)) return false;
  *entry = json::parse(text.begin(), text.end(), nullptr, false);
  return !entry->is_discarded();
}

struct Parsed {
  std::vector<json> entries;
  size_t whole_bytes = 0;  // up to where lines are whole
};

absl::StatusOr<Parsed> Parse(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLogFile));
  Parsed parsed;
  size_t number = 0;
  while (parsed.whole_bytes < text.size()) {
    ++number;
    const size_t end = text.find('\n', parsed.whole_bytes);
    json entry;
    const bool whole =
        end != std::string::npos &&
        ParseLine(std::string_view(text).substr(parsed.whole_bytes, end - parsed.whole_bytes),
                  &entry);
    if (!whole) {
      // The last line may be torn; damage before it is another matter.
      if (end == std::string::npos || end + 1 == text.size()) break;
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": damaged; its checksum does not fit"));
    }
    RONCHI_RETURN_IF_ERROR(Annotate(CheckJournalEntry(entry), absl::StrCat(path, ":", number)));
    parsed.entries.push_back(std::move(entry));
    parsed.whole_bytes = end + 1;
  }
  return parsed;
}

std::string_view Bytes(const Array<float>& a) {
  return {reinterpret_cast<const char*>(a.data()), a.size() * sizeof(float)};
}

json ImageJson(const Images& images, const std::string& file, size_t offset) {
  std::string all;
  json shapes = json::array();
  for (const Array<float>& frame : images.frames) {
    shapes.push_back(frame.shape());
    all += Bytes(frame);
  }
  return {{"type", "image"},  {"detector", images.detector}, {"file", file}, {"offset", offset},
          {"shapes", shapes}, {"sum", Hex(Sum(all))}};
}

std::string StateFile(const std::string& name, int slot) {
  return absl::StrCat("state/", name, ".", slot, ".f32");
}

// The files that an entry names, wherever in it they stand.
void FindSlots(const json& j, std::map<std::string, int>* slots) {
  constexpr std::string_view kFolder = "state/", kEnd = ".0.f32";
  if (j.is_object() && j.value("type", json()) == "image") {
    const std::string file = j.value("file", "");
    if (file.rfind(kFolder, 0) == 0 && file.size() > kFolder.size() + kEnd.size()) {
      const size_t length = file.size() - kFolder.size() - kEnd.size();
      (*slots)[file.substr(kFolder.size(), length)] = file[file.size() - kEnd.size() + 1] == '1';
    }
  } else if (j.is_object()) {
    for (const auto& [key, value] : j.items()) FindSlots(value, slots);
  }
}

// JSON has no infinities; a value that is one is text.
json Real(double v) {
  if (std::isfinite(v)) return v;
  return v > 0 ? "inf" : "-inf";
}
double Real(const json& j) {
  if (!j.is_string()) return j;
  if (j != "inf" && j != "-inf") throw json::other_error::create(501, "not a number", nullptr);
  return j == "inf" ? kInfinity : -kInfinity;
}

// Powers of the base units, as Exponents keeps them.
Exponents UnitFrom(const json& j) {
  for (const json& power : j) {
    if (!power.is_number_integer() || power > 100 || power < -100) {
      throw json::other_error::create(501, "not a unit", nullptr);
    }
  }
  return Exponents::FromPowers(j);
}

// A frame's size in bytes; more than `most`: it cannot be there.
size_t BytesOf(const std::vector<size_t>& shape, size_t most) {
  size_t bytes = sizeof(float);
  for (size_t n : shape) {
    if (n > 0 && bytes > most / n) return most + 1;
    bytes *= n;
  }
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> Journal::Create(const std::string& folder) {
  std::unique_ptr<Journal> journal(new Journal);
  journal->folder_ = folder;
  RONCHI_RETURN_IF_ERROR(MakeWritableDirectory(folder + "/state"));
  const std::string path = folder + kFile;
  journal->file_ =
      Descriptor(open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0644));
  if (!journal->file_.is_open() && errno == EEXIST) {
    return absl::AlreadyExistsError(path +
                                    ": there is a journal already; --resume goes on with it");
  }
  if (!journal->file_.is_open()) return ErrnoStatus(errno, path);
  (void)TryLockOpenFile(journal->file_, path);  // nobody else can know the file yet
  return journal;
}

absl::StatusOr<std::unique_ptr<Journal>> Journal::Reopen(const std::string& folder) {
  std::unique_ptr<Journal> journal(new Journal);
  journal->folder_ = folder;
  const std::string path = folder + kFile;
  RONCHI_ASSIGN_OR_RETURN(journal->file_, OpenRegularFile(path, O_WRONLY | O_APPEND));
  absl::Status locked = TryLockOpenFile(journal->file_, path);
  // Who only looks whether somebody runs it (`ronchi flow`) holds the lock for microseconds.
  for (int tries = 20; absl::IsUnavailable(locked) && tries > 0; --tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    locked = TryLockOpenFile(journal->file_, path);
  }
  if (absl::IsUnavailable(locked)) {
    return absl::FailedPreconditionError(path + ": another process is running this workflow");
  }
  RONCHI_RETURN_IF_ERROR(Annotate(locked, "cannot be locked, which has to be"));
  RONCHI_ASSIGN_OR_RETURN(Parsed parsed, Parse(path));
  if (ftruncate(journal->file_.value(), off_t(parsed.whole_bytes)) != 0)
    return ErrnoStatus(errno, path);
  journal->entries_ = std::move(parsed.entries);
  for (const json& entry : journal->entries_) FindSlots(entry, &journal->slots_);
  struct stat images;
  if (stat((folder + kImages).c_str(), &images) == 0) {
    journal->images_floats_ = (size_t(images.st_size) + sizeof(float) - 1) / sizeof(float);
  }
  return journal;
}

absl::Status Journal::Append(const json& entry) {
  return WriteAll(file_, LineOf(entry), folder_ + kFile);
}

absl::StatusOr<json> Journal::Keep(const std::string& name, const Value& value) {
  switch (value.type) {
    case Type::kNumber:
      return json{
          {"type", "number"}, {"si", Real(value.number.low)}, {"unit", value.unit.powers()}};
    case Type::kBool:
      return json{{"type", "bool"}, {"is", value.IsTrue()}};
    case Type::kText:
      return json{{"type", "text"}, {"is", value.text}};
    case Type::kList: {
      json items = json::array();
      for (const Interval& i : value.items) items.push_back(Real(i.low));
      return json{{"type", "list"}, {"si", items}, {"unit", value.unit.powers()}};
    }
    case Type::kImage:
      break;
  }
  RONCHI_CHECK(value.images != nullptr);
  const int slot = 1 - slots_[name];
  const std::string file = StateFile(name, slot);
  const std::string path = absl::StrCat(folder_, "/", file);
  RONCHI_ASSIGN_OR_RETURN(const Descriptor pixels,
                          OpenRegularFile(path, O_CREAT | O_WRONLY | O_TRUNC, 0644));
  for (const Array<float>& frame : value.images->frames) {
    RONCHI_RETURN_IF_ERROR(WriteAll(pixels, Bytes(frame), path));
  }
  slots_[name] = slot;
  return ImageJson(*value.images, file, 0);
}

absl::StatusOr<json> Journal::Save(const Value& value) {
  if (value.type != Type::kImage) return Keep("", value);
  const std::string path = folder_ + kImages;
  if (!images_.is_open()) {
    RONCHI_ASSIGN_OR_RETURN(images_, OpenRegularFile(path, O_CREAT | O_WRONLY, 0644));
    if (lseek(images_.value(), off_t(images_floats_ * sizeof(float)), SEEK_SET) < 0) {
      return ErrnoStatus(errno, path);
    }
  }
  const json j = ImageJson(*value.images, "images.f32", images_floats_);
  for (const Array<float>& frame : value.images->frames) {
    RONCHI_RETURN_IF_ERROR(WriteAll(images_, Bytes(frame), path));
    images_floats_ += frame.size();
  }
  return j;
}

absl::StatusOr<Value> Journal::ValueFrom(const json& j) {
  try {
    const std::string type = j.at("type");
    if (type == "number") return Value::Number(Real(j.at("si")), UnitFrom(j.at("unit")));
    if (type == "bool") return Value::Bool(j.at("is"));
    if (type == "text") return Value::Text(j.at("is"));
    if (type == "image") return Value::Image(nullptr);
    if (type != "list") return absl::InvalidArgumentError("a value of unknown type '" + type + "'");
    Value list = Value::List({}, UnitFrom(j.at("unit")));
    for (const json& item : j.at("si")) list.items.push_back({Real(item), Real(item)});
    return list;
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(
        absl::StrCat("the journal holds no value here: ", JsonError(e)));
  }
}

absl::StatusOr<std::shared_ptr<const Images>> Journal::LoadImages(const std::string& folder,
                                                                  const json& j) {
  RONCHI_RETURN_IF_ERROR(CheckJournalValue(j));
  try {
    const std::string path = absl::StrCat(folder, "/", j.at("file").get<std::string>());
    RONCHI_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kFramesFile));
    auto images = std::make_shared<Images>();
    images->detector = j.at("detector");
    const size_t floats = j.at("offset").get<size_t>();
    const size_t begin = std::min(floats, bytes.size()) * sizeof(float);  // cannot overflow
    size_t at = begin;
    for (const json& j_shape : j.at("shapes")) {
      const auto shape = j_shape.get<std::vector<size_t>>();
      const size_t size = BytesOf(shape, bytes.size());
      if (at > bytes.size() || size > bytes.size() - at) {
        return absl::InvalidArgumentError(path + ": ends before the image");
      }
      Array<float> frame(shape);
      std::memcpy(frame.data(), bytes.data() + at, size);
      at += size;
      images->frames.push_back(std::move(frame));
    }
    if (at > bytes.size() ||
        Hex(Sum(std::string_view(bytes).substr(begin, at - begin))) != j.at("sum")) {
      return absl::InvalidArgumentError(path + ": not the image that the journal names");
    }
    return images;
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(
        absl::StrCat("the journal names no image here: ", JsonError(e)));
  }
}

absl::StatusOr<std::vector<json>> ReadJournal(const std::string& folder) {
  RONCHI_ASSIGN_OR_RETURN(Parsed parsed, Parse(folder + kFile));
  return std::move(parsed.entries);
}

absl::StatusOr<std::vector<json>> ReadJournalFrom(const std::string& folder, size_t* offset) {
  const std::string path = folder + kFile;
  std::ifstream file(path, std::ios::binary);
  if (!file.seekg(std::streamoff(*offset))) return absl::NotFoundError(path + ": cannot be read");
  std::vector<json> entries;
  for (std::string line; std::getline(file, line) && !file.eof(); *offset += line.size() + 1) {
    json entry;
    if (!ParseLine(line, &entry) || !CheckJournalEntry(entry).ok()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": damaged behind byte ", *offset));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace ronchi::hw::workflow
