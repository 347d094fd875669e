// The driver's API for domains that do not run, and for a live definition without a container: a
// process of the test holds the alive lock.
#include "driver/connection.hh"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>

#include "driver/names.hh"
#include "driver/store/definitions.hh"
#include "driver/store/live.hh"
#include "tests/unit/driver/fixture.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

using testing::ElementsAre;
using testing::HasSubstr;

namespace {

// "lifecycle web Defined Added"
std::string words_of(const Event& event) {
    const auto& what = std::get<DomainEvent>(event.what);
    if (what.kind == DomainEventKind::lifecycle)
        return fmt::format("lifecycle {} {} {}", what.domain.name, name_of(what.lifecycle),
                           detail_name(what.lifecycle, what.detail));
    return fmt::format("{} {} {} {}", name_of(what.kind), what.domain.name, name_of(what.metadata),
                       what.text);
}

}  // namespace

class ConnectionTest : public RootTest {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "a connection that changes anything needs root";
        connection = open_connection(uri());
    }
    [[nodiscard]] std::string uri() const { return "lxc:///embed?root=" + folder.path(); }

    DomainRef define(const std::string& name, int number) {
        return connection->define_xml(definition(name, uuid(number)), name + ".xml").domain;
    }
    [[nodiscard]] std::vector<std::string> events(EventStream& stream) const {
        std::vector<std::string> list;
        while (const auto event = stream.next()) list.push_back(words_of(*event));
        return list;
    }
    // The live state of a domain that "runs".
    [[nodiscard]] std::unique_ptr<tests::ChildProcess> run(const std::string& name,
                                                           int number) const {
        LiveState live;
        live.phase = LivePhase::running;
        xml::ParseOptions options;
        live.domain = xml::parse_domain(definition(name, uuid(number)), options).domain;
        auto helper = hold_alive(name);
        live.domain.id = helper->pid();
        live.links = {"vnet0"};
        live.cgroup = "machine/lxc-1-" + name;
        write_live(root, live);
        return helper;
    }

    std::unique_ptr<Connection> connection;
};

TEST_F(ConnectionTest, DefinesListsAndUndefines) {
    const auto stream = connection->events();
    const DomainRef domain = define("web", 1);
    EXPECT_EQ(domain.name, "web");
    EXPECT_EQ(domain.uuid, uuid(1));
    EXPECT_EQ(domain.id, -1);
    (void)define("web", 1);
    EXPECT_EQ(connection->list_all_domains({}).size(), 1U);
    EXPECT_EQ(connection->lookup_by_name("web").uuid, uuid(1));
    EXPECT_EQ(connection->lookup_by_uuid(uuid(1)).name, "web");
    connection->undefine(domain);
    EXPECT_TRUE(connection->list_all_domains({}).empty());
    EXPECT_THAT(events(*stream),
                ElementsAre("lifecycle web Defined Added", "lifecycle web Defined Updated",
                            "lifecycle web Undefined Removed"));
}

TEST_F(ConnectionTest, WhatIsStoredIsWhatDumpxmlPrintsAndNothingElse) {
    const DomainRef domain = define("web", 1);
    const std::string stored = base::read_file(root.definition("web"));
    EXPECT_EQ(stored, connection->xml_desc(domain, XmlFlags::inactive));
    EXPECT_EQ(stored, connection->xml_desc(domain, {}));
    EXPECT_EQ(stored.rfind("<domain type='lxc'>\n  <name>web</name>", 0), 0U) << stored;
    struct stat facts = {};
    ASSERT_EQ(::stat(root.definition("web").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0600U);
    // And what is stored is its own canonical form.
    (void)connection->define_xml(stored, "again.xml");
    EXPECT_EQ(base::read_file(root.definition("web")), stored);
}

TEST_F(ConnectionTest, RefusesANameOrUuidThatIsTaken) {
    (void)define("m2", 2);
    EXPECT_EQ(message_of([&] { (void)define("m2", 3); }),
              "operation failed: domain 'm2' already exists with uuid " + uuid(2));
    EXPECT_EQ(message_of([&] { (void)define("m3", 2); }),
              "operation failed: domain 'm2' is already defined with uuid " + uuid(2));
    std::string without = definition("m2", uuid(2));
    const auto start = without.find("  <uuid>");
    without.erase(start, without.find('\n', start) + 1 - start);
    EXPECT_EQ(message_of([&] { (void)connection->define_xml(without, "m2.xml"); }),
              "operation failed: domain 'm2' already exists with uuid " + uuid(2));
}

TEST_F(ConnectionTest, SimultaneousDefinesOfOneUuidLetOneThrough) {
    std::vector<std::unique_ptr<tests::ChildProcess>> children;
    for (int i = 0; i < 8; ++i)
        children.push_back(std::make_unique<tests::ChildProcess>([&, i](const auto&) {
            const auto own = open_connection(uri());
            try {
                (void)own->define_xml(definition(fmt::format("d{}", i), uuid(1)), "d.xml");
                return 0;
            } catch (const base::Error& error) {
                return error.message().find("is already defined with uuid") == std::string::npos
                           ? 2
                           : 1;
            }
        }));
    int through = 0;
    for (const auto& child : children) {
        const int status = child->wait();
        ASSERT_TRUE(WIFEXITED(status));
        ASSERT_NE(WEXITSTATUS(status), 2);
        through += WEXITSTATUS(status) == 0 ? 1 : 0;
    }
    EXPECT_EQ(through, 1);
    EXPECT_EQ(connection->list_all_domains({}).size(), 1U);
}

TEST_F(ConnectionTest, ABrokenDefinitionIsNamedAndTheOthersWork) {
    (void)define("good", 1);
    base::write_atomic(root.definition("bad"), "<domain type='lxc'>\n  <name>bad</name>\n  <uu");
    EXPECT_THAT(message_of([&] { (void)connection->xml_desc({.name = "bad"}, {}); }),
                HasSubstr(root.definition("bad") + ":3"));
    EXPECT_EQ(connection->lookup_by_name("bad").uuid, "");
    EXPECT_EQ(connection->info({.name = "good"}).max_memory, 65536U);
    // Repaired by defining it again, removed by undefining it.
    (void)define("bad", 2);
    EXPECT_EQ(connection->lookup_by_name("bad").uuid, uuid(2));
    base::write_atomic(root.definition("bad"), "");
    connection->undefine({.name = "bad"});
    EXPECT_FALSE(base::exists(root.definition("bad")));
}

TEST_F(ConnectionTest, ADefinitionWithoutUuidIsRefusedNotGivenARandomOne) {
    base::write_atomic(root.definition("x"), "<domain type='lxc'>\n  <name>x</name>\n</domain>\n");
    EXPECT_THAT(message_of([&] { (void)connection->xml_desc({.name = "x"}, {}); }),
                HasSubstr(root.definition("x") + ": no valid <uuid>"));
}

TEST_F(ConnectionTest, RenamesWithItsAutostart) {
    const auto stream = connection->events();
    const DomainRef domain = define("old", 1);
    (void)define("taken", 2);
    connection->set_autostart(domain, true);
    EXPECT_EQ(message_of([&] { connection->rename(domain, "taken"); }),
              "Requested operation is not valid: domain with name 'taken' already exists");
    EXPECT_THAT(message_of([&] { connection->rename(domain, "a/b"); }),
                HasSubstr("cannot contain '/'"));
    connection->rename(domain, "new");
    EXPECT_EQ(message_of([&] { (void)connection->lookup_by_name("old"); }),
              "Domain not found: no domain with matching name 'old'");
    const DomainRef renamed = connection->lookup_by_name("new");
    EXPECT_EQ(renamed.uuid, uuid(1));
    EXPECT_TRUE(connection->autostart(renamed));
    EXPECT_FALSE(base::read_link(root.autostart_link("old")).has_value());
    EXPECT_THAT(connection->xml_desc(renamed, {}), HasSubstr("<name>new</name>"));
    EXPECT_THAT(events(*stream),
                ElementsAre("lifecycle old Defined Added", "lifecycle taken Defined Added",
                            "lifecycle old Undefined Renamed", "lifecycle new Defined Renamed"));
}

TEST_F(ConnectionTest, ARenameCutShortLeavesTheNewName) {
    (void)define("old", 1);
    // What a crash between the rename and the rewrite leaves.
    ASSERT_EQ(::rename(root.definition("old").c_str(), root.definition("new").c_str()), 0);
    EXPECT_THAT(connection->xml_desc(connection->lookup_by_name("new"), {}),
                HasSubstr("<name>new</name>"));
    EXPECT_EQ(connection->list_all_domains({}).size(), 1U);
}

TEST_F(ConnectionTest, TellsAboutADomainThatIsOff) {
    const DomainRef domain = define("web", 1);
    const DomainInfo info = connection->info(domain);
    EXPECT_EQ(info.state, DomainState::shutoff);
    EXPECT_EQ(info.max_memory, 65536U);
    EXPECT_EQ(info.memory, 65536U);
    EXPECT_EQ(info.vcpus, 1U);
    EXPECT_EQ(info.cpu_time, 0U);
    EXPECT_TRUE(info.persistent);
    EXPECT_EQ(connection->status(domain).state, DomainState::shutoff);
}

TEST_F(ConnectionTest, ReadOnlyChangesNothing) {
    (void)define("web", 1);
    const auto opened = open_connection(uri(), true);
    Connection& reader = *opened;
    const DomainRef domain = reader.lookup_by_name("web");
    const std::string start = "operation forbidden: read only access prevents ";
    EXPECT_EQ(message_of([&] { (void)reader.define_xml(definition("x", uuid(2)), "x.xml"); }),
              start + "virDomainDefineXML");
    EXPECT_EQ(message_of([&] { reader.undefine(domain); }), start + "virDomainUndefineFlags");
    EXPECT_EQ(message_of([&] { reader.rename(domain, "y"); }), start + "virDomainRename");
    EXPECT_EQ(message_of([&] { reader.set_autostart(domain, true); }),
              start + "virDomainSetAutostart");
    EXPECT_EQ(message_of([&] {
                  reader.set_metadata(domain, {.type = MetadataType::title, .value = "t"},
                                      Affect::current);
              }),
              start + "virDomainSetMetadata");
    EXPECT_EQ(reader.list_all_domains({}).size(), 1U);
    EXPECT_FALSE(reader.autostart(domain));
}

TEST_F(ConnectionTest, MetadataIsReadAndWrittenByItsNamespace) {
    const DomainRef domain = define("web", 1);
    const std::string space = "http://example.org/x";
    const auto get = [&] {
        return connection->metadata(domain, MetadataType::element, space, Affect::current);
    };
    const auto set = [&](const std::optional<std::string>& value) {
        connection->set_metadata(
            domain, {.type = MetadataType::element, .value = value, .key = "x", .uri = space},
            Affect::current);
    };
    const std::string absent = "metadata not found: Requested metadata element is not present";
    EXPECT_EQ(message_of(get), absent);
    set("<a b='1'/>");
    EXPECT_EQ(get(), "<a b=\"1\"/>");
    EXPECT_THAT(connection->xml_desc(domain, {}),
                HasSubstr("<x:a xmlns:x=\"http://example.org/x\" b=\"1\"/>"));
    set("<c><d>text &amp; more</d></c>");
    EXPECT_THAT(get(), HasSubstr("<d>text &amp; more</d>"));
    EXPECT_THAT(connection->xml_desc(domain, {}), testing::Not(HasSubstr("x:a")));
    set(std::nullopt);
    EXPECT_EQ(message_of(get), absent);
    EXPECT_THAT(message_of([&] { set("<broken"); }), HasSubstr("one well-formed XML element"));
    EXPECT_THAT(message_of([&] { set("<a/><b/>"); }), HasSubstr("one well-formed XML element"));
    EXPECT_THAT(message_of([&] {
                    connection->set_metadata(
                        domain,
                        {.type = MetadataType::element, .value = "<a/>", .key = "1x", .uri = space},
                        Affect::current);
                }),
                HasSubstr("metadata key '1x'"));
}

TEST_F(ConnectionTest, TitleAndDescriptionChangeWhatTheyAreAskedTo) {
    const DomainRef domain = define("web", 1);
    const auto helper = run("web", 1);
    const auto stream = connection->events();
    connection->set_metadata(domain, {.type = MetadataType::title, .value = "live"},
                             Affect::current);
    connection->set_metadata(domain, {.type = MetadataType::title, .value = "config"},
                             Affect::config);
    connection->set_metadata(domain, {.type = MetadataType::description, .value = "d"},
                             Affect::config);
    const auto title = [&](Affect affect) {
        return connection->metadata(domain, MetadataType::title, "", affect);
    };
    EXPECT_EQ(title(Affect::current), "live");
    EXPECT_EQ(title(Affect::live), "live");
    EXPECT_EQ(title(Affect::config), "config");
    EXPECT_THAT(events(*stream),
                ElementsAre("metadata-change web title ", "metadata-change web title ",
                            "metadata-change web description "));
    EXPECT_EQ(message_of([&] {
                  connection->set_metadata(domain, {.type = MetadataType::title, .value = "a\nb"},
                                           Affect::config);
              }),
              "XML error: Domain title can't contain newlines");
    helper->kill();
    (void)helper->wait();
    EXPECT_EQ(title(Affect::current), "config");
    EXPECT_EQ(message_of([&] { (void)title(Affect::live); }),
              "Requested operation is not valid: domain is not running");
}

TEST_F(ConnectionTest, RefusesWhatCouldNotBeReadBack) {
    // A quote takes six bytes when it is written.
    std::string text = definition("big", uuid(1));
    text.insert(text.find("  <memory"),
                "  <description>" + std::string(3'000'000, '"') + "</description>\n");
    EXPECT_THAT(message_of([&] { (void)connection->define_xml(text, "big.xml"); }),
                HasSubstr("at most 10485760 can be read back"));
    EXPECT_TRUE(connection->list_all_domains({}).empty());
    const DomainRef domain = define("web", 1);
    EXPECT_THAT(message_of([&] {
                    connection->set_metadata(
                        domain,
                        {.type = MetadataType::description, .value = std::string(3'000'000, '"')},
                        Affect::config);
                }),
                HasSubstr("can be read back"));
    EXPECT_EQ(Definitions(root).load("web")->description, "");
}

TEST_F(ConnectionTest, BothDefinitionsChangeOrNeither) {
    const MetadataChange title{.type = MetadataType::title, .value = "both"};
    constexpr Affect kBoth = Affect::live | Affect::config;
    const auto transient = run("t", 5);
    const DomainRef without = connection->lookup_by_name("t");
    EXPECT_EQ(message_of([&] { connection->set_metadata(without, title, kBoth); }),
              "Requested operation is not valid: transient domains do not have any persistent "
              "config");
    EXPECT_EQ(read_live(root, "t")->domain.title, "T & t");

    const DomainRef domain = define("web", 1);
    const auto helper = run("web", 1);
    connection->set_metadata(domain, title, kBoth);
    EXPECT_EQ(read_live(root, "web")->domain.title, "both");
    EXPECT_EQ(Definitions(root).load("web")->title, "both");
    EXPECT_FALSE(base::exists(root.pending("web")));
    EXPECT_EQ(message_of([&] {
                  connection->set_metadata(domain, {.type = MetadataType::title, .value = "a\nb"},
                                           kBoth);
              }),
              "XML error: Domain title can't contain newlines");
    EXPECT_EQ(read_live(root, "web")->domain.title, "both");
    EXPECT_EQ(Definitions(root).load("web")->title, "both");
}

TEST_F(ConnectionTest, AChangeOfBothDefinitionsThatWasCutShortIsUndoneOrKept) {
    const DomainRef domain = define("web", 1);
    const auto helper = run("web", 1);
    const LiveState before = *read_live(root, "web");
    LiveState after = before;
    after.domain.title = "half";
    xml::Domain definition = *Definitions(root).load("web");
    definition.title = "half";
    const std::string text = xml::format_domain(definition);
    const auto change_something_else = [&] {
        connection->set_metadata(domain, {.type = MetadataType::description, .value = "d"},
                                 Affect::live);
    };
    // Killed after live.xml was written: the stored definition decides.
    write_pending(root, "web",
                  {"definitions", {{"live", format_live(before)}, {"definition", text}}});
    write_live(root, after);
    change_something_else();
    EXPECT_EQ(read_live(root, "web")->domain.title, "T & web");
    EXPECT_FALSE(base::exists(root.pending("web")));
    // Killed after both were written.
    write_pending(root, "web",
                  {"definitions", {{"live", format_live(before)}, {"definition", text}}});
    write_live(root, after);
    Definitions(root).update_text("web", text);
    change_something_else();
    EXPECT_EQ(read_live(root, "web")->domain.title, "half");
    EXPECT_FALSE(base::exists(root.pending("web")));
}

TEST_F(ConnectionTest, RefusesFlagsThatACallDoesNotTake) {
    const DomainRef domain = define("web", 1);
    const auto refused = [](const char* bits, const char* function) {
        return fmt::format("unsupported flags ({}) in function {}", bits, function);
    };
    EXPECT_EQ(message_of([&] { connection->start(domain, StartFlags::bypass_cache); }),
              refused("0x4", "lxcDomainCreateWithFiles"));
    EXPECT_EQ(message_of([&] { connection->destroy(domain, DestroyFlags::graceful); }),
              refused("0x1", "lxcDomainDestroyFlags"));
    EXPECT_EQ(message_of([&] { connection->undefine(domain, UndefineFlags::nvram); }),
              refused("0x4", "lxcDomainUndefineFlags"));
    EXPECT_EQ(
        message_of([&] { connection->shutdown(domain, StopFlags::acpi | StopFlags::signal); }),
        refused("0x1", "lxcDomainShutdownFlags"));
    EXPECT_EQ(message_of([&] { (void)connection->xml_desc(domain, XmlFlags::migratable); }),
              refused("0x8", "lxcDomainGetXMLDesc"));
    EXPECT_EQ(message_of([&] {
                  (void)connection->attach_device(domain, "<console type='pty'/>",
                                                  {.flags = static_cast<Affect>(16)});
              }),
              refused("0x10", "lxcDomainAttachDeviceFlags"));
    EXPECT_EQ(message_of([&] {
                  (void)connection->define_xml(definition("x", uuid(9)), "x.xml",
                                               static_cast<DefineFlags>(2));
              }),
              refused("0x2", "lxcDomainDefineXMLFlags"));
    EXPECT_EQ(connection->list_all_domains({}).size(), 1U);
}

TEST_F(ConnectionTest, ATransientDomainHasNoConfiguration) {
    const auto helper = run("t", 5);
    const DomainRef domain = connection->lookup_by_name("t");
    EXPECT_EQ(domain.id, helper->pid());
    EXPECT_EQ(message_of([&] { connection->undefine(domain); }),
              "Requested operation is not valid: cannot undefine transient domain");
    EXPECT_EQ(message_of([&] { connection->set_autostart(domain, true); }),
              "Requested operation is not valid: cannot set autostart for transient domain");
    EXPECT_EQ(message_of([&] { connection->rename(domain, "u"); }),
              "Requested operation is not valid: cannot rename active domain");
    EXPECT_THAT(connection->xml_desc(domain, {}),
                HasSubstr(fmt::format(" id='{}'", helper->pid())));
    EXPECT_THAT(connection->xml_desc(domain, XmlFlags::inactive), testing::Not(HasSubstr(" id='")));
    EXPECT_FALSE(connection->info(domain).persistent);
    (void)define("t", 5);
    EXPECT_TRUE(connection->info(domain).persistent);
    connection->undefine(domain);
    EXPECT_FALSE(connection->info(domain).persistent);
    EXPECT_EQ(connection->list_all_domains({}).size(), 1U);
}

TEST_F(ConnectionTest, LiveStateComesBackAsItWasWritten) {
    LiveState live;
    live.phase = LivePhase::stopping;
    live.helper = 4711;
    live.autodestroy = true;
    live.cgroup = "machine/it's <odd> & \"so\"";
    live.links = {"vnet0", "a'b"};
    live.made = {{.device = "disk0",
                  .type = 'b',
                  .major = 7,
                  .minor = 3,
                  .readonly = true,
                  .path = "a'b",
                  .loop = true,
                  .mount = 99},
                 {.device = "fs1"}};
    live.domain = xml::parse_domain(definition("x", uuid(1)), {}).domain;
    live.domain.metadata = {"<y xmlns=\"u\"><domain type='lxc'/></y>"};
    write_live(root, live);
    const auto read = read_live(root, "x");
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->partition, "");
    live.partition = "/a'b";
    write_live(root, live);
    EXPECT_EQ(read_live(root, "x")->partition, "/a'b");
    EXPECT_EQ(read->phase, LivePhase::stopping);
    EXPECT_EQ(read->helper, 4711);
    EXPECT_TRUE(read->autodestroy);
    EXPECT_EQ(read->cgroup, live.cgroup);
    EXPECT_EQ(read->links, live.links);
    ASSERT_EQ(read->made.size(), 2U);
    EXPECT_EQ(read->made[0].device, "disk0");
    EXPECT_EQ(read->made[0].type, 'b');
    EXPECT_EQ(read->made[0].minor, 3U);
    EXPECT_TRUE(read->made[0].readonly && read->made[0].loop);
    EXPECT_EQ(read->made[0].path, "a'b");
    EXPECT_EQ(read->made[0].mount, 99U);
    EXPECT_EQ(read->made[1].type, '\0');
    EXPECT_EQ(read->root, root.id());
    EXPECT_TRUE(read->current());
    EXPECT_EQ(read->domain.uuid, uuid(1));
    EXPECT_THAT(read->domain.metadata, ElementsAre(HasSubstr("<domain type=")));
    EXPECT_THAT(live_names(root), ElementsAre("x"));
    remove_live(root, "x");
    EXPECT_FALSE(base::exists(root.domain("x")));
    EXPECT_FALSE(read_live(root, "x").has_value());
    EXPECT_NO_THROW(remove_live(root, "x"));
}

TEST_F(ConnectionTest, ALiveFileThatIsBrokenIsNamed) {
    base::make_folders(root.domain("x"));
    const auto reads = [&](const std::string& text) {
        base::write_atomic(root.live("x"), text);
        return message_of([&] { (void)read_live(root, "x"); });
    };
    EXPECT_THAT(reads(""), HasSubstr(root.live("x") + ":1: this is not a <domstatus>"));
    EXPECT_THAT(reads("<domstatus version='2' state='running'>\n"), HasSubstr("a newer lxvirt"));
    EXPECT_THAT(reads("<domstatus version='1' state='odd' pid='0' boot='b' root='r' "
                      "autodestroy='no'>\n"),
                HasSubstr(":1: "));
    EXPECT_THAT(reads("<domstatus version='1' state='running' pid='0' boot='b' root='r' "
                      "autodestroy='no'>\n  <link name='a'/>\n  <domain type='lxc'>\n"),
                HasSubstr(":3: its <domain> is not whole"));
}

TEST_F(ConnectionTest, AnUndoRecordIsOfThisBootOnly) {
    EXPECT_FALSE(read_pending(root, "x").has_value());
    write_pending(root, "x", {"attach", {{"node", "vdb"}, {"text", "a\nb=c"}}});
    const auto pending = read_pending(root, "x");
    ASSERT_TRUE(pending.has_value());
    EXPECT_EQ(pending->operation, "attach");
    EXPECT_EQ(pending->value("text"), "a\nb=c");
    EXPECT_EQ(pending->value("none"), "");
    base::write_atomic(root.pending("x"), "boot=another\noperation=attach\n");
    EXPECT_FALSE(read_pending(root, "x").has_value());
    clear_pending(root, "x");
    EXPECT_FALSE(base::exists(root.pending("x")));
    EXPECT_NO_THROW(clear_pending(root, "x"));
}

namespace {

constexpr int kSkipped = 77;

// In a mount namespace of its own, with a definitions folder of a few pages.
int redefine_on_full_disk(const std::string& uri, const Root& root, const std::string& before,
                          const std::string& after) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", root.definitions().c_str(), "tmpfs", 0, "size=16384,mode=700") != 0)
        return kSkipped;
    const auto connection = open_connection(uri);
    (void)connection->define_xml(before, "x.xml");
    const std::string stored = base::read_file(root.definition("x"));
    base::write_atomic(root.definitions() + "/filler", std::string(8192, 'f'));
    try {
        (void)connection->define_xml(after, "x.xml");
        return 1;
    } catch (const base::SystemError& error) {
        if (error.error() != ENOSPC) return 2;
        if (error.message().find("x.xml") == std::string::npos) return 3;
    }
    return base::read_file(root.definition("x")) == stored ? 0 : 4;
}

// In a mount namespace of its own, with definitions that can only be read.
int change_live_beside_read_only_definitions(const std::string& uri, const Root& root,
                                             const DomainRef& domain) {
    const std::string path = root.definitions();
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
        ::mount("none", path.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0)
        return kSkipped;
    const auto connection = open_connection(uri);
    connection->set_metadata(domain, {.type = MetadataType::title, .value = "live"}, Affect::live);
    try {
        connection->set_metadata(domain, {.type = MetadataType::title, .value = "both"},
                                 Affect::live | Affect::config);
        return 1;
    } catch (const base::SystemError& error) {
        if (error.error() != EROFS) return 2;
    }
    return read_live(root, domain.name)->domain.title == "live" ? 0 : 3;
}

}  // namespace

TEST_F(ConnectionTest, ReadOnlyDefinitionsKeepNobodyFromWhatRuns) {
    const DomainRef domain = define("web", 1);
    const auto helper = run("web", 1);
    tests::ChildProcess child(
        [&](const auto&) { return change_live_beside_read_only_definitions(uri(), root, domain); });
    const int status = child.wait();
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == kSkipped) GTEST_SKIP() << "mount namespaces are not allowed here";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(ConnectionTest, NoSpaceKeepsTheOldDefinition) {
    const std::string before = definition("x", uuid(1));
    std::string after = before;
    after.insert(after.find("  <memory"),
                 "  <description>" + std::string(20'000, 'd') + "</description>\n");
    tests::ChildProcess child(
        [&](const auto&) { return redefine_on_full_disk(uri(), root, before, after); });
    const int status = child.wait();
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == kSkipped) GTEST_SKIP() << "mounting a tmpfs needs root";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace lxvirt::driver
