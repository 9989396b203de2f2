// A DE-TEM-Channel that answers as a test says: well, until a fault is put in. Its column has a
// stage that takes a while, and a corrector that is posted to.
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "hw/drivers/de_tem/de_tem.h"
#include "hw/wire/http.h"
#include "hw/wire/soap.h"
#include "tests/support/wire_server.h"

namespace ronchi::testing_support {

using Fields = std::map<std::string, std::string>;

// An answer of the service, as bytes of HTTP.
inline std::string SoapAnswered(const std::string& element, const hw::wire::SoapFields& fields,
                                int status = 200) {
  const std::string body = hw::wire::SoapRequest("http://tempuri.org/ns.xsd", element, fields);
  return hw::wire::HttpAnswerBytes(status, "OK", body, "text/xml; charset=utf-8", true);
}
inline std::string SoapFault(const std::string& why) {
  return SoapAnswered("Fault", {{"faultcode", "SOAP-ENV:Client"}, {"faultstring", why}}, 500);
}

// Pieces of an answer that are none: a while passes; nothing comes any more.
inline const std::string kPause = "<pause>", kStalls = "<stalls>";
using Pieces = std::vector<std::string>;
// Spoils an answer, which is one piece; what is done has been done by then.
using ChannelFault = std::function<void(const std::string& method, const Fields&, Pieces*)>;
// Before anything is done: true, and it is not.
using ChannelIgnores = std::function<bool(const std::string& method)>;

class FakeChannel {
 public:
  FakeChannel() : server_([this](Peer* peer) { Serve(peer); }) {}

  hw::de_tem::DeTemOptions Options(double seconds) const {
    hw::de_tem::DeTemOptions o;
    o.address = *hw::wire::ParseAddress(server_.address());
    o.answer_s = o.move_s = o.measure_s = o.tableau_s = o.correct_s = seconds;
    o.poll_s = 1e-3;
    return o;
  }
  void Put(ChannelFault fault) {
    const std::lock_guard<std::mutex> lock(mutex_);
    fault_ = std::move(fault);
  }
  void Ignore(ChannelIgnores ignores) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ignores_ = std::move(ignores);
  }
  // What the corrector does with what is posted to it.
  void Corrects(bool present, int end_state = 2, int polls = 1, const std::string& error = "") {
    const std::lock_guard<std::mutex> lock(mutex_);
    present_ = present;
    end_state_ = end_state;
    works_for_ = polls;
    running_.clear();
    state_ = 0;
    error_ = error;
  }
  void StageTakes(int polls, int end_state = 2) {
    const std::lock_guard<std::mutex> lock(mutex_);
    stage_takes_ = polls;
    stage_end_ = end_state;
  }
  void StageArrives() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stage_polls_ = 0;
  }
  double Aberration(const std::string& name, size_t part) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return aberrations_m_[name][part];
  }
  std::string Stands(const std::string& key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return batch_[key];
  }
  void Set(const std::string& key, const std::string& value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    batch_[key] = value;
  }
  int Count(const std::string& method) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return asked_[method];
  }

 private:
  void Serve(Peer* peer) {
    hw::wire::HttpRequests requests;
    std::string refusal;
    for (;;) {
      const std::string more = peer->Read();
      if (more.empty()) return;
      const auto come = requests.Take(more, &refusal);
      if (!come.ok()) return;
      if (come->empty()) continue;
      for (const std::string& piece : Answer(come->at(0))) {
        if (piece == kPause) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (piece == kStalls) peer->AwaitEnd();
        if (piece != kPause && piece != kStalls) peer->Write(piece);
      }
      return;
    }
  }

  Pieces Answer(const hw::wire::HttpRequests::Came& came) {
    const auto asked = hw::wire::ParseSoap(came.request.body);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!asked.ok() || came.request.method != "POST" || !came.Find("soapaction")) {
      return {SoapFault("no request")};
    }
    ++asked_[asked->element];
    Pieces pieces = {Right(asked->element, asked->fields)};
    if (fault_) fault_(asked->element, asked->fields, &pieces);
    return pieces;
  }

  static std::string Of(const Fields& f, const std::string& name) {
    const auto found = f.find(name);
    return found == f.end() ? "0" : found->second;  // as gSOAP has it
  }
  std::string Right(const std::string& m, const Fields& f) {
    const bool ignored = ignores_ && ignores_(m);
    if (m == "executeBatchCommands") return Batch(f);
    if (m == "getProperty") return Property(Of(f, "property"));
    if (m.starts_with("set") || m == "stopOperation") {
      if (!ignored) DoSet(m, f);
      return SoapAnswered("setResult", {{"success", "1"}});
    }
    if (m == "getBeamBlankState") return Int(std::stoi(batch_["PROJ_BeamBlankState"]));
    if (m == "getCorrectorPresent") return Int(present_);
    if (m == "getCorrectorStatus") return Int(Work());
    if (m == "getCorrectorResult") return SoapAnswered(m + "Response", {{"r", result_}});
    if (m == "getCorrectorError") return SoapAnswered(m + "Response", {{"r", error_}});
    if (m == "getCorrectorInfo") {
      return SoapAnswered(m + "Response", {{"r", "correctorType=CESCOR;version=a test"}});
    }
    if (m.starts_with("corrector")) {
      if (!ignored) Begin(m, f);
      return SoapAnswered("setResult", {{"success", "1"}});
    }
    return SoapFault("Method '" + m + "' not implemented: method name or namespace not recognized");
  }
  static std::string Int(int value) {
    return SoapAnswered("getintResponse", {{"intResult", absl::StrCat(value)}});
  }
  std::string Batch(const Fields& f) {
    std::vector<std::string> keys = absl::StrSplit(Of(f, "commands"), ','), values;
    for (const std::string& key : keys) values.push_back(batch_[key]);
    return SoapAnswered("executeBatchCommandsResponse", {{"r", absl::StrJoin(values, ",")}});
  }
  std::string Property(const std::string& key) {
    std::string value = key == "ScreenCurrent" ? "40" : "";
    int state = 0;
    if (key.starts_with("Stage")) {
      value = "1";
      state = stage_polls_-- > 0 ? 1 : stage_end_;
    }
    return SoapAnswered("getPropertyResponse", {{"value", value}, {"status", absl::StrCat(state)}});
  }

  void DoSet(const std::string& m, const Fields& f) {
    if (m == "setBeamBlank") batch_["PROJ_BeamBlankState"] = Of(f, "blank");
    if (m == "setDefocus") batch_["PROJ_Defocus"] = Of(f, "defocus-m");
    if (m == "setMagnification") batch_["PROJ_Magnification"] = Of(f, "mag");
    if (m == "setTemStemMode") batch_["PROJ_TemStemMode"] = Of(f, "mode");
    if (m == "setBeamShift") batch_["ILLUM_BeamShift"] = Of(f, "x") + ";" + Of(f, "y");
    if (m == "setBeamTilt") batch_["ILLUM_BeamTilt"] = Of(f, "x") + ";" + Of(f, "y");
    if (m == "stopOperation") stage_polls_ = 0;
    if (m != "setStagePosition") return;
    std::vector<std::string> axes = absl::StrSplit(batch_["STAGE_PositionFull"], ';');
    const int mask = std::stoi(Of(f, "axes-mask"));
    for (size_t i = 0; i < 5; ++i) {
      if (mask & (1 << i)) axes[i] = Of(f, std::string(1, "xyzab"[i]));
    }
    batch_["STAGE_PositionFull"] = absl::StrJoin(axes, ";");
    stage_polls_ = stage_takes_;
  }
  void Begin(const std::string& m, const Fields& f) {
    result_.clear();
    running_ = m;
    polls_ = works_for_;
    if (m != "correctorCorrectAberration" || end_state_ != 2) return;
    if (Of(f, "useValue") != "1" || Of(f, "useTarget") != "0") return;
    auto& at = aberrations_m_[Of(f, "name")];
    at[0] -= std::stod(Of(f, "valueX"));  // the value is the error that is taken out
    at[1] -= std::stod(Of(f, "valueY"));
  }
  int Work() {
    if (running_.empty()) return state_;
    if (polls_-- > 0) return 1;
    if (end_state_ == 2 && running_ != "correctorCorrectAberration") {
      const double focus_m = std::stod(batch_["PROJ_Defocus"]) * 1e-6;
      std::vector<std::string> parts;
      for (const auto& [name, at] : aberrations_m_) {
        if (running_ == "correctorMeasureC1A1" && name != "C1" && name != "A1") continue;
        const double x = at[0] + (name == "C1" ? focus_m : 0);
        parts.push_back(absl::StrFormat("%s=%.9g,%.9g", name, x, at[1]));
      }
      result_ = absl::StrJoin(parts, ";") + ";We=1e-10,0;WD=1e-3,2e-3";
    }
    running_.clear();
    return state_ = end_state_;
  }

  std::mutex mutex_;
  ChannelFault fault_;
  ChannelIgnores ignores_;
  std::map<std::string, int> asked_;
  bool present_ = true;
  int state_ = 0, end_state_ = 2, works_for_ = 1, polls_ = 0;
  int stage_takes_ = 1, stage_polls_ = 0, stage_end_ = 2;
  std::string running_, result_, error_;
  std::map<std::string, std::array<double, 2>> aberrations_m_ = {
      {"C1", {-12e-9, 0}}, {"A1", {8e-9, -5e-9}}, {"B2", {3e-8, 1e-8}}, {"C3", {4e-7, 0}}};
  std::map<std::string, std::string> batch_ = {{"GUN_HT", "200000"},
                                               {"PROJ_BeamBlankState", "0"},
                                               {"PROJ_Defocus", "0"},
                                               {"PROJ_Magnification", "20000"},
                                               {"PROJ_CameraLength", "25"},
                                               {"PROJ_TemStemMode", "1"},
                                               {"STAGE_PositionFull", "1;2;3;4;5"},
                                               {"ILLUM_BeamShift", "0;0"},
                                               {"ILLUM_ImageShift", "0;0"},
                                               {"ILLUM_BeamTilt", "0;0"},
                                               {"ILLUM_ConvergenceAngle", "22.000"},
                                               {"VACUUM_ColumnValvesOpen", "1"},
                                               {"INSTRUMENT_Type", "JEOL"}};
  WireServer server_;  // last: its threads use all of these
};

}  // namespace ronchi::testing_support
