// Which device a description means, and what must be unlike.
#include "xml/device/device.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "driver/host/usb.hh"
#include "tests/support/folder.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

xml::Domain made_domain() {
    return xml::parse_domain(
               "<domain type='lxc'><name>a</name><memory>1</memory><os><type>exe</type>"
               "<init>/i</init></os><devices>"
               "<disk type='block'><source dev='/dev/a'/><target dev='vdb'/>"
               "<alias name='disk0'/></disk>"
               "<filesystem><source dir='/a'/><target dir='/data'/></filesystem>"
               "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/>"
               "<guest dev='eth0'/><alias name='net0'/></interface>"
               "<interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br0'/>"
               "<alias name='net1'/></interface></devices></domain>",
               {.live = true})
        .domain;
}

xml::Device device(const std::string& text) {
    return xml::parse_device(text, {.defaults = false, .live = true}).device;
}

std::string refusal(const std::function<void()>& act) {
    try {
        act();
    } catch (const base::Exception& error) {
        return error.message();
    }
    return {};
}

TEST(DeviceTest, AnInterfaceIsFoundByMacByNameOrAsTheOnlyOne) {
    const xml::Domain domain = made_domain();
    const auto alias = [&](const std::string& text) {
        return device_alias(find_device(domain, device(text)));
    };
    EXPECT_EQ(alias("<interface type='bridge'><mac address='52:54:00:00:00:02'/>"
                    "<source bridge='other'/></interface>"),
              "net1");
    EXPECT_EQ(
        alias("<interface type='bridge'><source bridge='br0'/><guest dev='eth0'/></interface>"),
        "net0");
    EXPECT_THAT(refusal([&] {
                    (void)alias("<interface type='bridge'><source bridge='br0'/></interface>");
                }),
                HasSubstr("net0 (interface 52:54:00:00:00:01 (eth0)), net1"));
}

TEST(DeviceTest, TargetsMacsAndMountPointsAreUnlike) {
    xml::Domain domain = made_domain();
    EXPECT_EQ(refusal([&] {
                  add_device(domain, device("<disk type='block'><source dev='/dev/b'/>"
                                            "<target dev='vdb'/></disk>"));
              }),
              "operation failed: target vdb already exists");
    EXPECT_THAT(refusal([&] {
                    add_device(domain, device("<filesystem><source dir='/b'/>"
                                              "<target dir='//data/'/></filesystem>"));
                }),
                HasSubstr("already exists"));
    EXPECT_THAT(refusal([&] {
                    add_device(domain, device("<interface type='bridge'><source bridge='x'/>"
                                              "<mac address='52:54:00:00:00:01'/></interface>"));
                }),
                HasSubstr("network device with mac 52:54:00:00:00:01 already exists"));
}

TEST(DeviceTest, ALiveChangeOfSomethingElseIsRefusedWithWhatCanBeChanged) {
    const xml::Domain domain = made_domain();
    const xml::Device have = find_device(domain, device("<disk type='block'><source dev='/dev/b'/>"
                                                        "<target dev='vdb'/></disk>"));
    const auto check = [&](const std::string& text) {
        return refusal([&] { check_live_change(have, changed_device(have, device(text))); });
    };
    EXPECT_EQ(check("<disk type='block'><source dev='/dev/b'/><target dev='vdb'/></disk>"), "");
    EXPECT_THAT(
        check("<disk type='block'><source dev='/dev/b'/><target dev='vdb'/><readonly/></disk>"),
        HasSubstr("cannot be changed to <readonly/>"));
    EXPECT_THAT(check("<disk type='file'><source file='/b'/><target dev='vdb'/></disk>"),
                HasSubstr("what can be changed is its <source>, by one of the same type"));
}

TEST(DeviceTest, AnAliasBelongsToOneDevice) {
    xml::Domain domain = made_domain();
    const auto found = find_alias(domain, "disk0");
    ASSERT_TRUE(found.has_value());
    remove_device(domain, *found);
    EXPECT_TRUE(domain.disks.empty());
    EXPECT_FALSE(find_alias(domain, "disk0").has_value());
}

// <lx:interface index=> goes with the interface that it is about.
TEST(DeviceTest, OptionsFollowTheirInterface) {
    xml::Domain domain;
    for (int i = 0; i < 3; ++i) {
        xml::Interface interface;
        interface.alias = fmt::format("net{}", i);
        domain.interfaces.push_back(interface);
        xml::ContainerInterface options;
        options.index = static_cast<unsigned>(i);
        options.guard = xml::ContainerGuard{.mac = i == 2};
        domain.container.interfaces.push_back(options);
    }
    remove_device(domain, domain.interfaces[1]);
    ASSERT_EQ(domain.container.interfaces.size(), 2U);
    EXPECT_EQ(domain.container.interfaces[0].index, 0U);
    EXPECT_EQ(domain.container.interfaces[1].index, 1U);
    EXPECT_EQ(domain.container.interfaces[1].guard->mac, true);
}

// The kernel's layout: a device, its interfaces below it, what they offer below those; a device
// that is plugged into a hub has a folder of its own in it.
TEST(UsbTest, AllDeviceFilesOfADeviceAndNotThoseBehindIt) {
    const tests::TemporaryFolder folder;
    const auto put = [&](const std::string& path, const std::string& text) {
        const std::string whole = folder.path() + "/" + path;
        base::make_folders(base::parent_folder(whole));
        base::write_atomic(whole, text, 0600, base::Durability::volatile_);
    };
    put("1-1/idVendor", "1d6b\n");
    put("1-1/idProduct", "0002\n");
    put("1-1/busnum", "1\n");
    put("1-1/devnum", "4\n");
    put("1-1/uevent", "MAJOR=189\nMINOR=3\nDEVNAME=bus/usb/001/004\n");
    put("1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0/uevent", "MAJOR=188\nMINOR=0\nDEVNAME=ttyUSB0\n");
    put("1-1/1-1.2/idVendor", "aaaa\n");
    put("1-1/1-1.2/uevent", "MAJOR=189\nMINOR=9\nDEVNAME=bus/usb/001/010\n");
    xml::UsbSource source;
    source.vendor = 0x1d6b;
    source.product = 2;
    EXPECT_THAT(usb_device_files(source, folder.path()),
                ElementsAre("/dev/bus/usb/001/004", "/dev/ttyUSB0"));
    source.product = 3;
    EXPECT_THAT(refusal([&] { (void)usb_device_files(source, folder.path()); }),
                HasSubstr("0 USB devices 1d6b:0003"));
}

}  // namespace
}  // namespace lxvirt::driver
