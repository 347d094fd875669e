// The fuzz target over its seed corpus, the goldens and mutations of them, as an ordinary test.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "base/file.hh"
#include "tests/support/folders.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace lxvirt::xml {
namespace {

void run(const std::string& text) {
    ASSERT_EQ(
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), 0);
}

std::vector<std::string> seeds() {
    std::vector<std::string> result;
    const std::string corpus = tests_folder() + "/fuzz/corpus/domain";
    for (const std::string& name : base::list_folder(corpus))
        result.push_back(base::read_file(corpus + "/" + name));
    for (const std::string& path : documents(tests_folder() + "/golden/domain"))
        result.push_back(base::read_file(path));
    return result;
}

TEST(FuzzDomain, ReplaysTheCorpus) {
    ASSERT_GE(seeds().size(), 50U);
    for (const std::string& seed : seeds()) run(seed);
}

TEST(FuzzDomain, SurvivesCutsAndSwaps) {
    std::mt19937 random(7);  // always the same mutations
    for (const std::string& seed : seeds()) {
        for (int i = 0; i < 20; ++i) {
            std::string text = seed;
            const std::size_t at = random() % (text.size() + 1);
            const std::size_t length = random() % 40;
            if (i % 3 == 0)
                text.erase(at, length);
            else if (i % 3 == 1)
                text.insert(at, seed.substr(random() % (seed.size() + 1), length));
            else if (at < text.size())
                text[at] = static_cast<char>('0' + random() % 80);
            run(text);
        }
    }
}

}  // namespace
}  // namespace lxvirt::xml
