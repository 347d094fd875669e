// Which disks of a domain are one disk: a partition and the whole disk that has it.
#include "driver/device/shared_disks.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>

#include "base/file/file.hh"
#include "tests/unit/driver/fixture.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {
namespace {

using testing::HasSubstr;

constexpr unsigned kDisks = 8;  // the major number of SCSI disks

// A sysfs of the test's own with the disks sda (8:0), which has the partitions sda1 (8:1) and sda2
// (8:2), and sdb (8:16); and the disks' nodes.
class SharedDisksTest : public RootTest {
  protected:
    void SetUp() override {
        add_device("sda", 0);
        add_device("sda/sda1", 1, true);
        add_device("sda/sda2", 2, true);
        add_device("sdb", 16);
    }

    void add_device(const std::string& path, unsigned minor, bool partition = false) const {
        const std::string number = fmt::format("{}:{}", kDisks, minor);
        const std::string place = sys() + "/devices/host0/block/" + path;
        std::filesystem::create_directories(place);
        std::filesystem::create_directories(sys() + "/dev/block");
        base::write_atomic(place + "/dev", number + "\n", 0600, base::Durability::volatile_);
        if (partition)
            base::write_atomic(place + "/partition", fmt::format("{}\n", minor), 0600,
                               base::Durability::volatile_);
        std::filesystem::create_directory_symlink("../../devices/host0/block/" + path,
                                                  sys() + "/dev/block/" + number);
    }

    [[nodiscard]] std::string sys() const { return folder / "sys"; }

    // The path of a node of a block device.
    [[nodiscard]] std::string node(const std::string& name, unsigned minor) const {
        std::string path = folder / name;
        const bool is_made = base::exists(path) ||
                             ::mknod(path.c_str(), S_IFBLK | 0600, makedev(kDisks, minor)) == 0;
        EXPECT_TRUE(is_made) << path;
        return path;
    }

    static std::string disk(const std::string& source, const std::string& target,
                            const std::string& more = "") {
        return "<disk type='block'><source dev='" + source + "'/><target dev='" + target + "'/>" +
               more + "</disk>";
    }

    // What lock_disks() says of a domain with these devices; empty where it allows them.
    [[nodiscard]] std::string refusal(const std::string& devices) const {
        const xml::Domain domain = xml::parse_domain(
                                       "<domain type='lxc'><name>one</name><memory>1</memory><os>"
                                       "<type>exe</type><init>/i</init></os><devices>" +
                                           devices + "</devices></domain>",
                                       {.live = true})
                                       .domain;
        return message_of([&] { (void)lock_disks(root, domain, sys()); });
    }
};

TEST_F(SharedDisksTest, APartitionIsFoundInItsDisk) {
    EXPECT_EQ(disk_of_partition(makedev(kDisks, 1), sys()), makedev(kDisks, 0));
    EXPECT_EQ(disk_of_partition(makedev(kDisks, 2), sys()), makedev(kDisks, 0));
    EXPECT_FALSE(disk_of_partition(makedev(kDisks, 0), sys()));
    EXPECT_FALSE(disk_of_partition(makedev(kDisks, 16), sys()));
    EXPECT_FALSE(disk_of_partition(makedev(kDisks, 99), sys()));  // sysfs does not have it
}

TEST_F(SharedDisksTest, APartitionAndItsDiskAreRefusedInWordsThatNameBoth) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can make device nodes";
    const std::string whole = node("sda", 0), part = node("sda1", 1);
    EXPECT_THAT(refusal(disk(whole, "vda") + disk(part, "vdb")),
                HasSubstr("disk 'vdb' of domain 'one': '" + part + "' is a partition of '" + whole +
                          "', which is in use already as disk 'vda' of the same domain"));
    EXPECT_THAT(refusal(disk(part, "vda") + disk(whole, "vdb")),
                HasSubstr("disk 'vdb' of domain 'one': '" + whole + "' has the partition '" + part +
                          "', which is in use already as disk 'vda' of the same domain"));
    const std::string both = "<shareable/>", reads = "<readonly/>";
    EXPECT_EQ(refusal(disk(whole, "vda", both) + disk(part, "vdb", both)), "");
    EXPECT_EQ(refusal(disk(whole, "vda", reads) + disk(part, "vdb", reads)), "");
    EXPECT_NE(refusal(disk(whole, "vda", both) + disk(part, "vdb")), "");
}

TEST_F(SharedDisksTest, TwoPartitionsAndTwoDisksDisturbNobody) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can make device nodes";
    EXPECT_EQ(refusal(disk(node("sda1", 1), "vda") + disk(node("sda2", 2), "vdb") +
                      disk(node("sdb", 16), "vdc")),
              "");
}

// The kernel mounts one device twice, but no partition of a disk that it has mounted.
TEST_F(SharedDisksTest, FileSystemsOfAPartitionAndOfItsDiskAreRefused) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can make device nodes";
    const auto mounted = [](const std::string& source, const std::string& target) {
        return "<filesystem type='block'><source dev='" + source + "'/><target dir='" + target +
               "'/></filesystem>";
    };
    const std::string whole = node("sda", 0), part = node("sda1", 1);
    EXPECT_EQ(refusal(mounted(part, "/a") + mounted(part, "/b")), "");
    EXPECT_THAT(refusal(mounted(whole, "/a") + mounted(part, "/b")),
                HasSubstr("filesystem on '/b' of domain 'one': '" + part + "' is a partition of"));
}

}  // namespace
}  // namespace lxvirt::driver
