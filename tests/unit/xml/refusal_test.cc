// Bad domains: libvirt's words, then the place and what would be right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::xml {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Parts {
    std::string name = "<name>x</name>";
    std::string memory = "<memory>65536</memory>";
    std::string os = "<os><type>exe</type><init>/sbin/init</init></os>";
    std::string rest;     // line 5
    std::string devices;  // line 6
};

std::string document(const Parts& parts) {
    return "<domain type='lxc'>\n" + parts.name + "\n" + parts.memory + "\n" + parts.os + "\n" +
           parts.rest + "\n<devices>" + parts.devices + "</devices></domain>\n";
}

std::string error_of(const std::string& text) {
    try {
        (void)parse_domain(text, {.file = "x.xml"});
    } catch (const base::Error& error) {
        return error.message();
    }
    return "(accepted)";
}

struct Case {
    const char* what;
    Parts parts;
    const char* message;  // its beginning, up to the hint
};

class Refusal : public ::testing::TestWithParam<Case> {};

TEST_P(Refusal, SaysWhatAndWhere) {
    EXPECT_THAT(error_of(document(GetParam().parts)), StartsWith(GetParam().message));
}

const Case kSettings[] = {
    {"NoName", {.name = ""}, "missing name information (x.xml:1: "},
    {"EmptyName", {.name = "<name/>"}, "missing name information (x.xml:2: "},
    {"SlashInName",
     {.name = "<name>a/b</name>"},
     "XML error: name a/b cannot contain '/' (x.xml:2: "},
    {"DotsAsName", {.name = "<name>..</name>"}, "XML error: name .. is not allowed (x.xml:2: "},
    {"BadUuid",
     {.rest = "<uuid>123</uuid>"},
     "internal error: malformed uuid element (x.xml:5: '123'"},
    {"TwoLineTitle",
     {.rest = "<title>a\nb</title>"},
     "XML error: Domain title can't contain newlines (x.xml:"},
    {"NoMemory",
     {.memory = ""},
     "XML error: Memory size must be specified via <memory> or in the <numa> configuration "
     "(x.xml:1: "},
    {"BadMemory",
     {.memory = "<memory>lots</memory>"},
     "XML error: Invalid value 'lots' for element or attribute './memory[1]' (x.xml:3: "},
    {"NegativeMemory",
     {.memory = "<memory>-1</memory>"},
     "XML error: Invalid value '-1' for element or attribute './memory[1]' (x.xml:3: "},
    {"BadUnit",
     {.memory = "<memory unit='foo'>1</memory>"},
     "invalid argument: unknown suffix 'foo' (x.xml:3: "},
    {"Overflow",
     {.memory = "<memory unit='EiB'>16</memory>"},
     "numerical overflow: value too large: 16EiB (x.xml:3: "},
    {"NoVcpu",
     {.rest = "<vcpu>0</vcpu>"},
     "internal error: CPU IDs in <numa> exceed the <vcpu> count (x.xml:5: "},
    {"BadVcpu",
     {.rest = "<vcpu>two</vcpu>"},
     "XML error: maximum vcpus count must be an integer (x.xml:5: "},
    {"MoreCurrentVcpus",
     {.rest = "<vcpu current='3'>2</vcpu>"},
     "unsupported configuration: maximum vCPU count must not be less than current vCPU count "
     "(x.xml:5: "},
    {"BadCpuset",
     {.rest = "<vcpu cpuset='3-1'>1</vcpu>"},
     "invalid argument: Failed to parse bitmap '3-1' (x.xml:5: "},
    {"EmptyCpuset",
     {.rest = "<vcpu cpuset='^1'>1</vcpu>"},
     "unsupported configuration: Invalid value of 'cpuset': ^1 (x.xml:5: "},
    {"NoOs", {.os = ""}, "XML error: an os <type> must be specified (x.xml:1: "},
    {"NoOsType",
     {.os = "<os><init>/i</init></os>"},
     "XML error: an os <type> must be specified (x.xml:4: "},
    {"ForeignOsType",
     {.os = "<os><type>linux</type><init>/i</init></os>"},
     "invalid argument: could not find capabilities for ostype=linux arch="},
    {"UnknownArch",
     {.os = "<os><type arch='z80'>exe</type><init>/i</init></os>"},
     "unsupported configuration: Unknown architecture z80 (x.xml:4: "},
    {"NoInit",
     {.os = "<os><type>exe</type></os>"},
     "XML error: init binary must be specified (x.xml:4: "},
    {"RelativeInit",
     {.os = "<os><type>exe</type><init>sbin/init</init></os>"},
     "XML error: init 'sbin/init' is not an absolute path (x.xml:4: "},
    {"NamelessEnv",
     {.os = "<os><type>exe</type><init>/i</init><initenv>v</initenv></os>"},
     "XML error: No name supplied for <initenv> element (x.xml:4: "},
    {"UnmappedRoot",
     {.rest = "<idmap><uid start='1' target='5' count='1'/><gid start='0' target='5' "
              "count='1'/></idmap>"},
     "unsupported configuration: You must map the root user of container (x.xml:5: "},
    {"UnmappedGroups",
     {.rest = "<idmap><uid start='0' target='5' count='1'/></idmap>"},
     "unsupported configuration: uid and gid should be mapped both (x.xml:5: there is no <gid>"},
    {"OverlapInside",
     {.rest = "<idmap><uid start='0' target='100' count='10'/><uid start='9' target='500' "
              "count='1'/><gid start='0' target='5' count='1'/></idmap>"},
     "unsupported configuration: <uid> rows of <idmap> overlap inside the container (x.xml:5: "},
    {"OverlapOutside",
     {.rest = "<idmap><uid start='0' target='5' count='1'/><gid start='0' target='100' "
              "count='10'/><gid start='50' target='109' count='1'/></idmap>"},
     "unsupported configuration: <gid> rows of <idmap> overlap on the host (x.xml:5: "},
    {"EmptyRow",
     {.rest = "<idmap><uid start='0' target='5' count='0'/><gid start='0' target='5' "
              "count='1'/></idmap>"},
     "XML error: invalid idmap start/target/count settings (x.xml:5: "},
    {"BadPeriod",
     {.rest = "<cputune><period>1</period></cputune>"},
     "unsupported configuration: Value of cputune 'period' must be in range [1000, 1000000] "
     "(x.xml:5: "},
    {"BadShares",
     {.rest = "<cputune><shares>x</shares></cputune>"},
     "XML error: can't parse cputune shares value (x.xml:5: "},
    {"BlkioTwice",
     {.rest = "<blkiotune><device><path>/a</path></device><device><path>/a</path></device></"
              "blkiotune>"},
     "unsupported configuration: duplicate blkio device path '/a' (x.xml:5: "},
    {"BadNumaMode",
     {.rest = "<numatune><memory mode='x' nodeset='0'/></numatune>"},
     "unsupported configuration: Unsupported NUMA memory tuning mode 'x' (x.xml:5: "},
    {"RelativePartition",
     {.rest = "<resource><partition>m</partition></resource>"},
     "unsupported configuration: Resource partition 'm' must start with '/' (x.xml:5: "},
    {"UnknownCapability",
     {.rest = "<features><capabilities><fly state='on'/></capabilities></features>"},
     "unsupported configuration: unexpected capability feature 'fly' (x.xml:5: "},
    {"BadPolicy",
     {.rest = "<features><capabilities policy='x'/></features>"},
     "XML error: Invalid value for attribute 'policy' in element 'capabilities': 'x'. (x.xml:5: "
     "expected default, allow or deny)"},
    {"UnknownFeature",
     {.rest = "<features><warp/></features>"},
     "unsupported configuration: unexpected feature 'warp' (x.xml:5: "},
    {"BadClock",
     {.rest = "<clock offset='lunar'/>"},
     "unsupported configuration: unknown clock offset 'lunar' (x.xml:5: "},
    {"BadAction",
     {.rest = "<on_poweroff>explode</on_poweroff>"},
     "unsupported configuration: unknown on_poweroff action: explode (x.xml:5: "},
    {"LabelMissing",
     {.rest = "<seclabel type='static' model='dac'/>"},
     "XML error: security label is missing (x.xml:5: "},
    {"TwoExtensions",
     {.rest = "<c xmlns='urn:x'/><container xmlns='urn:lxvirt:domain:1'/><container "
              "xmlns='urn:lxvirt:domain:1'/>"},
     "XML error: a second <lx:container> element (x.xml:5: "},
};

// <lx:container> with this in it.
Parts extended(const std::string& inner, const std::string& more = "") {
    return {.rest =
                more + "<lx:container xmlns:lx='urn:lxvirt:domain:1'>" + inner + "</lx:container>"};
}

const std::string kMap =
    "<idmap><uid start='0' target='100000' count='9'/><gid start='0' target='100000' "
    "count='9'/></idmap>";

const Case kClosing[] = {
    {"MaskWithoutPath", extended("<lx:mask/>"), "XML error: <lx:mask> has no 'path' (x.xml:5: "},
    {"MaskUpwards", extended("<lx:mask path='/a/../b'/>"),
     "XML error: Invalid value for attribute 'path' in element 'mask': '/a/../b'. (x.xml:5: "},
    {"MaskTwice", extended("<lx:mask path='/a'/><lx:mask path='/a'/>"),
     "XML error: a second <lx:mask path='/a'> (x.xml:5: "},
    {"MaskThatIsNone", extended("<lx:mask path='/a' state='off'/>"),
     "XML error: Invalid value for attribute 'path' in element 'mask': '/a'. (x.xml:5: "},
    {"ReadonlyState", extended("<lx:readonly path='/a' state='maybe'/>"),
     "XML error: Invalid value for attribute 'state' in element 'readonly': 'maybe'. (x.xml:5: "},
    {"ReadonlyRoot", extended("<lx:readonly path='/'/>"),
     "XML error: Invalid value for attribute 'path' in element 'readonly': '/'. (x.xml:5: "},
    {"DevSize", extended("<lx:dev size='1'/>"),
     "XML error: Invalid value for attribute 'size' in element 'dev': '1'. (x.xml:5: "},
    {"NodeElsewhere", extended("<lx:dev><lx:node path='/etc/passwd'/></lx:dev>"),
     "XML error: Invalid value for attribute 'path' in element 'node': '/etc/passwd'. (x.xml:5: "},
    {"NodeMode", extended("<lx:dev><lx:node path='/dev/a' mode='4755'/></lx:dev>"),
     "XML error: Invalid value for attribute 'mode' in element 'node': '4755'. (x.xml:5: "},
    {"NodeThatMustBe", extended("<lx:dev><lx:node path='/dev/null' state='off'/></lx:dev>"),
     "XML error: Invalid value for attribute 'path' in element 'node': '/dev/null'. (x.xml:5: "},
    {"NodeAndLink",
     extended("<lx:dev><lx:node path='/dev/a'/><lx:link path='/dev/a' target='b'/></lx:dev>"),
     "XML error: '/dev/a' is twice in <lx:dev> (x.xml:5: "},
    {"LinkDeep", extended("<lx:dev><lx:link path='/dev/a/b' target='b'/></lx:dev>"),
     "XML error: Invalid value for attribute 'path' in element 'link': '/dev/a/b'. (x.xml:5: "},
    {"KeyringCalls", extended("<lx:keyring calls='some'/>"),
     "XML error: Invalid value for attribute 'calls' in element 'keyring': 'some'. (x.xml:5: "},
    {"Calls", extended("<lx:calls vsock='yes'/>"),
     "XML error: Invalid value for attribute 'vsock' in element 'calls': 'yes'. (x.xml:5: "},
    {"DeviceRule", extended("<lx:device_rules><lx:deny device='c 1'/></lx:device_rules>"),
     "XML error: Invalid value for attribute 'device' in element 'deny': 'c 1'. (x.xml:5: "},
    {"DeviceRuleAccess",
     extended("<lx:device_rules><lx:allow device='c 1:3' access='x'/></lx:device_rules>"),
     "XML error: Invalid value for attribute 'device' in element 'allow': 'c 1:3'. (x.xml:5: "},
    {"DeviceRuleOfAll",
     extended("<lx:device_rules><lx:allow device='a' access='r'/></lx:device_rules>"),
     "XML error: Invalid value for attribute 'access' in element 'allow': 'r'. (x.xml:5: "},
    {"DeviceRuleOfAGroup", extended("<lx:cgroup version='1' name='devices.deny' value='tty'/>"),
     "XML error: Invalid value for attribute 'value' in element 'cgroup': 'tty'. (x.xml:5: "},
};

const Case kDevices[] = {
    {"DiskTwice",
     {.devices = "<disk type='block'><source dev='/dev/a'/><target dev='vda'/></disk><disk "
                 "type='block'><source dev='/dev/b'/><target dev='vda'/></disk>"},
     "XML error: target 'vda' duplicated for disk sources '/dev/a' and '/dev/b' (x.xml:6: "},
    {"DiskWithoutTarget",
     {.devices = "<disk type='file'><source file='/a'/></disk>"},
     "missing target information for device /a (x.xml:6: "},
    {"DiskWithoutSource",
     {.devices = "<disk type='block'><target dev='vda'/></disk>"},
     "missing source information for device vda (x.xml:6: "},
    {"DiskNamedOddly",
     {.devices = "<disk type='file'><source file='/a'/><target dev='xyz'/></disk>"},
     "XML error: Unknown disk name 'xyz' and no address specified (x.xml:6: "},
    {"DiskRelative",
     {.devices = "<disk type='file'><source file='a'/><target dev='vda'/></disk>"},
     "XML error: disk source 'a' is not an absolute path (x.xml:6: "},
    {"FilesystemTwice",
     {.devices = "<filesystem><source dir='/a'/><target dir='/m'/></filesystem><filesystem><source "
                 "dir='/b'/><target dir='/m'/></filesystem>"},
     "XML error: target '/m' duplicated for filesystem sources '/a' and '/b' (x.xml:6: "},
    {"FilesystemWithoutSource",
     {.devices = "<filesystem type='mount'><target dir='/m'/></filesystem>"},
     "missing source information for device /m (x.xml:6: "},
    {"FilesystemWithoutTarget",
     {.devices = "<filesystem type='mount'><source dir='/a'/></filesystem>"},
     "missing target information for device /a (x.xml:6: "},
    {"FilesystemRelative",
     {.devices = "<filesystem><source dir='/a'/><target dir='m'/></filesystem>"},
     "XML error: filesystem target 'm' is not an absolute path (x.xml:6: "},
    {"FilesystemType",
     {.devices = "<filesystem type='cloud'><source dir='/a'/><target dir='/m'/></filesystem>"},
     "XML error: Invalid value for attribute 'type' in element 'filesystem': 'cloud'. (x.xml:6: "
     "expected mount, bind, block, ram, file or template)"},
    {"RamWithoutUsage",
     {.devices = "<filesystem type='ram'><source/><target dir='/m'/></filesystem>"},
     "XML error: missing 'usage' attribute for RAM filesystem (x.xml:6: "},
    {"RamOverflow",
     {.devices =
          "<filesystem type='ram'><source usage='16' units='EiB'/><target dir='/m'/></filesystem>"},
     "numerical overflow: value too large: 16EiB (x.xml:6: "},
    {"BadMac",
     {.devices = "<interface type='bridge'><mac address='zz'/><source bridge='b'/></interface>"},
     "XML error: unable to parse mac address 'zz' (x.xml:6: "},
    {"MulticastMac",
     {.devices = "<interface type='bridge'><mac address='01:00:00:00:00:01'/><source "
                 "bridge='b'/></interface>"},
     "XML error: expected unicast mac address, found multicast '01:00:00:00:00:01' (x.xml:6: "},
    {"NoBridge",
     {.devices = "<interface type='bridge'/>"},
     "XML error: interface type='bridge' requires a 'source' element (x.xml:6: "},
    {"ZeroMac",
     {.devices = "<interface type='bridge'><mac address='00:00:00:00:00:00'/><source "
                 "bridge='b'/></interface>"},
     "XML error: unable to use mac address '00:00:00:00:00:00' (x.xml:6: "},
    {"LongTarget",
     {.devices = "<interface type='bridge'><source bridge='b'/><target "
                 "dev='sixteencharacter'/></interface>"},
     "XML error: Invalid value for attribute 'dev' in element 'target': 'sixteencharacter'"},
    {"LongGuest",
     {.devices = "<interface type='bridge'><source bridge='b'/><guest "
                 "dev='sixteencharacter'/></interface>"},
     "XML error: Invalid value for attribute 'dev' in element 'guest': 'sixteencharacter'"},
    {"BridgeWithAPattern",
     {.devices = "<interface type='bridge'><source bridge='a%d'/></interface>"},
     "XML error: Invalid value for attribute 'bridge' in element 'source': 'a%d'"},
    {"LongHostInterface",
     {.devices = "<hostdev mode='capabilities' type='net'><source><interface>sixteencharacter"
                 "</interface></source></hostdev>"},
     "XML error: Invalid interface name 'sixteencharacter' (x.xml:6: "},
    {"TwoEqualGuests",
     {.devices = "<interface type='bridge'><source bridge='b'/><guest dev='e0'/></interface>"
                 "<interface type='bridge'><source bridge='b'/><guest dev='e0'/></interface>"},
     "XML error: network device e0 already exists in the container (x.xml:6: "},
    {"SmallMtu",
     {.devices = "<interface type='bridge'><source bridge='b'/><mtu size='1'/></interface>"},
     "XML error: malformed mtu size (x.xml:6: "},
    {"LargeBandwidth",
     {.devices = "<interface type='bridge'><source bridge='b'/><bandwidth><outbound "
                 "average='18446744073709552'/></bandwidth></interface>"},
     "unsupported configuration: bandwidth average value '18446744073709552' is too large"},
    {"UserInterface",
     {.devices = "<interface type='user'/>"},
     "internal error: Unsupported network type user (x.xml:6: "},
    {"BadLink",
     {.devices = "<interface type='bridge'><source bridge='b'/><link state='maybe'/></interface>"},
     "unsupported configuration: unknown interface link state 'maybe' (x.xml:6: "},
    {"BadAddress",
     {.devices = "<interface type='bridge'><source bridge='b'/><ip address='1.2.3'/></interface>"},
     "XML error: Invalid address '1.2.3' in <ip> (x.xml:6: "},
    {"BadPrefix",
     {.devices = "<interface type='bridge'><source bridge='b'/><ip address='10.0.0.1' "
                 "prefix='33'/></interface>"},
     "XML error: Invalid prefix value '33' in <ip> (x.xml:6: "},
    {"RouteWithoutGateway",
     {.devices = "<interface type='bridge'><source bridge='b'/><route address='10.0.0.0' "
                 "prefix='8'/></interface>"},
     "XML error: guest interface: Missing required gateway attribute in route definition "
     "(x.xml:6: "},
    {"RouteToHost",
     {.devices = "<interface type='bridge'><source bridge='b'/><route address='10.0.0.9' "
                 "prefix='24' gateway='10.0.0.1'/></interface>"},
     "XML error: guest interface: Address '10.0.0.9' in route definition is not a network address "
     "(x.xml:6: "},
    {"VlanTooLarge",
     {.devices =
          "<interface type='bridge'><source bridge='b'/><vlan><tag id='4096'/></vlan></interface>"},
     "XML error: vlan tag id 4096 too large (maximum 4095) (x.xml:6: "},
    {"FloorOnBridge",
     {.devices = "<interface type='bridge'><source bridge='b'/><bandwidth><inbound average='1' "
                 "floor='1'/></bandwidth></interface>"},
     "unsupported configuration: floor attribute is not supported for this config (x.xml:6: "},
    {"HostdevTwice",
     {.devices = "<hostdev mode='capabilities' "
                 "type='misc'><source><char>/dev/a</char></source></hostdev><hostdev "
                 "mode='capabilities' type='misc'><source><char>/dev/a</char></source></hostdev>"},
     "XML error: Hostdev already exists in the domain configuration (x.xml:6: "},
    {"HostdevWithoutSource",
     {.devices = "<hostdev mode='capabilities' type='misc'/>"},
     "XML error: Missing <source> element in hostdev device (x.xml:6: "},
    {"HostdevPci",
     {.devices = "<hostdev mode='subsystem' type='pci'><source/></hostdev>"},
     "unsupported configuration: host device type 'pci' is not supported for a container "
     "(x.xml:6: "},
    {"UsbWithoutProduct",
     {.devices = "<hostdev type='usb'><source><vendor id='1'/></source></hostdev>"},
     "internal error: missing product (x.xml:6: "},
    {"ConsoleTwice",
     {.devices = "<console type='pty'><target port='1'/></console><console type='pty'><target "
                 "port='1'/></console>"},
     "XML error: duplicate console port '1' (x.xml:6: "},
    {"ConsoleType",
     {.devices = "<console type='file'><source path='/a'/></console>"},
     "unsupported configuration: Only PTY console types are supported (x.xml:6: "},
    {"ConsolePort",
     {.devices = "<console type='pty'><target port='x'/></console>"},
     "XML error: Invalid port number: x (x.xml:6: "},
};

const auto kName = [](const auto& test) { return std::string(test.param.what); };
INSTANTIATE_TEST_SUITE_P(Settings, Refusal, ::testing::ValuesIn(kSettings), kName);
INSTANTIATE_TEST_SUITE_P(Closing, Refusal, ::testing::ValuesIn(kClosing), kName);
INSTANTIATE_TEST_SUITE_P(Devices, Refusal, ::testing::ValuesIn(kDevices), kName);

std::string error_of_definition(const Parts& parts, const std::vector<IdMapRow>& host) {
    ParseOptions options{.file = "x.xml"};
    options.host_ids = [&] { return IdMap{host, host}; };
    try {
        (void)parse_domain(document(parts), options);
    } catch (const base::Error& error) {
        return error.message();
    }
    return "";
}

TEST(DomainParse, RefusesInitsThatAreNotMappedWhenDefined) {
    const std::vector<IdMapRow> all{{.start = 0, .target = 0, .count = 4294967295U}};
    const Parts groups = extended("<lx:init groups='9'/>", kMap);
    EXPECT_EQ(error_of_definition(groups, all),
              "unsupported configuration: group 9 of <lx:init> is not in <idmap> (x.xml:5: one of "
              "its <gid> rows has to hold it)");
    const Parts user{.os = "<os><type>exe</type><init>/i</init><inituser>+9</inituser></os>",
                     .rest = kMap};
    EXPECT_THAT(
        error_of_definition(user, all),
        StartsWith("unsupported configuration: <inituser> +9 is not in <idmap> (x.xml:4: "));
    // What is stored already is read.
    EXPECT_NO_THROW((void)parse_domain(document(groups)));
    EXPECT_NO_THROW((void)parse_domain(document(user)));
}

TEST(DomainParse, TellsOfIdsOfNoFilesystem) {
    const auto parsed =
        parse_domain(document(extended("<lx:filesystem target='/no' idmap='none'/>", kMap)));
    ASSERT_FALSE(parsed.notices.empty());
    EXPECT_THAT(
        parsed.notices.back().text,
        "<lx:filesystem target='/no'> has no effect: no <filesystem> of the domain has this "
        "target");
}

TEST(DomainParse, RefusesIdsThatTheHostCannotGive) {
    const auto error_with = [](const std::vector<IdMapRow>& host) {
        return error_of_definition({.rest = kMap}, host);
    };
    EXPECT_EQ(error_with({{.start = 0, .target = 0, .count = 4294967295U}}), "");
    // Neighbours are as good as one.
    EXPECT_EQ(error_with({{.start = 100004, .target = 0, .count = 5},
                          {.start = 100000, .target = 0, .count = 4}}),
              "");
    EXPECT_EQ(
        error_with({{.start = 0, .target = 0, .count = 100003}}),
        "unsupported configuration: <uid> row with target 100000 and count 9 needs id 100003, "
        "which this host cannot give (x.xml:5: here are 0 to 100002)");
    EXPECT_THAT(error_with({}), ::testing::HasSubstr("here are none"));
}

// Refusals of what would look applied and is not; a stored definition is still read.
TEST(DomainParse, RefusesGuardsWithoutEffect) {
    const auto refusal = [](const std::string& interfaces, const std::string& guard) {
        const std::string text =
            document({.rest = guard.empty() ? ""
                                            : "<lx:container xmlns:lx='urn:lxvirt:domain:1'>" +
                                                  guard + "</lx:container>",
                      .devices = interfaces});
        EXPECT_NO_THROW((void)parse_domain(text, {.file = "x.xml"})) << text;
        try {
            (void)parse_domain(text, {.file = "x.xml", .is_new = true});
        } catch (const base::Error& error) {
            return error.message();
        }
        return std::string();
    };
    const auto nic = [](const std::string& type, const std::string& extra) {
        const std::string source = type == "network"  ? "<source network='n'/>"
                                   : type == "bridge" ? "<source bridge='b'/>"
                                   : type == "direct" ? "<source dev='d'/>"
                                                      : "";
        return "<interface type='" + type + "'>" + source + extra + "</interface>";
    };
    const auto filter = [](const std::string& name, const std::string& inner = "") {
        return "<filterref filter='" + name + "'>" + inner + "</filterref>";
    };
    const auto guard = [](const std::string& words, int index = 0) {
        return "<lx:interface index='" + std::to_string(index) + "'><lx:guard " + words +
               "/></lx:interface>";
    };
    const std::string ip = "<ip address='10.0.0.5'/>";
    EXPECT_EQ(refusal(nic("network", filter("clean-traffic")), ""), "");
    EXPECT_EQ(refusal(nic("bridge", filter("no-mac-spoofing")), ""), "");
    EXPECT_EQ(refusal(nic("bridge", ip + filter("no-arp-spoofing")), ""), "");
    EXPECT_EQ(
        refusal(nic("bridge", filter("clean-traffic", "<parameter name='IP' value='10.0.0.5'/>")),
                guard("ra='yes' bpdu='no'")),
        "");
    EXPECT_THAT(
        refusal(nic("network", filter("mine")), ""),
        StartsWith("unsupported configuration: <filterref filter='mine'>: lxvirt has no such "
                   "filter (x.xml:6: one of clean-traffic, no-mac-spoofing, "));
    EXPECT_THAT(refusal(nic("network", filter("clean-traffic",
                                              "<parameter name='DHCPSERVER' value='10.0.0.1'/>")),
                        ""),
                HasSubstr("<parameter name='DHCPSERVER' value='10.0.0.1'> of <filterref> has no "
                          "effect (x.xml:6: "));
    EXPECT_THAT(
        refusal(nic("network", filter("clean-traffic", "<parameter name='IP' value='x'/>")), ""),
        HasSubstr("'x'. (x.xml:6: "));
    EXPECT_THAT(refusal(nic("direct", filter("no-mac-spoofing")), ""),
                HasSubstr("a macvlan has no port on the host (x.xml:6: "));
    EXPECT_THAT(refusal(nic("bridge", filter("no-ip-spoofing")), ""),
                HasSubstr("need the container's addresses (x.xml:6: "));
    EXPECT_THAT(refusal(nic("direct", ""), guard("ra='yes'")), HasSubstr("(x.xml:5: "));
    EXPECT_EQ(refusal(nic("direct", ""), guard("ra='no'")), "");
    EXPECT_THAT(refusal(nic("ethernet", ""), guard("arp='yes'")), HasSubstr("(x.xml:5: "));
    EXPECT_EQ(refusal(nic("ethernet", ip), guard("arp='yes'")), "");
    EXPECT_THAT(refusal(nic("network", ""), guard("mac='yes'", 1)),
                HasSubstr("<lx:guard> is for interface 1, and the domain has 1 (x.xml:5: "));
    EXPECT_THAT(refusal(nic("network", filter("no-mac-spoofing")), guard("mac='no'")),
                HasSubstr("mac='no' in <lx:guard> contradicts <filterref "
                          "filter='no-mac-spoofing'> (x.xml:5: "));
    EXPECT_THAT(error_of(document({.rest = "<lx:container xmlns:lx='urn:lxvirt:domain:1'>" +
                                           guard("mac='maybe'") + "</lx:container>"})),
                HasSubstr("'maybe'. (x.xml:5: "));
}

TEST(DomainParse, RefusesOtherRootsAndTypes) {
    EXPECT_EQ(error_of("<network/>"),
              "XML error: expecting root element of 'domain', not 'network' (x.xml:1: a domain is "
              "<domain type='lxc'>)");
    EXPECT_THAT(error_of("<domain/>"),
                StartsWith("internal error: missing domain type attribute ("));
    EXPECT_THAT(error_of("<domain type='bogus'/>"),
                StartsWith("unsupported configuration: invalid domain type bogus (x.xml:1: "));
    EXPECT_THAT(error_of("<domain type='kvm'/>"), HasSubstr(" domaintype=kvm (x.xml:1: "));
}

TEST(DomainParse, RefusesMoreRowsThanTheKernelTakes) {
    std::string rows;
    for (int i = 0; i < 341; ++i)
        rows += "<uid start='" + std::to_string(i) + "' target='" + std::to_string(1000 + i) +
                "' count='1'/>";
    EXPECT_THAT(error_of(document(
                    {.rest = "<idmap>" + rows + "<gid start='0' target='1' count='1'/></idmap>"})),
                EndsWith("(x.xml:5: the kernel takes 340)"));
}

TEST(DomainParse, HasTheCodesOfLibvirt) {
    const auto code_of = [](const std::string& text) {
        try {
            (void)parse_domain(text);
        } catch (const base::Error& error) {
            return error.code();
        }
        return base::ErrorCode::ok;
    };
    EXPECT_EQ(code_of("<domain type='lxc'/>"), base::ErrorCode::no_name);
    EXPECT_EQ(code_of("<domain"), base::ErrorCode::xml_detail);
    EXPECT_EQ(code_of(document({.memory = "<memory unit='EiB'>99</memory>"})),
              base::ErrorCode::overflow);
    EXPECT_EQ(code_of(document({})), base::ErrorCode::ok);
}

}  // namespace
}  // namespace lxvirt::xml
