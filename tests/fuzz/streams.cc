// What others have made: streams of numbers (`ronchi monitor`), read and watched, and frames
// (`ronchi estimate`).
#include <gtest/gtest.h>

#include <sstream>

#include "core/files.h"
#include "core/npy.h"
#include "experiments/monitor/csv_rows.h"
#include "experiments/monitor/stream_watch.h"
#include "tests/fuzz/fuzzing.h"

namespace ronchi::testing_support {
namespace {

absl::Status Watched(const std::string& text, const StreamWatchOptions& options) {
  RONCHI_ASSIGN_OR_RETURN(CsvRows rows,
                          CsvRows::Read(std::make_unique<std::istringstream>(text), "streams.csv"));
  RONCHI_ASSIGN_OR_RETURN(StreamWatch watch, StreamWatch::Create(rows.names(), options));
  std::vector<double> row;
  for (;;) {
    RONCHI_ASSIGN_OR_RETURN(const bool any, rows.Next(&row));
    if (!any) return absl::OkStatus();
    RONCHI_RETURN_IF_ERROR(watch.Take(row).status());
  }
}

TEST(FuzzStreams, Csv) {
  const std::vector<std::string> corpus = {
      "# of a camera\nC10, C12a\n0.1,-2\n1e-3,4\n0.4,2\n-1,3\n0.2,0\n0.3,1\n0.5,-1\n-0.2,2\n"
      "0.1,1\n,nan\n9,9\n8,9\n",
      "1\n2\n1\n3\n2\n1\n2\n3\n1\n2\n1\n7\n8\n9\n"};
  Fuzz({.kind = "streams",
        .corpus = corpus,
        .read = [](const std::string& text) -> absl::Status {
          RONCHI_RETURN_IF_ERROR(
              Watched(text, {.promise = 10, .reference = 8, .method = "conformal"}));
          return Watched(text, {.promise = 10, .reference = 8, .whiten = 1});
        },
        .quick = 1000});
}

TEST(FuzzStreams, Npy) {
  // NEP 1: magic, version 1.0, the header's length, the header, the numbers.
  std::string small = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }";
  small.resize(117, ' ');
  small = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + small + "\n" + std::string(12, 7);
  const auto frame = ReadFile(RONCHI_SOURCE_DIR "/examples/estimate/sto_pacbed.npy");
  ASSERT_TRUE(frame.ok());
  Fuzz({.kind = "npy",
        .corpus = {small, *frame},
        .read = [](const std::string& bytes) { return ParseNpy(bytes, "frame.npy").status(); },
        .quick = 2000});
}

}  // namespace
}  // namespace ronchi::testing_support
