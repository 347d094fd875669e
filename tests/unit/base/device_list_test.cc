// Devices lists of v1 by their effect, on a host that has such a hierarchy: in a group of this test's
// own, with a child that opens devices. Needs root.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cgroup/cgroup.hh"
#include "base/cgroup/device_filter.hh"
#include "base/file/file.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {
namespace {

constexpr DeviceRule kZero{.type = 'c', .major = 1, .minor = 5};
constexpr DeviceRule kRandom{.type = 'c', .major = 1, .minor = 9};
constexpr DeviceRule kAll{.type = 'a', .major = {}, .minor = {}};

constexpr DeviceRule denial(DeviceRule rule) {
    rule.allow = false;
    return rule;
}

class DeviceLists : public testing::Test {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
        all = find_hierarchies();
        devices = owner_of(all, "devices");
        if (devices == nullptr || devices->unified) GTEST_SKIP() << "no v1 devices hierarchy";
        make_leaf_group(*devices, path);
    }
    void TearDown() override {
        if (devices != nullptr && !devices->unified) remove_group(*devices, path);
    }
    [[nodiscard]] std::string folder() const { return devices->mount + path; }

    // Says whether a process in the group at `inside` can open a device for reading.
    [[nodiscard]] bool opens(const char* device, const std::string& inside = {}) const {
        const UniqueFd attach = open_attach_file(*devices, path + inside);
        const pid_t child = ::fork();
        if (child == 0) {
            if (::write(attach.get(), "0", 1) != 1) ::_exit(2);
            ::_exit(::open(device, O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 1);
        }
        int status = 0;
        (void)uninterrupted([&] { return ::waitpid(child, &status, 0); });
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        return status == 0;
    }

    std::vector<Hierarchy> all;
    const Hierarchy* devices = nullptr;
    const std::string path = "/lxvirt-unit-" + std::to_string(::getpid());
};

TEST_F(DeviceLists, KeepTheOrderOfTheRules) {
    write_device_list(folder(), {kZero, kRandom, denial(kRandom)});
    EXPECT_TRUE(opens("/dev/zero"));
    EXPECT_FALSE(opens("/dev/urandom"));
    write_device_list(folder(), {kZero, denial(kAll), kRandom});
    EXPECT_FALSE(opens("/dev/zero"));
    EXPECT_TRUE(opens("/dev/urandom"));
}

TEST_F(DeviceLists, MayAllowEverythingButSome) {
    write_device_list(folder(), {kAll, denial(kRandom)});
    EXPECT_TRUE(opens("/dev/zero"));
    EXPECT_TRUE(opens("/dev/full"));
    EXPECT_FALSE(opens("/dev/urandom"));
}

TEST_F(DeviceLists, ChangeInAGroupInUseAndInThoseBelowThatAreAlike) {
    write_device_list(folder(), {kZero});
    make_leaf_group(*devices, path + "/init");
    make_leaf_group(*devices, path + "/init/alike");
    make_leaf_group(*devices, path + "/init/closed");
    write_value(folder() + "/init/closed/devices.deny", "c 1:5 rwm");
    change_device_list(folder(), folder() + "/init", {kZero, kRandom});
    EXPECT_TRUE(opens("/dev/urandom", "/init"));
    EXPECT_TRUE(opens("/dev/urandom", "/init/alike"));
    EXPECT_FALSE(opens("/dev/urandom", "/init/closed"));
    change_device_list(folder(), folder() + "/init", {kZero});
    EXPECT_FALSE(opens("/dev/urandom", "/init/alike"));
    EXPECT_TRUE(opens("/dev/zero", "/init/alike"));
}

}  // namespace
}  // namespace lxvirt::base
