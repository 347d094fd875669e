#include "driver/host/node.hh"

#include <gmock/gmock.h>

#include "driver/host/capabilities.hh"
#include "tests/unit/driver/fixture.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

using testing::ElementsAre;
using testing::HasSubstr;

// A made-up host below a folder: two sockets of two cores, two threads each, in two NUMA nodes.
class HostTest : public RootTest {
  protected:
    void put(const std::string& path, const std::string& text) const {
        base::make_folders(base::parent_folder(folder.path() + path));
        base::write_atomic(folder.path() + path, text, 0600, base::Durability::volatile_);
    }
    void SetUp() override {
        put("/proc/meminfo", "MemTotal:        8000000 kB\nMemFree:  1 kB\n");
        put("/proc/cpuinfo", "processor\t: 0\ncpu MHz\t\t: 2596.140\n\nprocessor\t: 1\n");
        put("/etc/machine-id", "6a46bd23f0df461b85e719fd36be90df\n");
        put("/sys/devices/system/cpu/online", "0-7\n");
        put("/sys/devices/system/node/online", "0-1\n");
        put("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "10\n");
        for (int id = 0; id < 8; ++id) {
            const std::string cpu = fmt::format("/sys/devices/system/cpu/cpu{}", id);
            const std::string siblings = fmt::format("{}-{}\n", id / 2 * 2, id / 2 * 2 + 1);
            put(cpu + "/topology/physical_package_id", fmt::format("{}\n", id / 4));
            put(cpu + "/topology/die_id", "0\n");
            put(cpu + "/topology/core_id", fmt::format("{}\n", id / 2 % 2));
            put(cpu + "/topology/thread_siblings_list", siblings);
            put(cpu + "/cache/index0/level", "1\n");
            const std::string cache = cpu + "/cache/index3/";
            put(cache + "level", "3\n");
            put(cache + "id", fmt::format("{}\n", id / 4));
            put(cache + "type", "Unified\n");
            put(cache + "size", "1536K\n");
            put(cache + "shared_cpu_list", id < 4 ? "0-3\n" : "4-7\n");
        }
        for (int node = 0; node < 2; ++node) {
            const std::string path = fmt::format("/sys/devices/system/node/node{}/", node);
            put(path + "cpulist", node == 0 ? "0-3\n" : "4-7\n");
            put(path + "distance", node == 0 ? "10 21\n" : "21 10\n");
            put(path + "meminfo", fmt::format("Node {} MemTotal:  4000000 kB\n", node));
            put(path + "hugepages/hugepages-2048kB/nr_hugepages", "5\n");
        }
    }
};

TEST_F(HostTest, CountsItsProcessors) {
    const NodeInfo info = read_node_info(folder.path());
    EXPECT_EQ(info.memory, 8000000U);
    EXPECT_EQ(info.cpus, 8U);
    EXPECT_EQ(info.mhz, 2596U);
    EXPECT_EQ(info.nodes, 2U);
    EXPECT_EQ(info.sockets, 1U);
    EXPECT_EQ(info.cores, 2U);
    EXPECT_EQ(info.threads, 2U);
}

TEST_F(HostTest, AnIrregularOneStillMultipliesToItsProcessors) {
    put("/sys/devices/system/cpu/online", "0-6\n");
    const NodeInfo info = read_node_info(folder.path());
    EXPECT_EQ(info.cpus, 7U);
    EXPECT_EQ(info.nodes * info.sockets * info.cores * info.threads, 7U);
}

TEST_F(HostTest, CapabilitiesDescribeIt) {
    const std::string text = format_capabilities(folder.path());
    EXPECT_THAT(text, HasSubstr("<uuid>6a46bd23-f0df-461b-85e7-19fd36be90df</uuid>"));
    EXPECT_THAT(text, HasSubstr("      <cells num='2'>\n        <cell id='0'>\n"
                                "          <memory unit='KiB'>4000000</memory>\n"
                                "          <pages unit='KiB' size='4'>997440</pages>\n"
                                "          <pages unit='KiB' size='2048'>5</pages>\n"
                                "          <distances>\n"
                                "            <sibling id='0' value='10'/>\n"
                                "            <sibling id='1' value='21'/>\n"
                                "          </distances>\n"
                                "          <cpus num='4'>\n"
                                "            <cpu id='0' socket_id='0' die_id='0' core_id='0' "
                                "siblings='0-1'/>\n"));
    EXPECT_THAT(
        text,
        HasSubstr("    <cache>\n"
                  "      <bank id='0' level='3' type='both' size='1536' unit='KiB' cpus='0-3'/>\n"
                  "      <bank id='1' level='3' type='both' size='1536' unit='KiB' cpus='4-7'/>\n"
                  "    </cache>\n"));
}

TEST_F(HostTest, CapabilitiesNameTheEmulatorThatDefineFillsIn) {
    const auto domain = xml::parse_domain(definition("x", uuid(1)), {}).domain;
    EXPECT_THAT(format_capabilities(folder.path()),
                HasSubstr("<emulator>" + domain.emulator + "</emulator>"));
}

TEST_F(HostTest, WithoutSmbiosThereIsNoSysinfo) {
    EXPECT_EQ(message_of([&] { (void)format_sysinfo(folder.path()); }),
              "unsupported configuration: Host SMBIOS information is not available");
    put("/sys/class/dmi/id/sys_vendor", "Some & Sons\n");
    put("/sys/class/dmi/id/product_name", "Box  \n");
    EXPECT_EQ(format_sysinfo(folder.path()),
              "<sysinfo type='smbios'>\n  <system>\n"
              "    <entry name='manufacturer'>Some &amp; Sons</entry>\n"
              "    <entry name='product'>Box</entry>\n  </system>\n</sysinfo>\n");
}

TEST(IdList, IsReadAsTheKernelWritesIt) {
    EXPECT_THAT(parse_id_list("0-2,5"), ElementsAre(0, 1, 2, 5));
    EXPECT_THAT(parse_id_list("7"), ElementsAre(7));
    EXPECT_TRUE(parse_id_list("").empty());
    EXPECT_TRUE(parse_id_list("junk").empty());
}

}  // namespace lxvirt::driver
