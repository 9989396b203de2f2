// One self-contained HTML page: key figures, tables, pictures, charts. No script, nothing loaded
// from elsewhere; light and dark; readable on a wide screen, a phone and paper. All text is
// escaped. The same calls give the same bytes.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "experiments/report/svg_chart.h"

namespace ronchi {

struct ReportTile {
  std::string label = "";
  std::string value = "";
  std::string unit = "";
  std::string note = "";  // below, e.g. "± 0.3, 20 seeds"
  Tone tone = Tone::kNeutral;
};

struct ReportTable {
  std::string caption = "";
  std::vector<std::string> columns = {};
  std::vector<std::vector<std::string>> rows = {};  // columns of numbers are set to the right
};

struct ReportPicture {
  std::string png = "";  // the file's bytes
  std::string caption = "";
};

class HtmlReport {
 public:
  HtmlReport(std::string title, std::string lead);

  HtmlReport& Section(const std::string& heading);
  HtmlReport& Paragraph(const std::string& text);
  // What nobody may overlook: why a run ended early. A coloured box of the page's width.
  HtmlReport& Banner(const std::string& heading, const std::string& text, Tone tone);
  HtmlReport& Tiles(const std::vector<ReportTile>& tiles);
  HtmlReport& Table(const ReportTable& table);
  HtmlReport& Pictures(const std::vector<ReportPicture>& pictures);  // side by side
  HtmlReport& Chart(const LineChart& chart);                         // the page's width
  HtmlReport& Charts(const std::vector<LineChart>& charts);          // two to a row
  // Long text (a resolved config, a log) that opens on a click.
  HtmlReport& Details(const std::string& summary, const std::string& text);
  HtmlReport& Footer(const std::string& text);

  std::string Html() const;
  absl::Status Write(const std::string& path) const;  // whole or not at all

 private:
  std::string title_, lead_, body_, footer_;
};

}  // namespace ronchi
