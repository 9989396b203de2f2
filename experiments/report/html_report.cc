#include "experiments/report/html_report.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "experiments/report/html_style.h"
#include "experiments/report/html_text.h"

namespace ronchi {
namespace {

// "", "–", "12", "1.5 ± 0.2", "3 %": the first word decides.
bool LooksLikeNumber(const std::string& cell) {
  double unused = 0;
  return cell.empty() || cell == "–" || cell == "-" ||
         absl::SimpleAtod(cell.substr(0, cell.find(' ')), &unused);
}

std::vector<bool> NumberColumns(const ReportTable& table) {
  std::vector<bool> numbers(table.columns.size(), !table.rows.empty());
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < numbers.size() && i < row.size(); ++i) {
      if (!LooksLikeNumber(row[i])) numbers[i] = false;
    }
  }
  return numbers;
}

std::string Legend(const LineChart& chart) {
  if (chart.series.size() < 2) return "";
  std::string out = "<ul class=\"legend\">";
  for (size_t i = 0; i < chart.series.size(); ++i) {
    absl::StrAppend(&out, "<li><i class=\"key c", i % 6, chart.series[i].dashed ? " dashed" : "",
                    "\"></i>", EscapeHtml(chart.series[i].name), "</li>");
  }
  return out + "</ul>";
}

// A chart of the page's width is drawn twice, the second time for phones; the style shows one.
std::string ChartFigure(const LineChart& chart, bool full_width) {
  std::string out = "<figure class=\"chart\">";
  if (!chart.title.empty()) absl::StrAppend(&out, "<h3>", EscapeHtml(chart.title), "</h3>");
  absl::StrAppend(&out, Legend(chart));
  if (full_width) absl::StrAppend(&out, "<div class=\"wide\">", RenderSvg(chart, 800), "</div>");
  absl::StrAppend(&out, "<div class=\"", full_width ? "narrow" : "half", "\">",
                  RenderSvg(chart, 440), "</div>");
  if (!chart.caption.empty()) {
    absl::StrAppend(&out, "<figcaption>", EscapeHtml(chart.caption), "</figcaption>");
  }
  return out + "</figure>\n";
}

}  // namespace

HtmlReport::HtmlReport(std::string title, std::string lead)
    : title_(std::move(title)), lead_(std::move(lead)) {}

HtmlReport& HtmlReport::Section(const std::string& heading) {
  absl::StrAppend(&body_, "<h2>", EscapeHtml(heading), "</h2>\n");
  return *this;
}

HtmlReport& HtmlReport::Paragraph(const std::string& text) {
  absl::StrAppend(&body_, "<p>", EscapeHtml(text), "</p>\n");
  return *this;
}

HtmlReport& HtmlReport::Banner(const std::string& heading, const std::string& text, Tone tone) {
  absl::StrAppend(&body_, "<div class=\"banner ", ToneClass(tone), "\" role=\"alert\"><strong>",
                  EscapeHtml(heading), "</strong> ", EscapeHtml(text), "</div>\n");
  return *this;
}

HtmlReport& HtmlReport::Tiles(const std::vector<ReportTile>& tiles) {
  absl::StrAppend(&body_, "<div class=\"tiles\">");
  for (const ReportTile& tile : tiles) {
    absl::StrAppend(&body_, "<div class=\"tile ", ToneClass(tile.tone), "\"><span class=\"name\">",
                    EscapeHtml(tile.label), "</span><span class=\"value\">",
                    EscapeHtml(tile.value));
    if (!tile.unit.empty()) absl::StrAppend(&body_, " <small>", EscapeHtml(tile.unit), "</small>");
    absl::StrAppend(&body_, "</span>");
    if (!tile.note.empty()) {
      absl::StrAppend(&body_, "<span class=\"note\">", EscapeHtml(tile.note), "</span>");
    }
    absl::StrAppend(&body_, "</div>");
  }
  absl::StrAppend(&body_, "</div>\n");
  return *this;
}

HtmlReport& HtmlReport::Table(const ReportTable& table) {
  const std::vector<bool> numbers = NumberColumns(table);
  const auto cell = [&](const char* tag, size_t i, const std::string& text) {
    absl::StrAppend(&body_, "<", tag, i < numbers.size() && numbers[i] ? " class=\"number\">" : ">",
                    EscapeHtml(text), "</", tag, ">");
  };
  absl::StrAppend(&body_, "<div class=\"scroll\"><table>");
  if (!table.caption.empty()) {
    absl::StrAppend(&body_, "<caption>", EscapeHtml(table.caption), "</caption>");
  }
  absl::StrAppend(&body_, "<thead><tr>");
  for (size_t i = 0; i < table.columns.size(); ++i) cell("th", i, table.columns[i]);
  absl::StrAppend(&body_, "</tr></thead><tbody>");
  for (const auto& row : table.rows) {
    absl::StrAppend(&body_, "<tr>");
    for (size_t i = 0; i < row.size(); ++i) cell("td", i, row[i]);
    absl::StrAppend(&body_, "</tr>");
  }
  absl::StrAppend(&body_, "</tbody></table></div>\n");
  return *this;
}

HtmlReport& HtmlReport::Pictures(const std::vector<ReportPicture>& pictures) {
  absl::StrAppend(&body_, "<div class=\"pictures\">");
  for (const ReportPicture& picture : pictures) {
    const std::string caption = EscapeHtml(picture.caption);
    absl::StrAppend(&body_, "<figure><img alt=\"", caption, "\" src=\"data:image/png;base64,",
                    Base64(picture.png), "\"/><figcaption>", caption, "</figcaption></figure>");
  }
  absl::StrAppend(&body_, "</div>\n");
  return *this;
}

HtmlReport& HtmlReport::Chart(const LineChart& chart) {
  absl::StrAppend(&body_, ChartFigure(chart, true));
  return *this;
}

HtmlReport& HtmlReport::Charts(const std::vector<LineChart>& charts) {
  absl::StrAppend(&body_, "<div class=\"charts\">");
  for (const LineChart& chart : charts) absl::StrAppend(&body_, ChartFigure(chart, false));
  absl::StrAppend(&body_, "</div>\n");
  return *this;
}

HtmlReport& HtmlReport::Details(const std::string& summary, const std::string& text) {
  absl::StrAppend(&body_, "<details><summary>", EscapeHtml(summary), "</summary><pre>",
                  EscapeHtml(text), "</pre></details>\n");
  return *this;
}

HtmlReport& HtmlReport::Footer(const std::string& text) {
  footer_ = text;
  return *this;
}

std::string HtmlReport::Html() const {
  std::string out = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>",
      EscapeHtml(title_), "</title>\n<style>", kReportStyle,
      "</style>\n</head>\n<body>\n<main>\n<h1>", EscapeHtml(title_), "</h1>\n");
  if (!lead_.empty()) absl::StrAppend(&out, "<p class=\"lead\">", EscapeHtml(lead_), "</p>\n");
  absl::StrAppend(&out, body_);
  if (!footer_.empty()) absl::StrAppend(&out, "<footer>", EscapeHtml(footer_), "</footer>\n");
  return out + "</main>\n</body>\n</html>\n";
}

absl::Status HtmlReport::Write(const std::string& path) const {
  return WriteFileAtomically(path, Html());
}

}  // namespace ronchi
