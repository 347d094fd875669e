#include "driver/store/uri.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "driver/connection.hh"

namespace lxvirt::driver {

namespace {

std::string refusal(const std::string& uri) {
    try {
        (void)parse_uri(uri);
    } catch (const base::Error& error) {
        return error.message();
    }
    return "accepted";
}

}  // namespace

TEST(Uri, TheMachinesOwnStateAndAnEmbeddedRoot) {
    EXPECT_EQ(parse_uri("lxc:///").root, "");
    EXPECT_EQ(parse_uri("lxc:///system").root, "");
    EXPECT_EQ(parse_uri("lxc:///embed?root=/tmp/x").root, "/tmp/x");
    EXPECT_EQ(parse_uri("lxc:///embed?root=/a%20b%3fc").root, "/a b?c");
}

TEST(Uri, OfAnotherDriverHasNoConnectionDriver) {
    for (const char* uri : {"bogus:///", "lxc", "qemu:///system", "lxc:/", "LXC:///"})
        EXPECT_EQ(refusal(uri), std::string("no connection driver available for ") + uri);
}

TEST(Uri, WhatHasNoMeaningIsRefusedWithWhatWouldBeRight) {
    EXPECT_EQ(refusal("lxc:///session"),
              "internal error: unexpected LXC URI path '/session', try lxc:///system");
    EXPECT_NE(refusal("lxc://host/").find("use lxc:///"), std::string::npos);
    EXPECT_NE(refusal("lxc:///embed").find("lxc:///embed?root=/some/folder"), std::string::npos);
    EXPECT_NE(refusal("lxc:///embed?root=").find("absolute path"), std::string::npos);
    EXPECT_NE(refusal("lxc:///embed?root=x").find("absolute path"), std::string::npos);
    EXPECT_NE(refusal("lxc:///embed?root=/x&y=1").find("nothing else"), std::string::npos);
    EXPECT_NE(refusal("lxc:///embed?root=/x%zz").find("hexadecimal"), std::string::npos);
    EXPECT_NE(refusal("lxc:///embed?root=/x%0").find("hexadecimal"), std::string::npos);
    EXPECT_NE(refusal("lxc:///?a=b").find("unknown parameter 'a=b'"), std::string::npos);
}

}  // namespace lxvirt::driver
