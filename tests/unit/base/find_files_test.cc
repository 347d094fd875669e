#include "base/file/find.hh"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "base/error.hh"
#include "base/file/batch.hh"
#include "base/file/file.hh"
#include "tests/support/folder.hh"

namespace lxvirt::base {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Found {
    std::vector<std::string> files, texts, problems, closed;
};

class FindFilesTest : public testing::Test {
  protected:
    std::string path(const std::string& name) const { return folder.path() + "/" + name; }
    void make(const std::string& name) const {
        make_folders(parent_folder(path(name)));
        write_atomic(path(name), name, 0600, Durability::volatile_);
    }
    void link(const std::string& target, const std::string& name) const {
        ASSERT_EQ(::symlink(target.c_str(), path(name).c_str()), 0);
    }
    // Finds *.xml in `paths`; `closed` has the folders that are not looked into.
    static Found find(const std::vector<std::string>& paths,
                      const std::map<FileId, std::string>& closed = {}) {
        Found found;
        FileSearch search;
        search.suffix = ".xml";
        search.on_file = [&](FoundFile file) {
            found.files.push_back(file.path);
            found.texts.push_back(file.text);
        };
        search.on_problem = [&](const std::string&, const std::string& sentence) {
            found.problems.push_back(sentence);
        };
        search.on_closed = [&](const std::string&, const std::string& sentence) {
            found.closed.push_back(sentence);
        };
        search.why_closed = [&](FileId id, bool) -> std::optional<std::string> {
            const auto known = closed.find(id);
            return known == closed.end() ? std::nullopt : std::optional(known->second);
        };
        find_files(paths, search);
        return found;
    }
    tests::TemporaryFolder folder;
};

TEST_F(FindFilesTest, TakesFilesAsGivenAndOfFoldersThoseOfTheSuffix) {
    for (const char* name : {"b.xml", "a/x.xml", "a/y.txt", "a/c/z.xml", ".git/q.xml", "a/.s.xml"})
        make(name);
    make("plain");
    const Found found = find({path("plain"), folder.path()});
    EXPECT_THAT(found.files,
                ElementsAre(path("plain"), path("a/c/z.xml"), path("a/x.xml"), path("b.xml")));
    EXPECT_THAT(found.texts, ElementsAre("plain", "a/c/z.xml", "a/x.xml", "b.xml"));
    EXPECT_THAT(found.problems, IsEmpty());
}

TEST_F(FindFilesTest, EachFileCountsOnceAndLoopsEnd) {
    make("a/x.xml");
    link("..", "a/up");
    link("x.xml", "a/same.xml");
    const Found found = find({folder.path(), path("a"), path("a/x.xml")});
    EXPECT_EQ(found.files.size(), 1U);
    // From the folder "a" the link "up" leads out, while from the folder above it does not.
    EXPECT_THAT(found.problems, IsEmpty());
    EXPECT_THAT(find({path("a")}).problems,
                ElementsAre(HasSubstr("a/up' leads out of the folder")));
}

TEST_F(FindFilesTest, NamesWhatCannotBeLookedAt) {
    make("a/x.xml");
    link("round.xml", "a/round.xml");
    link("circle", "a/circle");
    link("nowhere", "a/dangling.xml");
    link("nowhere", "a/other");
    link(std::string(300, 'n'), "a/long");
    ASSERT_EQ(::mkfifo(path("a/pipe.xml").c_str(), 0600), 0);
    const Found found = find({path("none"), path("a")});
    EXPECT_THAT(found.files, ElementsAre(path("a/x.xml")));
    EXPECT_THAT(
        found.problems,
        ElementsAre(HasSubstr("none': No such file"), HasSubstr("pipe.xml' is a FIFO"),
                    HasSubstr("circle': Too many levels"), HasSubstr("dangling.xml': No such file"),
                    HasSubstr("long': File name too long"),
                    HasSubstr("round.xml': Too many levels")));
}

TEST_F(FindFilesTest, FollowsLinksWithinTheFolderOnly) {
    make("given/plain.txt");
    make("given/.hidden/h.xml");
    make("given/.hidden/deep/d.xml");
    make("outside/o.xml");
    link("../plain.txt", "given/.hidden/second");
    link(".hidden/second", "given/linked.xml");
    link(".hidden", "given/tree");
    link("../outside/o.xml", "given/o.xml");
    link("../outside", "given/folder");
    link("/etc/passwd", "given/passwd");  // no *.xml and no folder: of no interest
    link(path("given/plain.txt"), "given/absolute.xml");
    const Found found = find({path("given")});
    EXPECT_THAT(found.files, ElementsAre(path("given/linked.xml"), path("given/tree/deep/d.xml"),
                                         path("given/tree/h.xml")));
    EXPECT_THAT(found.problems, ElementsAre(HasSubstr("given/absolute.xml' leads out of"),
                                            HasSubstr("given/folder' leads out of the folder"),
                                            HasSubstr("given/o.xml' leads out of the folder")));
    // A path that was given may itself be a link.
    link("given", "by-name");
    EXPECT_EQ(find({path("by-name")}).files.size(), 3U);
}

TEST_F(FindFilesTest, DoesNotReadBelowClosedFoldersAndRootsOfSystems) {
    make("web.xml");
    make("root/tmp/evil.xml");
    make("other/etc/passwd");
    make("other/bin/sh");
    make("other/dev/null");
    make("other/tmp/evil.xml");
    link("root/tmp", "way");
    link("root/tmp/evil.xml", "evil.xml");
    const std::map<FileId, std::string> closed{
        {*file_id(path("root")), "is the root of domain 'web'"}};
    const Found found = find({folder.path()}, closed);
    EXPECT_THAT(found.files, ElementsAre(path("web.xml")));
    EXPECT_THAT(found.problems, IsEmpty());
    EXPECT_THAT(found.closed,
                ElementsAre(HasSubstr("/other' looks like the root of a system"),
                            HasSubstr("/root' is the root of domain 'web'"),
                            HasSubstr("evil.xml' leads to what is the root of domain 'web'"),
                            HasSubstr("way' leads to what is the root of domain 'web'")));
    // Asked for by name, it is a fault.
    EXPECT_THAT(find({path("root/tmp")}, closed).problems,
                ElementsAre(HasSubstr("is the root of domain 'web'")));
    EXPECT_THAT(find({path("other")}, closed).problems,
                ElementsAre(HasSubstr("looks like the root of a system")));
}

TEST_F(FindFilesTest, RefusesWhatOthersOwnOrMayChange) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    for (const char* name : {"theirs.xml", "folder/x.xml", "open.xml", "wide/x.xml", "mine.xml"})
        make(name);
    const auto give = [&](const char* name) {
        ASSERT_EQ(::chown(path(name).c_str(), 12345, 0), 0);
    };
    give("theirs.xml");
    give("folder");
    ASSERT_EQ(::chmod(path("open.xml").c_str(), 0666), 0);
    ASSERT_EQ(::chmod(path("wide").c_str(), 0777), 0);
    const Found found = find({folder.path(), path("theirs.xml")});
    EXPECT_THAT(found.files, ElementsAre(path("mine.xml")));
    EXPECT_THAT(found.problems, ElementsAre(HasSubstr("folder' belongs to user 12345"),
                                            HasSubstr("open.xml' can be changed by every user"),
                                            HasSubstr("theirs.xml' belongs to user 12345"),
                                            HasSubstr("wide' can be changed by every user"),
                                            HasSubstr("theirs.xml' belongs to user 12345")));
    ASSERT_EQ(::setenv("SUDO_UID", "12345", 1), 0);
    EXPECT_THAT(find({path("theirs.xml"), path("folder")}).files,
                ElementsAre(path("theirs.xml"), path("folder/x.xml")));
    ASSERT_EQ(::unsetenv("SUDO_UID"), 0);
}

TEST_F(FindFilesTest, BoundsTheDepth) {
    std::string deep;
    for (unsigned i = 0; i <= kMaxSearchDepth; ++i) deep += "d/";
    make(deep + "x.xml");
    make("a.xml");
    const Found found = find({folder.path()});
    EXPECT_THAT(found.files, ElementsAre(path("a.xml")));
    EXPECT_THAT(found.problems, ElementsAre(HasSubstr("is more than 32 folders deep")));
}

TEST_F(FindFilesTest, EntersNoOtherFileSystem) {
    make("a/x.xml");
    make("mounted/below.xml");
    // In a namespace of this test's own, so that a killed test leaves no mount.
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", path("mounted").c_str(), "tmpfs", 0, nullptr) != 0)
        GTEST_SKIP() << "cannot mount here";
    write_atomic(path("mounted/y.xml"), "y", 0600, Durability::volatile_);
    const Found found = find({folder.path()});
    EXPECT_THAT(found.files, ElementsAre(path("a/x.xml")));
    EXPECT_THAT(found.problems, ElementsAre(HasSubstr("mounted' is the root of another file")));
    const Found both = find({folder.path(), path("mounted")});
    EXPECT_THAT(both.files, ElementsAre(path("a/x.xml"), path("mounted/y.xml")));
    EXPECT_THAT(both.problems, IsEmpty());
    EXPECT_EQ(::umount(path("mounted").c_str()), 0);
}

TEST(RegularFileTest, RefusesEverythingElseWithoutWaiting) {
    const tests::TemporaryFolder folder;
    const std::string pipe = folder.path() + "/pipe", link = folder.path() + "/link";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    ASSERT_EQ(::symlink("/etc/passwd", link.c_str()), 0);
    const auto message = [](const auto& act) -> std::string {
        try {
            (void)act();
        } catch (const Exception& error) {
            return error.message();
        }
        return "no error";
    };
    EXPECT_THAT(message([&] { return read_file(pipe); }), HasSubstr("pipe' is a FIFO"));
    EXPECT_THAT(message([&] { return try_read_file(pipe); }), HasSubstr("is a FIFO"));
    EXPECT_THAT(message([&] { return try_read_state(pipe); }), HasSubstr("is a FIFO"));
    EXPECT_THAT(message([&] { return read_file("/dev/zero"); }), HasSubstr("a character device"));
    EXPECT_THAT(message([&] { return read_file("/tmp"); }), HasSubstr("Is a directory"));
    EXPECT_THAT(message([&] { return try_read_state(link); }), HasSubstr("is a symbolic link"));
    EXPECT_THAT(message([&] { return try_read_file(link); }), "no error");
    const std::string big = folder.path() + "/big";
    write_atomic(big, "", 0600, Durability::volatile_);
    ASSERT_EQ(::truncate(big.c_str(), off_t{40} << 30), 0);
    EXPECT_THAT(message([&] { return read_file(big); }), HasSubstr("File too large"));
    // A FIFO in the place of the temporary file does not make a writer wait.
    const std::string target = folder.path() + "/state";
    ASSERT_EQ(::mkfifo(temporary_of(target).c_str(), 0600), 0);
    EXPECT_THAT(message([&] {
                    write_atomic(target, "x", 0600, Durability::volatile_);
                    return 0;
                }),
                HasSubstr("is a FIFO"));
}

TEST_F(FindFilesTest, ABatchIsSeenFileByFileAndRemovesWhatWasNotPut) {
    make("old.xml");
    make(".left.xml.batch");
    {
        FileBatch batch(folder.path());
        for (const char* name : {"old.xml", "new.xml", "c", "d", "e", "never.xml"})
            batch.add(name, "content");
        batch.sync();
        EXPECT_FALSE(exists(path("new.xml")));
        batch.put("new.xml");
        EXPECT_EQ(read_file(path("new.xml")), "content");
        EXPECT_EQ(read_file(path("old.xml")), "old.xml");
        batch.put("old.xml");
        batch.finish();
        EXPECT_EQ(read_file(path("old.xml")), "content");
    }
    EXPECT_THAT(list_folder(folder.path()), ElementsAre("new.xml", "old.xml"));
}

}  // namespace
}  // namespace lxvirt::base
