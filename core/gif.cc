#include "core/gif.h"

#include <gif_lib.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "absl/strings/str_cat.h"

namespace ronchi {
namespace {

constexpr size_t kMostColours = 256;

// Colours of one frame and, for each pixel, which it has.
struct Indexed {
  std::vector<GifColorType> palette;
  std::vector<GifByteType> pixels;
};

// With the lowest `dropped` bits of each channel left out; false when there are too many colours.
bool Index(const Array<uint8_t>& frame, int dropped, Indexed* out) {
  struct Sum {
    uint64_t r = 0, g = 0, b = 0, n = 0;
  };
  std::unordered_map<uint32_t, size_t> known;
  std::vector<Sum> sums;
  const size_t n = frame.size() / 3;
  out->pixels.resize(n);
  for (size_t i = 0; i < n; ++i) {
    const uint8_t* p = frame.data() + 3 * i;
    const uint32_t key = (uint32_t(p[0] >> dropped) << 16) | (uint32_t(p[1] >> dropped) << 8) |
                         uint32_t(p[2] >> dropped);
    const auto [found, is_new] = known.try_emplace(key, sums.size());
    if (is_new) {
      if (sums.size() == kMostColours) return false;
      sums.emplace_back();
    }
    Sum& sum = sums[found->second];
    sum.r += p[0], sum.g += p[1], sum.b += p[2], ++sum.n;
    out->pixels[i] = GifByteType(found->second);
  }
  out->palette.clear();
  for (const Sum& s : sums) {
    out->palette.push_back({GifByteType((s.r + s.n / 2) / s.n), GifByteType((s.g + s.n / 2) / s.n),
                            GifByteType((s.b + s.n / 2) / s.n)});
  }
  return true;
}

Indexed Quantised(const Array<uint8_t>& frame) {
  Indexed out;
  for (int dropped = 0; !Index(frame, dropped, &out);) ++dropped;  // at 6, 64 colours are left
  return out;
}

absl::Status Failure(int error) {
  const char* text = GifErrorString(error);
  return absl::InternalError(absl::StrCat("gif: ", text ? text : "failed"));
}

}  // namespace

struct GifWriter::Impl {
  ~Impl() {
    int error = 0;
    if (file) EGifCloseFile(file, &error);
  }
  static int Write(GifFileType* file, const GifByteType* bytes, int size) {
    static_cast<Impl*>(file->UserData)
        ->bytes.append(reinterpret_cast<const char*>(bytes), size_t(size));
    return size;
  }
  absl::Status Check(int result) const {
    return result == GIF_OK ? absl::OkStatus() : Failure(file->Error);
  }
  std::string bytes;
  GifFileType* file = nullptr;
  size_t width = 0, height = 0;
  int delay_ms = 0;
};

GifWriter::GifWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GifWriter::GifWriter(GifWriter&&) noexcept = default;
GifWriter& GifWriter::operator=(GifWriter&&) noexcept = default;
GifWriter::~GifWriter() = default;

absl::StatusOr<GifWriter> GifWriter::Create(size_t width, size_t height, int delay_ms) {
  if (width == 0 || height == 0 || width > 65535 || height > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("gif: ", width, " x ", height, " pixels; allowed: 1 … 65535"));
  }
  auto impl = std::make_unique<Impl>();
  impl->width = width;
  impl->height = height;
  impl->delay_ms = std::clamp(delay_ms, 10, 655350);
  int error = 0;
  impl->file = EGifOpen(impl.get(), Impl::Write, &error);
  if (!impl->file) return Failure(error);
  EGifSetGifVersion(impl->file, true);
  RONCHI_RETURN_IF_ERROR(
      impl->Check(EGifPutScreenDesc(impl->file, int(width), int(height), 8, 0, nullptr)));
  // Loops for ever (Netscape's application block).
  const GifByteType loop[] = {1, 0, 0};
  RONCHI_RETURN_IF_ERROR(
      impl->Check(EGifPutExtensionLeader(impl->file, APPLICATION_EXT_FUNC_CODE)));
  RONCHI_RETURN_IF_ERROR(impl->Check(EGifPutExtensionBlock(impl->file, 11, "NETSCAPE2.0")));
  RONCHI_RETURN_IF_ERROR(impl->Check(EGifPutExtensionBlock(impl->file, sizeof loop, loop)));
  RONCHI_RETURN_IF_ERROR(impl->Check(EGifPutExtensionTrailer(impl->file)));
  return GifWriter(std::move(impl));
}

const std::string& GifWriter::so_far() const { return impl_->bytes; }

// Between two frames the library knows no more than that the head is written.
absl::StatusOr<GifWriter> GifWriter::Resume(size_t width, size_t height, int delay_ms,
                                            const std::string& so_far) {
  RONCHI_ASSIGN_OR_RETURN(GifWriter writer, Create(width, height, delay_ms));
  if (so_far.compare(0, writer.impl_->bytes.size(), writer.impl_->bytes) != 0) {
    return absl::InvalidArgumentError("gif: this is not the beginning of such a picture");
  }
  writer.impl_->bytes = so_far;
  return writer;
}

absl::Status GifWriter::Add(const Array<uint8_t>& frame) {
  RONCHI_CHECK(impl_->file);
  if (frame.shape() != std::vector<size_t>{impl_->height, impl_->width, 3}) {
    return absl::InvalidArgumentError(absl::StrCat("gif: a frame of another size than ",
                                                   impl_->width, " x ", impl_->height, " x 3"));
  }
  Indexed indexed = Quantised(frame);
  GraphicsControlBlock control = {.DisposalMode = DISPOSE_DO_NOT,
                                  .DelayTime = (impl_->delay_ms + 5) / 10,
                                  .TransparentColor = NO_TRANSPARENT_COLOR};
  GifByteType extension[4];
  EGifGCBToExtension(&control, extension);
  RONCHI_RETURN_IF_ERROR(impl_->Check(
      EGifPutExtension(impl_->file, GRAPHICS_EXT_FUNC_CODE, sizeof extension, extension)));
  // A palette has a power of two of entries.
  size_t size = 2;
  while (size < indexed.palette.size()) size *= 2;
  indexed.palette.resize(size);
  ColorMapObject* palette = GifMakeMapObject(int(size), indexed.palette.data());
  if (!palette) return absl::ResourceExhaustedError("gif: out of memory");
  const int begun =
      EGifPutImageDesc(impl_->file, 0, 0, int(impl_->width), int(impl_->height), false, palette);
  GifFreeMapObject(palette);
  RONCHI_RETURN_IF_ERROR(impl_->Check(begun));
  for (size_t y = 0; y < impl_->height; ++y) {
    RONCHI_RETURN_IF_ERROR(impl_->Check(
        EGifPutLine(impl_->file, indexed.pixels.data() + y * impl_->width, int(impl_->width))));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> GifWriter::Finish() {
  RONCHI_CHECK(impl_->file);
  int error = 0;
  const int closed = EGifCloseFile(impl_->file, &error);
  impl_->file = nullptr;
  if (closed != GIF_OK) return Failure(error);
  return std::move(impl_->bytes);
}

}  // namespace ronchi
