#include "base/error.hh"

#include <gtest/gtest.h>

namespace lxvirt::base {

TEST(Error, WordsTheSentenceAsLibvirtDoes) {
    EXPECT_EQ(Error(ErrorCode::operation_invalid, "domain is not running").message(),
              "Requested operation is not valid: domain is not running");
    EXPECT_EQ(Error(ErrorCode::no_domain, "no domain with matching name 'x'").message(),
              "Domain not found: no domain with matching name 'x'");
}

TEST(SystemError, NamesTheActAndTheErrno) {
    const SystemError error(ENOENT, "mount '/srv/web' on '/data'");
    EXPECT_EQ(error.message(), "mount '/srv/web' on '/data': No such file or directory");
    EXPECT_EQ(error.error(), ENOENT);
    EXPECT_EQ(error.code(), ErrorCode::system_error);
}

}  // namespace lxvirt::base
