#include "base/file/find.hh"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file/batch.hh"
#include "base/file/file.hh"
#include "tests/support/folder.hh"

namespace lxvirt::base {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FindFilesTest : public testing::Test {
  protected:
    std::string path(const std::string& name) const { return folder.path() + "/" + name; }
    void make(const std::string& name) const {
        make_folders(parent_folder(path(name)));
        write_atomic(path(name), name, 0600, Durability::volatile_);
    }
    tests::TemporaryFolder folder;
};

TEST_F(FindFilesTest, TakesFilesAsGivenAndOfFoldersThoseOfTheSuffix) {
    for (const char* name : {"b.xml", "a/x.xml", "a/y.txt", "a/c/z.xml", ".git/q.xml", "a/.s.xml"})
        make(name);
    make("plain");
    const FoundFiles found = find_files({path("plain"), folder.path()}, ".xml");
    EXPECT_THAT(found.files,
                ElementsAre(path("plain"), path("a/c/z.xml"), path("a/x.xml"), path("b.xml")));
    EXPECT_THAT(found.problems, IsEmpty());
}

TEST_F(FindFilesTest, EachFileCountsOnceAndLoopsEnd) {
    make("a/x.xml");
    ASSERT_EQ(::symlink("..", path("a/up").c_str()), 0);
    ASSERT_EQ(::symlink("x.xml", path("a/same.xml").c_str()), 0);
    const FoundFiles found = find_files({folder.path(), path("a"), path("a/x.xml")}, ".xml");
    EXPECT_EQ(found.files.size(), 1U);
    EXPECT_THAT(found.problems, IsEmpty());
}

TEST_F(FindFilesTest, NamesWhatCannotBeLookedAt) {
    make("a/x.xml");
    ASSERT_EQ(::symlink("round.xml", path("a/round.xml").c_str()), 0);
    ASSERT_EQ(::symlink("nowhere", path("a/dangling.xml").c_str()), 0);
    ASSERT_EQ(::symlink("nowhere", path("a/other").c_str()), 0);
    ASSERT_EQ(::mkfifo(path("a/pipe.xml").c_str(), 0600), 0);
    const FoundFiles found = find_files({path("none"), path("a")}, ".xml");
    EXPECT_THAT(found.files, ElementsAre(path("a/x.xml")));
    EXPECT_THAT(
        found.problems,
        ElementsAre(HasSubstr("none': No such file"), HasSubstr("dangling.xml': No such file"),
                    HasSubstr("pipe.xml' is no"), HasSubstr("round.xml': Too many levels")));
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
