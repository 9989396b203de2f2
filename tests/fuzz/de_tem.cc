// What comes from a DE-TEM-Channel: HTTP with SOAP in it, and the texts in that.
#include <gtest/gtest.h>

#include <cmath>

#include "hw/drivers/de_tem/corrector.h"
#include "hw/wire/http.h"
#include "hw/wire/soap.h"
#include "tests/fuzz/fuzzing.h"

namespace ronchi::hw {
namespace {

using testing_support::Fuzz;

std::string Enveloped(const std::string& element, const wire::SoapFields& fields) {
  return wire::SoapRequest("http://tempuri.org/ns.xsd", element, fields);
}

TEST(FuzzDeTem, Soap) {
  Fuzz({.kind = "de_tem_soap",
        .corpus = {Enveloped("getfivefloatResponse",
                             {{"one", "1.5"}, {"two", "-2"}, {"three", "0"}, {"four", "1E-9"}}),
                   Enveloped("executeBatchCommandsResponse", {{"r", "200000,1;2;3;4;5,,JEOL"}}),
                   Enveloped("Fault", {{"faultcode", "c"}, {"faultstring", "a & <b>"}}),
                   "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><Envelope><Body><r><v>&a;</v></r></Body>"
                   "</Envelope>"},
        .read = [](const std::string& bytes) -> absl::Status {
          RONCHI_ASSIGN_OR_RETURN(const wire::SoapAnswer answer, wire::ParseSoap(bytes));
          EXPECT_FALSE(answer.element.empty());
          size_t all = 0;
          for (const auto& [name, value] : answer.fields) all += name.size() + value.size();
          EXPECT_LE(all, 2 * bytes.size()) << "nothing grows";
          return absl::OkStatus();
        }});
}

TEST(FuzzDeTem, Answers) {
  const std::string body = Enveloped("setResult", {{"success", "1"}});
  Fuzz({.kind = "de_tem_answers",
        .corpus = {wire::HttpAnswerBytes(200, "OK", body, "text/xml; charset=utf-8", true),
                   "HTTP/1.0 500 Internal Server Error\r\nServer: gSOAP/2.8\r\n\r\n" + body},
        .read = [](const std::string& bytes) -> absl::Status {
          wire::HttpAnswerReader reader(1 << 16);
          RONCHI_ASSIGN_OR_RETURN(auto answer, reader.Take(bytes));
          if (!answer) {
            RONCHI_ASSIGN_OR_RETURN(answer, reader.End());
          }
          return wire::ParseSoap(answer->body).status();
        }});
}

TEST(FuzzDeTem, Aberrations) {
  Fuzz({.kind = "de_tem_aberrations",
        .corpus = {"C1=-1.35266728e-08,0;A1=-1.67203056e-09,-5.7948992e-09;We=0,0;WD=1e-3,0",
                   "C1=2e-9;B2=1e-8,-2e-8;S3=3e-7,0"},
        .read = [](const std::string& bytes) -> absl::Status {
          RONCHI_ASSIGN_OR_RETURN(const Estimate e, de_tem::AberrationsOf(bytes, "aberrations"));
          EXPECT_EQ(e.names.size(), e.values.size());
          for (const Quantity& v : e.values) EXPECT_TRUE(std::isfinite(v.si));
          return absl::OkStatus();
        }});
}

}  // namespace
}  // namespace ronchi::hw
