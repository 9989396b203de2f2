#include "experiments/report/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "core/files.h"
#include "experiments/report/html_text.h"
#include "tests/experiments/report/markup.h"

namespace ronchi {
namespace {

using testing::HasSubstr;
using testing::Not;

HtmlReport ExampleReport() {
  HtmlReport report("Run <7> & \"friends\"", "It's <i>fine</i>");
  report.Tiles({{"contrast", "0.18", "1/Å", "± 0.01", Tone::kGood}, {"dose <", "3"}})
      .Section("What & why")
      .Paragraph("a < b > c")
      .Chart(ExampleChart())
      .Charts({ExampleChart(), ExampleChart()})
      .Pictures({{std::string("\x89PNG\0<>", 7), "a \"picture\" <img>"}})
      .Table({"caption", {"name", "value"}, {{"C10", "-3.2 ± 0.1"}, {"<C12>", "4"}}})
      .Details("Config", "a: 1\n<script>alert(1)</script>")
      .Footer("seed 7");
  return report;
}

TEST(HtmlReport, MarkupIsWellFormed) {
  EXPECT_EQ(MarkupFault(ExampleReport().Html()), "");
  EXPECT_EQ(MarkupFault(HtmlReport("", "").Html()), "");
  // The check itself can fail.
  EXPECT_NE(MarkupFault("<p><b></p></b>"), "");
  EXPECT_NE(MarkupFault("<p>a < b</p>"), "");
  EXPECT_NE(MarkupFault("<p class=x></p>"), "");
  EXPECT_NE(MarkupFault("<p>"), "");
}

TEST(HtmlReport, TextIsEscaped) {
  const std::string html = ExampleReport().Html();
  for (const char* raw : {"<script", "<i>", "<b>", "<img>", "<C12>", "Run <7>"}) {
    EXPECT_THAT(html, Not(HasSubstr(raw)));
  }
  EXPECT_THAT(html, HasSubstr("<title>Run &lt;7&gt; &amp; &quot;friends&quot;</title>"));
  EXPECT_THAT(html, HasSubstr("alt=\"a &quot;picture&quot; &lt;img&gt;\""));
  EXPECT_EQ(EscapeHtml(std::string("It's\x01\0 \n\tÅ", 11)), "It&#39;s \n\tÅ");
}

TEST(HtmlReport, NothingIsLoadedFromElsewhere) {
  const std::string html = ExampleReport().Html();
  for (const char* outside : {"http:", "https:", "url(", "@import", "<link", "<script", "<iframe",
                              "href=", "srcset", "//"}) {
    std::string page = html;  // base64 may hold "//"
    if (const size_t at = page.find("base64,"); at != std::string::npos) {
      page.erase(at, page.find('"', at) - at);
    }
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
  const std::string wanted =
      "src=\"data:image/png;base64," + Base64(std::string_view("\x89PNG\0<>", 7)) + "\"";
  EXPECT_THAT(html, HasSubstr(wanted));
}

TEST(HtmlReport, SameCallsGiveTheSameBytesAndWriteStoresThem) {
  EXPECT_EQ(ExampleReport().Html(), ExampleReport().Html());
  const std::string path = std::filesystem::path(testing::TempDir()) / "ronchi_report.html";
  ASSERT_TRUE(ExampleReport().Write(path).ok());
  EXPECT_EQ(*ReadFile(path), ExampleReport().Html());
  EXPECT_TRUE(absl::IsNotFound(ExampleReport().Write("/no such folder/report.html")));
  std::filesystem::remove(path);
}

TEST(HtmlReport, ColumnsOfNumbersAreSetRight) {
  HtmlReport report("t", "");
  report.Table({"", {"what", "how much"}, {{"a", "1.5 ± 0.2"}, {"b", "–"}}});
  EXPECT_THAT(report.Html(), HasSubstr("<th>what</th><th class=\"number\">how much</th>"));
  EXPECT_THAT(report.Html(), HasSubstr("<td>b</td><td class=\"number\">–</td>"));
}

}  // namespace
}  // namespace ronchi
