#include "hw/wire/soap.h"

#include <gtest/gtest.h>

namespace ronchi::hw::wire {
namespace {

std::string Enveloped(const std::string& body) {
  return "<?xml version=\"1.0\"?><SOAP-ENV:Envelope xmlns:SOAP-ENV=\"e\"><SOAP-ENV:Body>" + body +
         "</SOAP-ENV:Body></SOAP-ENV:Envelope>";
}

TEST(Soap, ARequestReadsAsItWasWritten) {
  const auto read = ParseSoap(SoapRequest("http://tempuri.org/ns.xsd", "setDefocus",
                                          {{"defocus-m", "-0.5"}, {"text", "a<b & \"c\">d"}}));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->element, "setDefocus");
  EXPECT_EQ(read->fields.at("defocus-m"), "-0.5");
  EXPECT_EQ(read->fields.at("text"), "a<b & \"c\">d");
}

TEST(Soap, AnswersWhateverTheirNamespaces) {
  const auto read = ParseSoap(Enveloped(
      "\n <ns:getfloatResponse xmlns:ns=\"n\">\n <floatResult xsi:type=\"xsd:float\">5E-09"
      "</floatResult><!-- -->\n </ns:getfloatResponse>"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->element, "getfloatResponse");
  EXPECT_EQ(read->fields.at("floatResult"), "5E-09");
  EXPECT_FALSE(read->fault);
}

TEST(Soap, AFaultIsTold) {
  const auto read =
      ParseSoap(Enveloped("<SOAP-ENV:Fault><faultcode>c</faultcode><faultstring>why "
                          "&lt;</faultstring></SOAP-ENV:Fault>"));
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->fault);
  EXPECT_EQ(read->why, "why <");
}

TEST(Soap, WhatIsNoneIsRefused) {
  for (const std::string& none :
       {std::string(""), std::string("HTTP"), std::string("<a/>"), Enveloped(""),
        Enveloped("<a/><b/>"), Enveloped("<a><b>1</b><b>2</b></a>"), Enveloped("<a><b></a>"),
        std::string("<Envelope><Body>")}) {
    EXPECT_FALSE(ParseSoap(none).ok()) << none;
  }
}

// No entity but XML's own is expanded, so that a small answer stays small.
TEST(Soap, EntitiesAreNotExpanded) {
  const auto read = ParseSoap(
      "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>"
      "<Envelope><Body><r><v>&b;&file;</v></r></Body></Envelope>");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->fields.at("v"), "&b;&file;");
}

}  // namespace
}  // namespace ronchi::hw::wire
